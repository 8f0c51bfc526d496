// SPDX-License-Identifier: MIT
/// @file apply.hpp
/// Evaluating one instruction on slots, chosen at run time: constant expressions, folding of
/// constants, and the reference that faster engines are tested against.
#pragma once

#include <tessera/num/sem.hpp>

#include <utility>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::num {

namespace detail {
using applier = trap (*)(const u64*, u64*) noexcept;

template <class Meaning, class R, class... A, std::size_t... I>
TESSERA_INLINE trap apply_as(R (*)(A...) noexcept, const u64* args, u64* results, std::index_sequence<I...>) noexcept {
    const R r = Meaning::eval(from_slot<A>(args[I])...);
    if constexpr (unchecked<R>::may_trap) {
        if (r.why == trap::none) results[0] = to_slot(r.value);
        return r.why;
    } else if constexpr (std::is_same_v<R, pair128>) {
        results[0] = r.low;
        results[1] = r.high;
    } else {
        results[0] = to_slot(r);
    }
    return trap::none;
}
template <class Meaning>
trap apply_meaning(const u64* args, u64* results) noexcept {
    using traits = function_traits<decltype(&Meaning::eval)>;
    return apply_as<Meaning>(static_cast<decltype(&Meaning::eval)>(nullptr), args, results,
                             std::make_index_sequence<traits::arity>{});
}
template <op O>
consteval applier applier_of() {
    if constexpr (is_function<O>) return apply_meaning<sem<O>>;
    else return nullptr;
}
// Templates, so that a file that never asks does not pay for five hundred meanings.
template <class = void>
inline constexpr auto appliers = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<applier, op_count>{applier_of<op(I)>()...};
}
(std::make_index_sequence<op_count>{});
} // namespace detail

/// True if `apply` can evaluate `o`: it is executed and a function of its operands alone.
template <class T = void>
constexpr bool has_apply(op o) noexcept {
    return detail::appliers<T>[u16(o)] != nullptr;
}

/// Evaluates `o`, for which has_apply must hold: reads `row(o).type.param_count` slots at `args`,
/// first operand first, and writes `result_count` slots at `results`, which may be the same place.
/// A slot holds a number in its low bits; the upper bits of an operand do not matter, those of a
/// result are 0. Returns the trap, or trap::none; results are not written on a trap.
template <class T = void>
trap apply(op o, const u64* args, u64* results) noexcept {
    return detail::appliers<T>[u16(o)](args, results);
}

} // namespace tessera::num
TESSERA_SMALL_END
