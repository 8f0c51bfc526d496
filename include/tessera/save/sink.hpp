// SPDX-License-Identifier: MIT
/// @file save/sink.hpp
/// Where the canonical form of a store goes: into bytes, into a hash of them, or nowhere.
#pragma once

#include <tessera/util/writer.hpp>

namespace tessera::inline TESSERA_ABI::saving {

/// A hash of 64 bits over bytes that come in pieces; the same on every platform. It finds differences that nobody made
/// on purpose, no more.
class hasher {
public:
    void add(const u8* from, std::size_t n) noexcept {
        length_ += n;
        if (have_ != 0) {
            const std::size_t part = n < block - have_ ? n : block - have_;
            std::memcpy(rest_ + have_, from, part);
            have_ += part, from += part, n -= part;
            if (have_ < block) return;
            mix(rest_);
            have_ = 0;
        }
        for (; n >= block; n -= block, from += block) mix(from);
        if (n) std::memcpy(rest_, from, n);
        have_ = n;
    }
    u64 value() const noexcept {
        hasher last = *this;
        std::memset(last.rest_ + have_, 0, block - have_);
        last.mix(last.rest_);
        u64 h = length_;
        for (u64 lane : last.lanes_) h = spread((h ^ lane) * prime);
        return h;
    }

private:
    static constexpr std::size_t block = 32;
    static constexpr u64 prime = 0x9e3779b97f4a7c15;
    static u64 spread(u64 h) noexcept { return h ^ h >> 29 ^ h >> 47; }
    void mix(const u8* from) noexcept {
        for (unsigned i = 0; i < 4; ++i) {
            u64 h = (lanes_[i] ^ load_le<u64>(from + 8 * i)) * prime;
            h = (h << 31 | h >> 33) * 0xc2b2ae3d27d4eb4f;
            lanes_[i] = h ^ h >> 32;
        }
    }
    u64 lanes_[4] = {1, 2, 3, 4};
    u64 length_ = 0;
    u8 rest_[block] = {};
    std::size_t have_ = 0;
};

/// What is written, front to back. Memory that is out is remembered, as in a writer.
class sink {
public:
    enum class use : u8 { bytes, hash, nothing };
    explicit sink(use how) noexcept : how_(how) {}

    void raw(const u8* from, std::size_t n) noexcept {
        if (how_ == use::bytes) out_.raw(from, n);
        else if (how_ == use::hash) hash_.add(from, n);
    }
    void byte(u8 b) noexcept { raw(&b, 1); }
    void number(u64 n) noexcept {
        u8 bytes[10];
        std::size_t size = 0;
        for (; n >= 0x80; n >>= 7) bytes[size++] = u8(n | 0x80);
        bytes[size++] = u8(n);
        raw(bytes, size);
    }
    template <class T>
    void fixed(T value) noexcept {
        u8 bytes[sizeof(T)];
        store_le(bytes, value);
        raw(bytes, sizeof bytes);
    }
    /// Bytes of which many may be 0: by turns, how many parts of 4 KiB hold nothing but zeros, and how many follow
    /// that are written out.
    void sparse(const u8* from, u64 n) noexcept {
        number(n);
        if (how_ == use::nothing) return;
        for (u64 at = 0; at < n;) {
            u64 zero = at;
            while (zero < n && is_zero(from + zero, part_at(zero, n))) zero += part_at(zero, n);
            u64 end = zero;
            while (end < n && !is_zero(from + end, part_at(end, n))) end += part_at(end, n);
            number((zero - at + part - 1) / part);
            number((end - zero + part - 1) / part);
            raw(from + zero, std::size_t(end - zero));
            at = end;
        }
    }
    static constexpr u64 part = 4096;

    bool writes() const noexcept { return how_ != use::nothing; }
    bool failed() const noexcept { return out_.failed(); }
    u64 hash() const noexcept { return hash_.value(); }
    vec<u8> take() noexcept { return out_.take(); }

private:
    static u64 part_at(u64 at, u64 n) noexcept { return n - at < part ? n - at : part; }
    static bool is_zero(const u8* at, u64 n) noexcept {
        u64 any = 0;
        for (; n >= 64 && any == 0; n -= 64, at += 64)
            for (unsigned i = 0; i < 64; i += 8) any |= load_le<u64>(at + i);
        for (; n; --n) any |= *at++;
        return any == 0;
    }
    const use how_;
    writer out_;
    hasher hash_;
};

} // namespace tessera::saving
