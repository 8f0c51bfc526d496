// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <tessera/syntax/opcode.hpp>

using namespace tessera;

namespace {
constexpr u8 align(op o) { return natural_align[u16(o)]; }
} // namespace

static_assert(align(op::i32_load) == 2 && align(op::i64_load8_s) == 0 && align(op::f64_store) == 3 &&
              align(op::i64_store32) == 2);
static_assert(align(op::v128_load) == 4 && align(op::v128_load8x8_s) == 3 && align(op::v128_load32x2_u) == 3 &&
              align(op::v128_load32_zero) == 2);
static_assert(align(op::v128_load64_splat) == 3 && align(op::v128_store8_lane) == 0 &&
              align(op::v128_load64_lane) == 3);
static_assert(align(op::memory_atomic_notify) == 2 && align(op::memory_atomic_wait32) == 2 &&
              align(op::memory_atomic_wait64) == 3);
static_assert(align(op::i64_atomic_rmw16_cmpxchg_u) == 1 && align(op::i64_atomic_rmw_add) == 3 &&
              align(op::i32_atomic_store8) == 0);
static_assert(align(op::i32_add) == 0 && align(op::memory_copy) == 0);

static_assert(row(op::i32x4_relaxed_dot_i8x16_i7x16_add_s).code == 0x113 && row(op::select_t).text == "select");
static_assert(op_codes<everything, 0xfe>[0x4e] == op::i64_atomic_rmw32_cmpxchg_u &&
              op_codes<wasm_3_0, 0xfe>[0x4e] == op::count_);
static_assert(op_codes<wasm_1_0, 0>[0x6a] == op::i32_add && op_codes<wasm_1_0, 0>[0xc0] == op::count_ &&
              op_codes<wasm_3_0, 0>[0x06] == op::count_);
static_assert(row(op::i64_add128).type.param_count == 4 && row(op::i64_add128).type.result_count == 2 &&
              row(op::call).type.poly);

static_assert(
    [] {
        for (u16 i = 1; i < op_count; ++i)
            if (op_table[i].prefix < op_table[i - 1].prefix ||
                (op_table[i].prefix == op_table[i - 1].prefix && op_table[i].code <= op_table[i - 1].code))
                return false;
        return op_table[op_count - 1].prefix == 0xfe;
    }(),
    "opcodes.def: rows must be in the order of their encodings, each used once");

TEST_CASE("the table is complete and consistent") {
    int per_prefix[4] = {}; // the numbers of the spec's index, of threads and of wide arithmetic
    int plain = 0;
    for (const op_row& r : op_table) {
        if (r.prefix) ++per_prefix[r.prefix - 0xfb];
        else ++plain;
        CHECK(r.code < most_codes);
        CHECK(!r.text.empty());
        const bool accesses = r.immediate == imm::memarg || r.immediate == imm::memarg_lane;
        CHECK(accesses == (r.type.param_count > 0 && r.type.params[0] == 'a'));
    }
    CHECK(per_prefix[0] == 31);
    CHECK(per_prefix[1] == 22);
    CHECK(per_prefix[2] == 256);
    CHECK(per_prefix[3] == 67);
    CHECK(plain == 199);
}
