// SPDX-License-Identifier: MIT
// The deterministic profile: every NaN that an instruction makes is the positive canonical one, whichever of its
// handlers computes it, and a relaxed vector instruction gives what its strict counterpart gives.
#include "support.hpp"

#include <array>
#include <bit>
#include <vector>

namespace deterministic {
namespace {

using guest = guests::basic_guest<engines::plain>; // without it
using guests::must;
using tessera::u32;
using tessera::u64;
using tessera::v128;

constexpr tessera::features profile = engines::metered;

/// An instruction that makes NaNs, by the specification's name.
struct maker {
    std::string name;
    unsigned operands;
    unsigned from_bits, to_bits; ///< of an operand and of a result, or of their lanes
};
std::vector<maker> makers(bool vectors) {
    std::vector<maker> all;
    for (const unsigned bits : {32u, 64u}) {
        const std::string type = vectors ? bits == 32 ? "f32x4." : "f64x2." : bits == 32 ? "f32." : "f64.";
        for (const char* name : {"add", "sub", "mul", "div", "min", "max"}) all.push_back({type + name, 2, bits, bits});
        for (const char* name : {"sqrt", "ceil", "floor", "trunc", "nearest"})
            all.push_back({type + name, 1, bits, bits});
        if (!vectors) continue;
        for (const char* name : {"relaxed_min", "relaxed_max"}) all.push_back({type + name, 2, bits, bits});
        for (const char* name : {"relaxed_madd", "relaxed_nmadd"}) all.push_back({type + name, 3, bits, bits});
    }
    all.push_back({vectors ? "f32x4.demote_f64x2_zero" : "f32.demote_f64", 1, 64, 32});
    all.push_back({vectors ? "f64x2.promote_low_f32x4" : "f64.promote_f32", 1, 32, 64});
    return all;
}

constexpr u64 canonical(unsigned bits) { return bits == 32 ? 0x7fc0'0000 : 0x7ff8'0000'0000'0000; }
constexpr bool is_nan(u64 v, unsigned bits) {
    return bits == 32 ? (v & 0x7fff'ffff) > 0x7f80'0000 : (v & ~u64{0} >> 1) > 0x7ff0'0000'0000'0000;
}
/// NaNs of both signs with and without payload and quiet bit; what makes NaNs of other numbers; a number.
constexpr u64 edges_32[] = {0x7fc0'0000, 0xffc0'0000, 0x7fc0'1234, 0xffa0'0001, 0x7f80'0000,
                            0xff80'0000, 0,           0x8000'0000, 0x3fc0'0000, 0xbfc0'0000};
constexpr u64 edges_64[] = {0x7ff8'0000'0000'0000,
                            0xfff8'0000'0000'0000,
                            0x7ff8'0000'0000'1234,
                            0xfff4'0000'0000'0001,
                            0x7ff0'0000'0000'0000,
                            0xfff0'0000'0000'0000,
                            0,
                            0x8000'0000'0000'0000,
                            0x3ff8'0000'0000'0000,
                            0xbff8'0000'0000'0000};
constexpr std::size_t edge_count = std::size(edges_32);
u64 edge(unsigned bits, std::size_t n) { return bits == 32 ? edges_32[n % edge_count] : edges_64[n % edge_count]; }

/// Bits in lanes of `bits` bits; a number has one lane.
using lanes = std::array<u64, 2>;
u64 lane_of(const lanes& v, unsigned bits, unsigned n) {
    return bits == 64 ? v[n] : v[n / 2] >> n % 2 * 32 & 0xffff'ffff;
}
v128 vector_of(const lanes& v) {
    v128 to;
    for (unsigned i = 0; i < 16; ++i) to.bytes[i] = tessera::u8(v[i / 8] >> i % 8 * 8);
    return to;
}
/// Operand `k` of sample `n`; its lanes differ.
lanes sample(const maker& m, bool vector, std::size_t n, unsigned k) {
    const std::size_t first = k == 0 ? n % edge_count : k == 1 ? n / edge_count : n / edge_count / 2 + n;
    if (!vector) return {edge(m.from_bits, first), 0};
    lanes v{};
    for (unsigned i = 0; i < 128 / m.from_bits; ++i)
        v[i * m.from_bits / 64] |= edge(m.from_bits, first + (k + 3) * i) << i * m.from_bits % 64;
    return v;
}
std::string number(u64 v) { return std::to_string(v); }

/// Functions that execute `m` between the places operands and results can be: locals, the accumulator, constants,
/// locals in a loop, where they are pinned, and memory. They take and give bits. `c`: operands for the constants.
class ways {
public:
    ways(const maker& m, bool vector, const lanes (&c)[3]) : m_(m) {
        const std::string from = vector ? "v128" : m.from_bits == 32 ? "f32" : "f64";
        const std::string to = vector ? "v128" : m.to_bits == 32 ? "f32" : "f64";
        const std::string taken = vector ? "v128" : m.from_bits == 32 ? "i32" : "i64";
        const std::string given = vector ? "v128" : m.to_bits == 32 ? "i32" : "i64";
        for (unsigned k = 0; k < m.operands; ++k) {
            const std::string param = "(local.get " + number(k) + ")";
            set_ += "(local.set $l" + number(k) + " " +
                    (vector ? param : "(" + from + ".reinterpret_" + taken + " " + param + ")") + ")";
            local_[k] = "(local.get $l" + number(k) + ")";
            computed_[k] =
                vector ? "(v128.xor " + param + " (local.get $zero))"
                       : "(" + from + ".reinterpret_" + taken + " (" + taken + ".xor " + param + " (local.get $zero)))";
            constant_[k] =
                vector ? "(v128.const i64x2 " + number(c[k][0]) + " " + number(c[k][1]) + ")"
                       : "(" + from + ".reinterpret_" + taken + " (" + taken + ".const " + number(c[k][0]) + "))";
        }
        const std::string bits = vector ? "" : given + ".reinterpret_" + to + " ";
        const auto bits_of = [&](const std::string& x) { return vector ? x : "(" + bits + x + ")"; };
        const std::string head = [&] {
            std::string s;
            for (unsigned k = 0; k < m.operands; ++k) s += "(param " + taken + ")";
            s += "(result " + given + ")";
            for (unsigned k = 0; k < m.operands; ++k) s += "(local $l" + number(k) + " " + from + ")";
            return s + "(local $zero " + taken + ")(local $r " + to + ")(local $q " + to + ")(local $n i32)";
        }();
        const std::string plain = apply(local_);
        const auto add = [&](const std::string& body) {
            text_ += "(func (export \"" + number(count_++) + "\")" + head + set_ + body + ")";
        };
        for (unsigned mask = 0; mask < 1u << m.operands; ++mask) { // each operand in a local or computed
            std::string x[3];
            for (unsigned k = 0; k < m.operands; ++k) x[k] = mask >> k & 1 ? computed_[k] : local_[k];
            add(bits_of(apply(x)));
        }
        add("(local.set $r " + plain + ")" + bits_of("(local.get $r)"));
        add("(local.set $r (block (result " + to + ") " + plain + "))" + bits_of("(local.get $r)"));
        const auto add_loop = [&](const std::string& body, const std::string& before = {}) {
            add(before + "(loop " + body + "(br_if 0 (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) " +
                "(i32.const 3))))" + bits_of("(local.get $r)"));
        };
        add_loop("(local.set $r " + plain + ")");
        if (!vector) {
            // Where what is read most is in a register: the result, then one of the operands as well.
            std::string read = "(local.get $r)";
            for (int i = 0; i < 6; ++i) read = "(" + to + ".mul " + read + " (local.get $r))";
            add_loop("(local.set $r " + plain + ")(local.set $q " + read + ")");
            if (m.from_bits == m.to_bits) {
                std::string x[3] = {"(local.get $r)", local_[1], local_[2]};
                add_loop("(local.set $r " + apply(x) + ")(local.set $q " + read + ")",
                         "(local.set $r " + local_[0] + ")");
            }
        }
        add("(" + to + ".store (i32.const 8) " + plain + ")(" + given + ".load (i32.const 8))");
        add("(global.set $g " + plain + ")" + bits_of("(global.get $g)"));
        if (!vector) // the comparison reads what was computed
            add("(if (result " + given + ") (" + to + ".eq (local.tee $r " + plain + ") (local.get $r)) (then " +
                bits_of("(local.get $r)") + ") (else " + bits_of("(local.get $r)") + "))");
        first_constant_ = count_;
        for (unsigned mask = 1; mask < 1u << m.operands; ++mask) { // each operand in a local or constant
            std::string x[3];
            for (unsigned k = 0; k < m.operands; ++k) x[k] = mask >> k & 1 ? constant_[k] : local_[k];
            add(bits_of(apply(x)));
        }
        text_ = "(module (memory 1) (global $g (mut " + to + ") (" + (vector ? "v128.const i64x2 0" : to + ".const") +
                " 0))" + text_ + ")";
    }
    const std::string& text() const { return text_; }
    /// How many there are, and the first one whose constants are those of the constructor.
    unsigned count() const { return count_; }
    unsigned first_constant() const { return first_constant_; }

private:
    std::string apply(const std::string (&x)[3]) const {
        std::string s = "(" + m_.name;
        for (unsigned k = 0; k < m_.operands; ++k) s += " " + x[k];
        return s + ")";
    }
    const maker& m_;
    std::string text_, set_, local_[3], computed_[3], constant_[3];
    unsigned count_ = 0, first_constant_ = 0;
};

/// The bits that export `which` gives.
template <class Store>
lanes call(const Store&, const tessera::instance& i, unsigned which, const maker& m, bool vector, const lanes (&x)[3]) {
    const auto f = must(i.get<tessera::func>(number(which)));
    tessera::value args[3], results[1];
    for (unsigned k = 0; k < m.operands; ++k)
        args[k] = vector              ? tessera::value{tessera::t_v128, x[k][0], x[k][1]}
                  : m.from_bits == 32 ? tessera::value::i32(u32(x[k][0]))
                                      : tessera::value::i64(x[k][0]);
    const auto done = f.call(std::span<const tessera::value>(args, m.operands), results);
    REQUIRE(done.has_value());
    return {results[0].bits, vector ? results[0].high : 0};
}

/// Runs all ways of all instructions in both builds.
void check(bool vector) {
    std::size_t other_nans = 0;
    for (const maker& m : makers(vector)) {
        CAPTURE(m.name);
        std::size_t nans = 0;
        const unsigned width = vector ? 128 / m.to_bits : 1;
        // What is constant is other values for each module; so there are some modules.
        for (std::size_t round = 0; round < 6; ++round) {
            lanes constants[3];
            for (unsigned k = 0; k < 3; ++k) constants[k] = sample(m, vector, round * 37 + 10, k);
            const ways w(m, vector, constants);
            auto mod = tessera::module::parse_text<profile>(w.text());
            REQUIRE_MESSAGE(mod, mod.error().message() << " " << mod.error().detail() << w.text());
            tessera::store<profile> store;
            REQUIRE(store.add_fuel(u64{1} << 40));
            const auto instance = must(store.instantiate(*mod));
            const guest off(w.text());
            const std::size_t samples = round == 0 ? edge_count * edge_count : 0;
            const auto compare = [&](unsigned way, const lanes(&x)[3]) {
                CAPTURE(way);
                const lanes got = call(store, instance, way, m, vector, x);
                const lanes free = call(off.store, off.instance, way, m, vector, x);
                for (unsigned i = 0; i < width; ++i) {
                    const u64 here = lane_of(got, m.to_bits, i), there = lane_of(free, m.to_bits, i);
                    const bool nan = is_nan(here, m.to_bits);
                    nans += nan;
                    REQUIRE(nan == is_nan(there, m.to_bits));
                    if (nan) other_nans += there != canonical(m.to_bits);
                    REQUIRE(here == (nan ? canonical(m.to_bits) : there));
                }
            };
            for (std::size_t n = 0; n < samples; ++n) {
                lanes x[3];
                for (unsigned k = 0; k < 3; ++k) x[k] = sample(m, vector, n, k);
                for (unsigned way = 0; way < w.first_constant(); ++way) compare(way, x);
            }
            // An operand that is constant is the same in a local, so one result is right for all.
            const lanes right = call(store, instance, 0, m, vector, constants);
            for (unsigned way = w.first_constant(); way < w.count(); ++way) {
                compare(way, constants);
                REQUIRE(call(store, instance, way, m, vector, constants) == right);
            }
        }
        CHECK(nans > 100);
    }
    // Without the profile NaNs are those of the processor.
    volatile double nan = std::bit_cast<double>(edges_64[1]);
    const bool keeps_bits = std::bit_cast<u64>(nan + 1.0) != canonical(64);
    CHECK((other_nans > 0) == keeps_bits);
}

} // namespace

TEST_CASE("deterministic: each NaN that is made is the positive canonical one, in every handler") { check(false); }
TEST_CASE("deterministic: in every lane as well") { check(true); }

TEST_CASE("a relaxed vector instruction gives what its strict counterpart gives, in any build") {
    struct pair {
        const char *relaxed, *strict;
        bool gives_nans = false;
    };
    static constexpr pair pairs[] = {
        {"i8x16.relaxed_swizzle $a $b", "i8x16.swizzle $a $b"},
        {"i32x4.relaxed_trunc_f32x4_s $a", "i32x4.trunc_sat_f32x4_s $a"},
        {"i32x4.relaxed_trunc_f32x4_u $a", "i32x4.trunc_sat_f32x4_u $a"},
        {"i32x4.relaxed_trunc_f64x2_s_zero $a", "i32x4.trunc_sat_f64x2_s_zero $a"},
        {"i32x4.relaxed_trunc_f64x2_u_zero $a", "i32x4.trunc_sat_f64x2_u_zero $a"},
        {"f32x4.relaxed_madd $a $b $c", "f32x4.add (f32x4.mul $a $b) $c", true},
        {"f32x4.relaxed_nmadd $a $b $c", "f32x4.add (f32x4.mul (f32x4.neg $a) $b) $c", true},
        {"f64x2.relaxed_madd $a $b $c", "f64x2.add (f64x2.mul $a $b) $c", true},
        {"f64x2.relaxed_nmadd $a $b $c", "f64x2.add (f64x2.mul (f64x2.neg $a) $b) $c", true},
        {"i8x16.relaxed_laneselect $a $b $c", "v128.bitselect $a $b $c"},
        {"i16x8.relaxed_laneselect $a $b $c", "v128.bitselect $a $b $c"},
        {"i32x4.relaxed_laneselect $a $b $c", "v128.bitselect $a $b $c"},
        {"i64x2.relaxed_laneselect $a $b $c", "v128.bitselect $a $b $c"},
        {"f32x4.relaxed_min $a $b", "f32x4.min $a $b", true},
        {"f32x4.relaxed_max $a $b", "f32x4.max $a $b", true},
        {"f64x2.relaxed_min $a $b", "f64x2.min $a $b", true},
        {"f64x2.relaxed_max $a $b", "f64x2.max $a $b", true},
        {"i16x8.relaxed_q15mulr_s $a $b", "i16x8.q15mulr_sat_s $a $b"},
        {"i16x8.relaxed_dot_i8x16_i7x16_s $a $b",
         "i16x8.add_sat_s (i16x8.mul (i16x8.shr_s (i16x8.shl $a $8) $8) (i16x8.shr_s (i16x8.shl $b $8) $8))"
         " (i16x8.mul (i16x8.shr_s $a $8) (i16x8.shr_s $b $8))"},
        {"i32x4.relaxed_dot_i8x16_i7x16_add_s $a $b $c",
         "i32x4.add (i32x4.extadd_pairwise_i16x8_s (i16x8.relaxed_dot_i8x16_i7x16_s $a $b)) $c"},
    };
    const auto spelled = [](std::string_view text) {
        std::string s;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] != '$') s += text[i];
            else if (text[++i] == '8') s += "(i32.const 8)";
            else s += std::string("(local.get $") + text[i] + ")";
        }
        return "(" + s + ")";
    };
    std::string text = "(module";
    const auto add = [&](const std::string& name, const char* body) {
        text += "(func (export \"" + name + "\") (param $a v128) (param $b v128) (param $c v128) (result v128) " +
                spelled(body) + ")";
    };
    for (std::size_t n = 0; n < std::size(pairs); ++n)
        add("relaxed " + number(n), pairs[n].relaxed), add("strict " + number(n), pairs[n].strict);
    text += ")";
    tessera::store<profile> store;
    REQUIRE(store.add_fuel(u64{1} << 40));
    const auto mod = must(tessera::module::parse_text<profile>(text));
    const auto instance = must(store.instantiate(mod));
    const guest off(text);

    std::vector<lanes> operands;
    u64 state = 1;
    const auto next = [&] { return state = state * 0x5851'f42d'4c95'7f2d + 0x1405'7b7e'f767'814f; };
    for (std::size_t n = 0; n < 10; ++n) operands.push_back({next(), next()});
    for (std::size_t n = 0; n < edge_count; ++n) {
        operands.push_back({edge(64, n), edge(64, n + 3)});
        operands.push_back({edge(32, n) << 32 | edge(32, n + 1), edge(32, n + 4) << 32 | edge(32, n + 7)});
    }
    // Beyond the ranges of integers, and where a product that is not rounded before the sum shows.
    operands.push_back({0x4f00'0000'cf00'0001, 0x5f80'0000'bf80'0000});
    operands.push_back({0x41e0'0000'0000'0000, 0xc1f0'0000'0010'0000});
    operands.push_back({0x3ff0'0000'0000'0001, 0x3f80'0001'3f80'0001});
    operands.push_back({0xbff0'0000'0000'0002, 0xbf80'0002'bf80'0002});
    operands.push_back({0x8000'8000'8000'8080, 0x8080'8080'7f7f'7f7f});
    const auto apply = [](const tessera::instance& i, const std::string& name, const lanes& a, const lanes& b,
                          const lanes& c) {
        return must(must(i.get<v128(v128, v128, v128)>(name))(vector_of(a), vector_of(b), vector_of(c)));
    };
    for (std::size_t n = 0; n < std::size(pairs); ++n) {
        CAPTURE(pairs[n].relaxed);
        const std::string relaxed = "relaxed " + number(n), strict = "strict " + number(n);
        for (const lanes& a : operands)
            for (const lanes& b : operands) {
                const lanes& c = operands[(a[0] % 7 + b[1] % 5) % operands.size()];
                const v128 right = apply(instance, strict, a, b, c);
                REQUIRE(apply(instance, relaxed, a, b, c) == right);
                if (!pairs[n].gives_nans) REQUIRE(apply(off.instance, relaxed, a, b, c) == right);
            }
    }
}

} // namespace deterministic
