// SPDX-License-Identifier: MIT
/// @file utf8.hpp
/// UTF-8 as the specification wants it (spec: binary/values, Names): shortest forms, no surrogates.
#pragma once

#include <tessera/util/integers.hpp>

#include <string_view>

namespace tessera::inline TESSERA_ABI {

/// True if `text` is well-formed UTF-8.
constexpr bool is_utf8(std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size();) {
        const u8 lead = u8(text[i]);
        if (lead < 0x80) {
            ++i;
            continue;
        }
        const std::size_t extra = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
        if (lead < 0xc2 || lead > 0xf4 || text.size() - i <= extra) return false;
        u32 scalar = lead & (0x3fu >> extra);
        for (std::size_t k = 1; k <= extra; ++k) {
            const u8 next = u8(text[i + k]);
            if ((next & 0xc0) != 0x80) return false;
            scalar = scalar << 6 | (next & 0x3fu);
        }
        if (extra == 2 && (scalar < 0x800 || (scalar >= 0xd800 && scalar < 0xe000))) return false;
        if (extra == 3 && (scalar < 0x10000 || scalar > 0x10ffff)) return false;
        i += extra + 1;
    }
    return true;
}

/// Writes the UTF-8 form of `scalar` (a Unicode scalar value) to `out`; returns how many bytes (1 to 4).
constexpr std::size_t put_utf8(u32 scalar, char (&out)[4]) noexcept {
    if (scalar < 0x80) return out[0] = char(scalar), 1;
    if (scalar < 0x800) {
        out[0] = char(0xc0 | scalar >> 6);
        out[1] = char(0x80 | (scalar & 0x3f));
        return 2;
    }
    if (scalar < 0x10000) {
        out[0] = char(0xe0 | scalar >> 12);
        out[1] = char(0x80 | (scalar >> 6 & 0x3f));
        out[2] = char(0x80 | (scalar & 0x3f));
        return 3;
    }
    out[0] = char(0xf0 | scalar >> 18);
    out[1] = char(0x80 | (scalar >> 12 & 0x3f));
    out[2] = char(0x80 | (scalar >> 6 & 0x3f));
    out[3] = char(0x80 | (scalar & 0x3f));
    return 4;
}

} // namespace tessera
