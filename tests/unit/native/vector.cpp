// SPDX-License-Identifier: MIT
// Every instruction on vectors that is a function of its operands against its meaning, and those with lanes and
// accesses to memory against what they are said to do.
#include "support.hpp"

#include <tessera/native/emit_vector.hpp>
#include <tessera/native/function_code.hpp>
#include <tessera/native/processor.hpp>

#include <cstdio>
#include <cstring>
#include <string>

using namespace native_test;

namespace {

using vector_harness = basic_harness<vector_emitter>;

// Which instructions code is made of.
std::vector<bool> processors() {
    return native::processor_has_avx() ? std::vector<bool>{false, true} : std::vector<bool>{false};
}
// Rows without a stub, and why: they are left to the interpreter.
const char* vector_reason(op) { return nullptr; }
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
    native::compile_options options{exec::model_of(latest + feature::deterministic), true, true, 0};
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

namespace {
// Where the operands of an instruction are, and where its result goes.
struct arrangement {
    place at[3], d;
};
bool is_number(const op_type& t, unsigned k) { return k < t.param_count && t.params[k] != 'v'; }
// All that an emitter tells apart: slots and registers, which may be the same, xmm2 and xmm3, which some stubs need.
std::vector<arrangement> arrangements(const op_type& t) {
    const auto slot = [](u64 n) { return place::slot(n); };
    const auto reg = [](u64 n) { return place::reg(n); };
    std::vector<arrangement> all{{{slot(0), slot(2), slot(4)}, slot(6)}, {{slot(0), slot(2), slot(4)}, slot(0)},
                                 {{slot(0), slot(2), slot(4)}, slot(2)}, {{slot(0), slot(2), slot(4)}, slot(4)},
                                 {{slot(0), slot(2), slot(4)}, reg(9)},  {{reg(5), slot(2), slot(4)}, reg(9)},
                                 {{slot(0), reg(5), slot(4)}, reg(9)},   {{slot(0), reg(5), slot(4)}, reg(5)},
                                 {{slot(0), slot(2), reg(5)}, reg(5)},   {{reg(5), reg(12), reg(15)}, reg(9)},
                                 {{reg(5), reg(12), reg(15)}, reg(5)},   {{reg(5), reg(12), reg(15)}, reg(12)},
                                 {{reg(5), reg(12), reg(15)}, reg(15)},  {{reg(5), reg(12), reg(15)}, slot(6)},
                                 {{reg(5), reg(5), reg(5)}, reg(9)},     {{reg(5), reg(5), reg(5)}, reg(5)},
                                 {{reg(2), reg(3), reg(4)}, reg(14)},    {{reg(3), reg(2), reg(4)}, reg(2)},
                                 {{reg(2), reg(3), reg(4)}, reg(3)},     {{reg(4), reg(15), reg(2)}, reg(2)},
                                 {{reg(3), slot(2), reg(2)}, slot(0)}};
    for (arrangement& a : all)
        for (unsigned k = 0; k < 4; ++k) // the lowest and the highest integer register
            if (place& p = k == 3 ? a.d : a.at[k]; (k == 3 ? t.results[0] != 'v' : is_number(t, k)) && p.is_reg())
                if (!native_test::is_float(k == 3 ? t.results[0] : t.params[k])) p = reg(p.value % 2 ? 15 : 3);
    return all;
}
constexpr u64 canaries = 10, seen = 40; // slots: what registers hold before and after

// Puts operands, which are in slots 0, 2 and 4, where they shall be, and other things in all other vector registers.
void begin(vector_emitter& e, const op_type& t, const arrangement& a) {
    for (u64 r = 2; r < 16; ++r) e.move_vector(place::slot(canaries + 2 * (r - 2)), place::reg(r));
    for (unsigned k = 0; k < t.param_count; ++k)
        if (a.at[k].is_imm() || a.at[k].is_slot()) continue;
        else if (t.params[k] == 'v') e.move_vector(place::slot(2 * k), a.at[k]);
        else e.move(t.params[k], place::slot(2 * k), a.at[k]);
}
// Puts the result into slot 6, and what registers hold behind it.
void end(vector_emitter& e, const op_type& t, const arrangement& a) {
    for (u64 r = 2; r < 16; ++r) e.move_vector(place::reg(r), place::slot(seen + 2 * (r - 2)));
    if (t.results[0] == 'v') e.move_vector(a.d, place::slot(6));
    else e.move(t.results[0] == 'i' && a.d.is_reg() ? 'l' : t.results[0], a.d, place::slot(6));
}
// True if vector registers other than the result's hold what they did.
bool kept(const op_type& t, const arrangement& a, const u64* frame, const u64* operands) {
    for (u64 r = 2; r < 16; ++r) {
        const bool floats = t.results[0] == 'v' || native_test::is_float(t.results[0]);
        if (floats && a.d == place::reg(r)) continue;
        const u64* expected = frame + canaries + 2 * (r - 2);
        bool number = false;
        for (unsigned k = 0; k < t.param_count; ++k)
            if (a.at[k] == place::reg(r) && t.params[k] == 'v') expected = operands + 2 * k;
            else if (a.at[k] == place::reg(r)) number = true;
        if (!number && std::memcmp(frame + seen + 2 * (r - 2), expected, 16) != 0) return false;
    }
    return true;
}
// How often `o` gives something else than its meaning.
unsigned wrong_results(vector_harness& h, bool avx, op o, const arrangement& a, unsigned& runs) {
    const op_type& t = row(o).type;
    unsigned wrong = 0;
    const entry f = h.make([&](vector_emitter& e) {
        e.avx = avx;
        begin(e, t, a);
        e.vector(o, a.at[0], a.at[1], a.at[2], a.d);
        end(e, t, a);
    });
    for (const pair x : vectors())
        for (const pair y : vectors()) {
            u64 frame[70] = {x.low, x.high, y.low, y.high, x.high, y.low};
            for (u64 n = canaries; n < canaries + 28; ++n) frame[n] = n * 0x0101'0101'0101'0101;
            u64 operands[6], args[6] = {}, expected[2] = {};
            for (unsigned k = 0; k < t.param_count; ++k) { // the last of those that share a register is there
                if (a.at[k].is_imm()) frame[2 * k] = a.at[k].value;
                std::memcpy(operands + 2 * k, frame + 2 * k, 16);
            }
            for (unsigned k = t.param_count; k-- > 0;)
                for (unsigned m = k + 1; m < t.param_count; ++m)
                    if (a.at[m] == a.at[k] && a.at[k].is_reg() && is_number(t, m) == is_number(t, k))
                        std::memcpy(operands + 2 * k, operands + 2 * m, 16);
            unsigned n = 0;
            for (unsigned k = 0; k < t.param_count; ++k) {
                args[n++] = operands[2 * k];
                if (t.params[k] == 'v') args[n++] = operands[2 * k + 1];
            }
            num::apply(o, args, expected);
            world w;
            f(frame, nullptr, &w);
            ++runs;
            const bool result_vector = t.results[0] == 'v';
            wrong += !kept(t, a, frame, operands);
            wrong += !same_lanes(o, {frame[6], result_vector ? frame[7] : 0},
                                 {expected[0], result_vector ? expected[1] : 0});
        }
    return wrong;
}
} // namespace

TEST_CASE("every vector row does what its meaning does, wherever its operands are") {
    unsigned rows = 0, stubs = 0, runs = 0;
    for (u16 i = 0; i < op_count; ++i) {
        const op o = op(i);
        const op_row& r = row(o);
        if (r.prefix != 0xfd || r.immediate != imm::none || !num::has_apply(o)) continue;
        ++rows;
        const bool has = vector_emitter::has_vector_stub(o);
        CHECK_MESSAGE(has == (vector_reason(o) == nullptr), std::string(r.text),
                      ": neither a stub nor a reason, or both");
        if (!has) continue;
        ++stubs;
        vector_harness h;
        for (const bool avx : processors()) {
            unsigned shape = 0;
            for (const arrangement& a : arrangements(r.type)) {
                CHECK_MESSAGE(wrong_results(h, avx, o, a, runs) == 0, std::string(r.text), avx ? " avx " : " sse ",
                              shape);
                ++shape;
            }
            if (r.type.param_count != 2 || r.type.params[1] != 'i') continue;
            for (const u32 count : {0u, 1u, 5u, 7u, 8u, 15u, 17u, 31u, 40u, 63u, ~0u})
                for (const place d : {place::reg(5), place::reg(9), place::slot(6)}) {
                    const arrangement a{{place::reg(5), place::imm(count), {}}, d};
                    CHECK_MESSAGE(wrong_results(h, avx, o, a, runs) == 0, std::string(r.text), " by ", count);
                }
        }
    }
    std::printf("stubs for %u of %u vector rows; %u runs\n", stubs, rows, runs);
    CHECK(rows > 150);
}

TEST_CASE("no instruction on vectors is left to the interpreter") {
    unsigned rows = 0, covered = 0;
    for (u16 i = 0; i < op_count; ++i) {
        const op o = op(i);
        const op_row& r = row(o);
        if (r.prefix != 0xfd) continue;
        ++rows;
        const bool lane_of_memory = r.immediate == imm::memarg_lane; // which is two others
        const bool own = o == op::v128_const || o == op::i8x16_shuffle;
        const bool has = vector_emitter::has_vector_stub(o) || vector_access_of(o) != 0xff || lane_of_memory || own;
        CHECK_MESSAGE(has, std::string(r.text));
        covered += has;
    }
    std::printf("machine code for %u of %u vector rows\n", covered, rows);
    CHECK(rows > 230);
}

TEST_CASE("lanes are taken and replaced") {
    vector_harness h;
    for (u16 i = 0; i < op_count; ++i) {
        const op o = op(i);
        const op_row& r = row(o);
        if (r.immediate != imm::lane) continue;
        const bool takes = r.type.param_count == 1;
        const u32 bytes = r.text[1] == '8' ? 1u : r.text[1] == '1' ? 2u : r.text[1] == '3' ? 4u : 8u;
        const char letter = takes ? r.type.results[0] : r.type.params[1];
        unsigned wrong = 0;
        for (const bool avx : processors())
            for (u32 lane = 0; lane < 16 / bytes; ++lane)
                for (const arrangement& a : arrangements(r.type)) {
                    if (!takes && a.at[0] == a.at[1] && is_float(letter) && a.at[0].is_reg()) continue;
                    const entry f = h.make([&](vector_emitter& e) {
                        e.avx = avx;
                        begin(e, r.type, a);
                        e.vector(o, a.at[0], a.at[1], {}, a.d, lane);
                        end(e, r.type, a);
                    });
                    for (const pair x : vectors()) {
                        u64 frame[70] = {x.low, x.high, 0x1234'5678'9abc'def0, 5, 6, 7};
                        for (u64 n = canaries; n < canaries + 28; ++n) frame[n] = n * 0x0101'0101'0101'0101;
                        u64 operands[6];
                        std::memcpy(operands, frame, sizeof operands);
                        u8 lanes[16];
                        std::memcpy(lanes, frame, 16);
                        world w;
                        f(frame, nullptr, &w);
                        wrong += !kept(r.type, a, frame, operands);
                        if (takes) {
                            u64 wanted = 0;
                            std::memcpy(&wanted, lanes + lane * bytes, bytes);
                            const bool with_sign = r.text.substr(r.text.size() - 2) == "_s";
                            if (with_sign) wanted = u32(i32(bytes == 1 ? i8(wanted) : i16(wanted)));
                            wrong += letter == 'f' ? u32(frame[6]) != wanted : frame[6] != wanted;
                        } else {
                            std::memcpy(lanes + lane * bytes, operands + 2, bytes);
                            wrong += std::memcmp(lanes, frame + 6, 16) != 0;
                        }
                    }
                }
        CHECK_MESSAGE(wrong == 0, std::string(r.text));
    }
}

namespace {
// Orders of lanes that one instruction or one mask does, and others.
std::vector<std::vector<u8>> orders() {
    std::mt19937_64 random{3};
    std::vector<std::vector<u8>> all;
    const auto add = [&](auto lane) {
        std::vector<u8> one;
        for (unsigned i = 0; i < 16; ++i) one.push_back(u8(lane(i) % 32));
        all.push_back(one);
        for (u8& n : one) n ^= 16;
        all.push_back(one);
    };
    for (unsigned bytes = 1; bytes < 16; bytes *= 2)
        for (const unsigned first : {0u, 8u, 4u})
            add([&](unsigned i) { return first + i / bytes / 2 * bytes + i % bytes + (i / bytes % 2 ? 16u : 0u); });
    for (unsigned n = 0; n < 32; ++n) add([&](unsigned i) { return n + i; });
    for (int n = 0; n < 40; ++n) {
        const u64 from = random();
        add([&](unsigned i) { return (from >> i / 4 * 2 & 3) * 4 + i % 4; });
        add([&](unsigned i) { return (from >> i / 4 * 2 & 3) * 4 + i % 4 + (i < 8 ? 0 : 16); });
        add([&](unsigned i) { return (from >> i * 4) & 15; });
        add([&](unsigned) { return unsigned(random()); });
    }
    return all;
}
} // namespace

TEST_CASE("vectors are shuffled, chosen and made") {
    vector_harness h;
    const op_type& t = row(op::i8x16_add).type;
    std::mt19937_64 random{3};
    for (const bool avx : processors())
        for (const std::vector<u8>& lanes : orders())
            for (const arrangement& a : arrangements(t)) {
                u64 frame[70] = {random(), random(), random(), random()};
                if (a.at[0] == a.at[1]) std::memcpy(frame, frame + 2, 16);
                u64 operands[6] = {};
                std::memcpy(operands, frame, 32);
                u8 wanted[16];
                for (unsigned k = 0; k < 16; ++k) wanted[k] = reinterpret_cast<const u8*>(operands)[lanes[k]];
                const entry f = h.make([&](vector_emitter& e) {
                    e.avx = avx;
                    begin(e, t, a);
                    e.shuffle(a.at[0], a.at[1], lanes.data(), a.d);
                    end(e, t, a);
                });
                world w;
                f(frame, nullptr, &w);
                CHECK(kept(t, a, frame, operands));
                CHECK(std::memcmp(frame + 6, wanted, 16) == 0);
            }
    for (const u64 condition : {u64{0}, u64{1}, u64{1} << 32})
        for (const arrangement& a : arrangements(t)) {
            const entry f = h.make([&](vector_emitter& e) {
                begin(e, t, a);
                e.select_vector(a.at[0], a.at[1], place::slot(4), a.d);
                end(e, t, a);
            });
            u64 frame[70] = {5, 6, 7, 8, condition};
            if (a.at[0] == a.at[1]) std::memcpy(frame, frame + 2, 16);
            u64 operands[6] = {};
            std::memcpy(operands, frame, 32);
            world w;
            f(frame, nullptr, &w);
            CHECK(kept(t, a, frame, operands));
            CHECK(frame[6] == operands[u32(condition) ? 0 : 2]);
            CHECK(frame[7] == operands[u32(condition) ? 1 : 3]);
        }
    for (const u64 blinding : {u64{0}, u64{77}}) {
        vector_harness hidden(blinding);
        for (const pair x : vectors())
            for (const place d : {place::slot(4), place::reg(2), place::reg(15)}) {
                const entry f = hidden.make([&](vector_emitter& e) {
                    e.vector_constant(x.low, x.high, d);
                    e.vector_constant(x.low, x.high, place::slot(2)); // from the same place
                    e.move_vector(d, place::slot(0));
                });
                u64 frame[6] = {};
                world w;
                f(frame, nullptr, &w);
                CHECK(frame[0] == x.low);
                CHECK(frame[1] == x.high);
                CHECK(std::memcmp(frame, frame + 2, 16) == 0);
                if (blinding != 0) CHECK_FALSE((hidden.shows(x.low) || hidden.shows(x.high)));
            }
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
            for (const bool in_register : {false, true}) {
                const place d = in_register ? place::reg(13) : place::slot(4);
                const entry f = h.make([&](vector_emitter& e) {
                    if (o != op::v128_store) e.load_vector(o, place::slot(0), range, d);
                    if (o != op::v128_store) return e.move_vector(d, place::slot(4));
                    if (in_register) e.move_vector(place::slot(2), d);
                    e.store_vector_to(o, place::slot(0), in_register ? d : place::slot(2), range);
                });
                for (const u64 address : {u64{0}, u64{3}, u64{56 - bytes}, u64{57 - bytes}}) {
                    u64 frame[8] = {address, random(), random(), random()};
                    world w;
                    w.memory_size = number == 0 ? sizeof memory : 0;
                    w.memories = memories;
                    const bool inside = address + 8 + bytes <= sizeof memory;
                    CHECK(f(frame, number == 0 ? m.base : nullptr, &w) ==
                          (inside ? 0 : u64(trap::out_of_bounds_memory)));
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
                        for (u32 k = 0; k < (splat ? 16 / bytes : 1); ++k)
                            std::memcpy(wanted + k * bytes, there, bytes);
                    }
                    CHECK_MESSAGE(std::memcmp(frame + 4, wanted, 16) == 0, std::string(name));
                }
            }
        }
}
