// SPDX-License-Identifier: MIT
// Every instruction on vectors that is a function of its operands against its meaning, and those with lanes and
// accesses to memory against what they are said to do.
#include "support.hpp"

#include <tessera/native/emit_vector.hpp>
#include <tessera/native/function_code.hpp>

#include <cstdio>
#include <cstring>
#include <string>

using namespace native_test;

namespace {

using vector_harness = basic_harness<vector_emitter>;

// Rows without a stub, and why: they are left to the interpreter.
const char* vector_reason(op o) {
    return o == op::i32x4_relaxed_dot_i8x16_i7x16_add_s ? "rare, and takes more than four registers" : nullptr;
}
struct pair {
    u64 low, high;
};
// Vectors with edges of every kind of lane.
std::vector<pair> vectors() {
    std::vector<pair> v{{0, 0},
                        {~u64{0}, ~u64{0}},
                        {0x8000'0000'0000'0000, 0x7fff'ffff'8000'0000},
                        {0x8000'7fff'8000'8000, 0x7f80'80ff'0001'ff00},
                        {0x7fc0'0000'7f80'0000, 0xff80'0000'8000'0000},
                        {0x7ff0'0000'0000'0000, 0x8000'0000'0000'0000},
                        {0x3f00'0000'bf00'0000, 0x4020'0000'c020'0000},
                        {0x4004'0000'0000'0000, 0xc004'0000'0000'0000}};
    std::mt19937_64 random{7};
    for (int i = 0; i < 12; ++i) v.push_back({random(), random()});
    for (int i = 0; i < 4; ++i) v.push_back({random() & 0x1f0f'0f1f'1f0f'0f1f, random() & 0x8181'0101'8181'0101});
    return v;
}
// Equal, or NaNs in the same lanes where any NaN will do.
bool same_lanes(op o, pair x, pair y) {
    if (x.low == y.low && x.high == y.high) return true;
    if (!num::picks_nan(o)) return false;
    const std::string_view name = row(o).text;
    const bool wide = name.substr(0, 5) == "f64x2";
    for (int half = 0; half < 2; ++half) {
        const u64 a = half ? x.high : x.low, b = half ? y.high : y.low;
        if (wide ? !same('d', a, b) : !same('f', u32(a), u32(b)) || !same('f', a >> 32, b >> 32)) return false;
    }
    return true;
}
} // namespace

TEST_CASE("what may make a NaN is left to the interpreter where NaNs are canonical") {
    const module_data nothing;
    native::compile_options options{exec::model_of(latest + feature::deterministic), true, 0};
    for (u16 i = 0; i < op_count; ++i) {
        const op o = op(i);
        const unsigned operands = row(o).type.param_count;
        if (!num::picks_nan(o) || operands < 1 || operands > 3) continue;
        exec::node n;
        n.v.fam = operands == 1 ? exec::family::unary : operands == 2 ? exec::family::binary : exec::family::ternary;
        n.v.code = o;
        CHECK_MESSAGE(native::effect_of(options, nothing, n) == native::effect::leave, std::string(row(o).text));
    }
}

TEST_CASE("every vector row does what its meaning does") {
    unsigned rows = 0, stubs = 0, runs = 0;
    for (u16 i = 0; i < op_count; ++i) {
        const op o = op(i);
        const op_row& r = row(o);
        const op_type& t = r.type;
        if (r.prefix != 0xfd || r.immediate != imm::none || !num::has_apply(o)) continue;
        ++rows;
        const bool has = vector_emitter::has_vector_stub(o);
        CHECK_MESSAGE(has == (vector_reason(o) == nullptr), std::string(r.text),
                      ": neither a stub nor a reason, or both");
        if (!has) continue;
        ++stubs;
        vector_harness h;
        const bool result_vector = t.results[0] == 'v';
        unsigned wrong = 0;
        // The result in a place of its own, and where an operand is.
        for (const u64 to : {u64{6}, u64{0}, u64{2}}) {
            if (to == 2 && (t.param_count < 2 || t.params[1] != 'v')) continue;
            if (to == 0 && t.params[0] != 'v') continue;
            // An operand may just have been stored from xmm0: the first one, the second one.
            for (const unsigned variant : {0u, 1u, 2u, 3u}) {
                const bool in_register = variant == 1;
                const place d = !result_vector && in_register ? place::reg(12) : place::slot(to);
                place at[3] = {place::slot(0), place::slot(2), place::slot(4)};
                const char numbers = t.params[0] != 'v' ? t.params[0] : t.param_count > 1 ? t.params[1] : 'v';
                if (numbers != 'v' && in_register)
                    at[t.params[0] != 'v' ? 0 : 1] = place::reg(is_float(numbers) ? 7 : 9);
                const u64 held = variant >= 2 ? variant - 2 : no_index;
                if (held != no_index && (held >= t.param_count || t.params[held] != 'v')) continue;
                if (held != no_index) at[held] = place::slot(12);
                const entry f = h.make([&](vector_emitter& e) {
                    for (unsigned k = 0; k < t.param_count; ++k)
                        if (at[k].is_reg()) e.move(t.params[k], place::slot(2 * k), at[k]);
                    e.move('d', place::slot(8), place::reg(2));
                    e.move('d', place::slot(9), place::reg(3));
                    if (held != no_index) e.move_vector(place::slot(2 * held), place::slot(12));
                    e.vector(o, at[0], at[1], at[2], d);
                    e.move('d', place::reg(2), place::slot(10));
                    e.move('d', place::reg(3), place::slot(11));
                    if (d.is_reg()) e.move('l', d, place::slot(to));
                });
                for (const pair x : vectors())
                    for (const pair y : vectors()) {
                        u64 frame[14] = {x.low, x.high, y.low, y.high, x.high, y.low, 0, 0, 77, 78};
                        u64 args[6] = {}, expected[2] = {};
                        unsigned n = 0;
                        for (unsigned k = 0; k < t.param_count; ++k) {
                            args[n++] = frame[2 * k];
                            if (t.params[k] == 'v') args[n++] = frame[2 * k + 1];
                        }
                        num::apply(o, args, expected);
                        world w;
                        f(frame, nullptr, &w);
                        ++runs;
                        const pair got{frame[to], result_vector ? frame[to + 1] : 0};
                        wrong += frame[10] != 77 || frame[11] != 78; // other values that are in registers
                        wrong += !same_lanes(o, got, {expected[0], result_vector ? expected[1] : 0});
                    }
            }
        }
        CHECK_MESSAGE(wrong == 0, std::string(r.text));
    }
    std::printf("stubs for %u of %u vector rows; %u runs\n", stubs, rows, runs);
    CHECK(rows > 150);
}

TEST_CASE("lanes are taken and replaced, vectors shuffled, chosen and made") {
    vector_harness h;
    for (u16 i = 0; i < op_count; ++i) {
        const op o = op(i);
        const op_row& r = row(o);
        if (r.immediate != imm::lane) continue;
        const bool takes = r.type.param_count == 1;
        const u32 bytes = r.text[1] == '8' ? 1u : r.text[1] == '1' ? 2u : r.text[1] == '3' ? 4u : 8u;
        const char letter = takes ? r.type.results[0] : r.type.params[1];
        unsigned wrong = 0;
        for (u32 lane = 0; lane < 16 / bytes; ++lane)
            for (const bool in_register : {false, true}) {
                const place number = in_register ? place::reg(is_float(letter) ? 5 : 10) : place::slot(2);
                const entry f = h.make([&](vector_emitter& e) {
                    if (takes) {
                        e.vector(o, place::slot(0), {}, {}, number, lane);
                        if (in_register) e.move(letter == 'i' ? 'l' : letter, number, place::slot(2));
                    } else {
                        if (in_register) e.move(letter, place::slot(2), number);
                        e.vector(o, place::slot(0), number, {}, place::slot(4), lane);
                    }
                });
                for (const pair x : vectors()) {
                    u64 frame[8] = {x.low, x.high, 0x1234'5678'9abc'def0};
                    u8 lanes[16];
                    std::memcpy(lanes, frame, 16);
                    world w;
                    f(frame, nullptr, &w);
                    if (takes) {
                        u64 wanted = 0;
                        std::memcpy(&wanted, lanes + lane * bytes, bytes);
                        const bool with_sign = r.text.substr(r.text.size() - 2) == "_s";
                        if (with_sign) wanted = u32(i32(bytes == 1 ? i8(wanted) : i16(wanted)));
                        wrong += bytes == 4 && letter == 'f' ? u32(frame[2]) != wanted : frame[2] != wanted;
                    } else {
                        std::memcpy(lanes + lane * bytes, frame + 2, bytes);
                        wrong += std::memcmp(lanes, frame + 4, 16) != 0;
                    }
                }
            }
        CHECK_MESSAGE(wrong == 0, std::string(r.text));
    }
    std::mt19937_64 random{3};
    for (int n = 0; n < 100; ++n) {
        u8 lanes[16], wanted[16];
        u64 frame[10] = {random(), random(), random(), random()};
        for (unsigned k = 0; k < 16; ++k) {
            lanes[k] = u8(random() % 32);
            wanted[k] = reinterpret_cast<const u8*>(frame)[lanes[k]];
        }
        const place d = place::slot(n % 3 == 0 ? 0 : n % 3 == 1 ? 2 : 4);
        const entry f = h.make([&](vector_emitter& e) { e.shuffle(place::slot(0), place::slot(2), lanes, d); });
        world w;
        f(frame, nullptr, &w);
        CHECK(std::memcmp(frame + d.value, wanted, 16) == 0);
    }
    for (const u64 condition : {u64{0}, u64{1}, u64{1} << 32}) {
        const entry f = h.make([&](vector_emitter& e) {
            e.vector_constant(0x1122'3344'5566'7788, ~u64{0}, place::slot(6));
            e.select_vector(place::slot(0), place::slot(6), place::slot(2), place::slot(4));
        });
        u64 frame[10] = {5, 6, condition};
        world w;
        f(frame, nullptr, &w);
        CHECK(frame[4] == (u32(condition) ? 5 : 0x1122'3344'5566'7788));
        CHECK(frame[5] == (u32(condition) ? 6 : ~u64{0}));
    }
}

TEST_CASE("vectors are loaded and stored, in every memory") {
    for (const u32 number : {0u, 2u})
        for (u16 i = 0; i < op_count; ++i) {
            const op o = op(i);
            const op_row& r = row(o);
            if (vector_access_of(o) == 0xff) continue;
            const u32 bytes = 1u << natural_align[i];
            vector_harness h;
            u64 memory[8];
            std::mt19937_64 random{i};
            for (u64& m : memory) m = random();
            const memory_of_world m{reinterpret_cast<u8*>(memory), sizeof memory}, none;
            const memory_of_world* const memories[] = {&none, &none, &m};
            access_range range(8 + bytes);
            range.memory = number;
            const entry f = h.make([&](vector_emitter& e) {
                if (o == op::v128_store) e.store_vector_to(o, place::slot(0), place::slot(2), range);
                else e.load_vector(o, place::slot(0), range, place::slot(4));
            });
            for (const u64 address : {u64{0}, u64{3}, u64{56 - bytes}, u64{57 - bytes}}) {
                u64 frame[8] = {address, random(), random(), random()};
                world w;
                w.memory_size = number == 0 ? sizeof memory : 0;
                w.memories = memories;
                const bool inside = address + 8 + bytes <= sizeof memory;
                CHECK(f(frame, number == 0 ? m.base : nullptr, &w) == (inside ? 0 : u64(trap::out_of_bounds_memory)));
                if (!inside) continue;
                const u8* const there = m.base + address + 8;
                u8 wanted[16] = {};
                const std::string_view name = r.text;
                if (o == op::v128_store) {
                    CHECK(std::memcmp(there, frame + 2, 16) == 0);
                    continue;
                }
                if (const std::size_t x = name.find('x'); x != name.npos) { // load8x8_s and the like
                    const u32 narrow = 8 / u32(name[x + 1] - '0');
                    for (u32 k = 0; k < 8 / narrow; ++k) {
                        u64 lane = 0;
                        std::memcpy(&lane, there + k * narrow, narrow);
                        if (name.back() == 's' && lane >> (8 * narrow - 1)) lane |= ~u64{0} << 8 * narrow;
                        std::memcpy(wanted + 2 * k * narrow, &lane, 2 * narrow);
                    }
                } else {
                    const bool splat = name.find("splat") != name.npos;
                    for (u32 k = 0; k < (splat ? 16 / bytes : 1); ++k) std::memcpy(wanted + k * bytes, there, bytes);
                }
                CHECK_MESSAGE(std::memcmp(frame + 4, wanted, 16) == 0, std::string(name));
            }
        }
}
