// SPDX-License-Identifier: MIT
/// @file undef.hpp
/// Undefines every internal macro; the last include of the umbrella header. No include guard on
/// purpose: the amalgamator fails on a macro that is left over.
#undef TESSERA_VECTORS
#undef TESSERA_RESERVES
#undef TESSERA_BODIES
#undef TESSERA_API
#undef TESSERA_CATCHES
#undef TESSERA_CHECKED
#undef TESSERA_FENCES
#undef TESSERA_INLINE
#undef TESSERA_NOINLINE
#undef TESSERA_BY_LANE
#undef TESSERA_COLD
#undef TESSERA_SMALL
#undef TESSERA_SMALL_END
#undef TESSERA_SYSTEM_V
#undef TESSERA_LIKELY
#undef TESSERA_UNLIKELY
#undef TESSERA_JOIN_
#undef TESSERA_JOIN
#undef TESSERA_ABI_DISPATCH
#undef TESSERA_ABI_CHECK
#undef TESSERA_ABI_LEVEL
#undef TESSERA_ABI_NATIVE
#undef TESSERA_ABI
