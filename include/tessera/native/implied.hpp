// SPDX-License-Identifier: MIT
/// @file native/implied.hpp
/// Operands that a node does not name, since they lie in consecutive slots: those of atomic instructions, and what
/// instructions with a function of their own leave.
#pragma once

#include <tessera/exec/builder.hpp>

namespace tessera::inline TESSERA_ABI::native {

/// True for instructions of family::special that machine code calls the function of, see exec/tiers.hpp.
constexpr bool calls_special(op o) noexcept {
    switch (o) {
    case op::memory_size:
    case op::memory_fill:
    case op::memory_copy:
    case op::table_size:
    case op::table_get:
    case op::table_set:
    case op::ref_func:
    case op::array_fill:
    case op::array_copy:
    case op::array_init_data:
    case op::array_init_elem: return true;
    default: return exec::is_allocation(o);
    }
}

namespace detail {
inline bool has_implied(const exec::node& n, unsigned k) noexcept {
    const op o = n.v.code;
    switch (n.v.fam) {
    case exec::family::atomic: return k == 3 ? row(o).type.result_count != 0 : k < row(o).type.param_count;
    case exec::family::struct_new: return k == 3;
    case exec::family::special:
        return k == 3 && (exec::is_allocation(o) || o == op::memory_size || o == op::table_size || o == op::table_get ||
                          o == op::ref_func);
    default: return false;
    }
}
} // namespace detail

/// Where operand `k` of `n` is, named or not.
inline exec::loc location(const exec::node& n, unsigned k) noexcept {
    return detail::has_implied(n, k) ? exec::loc::slot : n.v.at[k];
}
/// Its slot, or its number.
inline u64 operand_of(const exec::node& n, unsigned k) noexcept {
    return detail::has_implied(n, k) ? n.words[0] + (k == 3 ? 0u : k) : n.operands[k];
}

} // namespace tessera::native
