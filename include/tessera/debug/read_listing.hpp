// SPDX-License-Identifier: MIT
/// @file debug/read_listing.hpp
/// How a listing finds the lines: what is printed is parsed again, and its instructions, which are the same ones in
/// the same order, know their lines.
#pragma once

#include <tessera/debug/instructions.hpp>
#include <tessera/debug/listing.hpp>
#include <tessera/text/parser.hpp>
#include <tessera/text/printer.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::debug {

namespace detail {
/// The bodies of a module that the text parser made, in order. False: memory is out.
[[nodiscard]] inline bool bodies_of(std::span<const u8> bytes, vec<byte_range>& to) noexcept {
    constexpr u32 header = 8;
    constexpr u8 code_section = 10;
    cursor in(bytes.data() + header, bytes.data() + bytes.size());
    u8 id = 0;
    u32 size = 0;
    while (in.byte(id) && in.leb_u32(size) && size <= in.left()) {
        const u8* const end = in.at() + size;
        u32 count = 0, length = 0;
        if (id == code_section && in.leb_u32(count)) {
            for (; count && in.leb_u32(length) && length <= in.left(); --count) {
                const u32 begin = u32(in.at() - bytes.data());
                if (!to.push_back({begin, begin + length})) return false;
                in = cursor(in.at() + length, bytes.data() + bytes.size());
            }
        }
        in = cursor(end, bytes.data() + bytes.size());
    }
    return true;
}
} // namespace detail

TESSERA_API bool listing::take(std::string_view text) noexcept {
    if (!text_.append(text.data(), text.size()) || !starts_.push_back(0)) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (text[i] == '\n' && i + 1 < text.size() && !starts_.push_back(u32(i) + 1)) return false;
    return true;
}
TESSERA_API result<listing> listing::print(const tessera::module& m) noexcept {
    auto text = m.to_text();
    if (!text) return text.error();
    listing made;
    const std::string_view all(text->data(), text->size());
    if (!made.take(all)) return msg::out_of_memory;
    auto again = text::parse(all);
    if (!again) return again.error();
    const module_data& data = *m.owner();
    vec<byte_range> bodies;
    if (!detail::bodies_of(again->bytes, bodies)) return msg::out_of_memory;
    vec<u32> offsets;
    for (u32 i = data.imported_funcs; i < data.funcs.size() && i - data.imported_funcs < bodies.size(); ++i) {
        bool there = true;
        offsets.clear();
        detail::each_instruction(
            data, i, [&](const binary::instruction& in) { return there = there && offsets.push_back(in.offset); });
        std::size_t n = 0;
        detail::each_instruction(again->bytes, bodies[i - data.imported_funcs], [&](const binary::instruction& in) {
            const auto* const at = position_at(again->positions, in.offset);
            if (n >= offsets.size() || !at) return false;
            return there = there && made.places_.push_back({offsets[n++], at->line, at->column});
        });
        if (!there) return msg::out_of_memory;
    }
    return made;
}
TESSERA_API result<listing> listing::source(const tessera::module& m, std::string_view text) noexcept {
    if (!m) return msg::stale_handle;
    const module_data& data = *m.owner();
    if (data.positions.empty()) return error(msg::out_of_range, "the module did not come from text");
    listing made;
    if (!made.take(text)) return msg::out_of_memory;
    bool there = true;
    for (u32 i = data.imported_funcs; i < data.funcs.size() && there; ++i)
        detail::each_instruction(data, i, [&](const binary::instruction& in) {
            const auto* const at = position_at(data.positions, in.offset);
            return there = at && made.places_.push_back({in.offset, at->line, at->column});
        });
    if (!there) return msg::out_of_memory;
    return made;
}

} // namespace tessera::debug
TESSERA_SMALL_END
