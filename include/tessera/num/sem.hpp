// SPDX-License-Identifier: MIT
/// @file sem.hpp
/// What each instruction computes: `sem<op>`, made from the column `meaning` of opcodes.def. The one
/// place where the instruction set and the functions of num/ meet.
#pragma once

#include <tessera/num/vector_forms.hpp>
#include <tessera/syntax/opcode.hpp>

namespace tessera::inline TESSERA_ABI {

namespace mem {
/// Meaning of a load: `From` lies in memory (u8, i8 … f64), `To` is the value on the stack. A signed
/// `From` is sign-extended.
template <class To, class From>
struct load {
    using value = To;
    using stored = From;
    static TESSERA_INLINE constexpr To of(From raw) noexcept {
        if constexpr (std::is_signed_v<From> && std::is_integral_v<From>) return To(i64(raw));
        else return To(raw);
    }
};
/// Meaning of a load whose number becomes every lane.
template <class From>
struct load_splat {
    using value = v128;
    using stored = From;
    static TESSERA_INLINE constexpr v128 of(From raw) noexcept { return num::splat<From, From>::eval(raw); }
};
/// Meaning of a load whose number becomes the lowest bits, all others 0, of what F is then applied to.
template <class From, class F = void>
struct load_low {
    using value = v128;
    using stored = From;
    static TESSERA_INLINE constexpr v128 of(From raw) noexcept {
        const v128 v = num::of_halves(raw, 0);
        if constexpr (std::is_void_v<F>) return v;
        else return F::eval(v);
    }
};
/// Meaning of a load into one lane: that of Load, then Replace.
template <op Load, op Replace>
struct load_lane {
    static constexpr op access = Load, lane = Replace;
};
/// Meaning of a store of one lane: Extract, then Store.
template <op Extract, op Store>
struct store_lane {
    static constexpr op lane = Extract, access = Store;
};
/// Meaning of a store: the low bits of `Value` go to memory as an `As`.
template <class Value, class As>
struct store {
    using value = Value;
    using stored = As;
};
/// Meaning of an atomic load or store: that of `Plain`, in one step.
template <class Plain>
struct atomic : Plain {
    using plain = Plain;
};
/// Meaning of an atomic read-modify-write: what lies in memory and the low bits of the operand, both as
/// `As`, become `Operation<As>` of the two; the result is what lay there.
template <class Value, class As, template <class> class Operation>
struct rmw {
    using value = Value;
    using stored = As;
    using operation = Operation<As>;
};
/// The same with a replacement that is stored only if what lies there is the low bits of the first operand.
template <class Value, class As>
struct compare_exchange {
    using value = Value;
    using stored = As;
};
} // namespace mem

namespace num {

/// The letter of the signature column that stands for a number type.
template <class T>
inline constexpr char letter = 0;
template <>
inline constexpr char letter<u32> = 'i';
template <>
inline constexpr char letter<u64> = 'l';
template <>
inline constexpr char letter<f32> = 'f';
template <>
inline constexpr char letter<f64> = 'd';
template <>
inline constexpr char letter<v128> = 'v';

namespace detail {
template <std::size_t I, class A, class... B>
struct type_at : type_at<I - 1, B...> {};
template <class A, class... B>
struct type_at<0, A, B...> {
    using type = A;
};
template <class R>
struct unchecked {
    using type = R;
    static constexpr bool may_trap = false;
    static constexpr char letters[2] = {letter<R>, 0};
};
template <class R>
struct unchecked<checked<R>> : unchecked<R> {
    static constexpr bool may_trap = true;
};
template <>
struct unchecked<pair128> {
    using type = pair128;
    static constexpr bool may_trap = false;
    static constexpr char letters[2] = {'l', 'l'};
};
} // namespace detail

/// The shape of a meaning's `eval`, by its type.
template <class F>
struct function_traits;
template <class R, class... A>
struct function_traits<R (*)(A...) noexcept> {
    static constexpr std::size_t arity = sizeof...(A);
    template <std::size_t I>
    using arg = typename detail::type_at<I, A...>::type;
    using result = typename detail::unchecked<R>::type; ///< without the `checked` around it
    static constexpr bool may_trap = detail::unchecked<R>::may_trap;

    /// True if an instruction of type `t` takes and gives just this, its immediate as the last operand.
    static consteval bool agrees(const op_type& t, imm immediate) {
        constexpr char params[] = {letter<A>..., 0};
        constexpr const char(&results)[2] = detail::unchecked<R>::letters;
        const char last = immediate == imm::lane ? 'i' : immediate == imm::shuffle ? 'v' : '\0';
        if (t.poly || t.param_count != arity - (last != 0) || t.result_count != 1 + (results[1] != 0)) return false;
        for (std::size_t i = 0; i < arity; ++i)
            if (params[i] != (i < t.param_count ? t.params[i] : last)) return false;
        return t.results[0] == results[0] && t.results[1] == results[1];
    }
};

namespace detail {
// By overload on the meaning, so that a meaning used by many rows costs one instantiation.
consteval bool row_agrees(const special*, const op_row&) { return true; }
consteval bool loads(const op_row& r, char value, std::size_t size) {
    return r.immediate == imm::memarg && r.type.param_count == 1 && r.type.params[0] == 'a' &&
           r.type.result_count == 1 && r.type.results[0] == value && std::size_t(1) << access_log2(r) == size;
}
template <class To, class From>
consteval bool row_agrees(const mem::load<To, From>*, const op_row& r) {
    return loads(r, letter<To>, sizeof(From));
}
template <class From>
consteval bool row_agrees(const mem::load_splat<From>*, const op_row& r) {
    return loads(r, 'v', sizeof(From));
}
template <class From, class F>
consteval bool row_agrees(const mem::load_low<From, F>*, const op_row& r) {
    return loads(r, 'v', sizeof(From));
}
consteval bool accesses_lane(const op_row& r, u8 results, op access, op lane) {
    return r.immediate == imm::memarg_lane && r.type.param_count == 2 && r.type.params[0] == 'a' &&
           r.type.params[1] == 'v' && r.type.result_count == results && row(lane).immediate == imm::lane &&
           access_log2(r) == access_log2(row(access));
}
template <op Load, op Replace>
consteval bool row_agrees(const mem::load_lane<Load, Replace>*, const op_row& r) {
    return accesses_lane(r, 1, Load, Replace) && row(Load).type.results[0] == row(Replace).type.params[1];
}
template <op Extract, op Store>
consteval bool row_agrees(const mem::store_lane<Extract, Store>*, const op_row& r) {
    return accesses_lane(r, 0, Store, Extract) && row(Extract).type.results[0] == row(Store).type.params[1];
}
template <class Value, class As>
consteval bool row_agrees(const mem::store<Value, As>*, const op_row& r) {
    return r.immediate == imm::memarg && r.type.param_count == 2 && r.type.params[0] == 'a' &&
           r.type.params[1] == letter<Value> && r.type.result_count == 0 && u8(1u << access_log2(r)) == sizeof(As);
}
template <class Plain>
consteval bool row_agrees(const mem::atomic<Plain>*, const op_row& r) {
    return is_atomic_row(r) && row_agrees(static_cast<const Plain*>(nullptr), r);
}
/// An atomic row that takes an address and `operands` of type `Value`, and gives a `Value`.
template <class Value, class As>
consteval bool replaces(const op_row& r, unsigned operands) {
    if (!is_atomic_row(r) || r.type.param_count != 1 + operands || r.type.params[0] != 'a') return false;
    for (unsigned i = 1; i <= operands; ++i)
        if (r.type.params[i] != letter<Value>) return false;
    return r.type.result_count == 1 && r.type.results[0] == letter<Value> && u8(1u << access_log2(r)) == sizeof(As);
}
template <class Value, class As, template <class> class Operation>
consteval bool row_agrees(const mem::rmw<Value, As, Operation>*, const op_row& r) {
    return replaces<Value, As>(r, 1);
}
template <class Value, class As>
consteval bool row_agrees(const mem::compare_exchange<Value, As>*, const op_row& r) {
    return replaces<Value, As>(r, 2);
}
template <class Meaning>
consteval bool row_agrees(const Meaning*, const op_row& r) {
    return (r.immediate == imm::none || r.immediate == imm::lane || r.immediate == imm::shuffle) &&
           function_traits<decltype(&Meaning::eval)>::agrees(r.type, r.immediate);
}
} // namespace detail

namespace detail {
template <op O>
struct meaning_of;
#define OP(id, text, prefix, code, immediate, sig, needs, ...)                                                         \
    template <>                                                                                                        \
    struct meaning_of<op::id> {                                                                                        \
        using type = __VA_ARGS__;                                                                                      \
    };
#include <tessera/syntax/opcodes.def>
#undef OP
} // namespace detail

/// What the instruction `O` computes. Where it is a function of its operands, `sem<O>::eval` is that
/// function, with a lane's number or a shuffle's immediate as the last operand; for what accesses memory it
/// is a tag in mem::; else `special` or `pending`.
template <op O>
using sem = typename detail::meaning_of<O>::type;

/// True if the row's signature is that of its meaning. A test asserts it of all rows, at compile time;
/// here it would cost every user a tenth of a second.
template <op O>
inline constexpr bool agrees = detail::row_agrees(static_cast<const sem<O>*>(nullptr), row(O));

/// True if `O` is a function of its operands alone: `sem<O>::eval` exists.
template <op O>
inline constexpr bool is_function = row(O).immediate == imm::none&& requires {
    &sem<O>::eval;
};
/// arity, arg<I>, result and may_trap of an instruction that is a function.
template <op O>
using traits_of = function_traits<decltype(&sem<O>::eval)>;

} // namespace num
} // namespace tessera
