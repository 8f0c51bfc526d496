// SPDX-License-Identifier: MIT
// Every atomic instruction with machine code, with every shape of its operands, against its meaning; in a memory of
// each kind, at its ends, beyond them and where it is not aligned.
#include "support.hpp"

#include <tessera/exec/handlers/atomic.hpp>
#include <tessera/native/emit_atomic.hpp>
#include <tessera/native/function_code.hpp>

#include <atomic>
#include <cstdio>
#include <string>
#include <thread>

using namespace native_test;

namespace {

using atomic_harness = basic_harness<atomic_emitter>;

// Rows without machine code, and why.
const char* atomic_reason(op o) {
    switch (o) {
    case op::memory_atomic_notify:
    case op::memory_atomic_wait32:
    case op::memory_atomic_wait64: return "they wake and sleep, which takes long";
    default: return nullptr;
    }
}

// What the meaning of `O` does at `place`; the result, if there is one.
template <op O>
u64 mean(u8* place, const u64* operands) {
    using meaning = exec::detail::atomic_meaning<num::sem<O>>;
    const u8* const at = reinterpret_cast<const u8*>(operands);
    if constexpr (row(O).type.result_count != 0) return meaning::run(place, at);
    else return meaning::run(place, at), 0;
}
using meaning_of = u64 (*)(u8*, const u64*);
constexpr u16 first_atomic = u16(op::i32_atomic_load), last_atomic = u16(op::i64_atomic_rmw32_cmpxchg_u);
const auto meanings = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<meaning_of, sizeof...(I)>{&mean<op(first_atomic + I)>...};
}
(std::make_index_sequence<last_atomic - first_atomic + 1>());

struct memory_kind {
    u32 memory;
    bool is64;
    u64 blinding;
};

// `o` with the address and the operands in `at`.
unsigned wrong_runs(op o, const memory_kind& k, const place (&at)[3], place d, unsigned& runs) {
    constexpr u64 memory_size = 128;
    const op_type& t = row(o).type;
    const u32 bytes = 1u << natural_align[u16(o)];
    const char letters[] = {k.is64 ? 'l' : 'i', t.param_count > 1 ? t.params[1] : 'i',
                            t.param_count > 2 ? t.params[2] : 'i'};
    std::mt19937_64 random{u64(o)};
    unsigned wrong = 0;
    std::vector<u64> offsets{0, 24, 0xffff'fff0};
    std::vector<u64> addresses{0, 8, 1, 2, 4, memory_size - bytes, memory_size - 24 - bytes, memory_size, 0xffff'fff8};
    if (k.is64) {
        offsets.insert(offsets.end(), {~u64{0} - 7, ~u64{0}});
        addresses.insert(addresses.end(), {u64{1} << 32, ~u64{0} - 7, ~u64{0}});
    }
    atomic_harness h(k.blinding);
    const bool constant = at[0].is_imm() || at[1].is_imm() || at[2].is_imm();
    for (const u64 offset : offsets) {
        entry f = nullptr;
        for (const u64 address : addresses) {
            alignas(8) u8 memory[memory_size], wanted[memory_size];
            for (u8& byte : memory) byte = u8(random());
            u64 values[3] = {address, random(), random()};
            const u64 place_at = address + offset;
            const bool inside = place_at >= offset && place_at <= memory_size - bytes, aligned = place_at % bytes == 0;
            if (inside && t.param_count == 3 && random() % 2) { // what is expected is there
                values[1] = 0;
                std::memcpy(values + 1, memory + place_at, bytes);
                if (random() % 2) values[1] |= u64{0x9a} << 8 * (bytes % 8); // beyond what is compared
            }
            for (unsigned n = 1; n < 3; ++n)
                if (letters[n] == 'i') values[n] = u32(values[n]);
            place operands[3] = {at[0], at[1], at[2]};
            for (unsigned n = 0; n < 3; ++n)
                if (operands[n].is_imm()) operands[n].value = values[n];
            if (constant || !f)
                f = h.make([&](atomic_emitter& e) {
                    for (unsigned n = 0; n < t.param_count; ++n)
                        if (at[n].is_reg()) e.move(letters[n], place::slot(n), at[n]);
                    u64 end = offset + bytes < offset ? 0 : offset + bytes;
                    if (operands[0].is_imm()) end = end == 0 || end + address < address ? 0 : end + address;
                    access_range range(end);
                    range.memory = k.memory, range.is64 = k.is64;
                    e.atomic(o, operands[0], operands[1], operands[2], range, d);
                    if (t.result_count) e.move('l', d, place::slot(4));
                });
            for (unsigned n = 1; n < t.param_count; ++n)
                wrong += operands[n].is_imm() && (h.shows(values[n]) || (values[n] >> 32 && h.shows(values[n] >> 32)));
            u64 frame[8] = {};
            for (unsigned n = 0; n < 3; ++n)
                frame[n] = at[n].is_slot() && letters[n] == 'i' ? values[n] | u64{0xabcd} << 32 : values[n];
            std::memcpy(wanted, memory, memory_size);
            const memory_of_world m{memory, memory_size}, none;
            const memory_of_world* const memories[] = {&none, &none, &m};
            world w;
            w.memory_size = k.memory == 0 ? memory_size : 0;
            w.memories = memories;
            const u64 why = f(frame, k.memory == 0 ? memory : nullptr, &w);
            ++runs;
            const trap expected = !inside ? trap::out_of_bounds_memory : !aligned ? trap::unaligned_atomic : trap::none;
            wrong += why != u64(expected);
            if (expected == trap::none) {
                const u64 result = meanings[u16(o) - first_atomic](wanted + place_at, values + 1);
                wrong += t.result_count && frame[4] != result;
            }
            wrong += std::memcmp(memory, wanted, memory_size) != 0;
        }
    }
    return wrong;
}
} // namespace

TEST_CASE("every atomic row has machine code or a reason") {
    const module_data nothing;
    const native::compile_options options{exec::model_of(latest), true, 0};
    unsigned rows = 0, stubs = 0;
    for (u16 i = 0; i < op_count; ++i) {
        const op o = op(i);
        if (!is_atomic_row(row(o))) continue;
        exec::node n;
        n.v = {exec::family::atomic, 0, o, {}};
        const bool has = native::effect_of(options, nothing, n) == native::effect::plain;
        ++rows, stubs += has;
        CHECK_MESSAGE(has == (atomic_reason(o) == nullptr), std::string(row(o).text), ": neither, or both");
        CHECK(has == atomic_emitter::has_atomic_code(o));
    }
    std::printf("machine code for %u of %u atomic rows\n", stubs, rows);
    CHECK(rows > 60);
}

TEST_CASE("every atomic row in every shape does what its meaning does") {
    unsigned runs = 0;
    for (u16 i = first_atomic; i <= last_atomic; ++i) {
        const op o = op(i);
        const op_type& t = row(o).type;
        unsigned wrong = 0;
        for (const memory_kind& k : {memory_kind{0, false, 0}, memory_kind{0, true, 0}, memory_kind{2, false, 0},
                                     memory_kind{2, true, 7}, memory_kind{0, false, 7}})
            for (const place a : {place::slot(0), place::reg(9), place::imm(0)})
                for (const place b : {place::slot(1), place::reg(3), place::imm(0)}) {
                    if (t.param_count < 2 && !b.is_slot()) continue;
                    for (const place c : {place::slot(2), place::reg(12), place::imm(0)}) {
                        if (t.param_count < 3 && !c.is_slot()) continue;
                        for (const place d : {place::slot(3), place::reg(15), b}) {
                            if (d.is_imm() || (t.result_count == 0 && !d.is_slot())) continue;
                            wrong += wrong_runs(o, k, {a, b, c}, d, runs);
                        }
                    }
                }
        CHECK_MESSAGE(wrong == 0, std::string(row(o).text));
    }
    std::printf("%u runs of atomic instructions\n", runs);
}

TEST_CASE("what several threads change at once is not lost") {
    constexpr u64 rounds = 5'000'000;
    for (const op o : {op::i32_atomic_rmw_add, op::i32_atomic_rmw8_sub_u, op::i64_atomic_rmw_xor, op::i64_atomic_rmw_or,
                       op::i32_atomic_rmw16_and_u}) {
        atomic_harness h;
        // Until frame[1] is 0: the address is in frame[0], the operand in frame[2].
        const entry f = h.make([&](atomic_emitter& e) {
            const u32 again = e.new_label();
            e.bind(again);
            access_range range(u64{1} << natural_align[u16(o)]);
            e.atomic(o, place::slot(0), place::slot(2), {}, range, place::reg(3));
            e.binary(op::i64_sub, place::slot(1), place::imm(1), place::slot(1));
            e.branch_if(op::i64_ne, false, place::slot(1), place::imm(0), again);
        });
        alignas(8) u64 memory[2] = {};
        const bool fills = o == op::i64_atomic_rmw_or, clears = o == op::i32_atomic_rmw16_and_u;
        if (clears) memory[0] = ~u64{0};
        std::atomic<int> ready{0};
        const auto work = [&](u64 operand) {
            u64 frame[8] = {0, rounds, operand};
            world w;
            w.memory_size = sizeof memory;
            for (++ready; ready != 2;) {
            }
            f(frame, reinterpret_cast<u8*>(memory), &w);
        };
        std::thread other(work, fills ? 0xf0 : clears ? 0xff0f : 3);
        work(fills ? 0x0f : clears ? 0xfff0 : 3);
        other.join();
        const u64 there = memory[0];
        if (o == op::i32_atomic_rmw_add) CHECK(there == 2 * rounds * 3);
        else if (o == op::i32_atomic_rmw8_sub_u) CHECK(there == u8(0 - 2 * rounds * 3));
        else CHECK(there == (fills ? 0xff : clears ? 0xffff'ffff'ffff'ff00 : 0));
    }
}
