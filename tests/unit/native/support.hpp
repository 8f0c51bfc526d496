// SPDX-License-Identifier: MIT
// Machine code around a few operations, and values to try them on.
#pragma once

#include <tessera/native/call_meaning.hpp>
#include <tessera/native/code_memory.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstring>
#include <random>
#include <vector>

namespace native_test {

using namespace tessera;
using namespace tessera::native;

struct memory_of_world {
    u8* base = nullptr;
    u64 size = 0;
};
// What rbp points at here.
struct world {
    u64 memory_size = 0;
    const memory_of_world* const* memories = nullptr;
    u64* globals = nullptr;
    u64** imported = nullptr;
    u64 scratch[6] = {};
};
inline surroundings layout_of_world() {
    surroundings s;
    s.memory_size = offsetof(world, memory_size);
    s.globals = offsetof(world, globals);
    s.imported_globals = offsetof(world, imported);
    s.scratch = offsetof(world, scratch);
    s.memories = offsetof(world, memories);
    s.bytes = offsetof(memory_of_world, size);
    s.base = offsetof(memory_of_world, base);
    return s;
}
#if defined(_WIN32)
using entry = u64(__attribute__((sysv_abi)) *)(u64* frame, u8* memory, world*);
#else
using entry = u64 (*)(u64* frame, u8* memory, world*);
#endif

// A function around a few operations: `frame` in rdi, `memory` in rsi; the trap is its result.
template <class Emitter>
class basic_harness {
public:
    explicit basic_harness(u64 blinding = 0) : blinding_(blinding) {
        code_buffer code;
        put_call_of_meaning(code, layout_of_world().scratch);
        around_ = layout_of_world();
        around_.meaning = memory_.add(code.data(), code.position());
        REQUIRE(around_.meaning != nullptr);
    }
    template <class Body>
    entry make(Body body) {
        Emitter e(around_);
        e.blinding = blinding_;
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
        if constexpr (requires { e.emit_constants(); }) e.emit_constants();
        e.resolve();
        REQUIRE(!e.failed());
        const u8* const at = memory_.add(e.data(), e.position());
        REQUIRE(at != nullptr);
        latest_ = {at, e.position()};
        return reinterpret_cast<entry>(reinterpret_cast<std::uintptr_t>(at));
    }

    // True if the latest code shows the 32 bits of a constant that should be hidden.
    bool shows(u64 constant) const {
        const u32 wanted = u32(constant);
        if (blinding_ == 0 || i32(wanted) == i16(wanted)) return false;
        for (std::size_t i = 0; i + 4 <= latest_.size(); ++i)
            if (std::memcmp(latest_.data() + i, &wanted, 4) == 0) return true;
        return false;
    }

private:
    const u64 blinding_;
    view<u8> latest_;
    code_memory memory_{256 << 20};
    surroundings around_;
};

using harness = basic_harness<emitter>;

inline std::vector<u64> samples(char letter) {
    std::mt19937_64 random{u64(letter)};
    std::vector<u64> v;
    switch (letter) {
    case 'i': v = {0, 1, 2, 31, 32, 33, 0x7f, 0x80, 0xff, 0x7fff'ffff, 0x8000'0000, 0xffff'ffff}; break;
    case 'l':
        v = {0,
             1,
             2,
             63,
             64,
             0x80,
             0x7fff'ffff,
             0x8000'0000,
             0xffff'ffff,
             0x1'0000'0000,
             ~u64{0} >> 1,
             u64{1} << 63,
             ~u64{0}};
        break;
    case 'f':
        for (u32 x :
             {0u, 0x8000'0000u, 0x3f80'0000u, 0xbf00'0000u, 0x4f00'0000u, 0xcf00'0000u, 0x4f80'0000u, 0x5f00'0000u,
              0xdf00'0000u, 0x5f80'0000u, 0x7f80'0000u, 0xff80'0000u, 0x7fc0'0000u, 0xffc0'0000u, 0x7fa0'0000u, 1u})
            v.push_back(x);
        break;
    default:
        for (f64 x : {0.0, -0.0, 1.0, -0.5, 2147483647.0, 2147483648.0, -2147483648.0, -2147483649.0, 4294967295.0,
                      4294967296.0, 9223372036854775808.0, -9223372036854775808.0, 18446744073709551616.0, 2.5, -1.0})
            v.push_back(std::bit_cast<u64>(x));
        for (u64 x : {u64{0x7ff} << 52, u64{0xfff} << 52, u64{0x7ff8} << 48, u64{0xfff8} << 48, u64{0x7ff4} << 48})
            v.push_back(x);
    }
    for (int i = 0; i < 8; ++i) {
        u64 x = random();
        if (letter == 'f')
            x = std::bit_cast<u32>(f32(std::bit_cast<f64>((x & ~(u64{0x7fe} << 52)) | u64{0x3f8} << 52)));
        if (letter == 'd') x = (x & ~(u64{0x7fe} << 52)) | u64{0x3f8} << 52;
        v.push_back(letter == 'i' || letter == 'f' ? u32(x) : x);
    }
    return v;
}
inline bool is_float(char letter) { return letter == 'f' || letter == 'd'; }
inline bool is_nan(char letter, u64 x) {
    return letter == 'f' ? (x & 0x7fff'ffff) > 0x7f80'0000 : letter == 'd' && (x << 1) > u64{0xffe} << 52;
}
inline bool same(char letter, u64 x, u64 y) { return x == y || (is_nan(letter, x) && is_nan(letter, y)); }

// The places an operand is tried in: two registers (the lowest and highest of each kind), a slot, an immediate.
inline std::vector<place> places(char letter, u64 slot, bool source) {
    std::vector<place> p = {place::slot(slot), place::reg(is_float(letter) ? 2 : 3),
                            place::reg(is_float(letter) ? 15 : 12)};
    if (source) p.push_back(place::imm(0)); // the value is put in
    return p;
}

} // namespace native_test
