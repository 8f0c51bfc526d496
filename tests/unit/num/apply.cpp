// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <tessera/num/apply.hpp>

using namespace tessera;

static_assert(std::is_same_v<num::traits_of<op::i64_eqz>::arg<0>, u64> &&
              std::is_same_v<num::traits_of<op::i64_eqz>::result, u32>);
static_assert(num::traits_of<op::i32_div_s>::may_trap && !num::traits_of<op::i32_add>::may_trap &&
              num::traits_of<op::i64_add128>::arity == 4);
static_assert(num::is_function<op::f64_sqrt> && !num::is_function<op::i32_load> && !num::is_function<op::call> &&
              num::is_function<op::i32x4_add> && !num::is_function<op::i32x4_extract_lane>);
static_assert(std::is_same_v<num::sem<op::i64_load8_s>::stored, i8> &&
              std::is_same_v<num::sem<op::i64_load8_s>::value, u64>);
static_assert(std::is_same_v<num::sem<op::i64_store16>::stored, u16> && std::is_same_v<special, num::sem<op::br>> &&
              std::is_same_v<num::sem<op::v128_load32_zero>::stored, u32>);

TEST_CASE("apply evaluates every function and nothing else") {
    int functions = 0;
    for (u16 i = 0; i < op_count; ++i) {
        const op_row& r = row(op(i));
        if (num::has_apply(op(i))) {
            ++functions;
            CHECK(!r.type.poly);
            CHECK(r.immediate == imm::none);
        } else {
            // What is left without an immediate does something other than compute.
            CHECK((r.immediate != imm::none || r.type.poly || op(i) == op::nop));
        }
    }
    CHECK(functions == 140 + 218); // numbers, vectors
}

TEST_CASE("apply reads and writes slots") {
    u64 slots[4] = {0xffff'ffff'0000'0007, 0xffff'ffff'ffff'fffe}; // upper halves of i32 slots do not matter
    CHECK(num::apply(op::i32_div_s, slots, slots) == trap::none);
    CHECK(slots[0] == 0xffff'fffd); // zero-extended
    u64 result = 99;
    slots[1] = 0xffff'ffff'0000'0000;
    CHECK(num::apply(op::i32_rem_u, slots, &result) == trap::integer_divide_by_zero);
    CHECK(result == 99);
    slots[0] = num::to_slot(-1.5);
    CHECK(num::apply(op::f64_floor, slots, slots) == trap::none);
    CHECK(num::from_slot<f64>(slots[0]) == -2.0);
    CHECK(num::apply(op::i64_trunc_f64_s, slots, slots) == trap::none);
    CHECK(slots[0] == u64(-2));
    u64 wide[4] = {~u64{0}, 0, 1, 5};
    CHECK(num::apply(op::i64_add128, wide, wide) == trap::none);
    CHECK(wide[0] == 0);
    CHECK(wide[1] == 6);
    const u64 vectors[4] = {1, 2, ~u64{0}, 5};
    CHECK(num::apply(op::i64x2_add, vectors, wide) == trap::none);
    CHECK((wide[0] == 0 && wide[1] == 7));
    CHECK(num::apply(op::i64x2_splat, vectors + 1, wide) == trap::none);
    CHECK((wide[0] == 2 && wide[1] == 2));
    CHECK((num::has_apply<num::of_numbers>(op::i64x2_splat) && !num::has_apply<num::of_numbers>(op::i64x2_add)));
    const u64 signalling = 0x7fa0'0001;
    CHECK(num::apply(op::f32_neg, &signalling, &result) == trap::none);
    CHECK(result == 0xffa0'0001);
}
