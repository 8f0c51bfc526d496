// SPDX-License-Identifier: MIT
/// @file apply.hpp
/// Evaluating one instruction on slots, chosen at run time: constant expressions, folding of
/// constants, and the reference that faster engines are tested against.
#pragma once

#include <tessera/num/sem.hpp>

#include <utility>

// A product and a sum that are inlined into one function must not become one operation.
#if defined(__GNUC__) && !defined(__clang__)
#define TESSERA_UNFUSED __attribute__((optimize("fp-contract=off")))
#else
#define TESSERA_UNFUSED
#endif

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::num {

namespace detail {
using applier = trap (*)(const u64*, u64*) noexcept;

/// Where operand `I` of operands of the types `A` begins.
template <std::size_t I, class... A>
inline constexpr std::size_t slot_of_operand = [] {
    constexpr unsigned sizes[] = {slots_of<A>..., 0};
    std::size_t at = 0;
    for (std::size_t i = 0; i < I; ++i) at += sizes[i];
    return at;
}();
template <class Meaning, class R, class... A, std::size_t... I>
TESSERA_INLINE trap apply_as(R (*)(A...) noexcept, const u64* args, u64* results, std::index_sequence<I...>) noexcept {
    const R r = Meaning::eval(from_slots<A>(args + slot_of_operand<I, A...>)...);
    if constexpr (unchecked<R>::may_trap) {
        if (r.why == trap::none) results[0] = to_slot(r.value);
        return r.why;
    } else if constexpr (std::is_same_v<R, pair128>) {
        results[0] = r.low;
        results[1] = r.high;
    } else {
        to_slots(results, r);
    }
    return trap::none;
}
template <class Meaning>
TESSERA_UNFUSED trap apply_meaning(const u64* args, u64* results) noexcept {
    using traits = function_traits<decltype(&Meaning::eval)>;
    return apply_as<Meaning>(static_cast<decltype(&Meaning::eval)>(nullptr), args, results,
                             std::make_index_sequence<traits::arity>{});
}
template <op O, class Which>
consteval applier applier_of() {
    constexpr bool wanted = std::is_void_v<Which> || row(O).type.params[0] != 'v';
    if constexpr (is_function<O> && wanted) return apply_meaning<sem<O>>;
    else return nullptr;
}
// Templates, so that a file that never asks does not pay for five hundred meanings.
template <class Which = void>
inline constexpr auto appliers = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<applier, op_count>{applier_of<op(I), Which>()...};
}
(std::make_index_sequence<op_count>{});
} // namespace detail

/// `apply<of_numbers>` is for whoever has no vectors as operands: it is several hundred functions smaller.
struct of_numbers {};

/// True if `apply` can evaluate `o`: it is executed and a function of its operands alone.
template <class T = void>
constexpr bool has_apply(op o) noexcept {
    return detail::appliers<T>[u16(o)] != nullptr;
}

/// Evaluates `o`, for which has_apply must hold: reads `row(o).type.param_count` operands at `args`,
/// first operand first, and writes `result_count` results at `results`, which may be the same place. Each
/// takes a slot, a v128 two. A slot holds a number in its low bits; the upper bits of an operand do not matter, those
/// of a result are 0. Returns the trap, or trap::none; results are not written on a trap.
template <class T = void>
trap apply(op o, const u64* args, u64* results) noexcept {
    return detail::appliers<T>[u16(o)](args, results);
}

} // namespace tessera::num
TESSERA_SMALL_END

#undef TESSERA_UNFUSED
