// SPDX-License-Identifier: MIT
// Where a processor has an instruction, it must compute what the meaning does, to the last bit.
#include <tessera/num/instruction_set.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <random>

using namespace tessera;

namespace {

template <op O, class T, class Bits>
void same() {
    if constexpr (num::has_instruction(O)) {
        if (!num::processor_has_instructions()) return;
        std::mt19937_64 random(1);
        constexpr unsigned width = sizeof(Bits) * 8, mantissa = width == 64 ? 52 : 23;
        const auto check = [](Bits bits) {
            const T value = std::bit_cast<T>(bits);
            const Bits expected = std::bit_cast<Bits>(num::sem<O>::eval(value));
            const Bits given = std::bit_cast<Bits>(num::by_instruction<O>::eval(value));
            REQUIRE_MESSAGE(given == expected, row(O).text << " of " << bits);
        };
        for (int i = 0; i < 20'000; ++i) {
            check(Bits(random()));
            // Near the whole numbers: few bits, any exponent up to where every float is whole.
            const Bits exponent = Bits((width == 64 ? 1023 : 127) - 2 + random() % (mantissa + 4));
            const Bits low = Bits(random()) & Bits(random()) & Bits(random()) & ((Bits(1) << mantissa) - 1);
            check((Bits(random() & 1) << (width - 1)) | exponent << mantissa | low);
        }
        for (Bits edge : {Bits(0), Bits(1), Bits(~Bits(0)), Bits(Bits(1) << (width - 1)), Bits(~Bits(0) >> 1)})
            check(edge);
    }
}

template <op O>
void same_vectors() {
    if constexpr (num::has_instruction(O)) {
        if (!num::processor_has_instructions()) return;
        std::mt19937_64 random(2);
        for (int i = 0; i < 20'000; ++i) {
            v128 operands[3];
            for (v128& v : operands) {
                v = num::of_halves(random(), random());
                if (i % 4 == 0) v = num::sem<op::f32x4_convert_i32x4_s>::eval(num::sem<op::i32x4_shr_s>::eval(v, 25));
                if (i % 4 == 1) v = num::sem<op::f32x4_mul>::eval(v, num::splat<f32, f32>::eval(0.5f));
                if (i % 4 == 2) v = num::sem<op::v128_and>::eval(v, num::splat<u8, u32>::eval(31));
            }
            const auto check = [&](auto... v) {
                REQUIRE_MESSAGE((num::by_instruction<O>::eval(v...) == num::sem<O>::eval(v...)), row(O).text);
            };
            if constexpr (O == op::i8x16_shuffle)
                check(operands[0], operands[1],
                      num::sem<op::v128_and>::eval(operands[2], num::splat<u8, u32>::eval(31)));
            else if constexpr (row(O).type.param_count == 2) check(operands[0], operands[1]);
            else check(operands[0]);
        }
    }
}

} // namespace

TEST_CASE("instructions that not all processors have give what meanings give") {
    same<op::f32_ceil, f32, u32>();
    same<op::f32_floor, f32, u32>();
    same<op::f32_trunc, f32, u32>();
    same<op::f32_nearest, f32, u32>();
    same<op::f64_ceil, f64, u64>();
    same<op::f64_floor, f64, u64>();
    same<op::f64_trunc, f64, u64>();
    same<op::f64_nearest, f64, u64>();
    same<op::i32_popcnt, u32, u32>();
    same<op::i64_popcnt, u64, u64>();
    same_vectors<op::f32x4_ceil>();
    same_vectors<op::f32x4_floor>();
    same_vectors<op::f32x4_trunc>();
    same_vectors<op::f32x4_nearest>();
    same_vectors<op::f64x2_ceil>();
    same_vectors<op::f64x2_floor>();
    same_vectors<op::f64x2_trunc>();
    same_vectors<op::f64x2_nearest>();
    same_vectors<op::i8x16_shuffle>();
    same_vectors<op::i8x16_swizzle>();
    same_vectors<op::i32x4_mul>();
}
