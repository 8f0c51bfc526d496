// SPDX-License-Identifier: MIT
/// @file access.hpp
/// How a handler reads its operands and writes its result, from the packed variant it is made of.
#pragma once

#include <tessera/exec/context.hpp>
#include <tessera/exec/variant.hpp>
#include <tessera/num/sem.hpp>

namespace tessera::inline TESSERA_ABI::exec {

namespace detail {
template <cls C>
struct type_of_class;
template <>
struct type_of_class<cls::i32> {
    using type = u32;
};
template <>
struct type_of_class<cls::i64> {
    using type = u64;
};
template <>
struct type_of_class<cls::f32> {
    using type = f32;
};
template <>
struct type_of_class<cls::f64> {
    using type = f64;
};
template <>
struct type_of_class<cls::v128> {
    using type = v128;
};
} // namespace detail
template <cls C>
using number = typename detail::type_of_class<C>::type;

/// Reading and writing the cells of one key: operands, words, jumps.
template <u64 Key>
struct keyed_cell {
    using keyed = keyed_cell;
    static constexpr cell_key v = cell_key::unpack(Key);
    static constexpr layout l = layout_of(v);
    template <unsigned K>
    using type = number<v.classes[K]>;

    template <unsigned K>
    static TESSERA_INLINE type<K> get(const state& s) noexcept {
        using T = type<K>;
        if constexpr (v.at[K] == loc::slot) {
            return get_slot<T>(s.fp + 8 * std::size_t(load_native<u16>(s.pc + l.at[K])));
        } else if constexpr (v.at[K] == loc::imm) {
            if constexpr (std::is_floating_point_v<T>) return load_native<T>(s.pc + l.at[K]);
            else return T(i64(load_native<i32>(s.pc + l.at[K])));
        } else if constexpr (v.at[K] == loc::pin) {
            if constexpr (std::is_same_v<T, f64>) return s.dp;
            else if constexpr (std::is_same_v<T, f32>) return s.sp;
            else if constexpr (std::is_same_v<T, v128>) return bits_as<T>(s.vp);
            else return T(s.p0);
        } else {
            static_assert(v.at[K] == loc::acc, "the operand is nowhere");
            if constexpr (std::is_same_v<T, f64>) return s.d0;
            else if constexpr (std::is_same_v<T, f32>) return s.s0;
            else if constexpr (std::is_same_v<T, v128>) return bits_as<T>(s.v0);
            else return T(s.r0);
        }
    }
    static TESSERA_INLINE void put(state& s, type<3> value) noexcept {
        using T = type<3>;
        if constexpr (v.at[3] == loc::pin) set_pin(s, value);
        if constexpr (v.at[3] == loc::slot || v.at[3] == loc::pin) {
            put_slot<T>(s.fp + 8 * std::size_t(load_native<u16>(s.pc + l.at[3])), value);
        } else {
            static_assert(v.at[3] == loc::acc, "the result goes nowhere");
            if constexpr (std::is_same_v<T, f64>) s.d0 = value;
            else if constexpr (std::is_same_v<T, f32>) s.s0 = value;
            else if constexpr (std::is_same_v<T, v128>) s.v0 = bits_as<vector_register>(value);
            else s.r0 = value;
        }
    }
    template <class T>
    static TESSERA_INLINE void set_pin(state& s, T value) noexcept {
        if constexpr (std::is_same_v<T, f64>) s.dp = value;
        else if constexpr (std::is_same_v<T, f32>) s.sp = value;
        else if constexpr (std::is_same_v<T, v128>) s.vp = bits_as<vector_register>(value);
        else s.p0 = value;
    }
    template <unsigned N>
    static TESSERA_INLINE u32 word(const state& s) noexcept {
        return load_native<u32>(s.pc + l.words + 4 * N);
    }
    template <unsigned N>
    static TESSERA_INLINE u64 wide(const state& s) noexcept {
        return load_native<u64>(s.pc + l.wides + 8 * N);
    }
    /// The four words as the lanes of a vector.
    static TESSERA_INLINE v128 vector_word(const state& s) noexcept {
        if constexpr (std::endian::native == std::endian::little) return load_native<v128>(s.pc + l.words);
        else return num::of_halves(word<0>(s) | u64(word<1>(s)) << 32, word<2>(s) | u64(word<3>(s)) << 32);
    }
    static TESSERA_INLINE u8* slot(const state& s, u64 number) noexcept { return s.fp + 8 * number; }
    static TESSERA_INLINE void next(state& s) noexcept { s.pc += l.size; }

    /// Goes to the branch target; a back edge first pays and looks whether it shall stop.
    static TESSERA_INLINE void jump(state& s) noexcept {
        constexpr unsigned words = shape_of(v.fam, v.flags).words;
        if constexpr ((v.flags & flag::fuel) != 0) {
            s.ctx->fuel -= word<words - 1>(s);
            if (TESSERA_UNLIKELY(s.ctx->fuel < 0)) return pause(s, trap::out_of_fuel, s.pc + i32(word<words - 2>(s)));
        }
        if constexpr ((v.flags & flag::interrupt) != 0)
            if (TESSERA_UNLIKELY(s.ctx->interrupt->load(std::memory_order_relaxed)))
                return pause(s, trap::interrupted, s.pc + i32(word<words - ((v.flags & flag::fuel) != 0 ? 2 : 1)>(s)));
        s.pc += load_native<i32>(s.pc + l.target);
    }

    /// Stops with a trap at the current cell.
    static TESSERA_INLINE void raise(state& s, trap why) noexcept {
        s.ctx->why = why;
        s.ctx->stop_pc = s.pc;
        s.pc = s.ctx->stop_cells;
    }
    /// An access beyond the memory's size as far as it is known.
    static TESSERA_INLINE void out_of_bounds(state& s) noexcept {
        s.ctx->stop_pc = s.pc;
        s.pc = s.ctx->bounds_cells;
    }
    /// Stops so that the call can go on at `at`. Only where no accumulator is alive.
    static TESSERA_INLINE void pause(state& s, trap why, const u8* at) noexcept {
        s.ctx->why = why;
        s.ctx->stop_pc = at;
        s.ctx->paused = true;
        s.pc = s.ctx->stop_cells;
    }
};

/// The cell of the handler `Id`.
template <u64 Id>
struct cell : keyed_cell<key_of(variant::unpack(Id)).pack()> {
    static constexpr variant v = variant::unpack(Id);
};

/// What the handler `Id` does, by its family; specialised in handlers/. `run` leaves `s.pc` at the
/// next cell to execute.
template <family Fam, u64 Id>
struct action;

/// Families after which the run is over.
constexpr bool ends_run(family f) noexcept { return f == family::leave || f == family::stop; }

} // namespace tessera::exec
