// SPDX-License-Identifier: MIT
// Branches on comparisons, selections and accesses to memory, in every shape.
#include "support.hpp"

#include <cstring>
#include <string>

using namespace native_test;

namespace {
// Puts the operands where `at` says and sets frame[4] to what `emit` leaves in `d`, of the type `letter`.
template <class Emit>
entry make(harness& h, const std::string& letters, std::vector<place>& at, place d, char letter, Emit emit) {
    return h.make([&](emitter& e) {
        for (unsigned k = 0; k < at.size(); ++k)
            if (at[k].is_reg()) e.move(letters[k], place::slot(k), at[k]);
        emit(e);
        if (d.is_reg()) e.move(letter, d, place::slot(4));
        else e.move(letter == 'i' ? 'l' : letter, d, place::slot(4));
    });
}
u64 narrow(char letter, u64 value) { return letter == 'i' || letter == 'f' ? u32(value) : value; }
} // namespace

TEST_CASE("a branch is taken when the comparison holds, or when it does not") {
    for (u16 i = 0; i < op_count; ++i) {
        const op o = op(i);
        const op_type& t = row(o).type;
        if (!num::is_compare(o) || t.params[0] == 'v') continue;
        harness h;
        const std::string letters(2, t.params[0]);
        unsigned wrong = 0;
        for (const bool negated : {false, true})
            for (place a : places(t.params[0], 0, false))
                for (place b : places(t.params[0], 1, false)) {
                    std::vector<place> at = {a, b};
                    const entry f = make(h, letters, at, place::slot(3), 'i', [&](emitter& e) {
                        const u32 taken = e.new_label();
                        e.move('i', place::imm(1), place::slot(3));
                        e.branch_if(o, negated, a, b, taken);
                        e.move('i', place::imm(0), place::slot(3));
                        e.bind(taken);
                    });
                    for (u64 x : samples(t.params[0]))
                        for (u64 y : samples(t.params[0])) {
                            if (a == b) y = x;
                            u64 frame[8] = {x, y}, args[2] = {x, y};
                            world w;
                            f(frame, nullptr, &w);
                            num::apply(o, args, args);
                            wrong += frame[4] != u64((args[0] != 0) != negated);
                        }
                }
        CHECK_MESSAGE(wrong == 0, std::string(row(o).text));
    }
}

TEST_CASE("select takes the first value unless the condition is 0") {
    for (const char letter : {'i', 'l', 'f', 'd'}) {
        harness h;
        const std::string letters{letter, letter, 'i'};
        unsigned wrong = 0;
        for (place a : places(letter, 0, false))
            for (place b : places(letter, 1, false))
                for (place c : {place::slot(2), place::reg(9)})
                    for (int which = 0; which < 5; ++which) {
                        const place d = which == 0   ? place::slot(3)
                                        : which == 1 ? place::reg(8)
                                        : which == 2 ? a
                                        : which == 3 ? b
                                                     : c;
                        if (which == 4 && is_float(letter)) continue;
                        std::vector<place> at = {a, b, c};
                        if (a == b && a.is_reg()) continue;
                        const entry f =
                            make(h, letters, at, d, letter, [&](emitter& e) { e.select(letter, a, b, c, d); });
                        for (u64 x : samples(letter))
                            for (u64 y : samples(letter))
                                for (const u64 condition : {u64{0}, u64{1}, u64{0x8000'0000}}) {
                                    u64 frame[8] = {x, y, condition};
                                    world w;
                                    f(frame, nullptr, &w);
                                    wrong += narrow(letter, frame[4]) != narrow(letter, condition ? x : y);
                                }
                    }
        CHECK_MESSAGE(wrong == 0, letter);
    }
}

namespace {
constexpr u64 memory_size = 256;

// A load or store of the memory, by every kind of address and value, at its ends and beyond.
unsigned wrong_accesses(op o, u32 memory_number, bool is64, u64 blinding) {
    std::vector<u8> memory(memory_size), copy;
    for (std::size_t i = 0; i < memory_size; ++i) memory[i] = u8(37 * i + 101);
    const op_type& t = row(o).type;
    const bool store = t.result_count == 0;
    const char letter = store ? t.params[1] : t.results[0], address_letter = is64 ? 'l' : 'i';
    const u32 bytes = 1u << natural_align[u16(o)];
    const bool with_sign = row(o).text.substr(row(o).text.size() - 2) == "_s";
    constexpr u64 value = 0x8877'6655'c433'2211;
    harness h(blinding);
    unsigned wrong = 0;
    const auto try_one = [&](u64 offset, int kind, place v, u64 address) {
        const place a = kind == 0 ? place::slot(0) : kind == 1 ? place::reg(9) : place::imm(address);
        if (v.is_imm()) v.value = value;
        std::vector<place> at = {a};
        const std::string letters{address_letter, letter};
        if (store) at.push_back(v);
        u64 end = offset + bytes; // 0: beyond 64 bits
        if (end < offset) end = 0;
        if (kind == 2 && end != 0) end = end + address < end ? 0 : end + address;
        access_range range(end);
        range.memory = memory_number;
        range.is64 = is64;
        const entry f = h.make([&](emitter& e) {
            for (unsigned k = 0; k < at.size(); ++k)
                if (at[k].is_reg()) e.move(letters[k], place::slot(k), at[k]);
            if (store) return e.store_to(o, a, v, range);
            e.load(o, a, range, v);
            e.move(v.is_slot() && letter == 'i' ? 'l' : letter, v, place::slot(4));
        });
        if (blinding != 0 && end != 0)
            wrong += h.shows(end) || h.shows(end - bytes) || (store && v.is_imm() && h.shows(value));
        u64 frame[8] = {kind == 0 && !is64 ? address | u64{0xabcd} << 32 : address, value};
        copy = memory;
        const memory_of_world m{copy.data(), memory_size}, none;
        const memory_of_world* const memories[] = {&none, &none, &m};
        world w;
        w.memory_size = memory_number == 0 ? memory_size : 0;
        w.memories = memories;
        const u64 why = f(frame, memory_number == 0 ? copy.data() : nullptr, &w);
        const u64 from_byte = address + offset;
        if (from_byte < offset || from_byte > memory_size || bytes > memory_size - from_byte) {
            wrong += why != u64(trap::out_of_bounds_memory) || copy != memory;
            return;
        }
        wrong += why != 0;
        u64 there = 0;
        std::memcpy(&there, copy.data() + from_byte, bytes);
        if (store) {
            u64 wanted = 0;
            std::memcpy(&wanted, &value, bytes);
            wrong += there != wanted;
            std::memcpy(copy.data() + from_byte, memory.data() + from_byte, bytes);
            wrong += copy != memory;
        } else {
            if (with_sign && bytes < 8 && there >> (8 * bytes - 1)) there |= ~u64{0} << 8 * bytes;
            wrong += narrow(letter, frame[4]) != narrow(letter, there) || (letter == 'i' && frame[4] >> 32);
        }
    };
    std::vector<u64> offsets{0, 5, 0x7fff'fff0, 0xffff'ff00, 0xffff'ffff};
    std::vector<u64> addresses{0,          3, memory_size - bytes, memory_size - bytes - 5, memory_size - bytes + 1,
                               0xffff'ffff};
    if (is64) {
        offsets.insert(offsets.end(), {u64{1} << 32, ~u64{0} - 7, ~u64{0} - bytes, ~u64{0}});
        addresses.insert(addresses.end(), {u64{1} << 32, ~u64{0} - bytes, ~u64{0} - 4, ~u64{0}});
    }
    for (const u64 offset : offsets)
        for (int kind = 0; kind < 3; ++kind)
            for (const place v : places(letter, 1, store))
                for (const u64 address : addresses) try_one(offset, kind, v, address);
    return wrong;
}
} // namespace

TEST_CASE("loads and stores reach what they should, and nothing beyond the memory") {
    for (u16 i = u16(op::i32_load); i <= u16(op::i64_store32); ++i)
        for (const u32 memory : {0u, 2u})
            for (const bool is64 : {false, true})
                for (const u64 blinding : {u64{0}, u64{7}})
                    CHECK_MESSAGE(wrong_accesses(op(i), memory, is64, blinding) == 0, std::string(row(op(i)).text),
                                  " of memory ", memory, is64 ? ", 64-bit addresses" : "", blinding ? ", hidden" : "");
}

TEST_CASE("an access that a check before it covers has none") {
    for (const u32 memory : {0u, 2u})
        for (const bool is64 : {false, true})
            for (const place a : {place::slot(0), place::reg(9)}) {
                harness h;
                const entry f = h.make([&](emitter& e) {
                    if (a.is_reg()) e.move('l', place::slot(0), a);
                    const u32 out = e.new_label(), over = e.new_label();
                    access_range range(8, 40);
                    range.memory = memory, range.is64 = is64, range.out = out;
                    e.load(op::i64_load, a, range, place::slot(4));
                    range = access_range(40, 0);
                    range.memory = memory, range.is64 = is64;
                    e.load(op::i64_load, a, range, place::slot(5));
                    e.jump(over);
                    e.bind(out);
                    e.move('l', place::imm(77), place::slot(6));
                    e.bind(over);
                });
                u64 bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
                const memory_of_world m{reinterpret_cast<u8*>(bytes), sizeof bytes}, none;
                const memory_of_world* const memories[] = {&none, &none, &m};
                world w;
                w.memory_size = memory == 0 ? sizeof bytes : 0;
                w.memories = memories;
                for (const u64 address : {u64{0}, u64{8}, u64{24}, u64{32}, u64{0xffff'fff8}, ~u64{0} - 7}) {
                    u64 frame[8] = {is64 ? address : u32(address)};
                    CHECK(f(frame, memory == 0 ? m.base : nullptr, &w) == 0);
                    const bool inside = address <= 24;
                    CHECK(frame[6] == (inside ? 0 : 77));
                    CHECK(frame[4] == (inside ? bytes[address / 8] : 0));
                    CHECK(frame[5] == (inside ? bytes[address / 8 + 4] : 0));
                }
            }
}

TEST_CASE("an address of base and index wraps at 32 bits") {
    harness h;
    unsigned wrong = 0;
    for (u8 scale = 0; scale < 4; ++scale)
        for (place a : {place::slot(0), place::reg(3), place::imm(0xffff'fff0)})
            for (place b : {place::slot(1), place::reg(12), place::imm(40)}) {
                std::vector<place> at = {a, b};
                const entry f = make(h, "ii", at, place::slot(3), 'i',
                                     [&](emitter& e) { e.move('i', e.indexed(a, b, scale), place::slot(3)); });
                for (u64 x : samples('i'))
                    for (u64 y : samples('i')) {
                        if (a.is_imm()) x = a.value;
                        if (b.is_imm()) y = b.value;
                        u64 frame[8] = {x, y};
                        world w;
                        f(frame, nullptr, &w);
                        wrong += frame[4] != u32(u32(x) + (u32(y) << scale));
                    }
            }
    CHECK(wrong == 0);
}
