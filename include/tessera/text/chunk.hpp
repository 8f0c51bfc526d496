// SPDX-License-Identifier: MIT
/// @file text/chunk.hpp
/// Bytes of a module under construction, with the places of the text they come from.
#pragma once

#include <tessera/syntax/module.hpp>
#include <tessera/text/token.hpp>
#include <tessera/util/writer.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

using position = module_data::position;

/// The content of a section, of a function body, or of a part of them.
class chunk : public writer {
public:
    u32 count = 0;           ///< of entries, for sections
    vec<position> positions; ///< offsets are relative to this chunk

    /// Says that what is written next comes from `t`.
    void mark(const token& t) noexcept {
        if (!positions.push_back({u32(size()), t.line, t.column})) lost_ = true;
    }
    /// The bytes and positions of `other` behind those of this one.
    void append(const chunk& other) noexcept {
        const u32 shift = u32(size());
        raw(other.data(), other.size());
        for (position p : other.positions)
            if (p.offset += shift; !positions.push_back(p)) lost_ = true;
        lost_ |= other.failed();
    }
    void clear() noexcept {
        writer::clear();
        positions.clear();
        count = 0;
    }
    /// True if memory ran out at some time.
    bool failed() const noexcept { return lost_ || writer::failed(); }

private:
    bool lost_ = false;
};

} // namespace tessera::text
TESSERA_SMALL_END
