// SPDX-License-Identifier: MIT
/// @file x64.hpp
/// An assembler for x86-64 that runs while the program is compiled, since every stub is a constant. It yields a stub:
/// the bytes of a few instructions and the holes in them, which are filled when the stub is copied.
///
/// Registers in the code of a function: rdi the frame, rsi memory 0, rbp the context; rax, rcx, rdx, xmm0
/// and xmm1 are for use within a stub or between neighbours; all others hold slots.
#pragma once

#include <tessera/util/integers.hpp>

#include <array>

namespace tessera::inline TESSERA_ABI::native {

/// Registers by the numbers instructions have for them.
enum class gp : u8 { rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15 };
inline constexpr gp frame_register = gp::rdi, memory_register = gp::rsi, context_register = gp::rbp;

/// What is filled into a hole.
enum class fill : u8 {
    reg,          ///< a register, into the field `reg` of the ModRM byte
    rm,           ///< a register, into the field `rm`
    index,        ///< a register, into the field `index` of the SIB byte
    base,         ///< a register, into the field `base` of the SIB byte
    second,       ///< a register, into the field `vvvv` of a VEX prefix
    slot,         ///< 32 bits: the displacement of a slot of 8 bytes from the frame
    displacement, ///< 32 bits
    bits8,        ///< an immediate of so many bits
    bits32,
    bits64,
    branch, ///< 32 bits: the distance from the end of the hole to a place that whoever copies the stub knows
};

/// Whose values are filled in: the operands of an operation, then its other numbers.
enum class from : u8 { a, b, c, d, x, count_ };

struct hole {
    u8 at = 0;  ///< its first byte in the stub
    u8 rex = 0; ///< the REX byte that takes the register's highest bit; of a displacement: its ModRM byte
    fill what = fill::reg;
    from whose = from::a;
    u8 up = 0; ///< how much higher that bit lies, inverted, in a VEX prefix
};

/// A few instructions. Whoever copies one may copy all of `bytes`. A displacement at the very end takes 8 bits where
/// those do.
struct stub {
    static constexpr unsigned most_bytes = 64, most_holes = 12;
    u8 size = 0;
    u8 hole_count = 0;
    std::array<u8, most_bytes> bytes{};
    std::array<hole, most_holes> holes{};
};

/// A register operand: one that the stub names, or a hole.
struct reg {
    u8 number = 0;
    bool open = false;
    from whose = from::a;

    constexpr reg(gp r) : number(u8(r)) {}
    constexpr reg(from f) : open(true), whose(f) {}
    /// Vector register `n`.
    static constexpr reg xmm(u8 n) { return reg(gp(n)); }
};

/// Conditions by the numbers instructions have for them. `not_` gives the opposite of one.
enum class cond : u8 { o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g };
constexpr cond not_(cond c) noexcept { return cond(u8(c) ^ 1); }

/// An instruction: mandatory prefix (0: none), opcode with its escape bytes, and whether operands have 64 bits.
struct code {
    u8 prefix = 0;
    u32 opcode = 0;
    bool wide = false;
    bool bytes = false; ///< a register operand is one of 8 bits, whose names change with a REX byte
};

/// Appends instructions to a stub. Those on vectors are written once: as AVX has them, with three operands, or as SSE
/// has them, where the result takes the place of the first operand.
class assembler {
public:
    stub made;

    constexpr explicit assembler(bool avx = false) : avx_(avx) {}

    /// reg, register.
    constexpr assembler& rr(code c, reg r, reg rm) {
        const u8 rex = begin(c, r, rm);
        const u8 at = byte(u8(0xc0 | (r.number & 7) << 3 | (rm.number & 7)));
        if (r.open) open(at, rex, fill::reg, r.whose);
        if (rm.open) open(at, rex, fill::rm, rm.whose);
        return *this;
    }
    /// /extension, register.
    constexpr assembler& r(code c, u8 extension, reg rm) { return rr(c, gp(extension), rm); }
    /// reg, the slot of `whose`.
    constexpr assembler& rs(code c, reg r, from whose) {
        const u8 rex = begin(c, r, frame_register);
        const u8 at = byte(u8(0x80 | (r.number & 7) << 3 | u8(frame_register)));
        if (r.open) open(at, rex, fill::reg, r.whose);
        return number(fill::slot, whose, 4, at);
    }
    /// /extension, the slot of `whose`.
    constexpr assembler& s(code c, u8 extension, from whose) { return rs(c, gp(extension), whose); }
    /// reg, [base + whose]; `base` is not rsp or r12, which need a SIB byte.
    constexpr assembler& rm(code c, reg r, reg base, from whose) {
        const u8 rex = begin(c, r, base);
        const u8 at = byte(u8(0x80 | (r.number & 7) << 3 | (base.number & 7)));
        if (r.open) open(at, rex, fill::reg, r.whose);
        return number(fill::displacement, whose, 4, at);
    }
    constexpr assembler& m(code c, u8 extension, gp base, from whose) { return rm(c, gp(extension), base, whose); }
    /// reg, [base + (index << scale) + whose]
    constexpr assembler& rx(code c, reg r, reg base, reg index, u8 scale, from whose) {
        const u8 at = sib(c, r, base, index, scale);
        return number(fill::displacement, whose, 4, at);
    }
    /// reg, [(index << scale) + whose]
    constexpr assembler& ri(code c, reg r, reg index, u8 scale, from whose) {
        return sib(c, r, gp::rbp, index, scale, 0), number(fill::bits32, whose, 4);
    }
    /// reg, [base + (index << scale)]; in the form with a displacement, since rbp and r13 have no other.
    constexpr assembler& rx(code c, reg r, reg base, reg index, u8 scale) {
        return sib(c, r, base, index, scale, 0x40), byte(0), *this;
    }
    /// On vectors: reg, register.
    constexpr assembler& v(code c, reg r, reg rm) { return vector(gp::rax, false), rr(c, r, rm), plain(); }
    /// d = a op b. With SSE, what `a` names has to be in `d` if both are holes; a register that the stub names is moved
    /// to `d` before or, if `d` is a hole, lost, and then moved.
    constexpr assembler& v3(code c, reg d, reg a, reg b) {
        if (avx_) return vector(a, true), rr(c, d, b), plain();
        const bool behind = d.open && !a.open;
        if (!d.open && (a.open || a.number != d.number)) rr({0, 0x0f28}, d, a);
        rr(c, behind ? a : d, b);
        return behind ? rr({0, 0x0f28}, d, a) : *this;
    }
    /// The same by way of xmm0, so that `d` and `a` may be any two registers.
    constexpr assembler& v3_apart(code c, reg d, reg a, reg b) {
        return avx_ ? v3(c, d, a, b) : v3(c, reg::xmm(0), a, b).rr({0, 0x0f28}, d, reg::xmm(0));
    }
    /// d = a shifted by an immediate, which follows; as v3.
    constexpr assembler& shift(u32 opcode, u8 extension, reg d, reg a) {
        if (avx_) return vector(d, true), r({0x66, opcode}, extension, a), plain();
        if (!d.open && (a.open || a.number != d.number)) rr({0, 0x0f28}, d, a);
        return r({0x66, opcode}, extension, d);
    }
    /// reg, [the place of `x`]
    constexpr assembler& rip(code c, reg r) {
        const u8 rex = begin(c, r, gp::rax);
        const u8 at = byte(u8((r.number & 7) << 3 | 5));
        if (r.open) open(at, rex, fill::reg, r.whose);
        return place();
    }
    constexpr assembler& imm8(from whose) { return number(fill::bits8, whose, 1); }
    constexpr assembler& imm32(from whose) { return number(fill::bits32, whose, 4); }
    constexpr assembler& imm64(from whose) { return number(fill::bits64, whose, 8); }
    constexpr assembler& imm8(u8 value) { return byte(value), *this; }
    constexpr assembler& imm32(u32 value) {
        for (unsigned i = 0; i < 32; i += 8) byte(u8(value >> i));
        return *this;
    }
    /// mov register, 64 bits
    constexpr assembler& mov64(reg r, from whose) {
        const u8 rex = byte(u8(0x48 | r.number >> 3));
        const u8 at = byte(u8(0xb8 | (r.number & 7)));
        if (r.open) open(at, rex, fill::rm, r.whose);
        return imm64(whose);
    }
    /// To the place of `x`.
    constexpr assembler& jmp() { return byte(0xe9), number(fill::branch, from::x, 4); }
    constexpr assembler& jcc(cond c) { return byte(0x0f), byte(u8(0x80 | u8(c))), number(fill::branch, from::x, 4); }
    /// The distance to the place of `x`, from the end of the instruction.
    constexpr assembler& place() { return number(fill::branch, from::x, 4); }
    /// Instructions without operands.
    template <class... Byte>
    constexpr assembler& raw(Byte... b) {
        return (byte(u8(b)), ...), *this;
    }

    // Jumps within a stub: `skip` gives a mark, `land` says where it leads.
    constexpr u8 skip(cond c) { return byte(u8(0x70 | u8(c))), byte(0); }
    constexpr u8 skip() { return byte(0xeb), byte(0); }
    constexpr void land(u8 mark) { made.bytes[mark] = u8(made.size - mark - 1); }

private:
    constexpr u8 byte(u8 value) {
        made.bytes[made.size] = value;
        return made.size++;
    }
    constexpr void open(u8 at, u8 rex, fill what, from whose) {
        made.holes[made.hole_count++] = {at, rex, what, whose, u8(in_vex_ ? 5 : 0)};
    }
    constexpr void vector(reg second, bool has) { in_vex_ = avx_, second_ = second, has_second_ = has; }
    constexpr assembler& plain() { return in_vex_ = false, *this; }
    /// The place of the byte with the highest bits of registers.
    constexpr u8 begin_vex(code c, reg r, reg rm, u8 index_bit) {
        byte(0xc4);
        const u32 escape = c.opcode >> 8;
        const u8 map = escape == 0x0f38 ? 2 : escape == 0x0f3a ? 3 : 1;
        const u8 at = byte(u8((0xe0 ^ ((r.number >> 3) << 7 | index_bit << 6 | (rm.number >> 3) << 5)) | map));
        const u8 prefix = c.prefix == 0x66 ? 1 : c.prefix == 0xf3 ? 2 : c.prefix == 0xf2 ? 3 : 0;
        const u8 number = has_second_ && !second_.open ? second_.number : u8(0);
        const u8 last = byte(u8((c.wide ? 0x80 : 0) | (0x78 ^ number << 3) | prefix));
        if (has_second_ && second_.open) open(last, 0, fill::second, second_.whose);
        byte(u8(c.opcode));
        return at;
    }
    constexpr assembler& number(fill what, from whose, unsigned bytes, u8 mode_at = 0) {
        open(made.size, mode_at, what, whose);
        while (bytes--) byte(0);
        return *this;
    }
    /// Prefix, REX and opcode; the place of the REX byte, which is there whenever a hole could need it.
    constexpr u8 begin(code c, reg r, reg rm, u8 index_bit = 0, bool must = false) {
        if (in_vex_) return begin_vex(c, r, rm, index_bit);
        if (c.prefix) byte(c.prefix);
        const u8 rex = u8((c.wide ? 8 : 0) | (r.number >> 3) << 2 | index_bit << 1 | rm.number >> 3);
        u8 at = 0;
        if (rex != 0 || r.open || rm.open || must || c.bytes) at = byte(u8(0x40 | rex));
        for (unsigned shift = 24; shift; shift -= 8)
            if (c.opcode >> shift) byte(u8(c.opcode >> shift));
        byte(u8(c.opcode));
        return at;
    }
    /// The place of the ModRM byte.
    constexpr u8 sib(code c, reg r, reg base, reg index, u8 scale, u8 mode = 0x80) {
        const u8 rex = begin(c, r, base, u8(index.number >> 3), index.open);
        const u8 at = byte(u8(mode | (r.number & 7) << 3 | 4));
        const u8 next = byte(u8(scale << 6 | (index.number & 7) << 3 | (base.number & 7)));
        if (r.open) open(at, rex, fill::reg, r.whose);
        if (index.open) open(next, rex, fill::index, index.whose);
        if (base.open) open(next, rex, fill::base, base.whose);
        return at;
    }

    bool avx_;
    bool in_vex_ = false; ///< the instruction gets a VEX prefix
    bool has_second_ = false;
    reg second_ = gp::rax;
};

/// What is filled in, by `from`: registers by number, slots by number, immediates.
struct fillings {
    std::array<i64, std::size_t(from::count_)> of{};
    constexpr i64& operator[](from f) noexcept { return of[std::size_t(f)]; }
};

namespace detail {
inline void put_bytes(u8* at, u64 value, unsigned bytes) noexcept {
    for (unsigned i = 0; i < bytes; ++i) at[i] = u8(value >> 8 * i);
}
} // namespace detail

/// Copies `s` to `to`, where stub::most_bytes have room, and fills its holes; branches stay open. How many bytes it
/// takes.
inline unsigned copy_stub(u8* to, const stub& s, const fillings& values) noexcept {
    std::memcpy(to, s.bytes.data(), stub::most_bytes);
    unsigned size = s.size;
    for (unsigned i = 0; i < s.hole_count; ++i) {
        const hole h = s.holes[i];
        const i64 value = values.of[std::size_t(h.whose)];
        const u8 number = u8(value);
        switch (h.what) {
        case fill::reg:
            to[h.at] |= u8((number & 7) << 3);
            to[h.rex] ^= u8((number >> 3) << 2 << h.up);
            break;
        case fill::rm:
        case fill::base:
            to[h.at] |= u8(number & 7);
            to[h.rex] ^= u8(number >> 3 << h.up);
            break;
        case fill::index:
            to[h.at] |= u8((number & 7) << 3);
            to[h.rex] ^= u8((number >> 3) << 1 << h.up);
            break;
        case fill::second: to[h.at] ^= u8(number << 3); break;
        case fill::slot:
        case fill::displacement: {
            const u32 distance = u32(h.what == fill::slot ? 8 * value : value);
            detail::put_bytes(to + h.at, distance, 4);
            if (h.at + 4 != s.size || i32(distance) != i8(distance)) break;
            to[h.rex] ^= 0xc0;
            size -= 3;
            break;
        }
        case fill::bits8: to[h.at] = number; break;
        case fill::bits32: detail::put_bytes(to + h.at, u64(value), 4); break;
        case fill::bits64: detail::put_bytes(to + h.at, u64(value), 8); break;
        case fill::branch: break;
        }
    }
    return size;
}

} // namespace tessera::native
