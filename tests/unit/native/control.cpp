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

TEST_CASE("loads and stores reach what they should, and nothing beyond the memory") {
    constexpr u64 size = 256;
    std::vector<u8> memory(size), copy;
    for (std::size_t i = 0; i < size; ++i) memory[i] = u8(37 * i + 101);
    for (u16 i = u16(op::i32_load); i <= u16(op::i64_store32); ++i) {
        const op o = op(i);
        const op_type& t = row(o).type;
        const bool store = t.result_count == 0;
        const char letter = store ? t.params[1] : t.results[0];
        const u32 bytes = 1u << natural_align[i];
        const bool with_sign = row(o).text.substr(row(o).text.size() - 2) == "_s";
        harness h;
        unsigned wrong = 0;
        for (const u32 offset : {0u, 5u, 0x7fff'fff0u, 0xffff'ff00u})
            for (int kind = 0; kind < 3; ++kind)
                for (place v : places(letter, 1, store))
                    for (const u64 address :
                         {u64{0}, u64{3}, size - bytes, size - bytes - 5, size - bytes + 1, u64{0xffff'ffff}}) {
                        if (offset + u64(bytes) > 0xffff'ffff) continue;
                        if (kind == 2 && address + offset + bytes > 0xffff'ffff) continue;
                        const place a = kind == 0 ? place::slot(0) : kind == 1 ? place::reg(9) : place::imm(address);
                        constexpr u64 value = 0x8877'6655'c433'2211;
                        if (v.is_imm()) v.value = value;
                        std::vector<place> at = {a};
                        const std::string letters{'i', letter};
                        if (store) at.push_back(v);
                        const u32 end = offset + bytes + (kind == 2 ? u32(address) : 0);
                        const entry f = h.make([&](emitter& e) {
                            for (unsigned k = 0; k < at.size(); ++k)
                                if (at[k].is_reg()) e.move(letters[k], place::slot(k), at[k]);
                            if (store) return e.store_to(o, a, v, end);
                            e.load(o, a, end, v);
                            e.move(v.is_slot() && letter == 'i' ? 'l' : letter, v, place::slot(4));
                        });
                        u64 frame[8] = {kind == 0 ? address | u64{0xabcd} << 32 : address, value};
                        world w;
                        w.memory_size = size;
                        copy = memory;
                        const u64 why = f(frame, copy.data(), &w);
                        const u64 from_byte = u64(u32(address)) + offset;
                        if (from_byte + bytes > size) {
                            wrong += why != u64(trap::out_of_bounds_memory) || copy != memory;
                            continue;
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
                            wrong +=
                                narrow(letter, frame[4]) != narrow(letter, there) || (letter == 'i' && frame[4] >> 32);
                        }
                    }
        CHECK_MESSAGE(wrong == 0, std::string(row(o).text));
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
