// SPDX-License-Identifier: MIT
// Every scalar instruction that is a function of its operands, with every shape of its operands, against its meaning.
#include "support.hpp"

#include <cstdio>
#include <string>

using namespace native_test;

namespace {
bool is_scalar(const op_row& r) {
    for (unsigned k = 0; k < r.type.param_count; ++k)
        if (r.type.params[k] == 'v') return false;
    return r.type.result_count == 1 && r.type.results[0] != 'v';
}

// Runs `o` with its operands in `at` on `values`; true if it does what its meaning does.
bool check(entry f, op o, const place* at, const u64* values, place d) {
    const op_type& t = row(o).type;
    u64 frame[8] = {};
    u64 expected[2] = {values[0], values[1]};
    const trap why = num::apply(o, expected, expected);
    static world w;
    for (unsigned k = 0; k < t.param_count; ++k) {
        // Beyond a slot's 32 bits there may be anything.
        const bool narrow = t.params[k] == 'i' || t.params[k] == 'f';
        frame[k] = narrow ? values[k] | (at[k].is_slot() ? 0xdead'beef'0000'0000 : 0) : values[k];
    }
    const u64 got = f(frame, nullptr, &w);
    if (got != u64(why)) {
        std::printf("%s %llx %llx: trap %llu instead of %u\n", row(o).text.data(), (unsigned long long)values[0],
                    (unsigned long long)values[1], (unsigned long long)got, unsigned(why));
        return false;
    }
    if (why != trap::none) return true;
    const u64 result = frame[4];
    static_cast<void>(d);
    const u64 value = t.results[0] == 'f' ? u32(result) : result;
    if (same(t.results[0], value, expected[0])) return true;
    std::printf("%s %llx %llx: %llx instead of %llx\n", row(o).text.data(), (unsigned long long)values[0],
                (unsigned long long)values[1], (unsigned long long)result, (unsigned long long)expected[0]);
    return false;
}

struct counts {
    unsigned rows = 0, stubs = 0, shapes = 0, runs = 0, wrong = 0;
};

void try_shape(harness& h, op o, const place* at, place d, counts& n) {
    const op_type& t = row(o).type;
    ++n.shapes;
    const bool immediate = at[0].is_imm() || (t.param_count == 2 && at[1].is_imm());
    const auto make = [&](const u64* values) {
        return h.make([&](emitter& e) {
            place p[2] = {at[0], at[1]};
            for (unsigned k = 0; k < t.param_count; ++k) {
                if (p[k].is_imm()) p[k].value = values[k];
                if (p[k].is_reg()) e.move(t.params[k], place::slot(k), p[k]);
            }
            if (t.param_count == 1) e.unary(o, p[0], d);
            else e.binary(o, p[0], p[1], d);
            if (d.is_reg()) e.move(t.results[0], d, place::slot(4));
            else e.move(t.results[0] == 'i' ? 'l' : t.results[0], d, place::slot(4));
        });
    };
    const auto first = samples(t.params[0]);
    const auto second = t.param_count == 2 ? samples(t.params[1]) : std::vector<u64>{0};
    entry f = nullptr;
    for (std::size_t i = 0; i < first.size(); ++i)
        for (std::size_t k = 0; k < second.size(); ++k) {
            if (immediate && (i * 7 + k * 3) % 5 != 0 && t.param_count == 2) continue; // each is code of its own
            u64 values[2] = {first[i], second[k]};
            if (at[0] == at[1]) values[1] = values[0];
            if (immediate || !f) f = make(values);
            for (unsigned which = 0; which < t.param_count; ++which) {
                const u64 value = values[which];
                if (at[which].is_imm() && (h.shows(value) || (value >> 32 != 0 && h.shows(value >> 32))))
                    ++n.wrong, std::printf("%s shows %llx\n", row(o).text.data(), (unsigned long long)value);
            }
            ++n.runs;
            if (!check(f, o, at, values, d)) ++n.wrong;
            if (n.wrong > 20) return;
        }
}
} // namespace

// Rows without a stub, and why: their meaning is called.
const char* reason(op o) {
    switch (o) {
    case op::f32_convert_i64_u:
    case op::f64_convert_i64_u: return "rare, and several instructions";
    default: return nullptr;
    }
}

TEST_CASE("every scalar row in every shape does what its meaning does") {
    counts n;
    for (u16 i = 0; i < op_count; ++i) {
        const op o = op(i);
        if (!num::has_apply(o) || !is_scalar(row(o)) || row(o).type.param_count > 2 || row(o).type.param_count == 0)
            continue;
        if (row(o).immediate != imm::none) continue;
        harness h, hardened(0x123456789abcdef);
        ++n.rows;
        const op_type& t = row(o).type;
        {
            surroundings none;
            emitter e(none);
            const place a = place::reg(3), b = place::reg(5);
            const bool floats = is_float(t.params[0]) || is_float(t.results[0]);
            const bool has = t.param_count == 1
                                 ? (floats ? e.unary_float(o, a, a) : e.unary_integer(o, a, a))
                                 : (is_float(t.params[0]) ? e.binary_float(o, a, b, a) : e.binary_integer(o, a, b, a));
            if (has) ++n.stubs;
            CHECK_MESSAGE(has == (reason(o) == nullptr), std::string(row(o).text),
                          ": neither a stub nor a reason, or both");
        }
        for (place a : places(t.params[0], 0, true)) {
            auto seconds = t.param_count == 2 ? places(t.params[1], 1, true) : std::vector<place>{place()};
            if (t.param_count == 2 && a.what != place::kind::imm) seconds.push_back(a);
            if (t.param_count == 2) seconds.push_back(place::reg(is_float(t.params[1]) ? 7 : 8));
            for (place b : seconds) {
                auto results = places(t.results[0], 2, false);
                if (is_float(t.results[0]) == is_float(t.params[0]) && a.what != place::kind::imm) results.push_back(a);
                if (t.param_count == 2 && b.what != place::kind::imm && is_float(t.results[0]) == is_float(t.params[1]))
                    results.push_back(b);
                for (place d : results) {
                    const place at[] = {a, b};
                    try_shape(h, o, at, d, n);
                    if (a.is_imm() || b.is_imm()) try_shape(hardened, o, at, d, n);
                }
            }
        }
        CHECK_MESSAGE(n.wrong == 0, std::string(row(o).text));
        if (n.wrong) return;
    }
    std::printf("stubs for %u of %u scalar rows; %u shapes, %u runs\n", n.stubs, n.rows, n.shapes, n.runs);
    CHECK(n.rows > 100);
}
