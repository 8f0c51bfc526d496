// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <tessera/num/apply.hpp>
#include <tessera/num/relation.hpp>

using namespace tessera;

static_assert(num::negated_compare(op::i32_lt_s) == op::i32_ge_s && num::negated_compare(op::i64_le_u) == op::i64_gt_u);
static_assert(num::negated_compare(op::f32_eq) == op::f32_ne && num::negated_compare(op::f64_lt) == op::count_);
static_assert(num::swapped_compare(op::i64_lt_u) == op::i64_gt_u && num::swapped_compare(op::f64_le) == op::f64_ge);
static_assert(num::swapped_compare(op::i32_eqz) == op::count_ && !num::is_compare(op::i32_add) &&
              num::is_compare(op::f32_ge));
static_assert(num::is_commutative(op::i32_add) && !num::is_commutative(op::i32_sub) &&
              !num::is_commutative(op::i32_lt_s));

TEST_CASE("each relation holds for edge values") {
    const u64 edges[] = {0,
                         1,
                         2,
                         0x7fff'ffff,
                         0x8000'0000,
                         0xffff'ffff,
                         u64{1} << 63,
                         ~u64{0},
                         ~u64{0} >> 1,
                         0x3f80'0000,
                         0x7fc0'0000,
                         0x7f80'0000,
                         num::to_slot(1.0),
                         num::to_slot(-1.0),
                         num::to_slot(std::numeric_limits<f64>::quiet_NaN())};
    const auto eval = [](op o, u64 a, u64 b) {
        const bool vectors = row(o).type.params[0] == 'v';
        const u64 args[4] = {a, vectors ? a * 5 : b, b, b * 5};
        u64 r[2] = {};
        CHECK(num::apply(o, args, r) == trap::none);
        return r[0] ^ r[1] * 3;
    };
    for (u16 i = 0; i < op_count; ++i) {
        const op o = op(i);
        for (u64 a : edges)
            for (u64 b : edges) {
                if (const op c = num::negated_compare(o); c != op::count_) CHECK(eval(o, a, b) != eval(c, a, b));
                if (const op c = num::swapped_compare(o); c != op::count_) CHECK(eval(o, a, b) == eval(c, b, a));
                if (num::is_commutative(o) && !num::picks_nan(o)) CHECK(eval(o, a, b) == eval(o, b, a));
            }
    }
}

TEST_CASE("instructions that compute a float pick its NaN, those that move bits do not") {
    int moves = 0;
    for (u16 i = 0; i < op_count; ++i) {
        const op_row& r = row(op(i));
        const std::string_view name = r.text.substr(r.text.find('.') + 1);
        const bool gives_float =
            !r.type.poly && r.type.result_count == 1 &&
            (r.type.results[0] == 'f' || r.type.results[0] == 'd' ||
             (r.type.results[0] == 'v' && r.text[0] == 'f' && !name.starts_with("convert") && name.size() > 2));
        const bool moves_bits = name == "pmin" || name == "pmax" || name == "splat" || name == "replace_lane" ||
                                name == "abs" || name == "neg" || name == "copysign" || name == "load" ||
                                name == "const" || name == "extract_lane" || name.starts_with("reinterpret");
        CAPTURE(r.text);
        CHECK(num::picks_nan(op(i)) == (gives_float && !moves_bits));
        moves += gives_float && moves_bits;
    }
    CHECK(moves == 26);
}
