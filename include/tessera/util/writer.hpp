// SPDX-License-Identifier: MIT
/// @file writer.hpp
/// Writing bytes front to back: LEB128 integers, names, raw bytes (spec: binary/values).
#pragma once

#include <tessera/util/vec.hpp>

#include <string_view>

namespace tessera::inline TESSERA_ABI {

/// Bytes that grow at the end. Where memory runs out, the writer remembers it in `failed` and
/// goes on, so that a caller asks once and not after every byte.
class writer {
public:
    void byte(u8 b) noexcept {
        if (!bytes_.push_back(b)) failed_ = true;
    }
    void raw(const void* from, std::size_t n) noexcept {
        if (!bytes_.append(static_cast<const u8*>(from), n)) failed_ = true;
    }
    /// uN: the shortest form.
    void leb_u(u64 value) noexcept {
        while (value >= 0x80) {
            byte(u8(value | 0x80));
            value >>= 7;
        }
        byte(u8(value));
    }
    /// sN: the shortest form.
    void leb_s(i64 value) noexcept {
        for (;;) {
            const u8 low = u8(value & 0x7f);
            value >>= 7;
            if ((value == 0 && !(low & 0x40)) || (value == -1 && (low & 0x40))) return byte(low);
            byte(u8(low | 0x80));
        }
    }
    /// Length, then the bytes.
    void name(std::string_view text) noexcept {
        leb_u(text.size());
        raw(text.data(), text.size());
    }
    template <class T>
    void fixed(T value) noexcept {
        u8 bytes[sizeof(T)];
        store_le(bytes, value);
        raw(bytes, sizeof bytes);
    }

    bool failed() const noexcept { return failed_; }
    std::size_t size() const noexcept { return bytes_.size(); }
    const u8* data() const noexcept { return bytes_.data(); }
    void truncate(std::size_t n) noexcept { bytes_.truncate(n); }
    void clear() noexcept { bytes_.clear(); }
    /// Hands the bytes over; the writer is empty afterwards.
    vec<u8> take() noexcept { return std::move(bytes_); }

private:
    vec<u8> bytes_;
    bool failed_ = false;
};

} // namespace tessera
