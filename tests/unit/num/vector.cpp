// SPDX-License-Identifier: MIT
// Vector instructions against an evaluator that knows them by their names alone: it works on lists of lanes in
// long integers and doubles, one lane after the other. The same for the rule of each and its form for all lanes.
#include <tessera/num/apply.hpp>
#include <tessera/num/instruction_set.hpp>
#include <tessera/num/relation.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

using namespace tessera;

namespace {

// ---- values

class values {
public:
    v128 vector() {
        v128 v;
        const unsigned width = 1u << random_() % 4;
        for (unsigned i = 0; i < 16; i += width) {
            u64 lane = random_();
            if (random_() % 2) lane = edge(width);
            if (width >= 4 && random_() % 4 == 0) lane = float_edge(width);
            for (unsigned k = 0; k < width; ++k) v.bytes[i + k] = u8(lane >> 8 * k);
        }
        return v;
    }
    u64 number() { return random_() % 3 ? random_() : random_() % 80; }

private:
    u64 edge(unsigned width) {
        const u64 top = u64{1} << (8 * width - 1);
        const u64 edges[] = {0, 1, 2, top - 1, top, top + 1, ~u64{0}, ~u64{0} - 1, 127, 128, 255, 15, 16};
        return edges[random_() % std::size(edges)];
    }
    u64 float_edge(unsigned width) {
        const double edges[] = {0.0,
                                -0.0,
                                0.5,
                                -0.5,
                                1.5,
                                2.5,
                                -2.5,
                                2147483647.0,
                                2147483648.0,
                                -2147483648.0,
                                -2147483904.0,
                                4294967295.0,
                                4294967296.0,
                                1e300,
                                -1e300,
                                8388607.5,
                                4503599627370495.5,
                                std::numeric_limits<double>::infinity(),
                                -std::numeric_limits<double>::infinity(),
                                std::nan(""),
                                -std::nan(""),
                                5e-324,
                                1e-40};
        const double d = edges[random_() % std::size(edges)];
        return width == 4 ? num::to_slot(f32(d)) : num::to_slot(d);
    }
    std::mt19937_64 random_{20260101};
};

// ---- the evaluator by name

using lane_list = std::vector<u64>; // zero-extended bits

lane_list split(const v128& v, unsigned bits) {
    lane_list all(128 / bits);
    for (unsigned i = 0; i < 16; ++i) all[i * 8 / bits] |= u64(v.bytes[i]) << (i * 8 % bits);
    return all;
}
v128 join(const lane_list& all, unsigned bits) {
    v128 v;
    for (unsigned i = 0; i < 16; ++i) v.bytes[i] = u8(all[i * 8 / bits] >> (i * 8 % bits));
    return v;
}
i64 as_signed(u64 lane, unsigned bits) { return i64(lane << (64 - bits)) >> (64 - bits); }
u64 cut(u64 lane, unsigned bits) { return bits == 64 ? lane : lane & ((u64{1} << bits) - 1); }
i64 clamp(i64 v, i64 least, i64 most) { return v < least ? least : v > most ? most : v; }
u64 saturated(i64 v, bool is_signed, unsigned bits) {
    const i64 half = i64{1} << (bits - 1);
    return cut(u64(is_signed ? clamp(v, -half, half - 1) : clamp(v, 0, 2 * half - 1)), bits);
}
double as_float(u64 lane, unsigned bits) {
    return bits == 32 ? double(num::from_slot<f32>(lane)) : num::from_slot<f64>(lane);
}
u64 bits_of_float(double d, unsigned bits) { return bits == 32 ? num::to_slot(f32(d)) : num::to_slot(d); }

/// What one lane of an operation on numbers becomes; `s` says how the name ends.
u64 integer_lane(const std::string& name, u64 a, u64 b, unsigned bits) {
    const i64 x = as_signed(a, bits), y = as_signed(b, bits);
    const bool s = name.ends_with("_s");
    const auto truth = [](bool yes) { return yes ? ~u64{0} : u64{0}; };
    if (name == "add") return a + b;
    if (name == "sub") return a - b;
    if (name == "mul") return a * b;
    if (name == "neg") return u64{0} - a;
    if (name == "abs") return x < 0 ? u64{0} - a : a;
    if (name == "popcnt") return u64(__builtin_popcountll(a));
    if (name == "eq") return truth(a == b);
    if (name == "ne") return truth(a != b);
    if (name == "shl") return a << b % bits;
    if (name == "shr_s") return u64(x >> b % bits);
    if (name == "shr_u") return a >> b % bits;
    if (name == "avgr_u") return (a + b + 1) / 2;
    if (name == "q15mulr_sat_s" || name == "relaxed_q15mulr_s") return saturated((x * y + 0x4000) >> 15, true, 16);
    if (name.starts_with("add_sat")) return s ? saturated(x + y, true, bits) : saturated(i64(a + b), false, bits);
    if (name.starts_with("sub_sat")) return s ? saturated(x - y, true, bits) : saturated(i64(a) - i64(b), false, bits);
    if (name.starts_with("min")) return (s ? x < y : a < b) ? a : b;
    if (name.starts_with("max")) return (s ? x > y : a > b) ? a : b;
    if (name.starts_with("lt")) return truth(s ? x < y : a < b);
    if (name.starts_with("gt")) return truth(s ? x > y : a > b);
    if (name.starts_with("le")) return truth(s ? x <= y : a <= b);
    if (name.starts_with("ge")) return truth(s ? x >= y : a >= b);
    FAIL("an operation on integers this test does not know: " << name);
    return 0;
}
u64 float_lane(const std::string& name, u64 a, u64 b, u64 c, unsigned bits) {
    const double x = as_float(a, bits), y = as_float(b, bits), z = as_float(c, bits);
    const u64 sign = u64{1} << (bits - 1);
    const auto truth = [](bool yes) { return yes ? ~u64{0} : u64{0}; };
    const auto rounded = [&](double d) { return bits == 32 ? double(f32(d)) : d; };
    const bool nan = std::isnan(x) || std::isnan(y);
    double r = 0;
    if (name == "abs") return a & ~sign;
    if (name == "neg") return a ^ sign;
    if (name == "pmin") return y < x ? b : a;
    if (name == "pmax") return x < y ? b : a;
    if (name == "eq") return truth(x == y);
    if (name == "ne") return truth(!(x == y));
    if (name == "lt") return truth(x < y);
    if (name == "gt") return truth(x > y);
    if (name == "le") return truth(x <= y);
    if (name == "ge") return truth(x >= y);
    if (name == "min" || name == "relaxed_min")
        r = nan ? std::nan("") : x == y ? (std::signbit(x) ? x : y) : x < y ? x : y;
    else if (name == "max" || name == "relaxed_max")
        r = nan ? std::nan("") : x == y ? (std::signbit(x) ? y : x) : x > y ? x : y;
    else if (name == "add") r = x + y; // twice the precision and more: rounded to f32 only once, as good as at once
    else if (name == "sub") r = x - y;
    else if (name == "mul") r = x * y;
    else if (name == "div") r = x / y;
    else if (name == "sqrt") r = tessera::num::sqrt<double>::eval(x); // that of MinGW rounds twice
    else if (name == "ceil") r = std::ceil(x);
    else if (name == "floor") r = std::floor(x);
    else if (name == "trunc") r = std::trunc(x);
    else if (name == "nearest") r = std::nearbyint(x);
    else if (name == "relaxed_madd" || name == "relaxed_nmadd") {
        volatile double product = rounded((name == "relaxed_nmadd" ? -x : x) * y);
        r = product + z;
    } else FAIL("an operation on floats this test does not know: " << name);
    return bits_of_float(r, bits);
}
u64 truncated(double d, bool is_signed) {
    if (std::isnan(d)) return 0;
    d = std::trunc(d);
    if (is_signed) return u64(d < -2147483648.0 ? -2147483648LL : d > 2147483647.0 ? 2147483647LL : i64(d));
    return d < 0 ? 0 : d > 4294967295.0 ? 4294967295u : u64(d);
}
unsigned bits_of_shape(const std::string& s) { return unsigned(std::atoi(s.c_str() + 1)); }

/// What `o` makes of its operands; `n` is the number operand.
v128 evaluated(op o, const v128& v, const v128& w, const v128& z, u64 n) {
    const std::string text(row(o).text);
    const std::string shape = text.substr(0, text.find('.')), name = text.substr(text.find('.') + 1);
    const bool is_signed = name.ends_with("_s") || name.ends_with("_s_zero");
    if (shape == "v128" || name == "relaxed_laneselect") {
        const lane_list a = split(v, 8), b = split(w, 8), c = split(z, 8);
        lane_list r(16);
        for (unsigned i = 0; i < 16; ++i)
            r[i] = cut(name == "not"      ? ~a[i]
                       : name == "and"    ? a[i] & b[i]
                       : name == "andnot" ? a[i] & ~b[i]
                       : name == "or"     ? a[i] | b[i]
                       : name == "xor"    ? a[i] ^ b[i]
                                          : (a[i] & c[i]) | (b[i] & ~c[i]),
                       8);
        return join(r, 8);
    }
    const unsigned bits = bits_of_shape(shape), count = 128 / bits;
    lane_list r(count);
    // another shape in the name: a conversion of some kind
    std::string from;
    for (const char* one : {"i8x16", "i16x8", "i32x4", "f32x4", "f64x2"})
        if (name.find(one) != name.npos && from.empty()) from = one;
    if (name == "splat") {
        for (u64& lane : r) lane = cut(n, bits);
    } else if (name == "swizzle" || name == "relaxed_swizzle") {
        const lane_list a = split(v, 8), b = split(w, 8);
        for (unsigned i = 0; i < 16; ++i) r[i] = b[i] < 16 ? a[std::size_t(b[i])] : 0;
    } else if (!from.empty()) {
        const unsigned width = bits_of_shape(from);
        const lane_list a = split(v, width), b = split(w, width);
        const auto at = [&](const lane_list& l, std::size_t i) {
            return is_signed ? as_signed(l[i], width) : i64(l[i]);
        };
        for (unsigned i = 0; i < count; ++i) {
            if (name.starts_with("narrow")) {
                const i64 value = as_signed(i < count / 2 ? a[i] : b[i - count / 2], width);
                r[i] = saturated(value, is_signed, bits);
            } else if (name.starts_with("extend_low")) r[i] = u64(at(a, i));
            else if (name.starts_with("extend_high")) r[i] = u64(at(a, i + count));
            else if (name.starts_with("extmul_low")) r[i] = u64(at(a, i)) * u64(at(b, i));
            else if (name.starts_with("extmul_high")) r[i] = u64(at(a, i + count)) * u64(at(b, i + count));
            else if (name.starts_with("extadd")) r[i] = u64(at(a, 2 * i) + at(a, 2 * i + 1));
            else if (name == "dot_i16x8_s")
                r[i] = u64(at(a, 2 * i) * at(b, 2 * i) + at(a, 2 * i + 1) * at(b, 2 * i + 1));
            else if (name == "relaxed_dot_i8x16_i7x16_s")
                r[i] = saturated(at(a, 2 * i) * at(b, 2 * i) + at(a, 2 * i + 1) * at(b, 2 * i + 1), true, 16);
            else if (name == "relaxed_dot_i8x16_i7x16_add_s") {
                i64 sum = as_signed(split(z, 32)[i], 32);
                for (unsigned k = 0; k < 4; k += 2)
                    sum += as_signed(saturated(as_signed(a[4 * i + k], 8) * as_signed(b[4 * i + k], 8) +
                                                   as_signed(a[4 * i + k + 1], 8) * as_signed(b[4 * i + k + 1], 8),
                                               true, 16),
                                     16);
                r[i] = u64(sum);
            } else if (name.find("trunc") != name.npos)
                r[i] = i < 128 / width ? truncated(as_float(a[i], width), is_signed) : 0;
            else if (name.starts_with("convert")) {
                const i64 value = is_signed ? as_signed(a[i], 32) : i64(a[i]);
                r[i] = bits == 32 ? num::to_slot(f32(value)) : num::to_slot(f64(value));
            } else if (name.starts_with("demote")) r[i] = i < 2 ? num::to_slot(f32(as_float(a[i], 64))) : 0;
            else if (name.starts_with("promote")) r[i] = num::to_slot(as_float(a[i], 32));
            else FAIL("a conversion this test does not know: " << text);
        }
    } else {
        const lane_list a = split(v, bits), b = split(w, bits), c = split(z, bits);
        const bool by_number = name.starts_with("sh");
        for (unsigned i = 0; i < count; ++i)
            r[i] = shape[0] == 'f' ? float_lane(name, a[i], b[i], c[i], bits)
                                   : integer_lane(name, a[i], by_number ? n : b[i], bits);
    }
    for (u64& lane : r) lane = cut(lane, bits);
    return join(r, bits);
}
u32 tested(op o, const v128& v) {
    const std::string text(row(o).text);
    const unsigned bits = text[0] == 'v' ? 8 : bits_of_shape(text);
    bool any = false, all = true;
    u32 mask = 0;
    const lane_list a = split(v, bits);
    for (unsigned i = 0; i < a.size(); ++i) {
        any |= a[i] != 0;
        all &= a[i] != 0;
        mask |= u32(a[i] >> (bits - 1)) << i;
    }
    return text.ends_with("any_true") ? any : text.ends_with("all_true") ? all : mask;
}
/// Equal, or both NaN in a lane of floats where the specification leaves the bits open; then they are quiet.
bool same(op o, const v128& a, const v128& b) {
    if (!num::picks_nan(o)) return a == b;
    const unsigned bits = row(o).text[1] == '3' ? 32 : 64;
    const lane_list x = split(a, bits), y = split(b, bits);
    const u64 quiet = bits == 32 ? 0x7fc0'0000u : 0x7ff8'0000'0000'0000u;
    for (std::size_t i = 0; i < x.size(); ++i)
        if (x[i] != y[i] && !(std::isnan(as_float(y[i], bits)) && (x[i] & quiet) == quiet)) return false;
    return true;
}
std::string hex(const v128& v) {
    std::string text;
    for (u8 byte : v.bytes) text += "0123456789abcdef"[byte >> 4], text += "0123456789abcdef"[byte & 15], text += ' ';
    return text;
}

} // namespace

TEST_CASE("every vector instruction that is a function computes what its name says") {
    values random;
    int instructions = 0;
    for (u16 i = 0; i < op_count; ++i) {
        const op o = op(i);
        const op_type& t = row(o).type;
        if (row(o).prefix != 0xfd || !num::has_apply(o)) continue;
        ++instructions;
        for (int round = 0; round < 3000; ++round) {
            const v128 v = random.vector(), w = random.vector(), z = random.vector();
            const u64 n = random.number();
            u64 slots[6] = {}, results[2] = {};
            unsigned at = 0, vectors = 0;
            for (unsigned k = 0; k < t.param_count; ++k) {
                const v128 operands[] = {v, w, z};
                if (t.params[k] != 'v') slots[at++] = n;
                else num::to_slots(slots + at, operands[vectors++]), at += 2;
            }
            REQUIRE(num::apply(o, slots, results) == trap::none);
            if (t.results[0] == 'v') {
                const v128 actual = num::from_slots<v128>(results), expected = evaluated(o, v, w, z, n);
                INFO(row(o).text << "\n" << hex(v) << "\n" << hex(w) << "\n" << hex(z) << "\n" << n);
                if (!same(o, actual, expected)) FAIL_CHECK(hex(actual) << " instead of\n" << hex(expected));
            } else {
                INFO(row(o).text << " " << hex(v));
                CHECK(results[0] == tested(o, v));
            }
        }
    }
    CHECK(instructions == 218);
}

namespace {
template <op O>
void compare_with_rule([[maybe_unused]] values& random) {
    using meaning = num::sem<O>;
    if constexpr (row(O).prefix == 0xfd && requires { typename meaning::lane_type; }) {
        for (int round = 0; round < 300; ++round) {
            const v128 v = random.vector(), w = random.vector(), z = random.vector();
            const u32 lane = u32(random.number() % (16 / sizeof(typename meaning::lane_type)));
            const u64 n = random.number();
            const auto check = [&](auto... operands) {
                const v128 actual = meaning::eval(operands...), expected = num::by_rule<meaning>(operands...);
                INFO(row(O).text << "\n" << hex(v) << "\n" << hex(w) << "\n" << hex(z) << "\n" << n);
                if (!same(O, actual, expected)) FAIL_CHECK(hex(actual) << " instead of\n" << hex(expected));
            };
            using traits = num::function_traits<decltype(&meaning::eval)>;
            const auto operand = [&]<std::size_t I>() {
                using T = typename traits::template arg<I>;
                if constexpr (std::is_same_v<T, v128>) return I == 0 ? v : I == 1 ? w : z;
                else if constexpr (row(O).immediate == imm::lane && I + 1 == traits::arity) return lane;
                else return num::from_slot<T>(n);
            };
            [&]<std::size_t... I>(std::index_sequence<I...>) { check(operand.template operator()<I>()...); }
            (std::make_index_sequence<traits::arity>());
        }
    }
}
} // namespace

TEST_CASE("what is computed for all lanes at once is what the rule says of each") {
    values random;
    const auto all = []<std::size_t... I>(std::index_sequence<I...>) {
        return std::array<void (*)(values&), op_count>{compare_with_rule<op(I)>...};
    }
    (std::make_index_sequence<op_count>());
    for (auto* one : all) one(random);
}

TEST_CASE("shuffles, swizzles and lanes") {
    values random;
    for (int round = 0; round < 2000; ++round) {
        const v128 a = random.vector(), b = random.vector();
        v128 which = random.vector(), expected;
        for (u8& byte : which.bytes) byte &= 31;
        for (unsigned i = 0; i < 16; ++i)
            expected.bytes[i] = which.bytes[i] < 16 ? a.bytes[which.bytes[i]] : b.bytes[which.bytes[i] - 16];
        CHECK(num::sem<op::i8x16_shuffle>::eval(a, b, which) == expected);
        if (num::processor_has_instructions())
            CHECK(num::by_instruction<op::i8x16_shuffle>::eval(a, b, which) == expected);
        const u32 lane = u32(round % 8);
        CHECK(num::sem<op::i16x8_extract_lane_u>::eval(a, lane) == split(a, 16)[lane]);
        CHECK(num::sem<op::i16x8_extract_lane_s>::eval(a, lane) == u32(as_signed(split(a, 16)[lane], 16)));
        lane_list replaced = split(a, 16);
        replaced[lane] = 0x1234;
        CHECK(num::sem<op::i16x8_replace_lane>::eval(a, 0x5555'1234, lane) == join(replaced, 16));
    }
}

static_assert(num::sem<op::i8x16_add>::eval(v128{{1, 255}}, v128{{2, 2}}) == v128{{3, 1}});
static_assert(num::sem<op::i8x16_shr_s>::eval(v128{{0x80}}, 9) == v128{{0xc0}});
static_assert(num::sem<op::i8x16_bitmask>::eval(v128{{0x80, 1, 0xff}}) == 5);
static_assert(num::sem<op::i32x4_replace_lane>::eval(v128{}, 0x01020304, 1) == v128{{0, 0, 0, 0, 4, 3, 2, 1}});
