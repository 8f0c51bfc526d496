// SPDX-License-Identifier: MIT
// Every scalar instruction that is a function of its operands, with every shape of its operands, against its meaning.
#include <tessera/native/call_meaning.hpp>
#include <tessera/native/code_memory.hpp>

#include <doctest/doctest.h>

#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <vector>

using namespace tessera;
using namespace tessera::native;

namespace {

// What rbp points at here.
struct world {
    u64 memory_size = 0;
    u64* globals = nullptr;
    u64** imported = nullptr;
    u64 scratch[3] = {};
};
constexpr surroundings layout_of_world() {
    surroundings s;
    s.memory_size = offsetof(world, memory_size);
    s.globals = offsetof(world, globals);
    s.imported_globals = offsetof(world, imported);
    s.scratch = offsetof(world, scratch);
    return s;
}
using entry = u64 (*)(u64* frame, u8* memory, world*);

// A function around a few operations: `frame` in rdi, `memory` in rsi; the trap is its result.
class harness {
public:
    harness() {
        code_buffer code;
        put_call_of_meaning(code, layout_of_world().scratch);
        around_ = layout_of_world();
        around_.meaning = memory_.add(code.data(), code.position());
        REQUIRE(around_.meaning != nullptr);
    }
    template <class Body>
    entry make(Body body) {
        emitter e(around_);
        // push rbx, rbp, r12, r13, r14, r15; mov rbp, rdx
        e.put(assembler().raw(0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57, 0x48, 0x89, 0xd5).made, {});
        const u32 out = e.new_label();
        body(e);
        e.put(stubs::zero, {}); // rax
        e.bind(out);
        e.put(assembler().raw(0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xc3).made, {});
        e.emit_detours();
        for (const auto& exit : e.exits) {
            e.bind(exit.label);
            if (exit.why != trap::none) e.set_register(0, u64(exit.why), false);
            e.jump(out);
        }
        e.resolve();
        REQUIRE(!e.failed());
        const u8* const at = memory_.add(e.data(), e.position());
        REQUIRE(at != nullptr);
        return reinterpret_cast<entry>(reinterpret_cast<std::uintptr_t>(at));
    }

private:
    code_memory memory_{256 << 20};
    surroundings around_;
};

std::vector<u64> samples(char letter) {
    std::mt19937_64 random{u64(letter)};
    std::vector<u64> v;
    switch (letter) {
    case 'i': v = {0, 1, 2, 31, 32, 33, 0x7f, 0x80, 0xff, 0x7fff'ffff, 0x8000'0000, 0xffff'ffff}; break;
    case 'l':
        v = {0, 1, 2, 63, 64, 0x80, 0x7fff'ffff, 0x8000'0000, 0xffff'ffff, 0x1'0000'0000, ~u64{0} >> 1, u64{1} << 63, ~u64{0}};
        break;
    case 'f':
        for (u32 x : {0u, 0x8000'0000u, 0x3f80'0000u, 0xbf00'0000u, 0x4f00'0000u, 0xcf00'0000u, 0x4f80'0000u, 0x5f00'0000u,
                      0xdf00'0000u, 0x5f80'0000u, 0x7f80'0000u, 0xff80'0000u, 0x7fc0'0000u, 0xffc0'0000u, 0x7fa0'0000u, 1u})
            v.push_back(x);
        break;
    default:
        for (f64 x : {0.0, -0.0, 1.0, -0.5, 2147483647.0, 2147483648.0, -2147483648.0, -2147483649.0, 4294967295.0,
                      4294967296.0, 9223372036854775808.0, -9223372036854775808.0, 18446744073709551616.0, 2.5, -1.0})
            v.push_back(std::bit_cast<u64>(x));
        for (u64 x : {u64{0x7ff} << 52, u64{0xfff} << 52, u64{0x7ff8} << 48, u64{0xfff8} << 48, u64{0x7ff4} << 48}) v.push_back(x);
    }
    for (int i = 0; i < 8; ++i) {
        u64 x = random();
        if (letter == 'f') x = std::bit_cast<u32>(f32(std::bit_cast<f64>((x & ~(u64{0x7fe} << 52)) | u64{0x3f8} << 52)));
        if (letter == 'd') x = (x & ~(u64{0x7fe} << 52)) | u64{0x3f8} << 52;
        v.push_back(letter == 'i' || letter == 'f' ? u32(x) : x);
    }
    return v;
}
bool is_float(char letter) { return letter == 'f' || letter == 'd'; }
bool is_nan(char letter, u64 x) {
    return letter == 'f' ? (x & 0x7fff'ffff) > 0x7f80'0000 : letter == 'd' && (x << 1) > u64{0xffe} << 52;
}
bool same(char letter, u64 x, u64 y) { return x == y || (is_nan(letter, x) && is_nan(letter, y)); }

// The places an operand is tried in: two registers (the lowest and highest of each kind), a slot, an immediate.
std::vector<place> places(char letter, u64 slot, bool source) {
    std::vector<place> p = {place::slot(slot), place::reg(is_float(letter) ? 2 : 3), place::reg(is_float(letter) ? 15 : 12)};
    if (source) p.push_back(place::imm(0)); // the value is put in
    return p;
}

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
        if (!num::has_apply(o) || !is_scalar(row(o)) || row(o).type.param_count > 2 || row(o).type.param_count == 0) continue;
        if (row(o).immediate != imm::none) continue;
        harness h;
        ++n.rows;
        const op_type& t = row(o).type;
        {
            surroundings none;
            emitter e(none);
            const place a = place::reg(3), b = place::reg(5);
            const bool floats = is_float(t.params[0]) || is_float(t.results[0]);
            const bool has = t.param_count == 1 ? (floats ? e.unary_float(o, a, a) : e.unary_integer(o, a, a))
                                                : (is_float(t.params[0]) ? e.binary_float(o, a, b, a) : e.binary_integer(o, a, b, a));
            if (has) ++n.stubs;
            CHECK_MESSAGE(has == (reason(o) == nullptr), std::string(row(o).text), ": neither a stub nor a reason, or both");
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
                }
            }
        }
        CHECK_MESSAGE(n.wrong == 0, std::string(row(o).text));
        if (n.wrong) return;
    }
    std::printf("stubs for %u of %u scalar rows; %u shapes, %u runs\n", n.stubs, n.rows, n.shapes, n.runs);
    CHECK(n.rows > 100);
}
