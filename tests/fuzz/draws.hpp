// SPDX-License-Identifier: MIT
// Numbers and values that an input decides: the same input draws the same ones.
#pragma once

#include <tessera/syntax/value.hpp>

namespace fuzz {

class draws {
public:
    /// Everything drawn follows from `seed`.
    explicit draws(std::span<const tessera::u8> seed) {
        for (tessera::u8 b : seed) state_ = (state_ ^ b) * 0x100000001b3;
    }
    tessera::u64 bits() {
        tessera::u64 z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    /// Below `n`, which is not 0.
    tessera::u32 below(std::size_t n) { return tessera::u32(bits() % n); }
    bool one_in(tessera::u32 n) { return below(n) == 0; }
    /// Bits of a number; those at the edges of its type come often.
    tessera::u64 number(tessera::val_type t) {
        static constexpr tessera::u64 edges32[] = {0,       1,          2,          7,          8,         0xffff,
                                                   0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff8};
        static constexpr tessera::u64 edges64[] = {
            0,           1,          0x7fffffff,         0x80000000,         0xffffffff,
            0x100000000, ~0ull >> 1, 0x8000000000000000, 0xffffffffffffffff, 0xfffffffffffffff8};
        static constexpr tessera::u64 edges_f32[] = {0,          0x80000000, 0x3f800000, 0x7f800000, 0xff800000,
                                                     0x7fc00000, 0x7fa00000, 0x4f000000, 0xcf000000, 1};
        static constexpr tessera::u64 edges_f64[] = {0,
                                                     0x8000000000000000,
                                                     0x3ff0000000000000,
                                                     0x7ff0000000000000,
                                                     0x7ff8000000000000,
                                                     0x7ff4000000000000,
                                                     0x43e0000000000000,
                                                     0xc1e0000000200000,
                                                     1};
        const auto edge = [&](const auto& list) { return list[below(std::size(list))]; };
        const bool plain = one_in(3);
        if (t == tessera::t_i32) return plain ? below(256) : one_in(3) ? tessera::u32(bits()) : edge(edges32);
        if (t == tessera::t_f32) return plain ? tessera::u32(bits()) : edge(edges_f32);
        if (t == tessera::t_f64) return plain ? bits() : edge(edges_f64);
        return plain ? below(256) : one_in(3) ? bits() : edge(edges64);
    }

private:
    tessera::u64 state_ = 0xcbf29ce484222325;
};

} // namespace fuzz
