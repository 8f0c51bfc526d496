// SPDX-License-Identifier: MIT
/// @file debug/describe_error.hpp
/// The bodies of debug/places.hpp: frames looked up in line tables, and errors as text.
#pragma once

#include <tessera/debug/line_program.hpp>
#include <tessera/runtime/store_data.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::debug {

namespace detail {

/// The offset of the first byte of the code section's content, from which line tables count; 0 if there is none.
inline u32 code_begin(const module_data& m) noexcept {
    cursor in(m.bytes.data(), m.bytes.data() + m.bytes.size());
    u8 id = 0;
    u32 size = 0;
    if (!in.skip(8)) return 0;
    while (in.byte(id) && in.leb_u32(size)) {
        if (id == 10) return u32(in.at() - m.bytes.data());
        if (!in.skip(size)) return 0;
    }
    return 0;
}
inline std::span<const u8> section(const module_data& m, std::string_view name) noexcept {
    for (const custom_def& c : m.customs)
        if (c.name == name) return {m.bytes.data() + c.bytes.begin, c.bytes.size()};
    return {};
}
/// Answers what is asked of the line table of `m`; the addresses are offsets in the module.
inline void look_up(const module_data& m, std::span<line_query> queries) noexcept {
    const u32 begin = code_begin(m);
    const line_sections from{section(m, ".debug_line"), section(m, ".debug_line_str"), section(m, ".debug_str")};
    if (begin == 0 || from.line.empty()) return;
    for (line_query& q : queries) q.address -= begin;
    line_reader(from, queries).run();
}

/// Text that grows.
class error_text {
public:
    /// What somebody else has written.
    error_text& foreign(std::string_view text) noexcept {
        for (char c : text) put(u8(c) < 0x20 || c == 0x7f ? '?' : c);
        return *this;
    }
    error_text& operator<<(std::string_view text) noexcept {
        if (!text_.append(text.data(), text.size())) lost_ = true;
        return *this;
    }
    error_text& number(u64 n, unsigned base = 10) noexcept {
        char digits[24];
        std::size_t at = sizeof digits;
        do digits[--at] = "0123456789abcdef"[n % base];
        while ((n /= base) != 0);
        return *this << std::string_view(digits + at, sizeof digits - at);
    }
    result<vec<char>> take() noexcept {
        if (lost_) return msg::out_of_memory;
        return std::move(text_);
    }

private:
    void put(char c) noexcept {
        if (!text_.push_back(c)) lost_ = true;
    }
    vec<char> text_;
    bool lost_ = false;
};

} // namespace detail

TESSERA_API source_line line_of(const module& m, u32 offset) noexcept {
    if (!m) return {};
    detail::line_query one{offset, {}};
    detail::look_up(*m.owner(), {&one, 1});
    return one.found;
}

TESSERA_API result<vec<place>> places(const basic_store& s, const error& e) noexcept {
    const view<trace_frame> frames = e.frames();
    vec<place> all;
    vec<detail::line_query> queries;
    vec<u32> asked;
    if (!all.resize(frames.size()) || !queries.reserve(frames.size()) || !asked.reserve(frames.size()))
        return msg::out_of_memory;
    const runtime::store_data* const store = s.data();
    const auto module_of = [&](const trace_frame& f) -> const module_data* {
        return store && f.instance < store->instances.size() ? &store->instances[f.instance]->module() : nullptr;
    };
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const trace_frame& f = frames[i];
        place& p = all[i];
        p.function = f.name;
        p.func = f.func;
        p.offset = f.offset;
        p.instance = f.instance;
        p.line = f.line;
        p.column = f.column;
        if (const module_data* const m = module_of(f)) p.module = m->name;
    }
    for (std::size_t i = 0; i < frames.size(); ++i) {
        // All frames of a module at once, when the first of them comes.
        const module_data* const m = module_of(frames[i]);
        queries.clear();
        asked.clear();
        bool is_first = m != nullptr;
        for (std::size_t k = 0; k < i; ++k) is_first &= module_of(frames[k]) != m;
        for (std::size_t k = i; is_first && k < frames.size(); ++k)
            if (module_of(frames[k]) == m)
                static_cast<void>(queries.push_back({frames[k].offset, {}}) && asked.push_back(u32(k)));
        if (!is_first) continue;
        detail::look_up(*m, {queries.data(), queries.size()});
        for (std::size_t k = 0; k < asked.size(); ++k) all[asked[k]].source = queries[k].found;
    }
    return all;
}

TESSERA_API result<vec<char>> describe(const basic_store& s, const error& e) noexcept {
    auto all = places(s, e);
    if (!all) return all.error();
    detail::error_text text;
    text << e.message();
    if (!e.detail().empty()) (text << ": ").foreign(e.detail());
    const std::size_t half = all->size() / 2;
    for (std::size_t i = 0; i < all->size(); ++i) {
        const place& p = (*all)[i];
        if (i == half && e.frames_left_out()) (text << "\n  ").number(e.frames_left_out()) << " calls left out";
        text << (i == 0 ? "\n  in " : "\n  from ");
        if (p.function.empty()) (text << "function ").number(p.func);
        else text.foreign(p.function);
        if (p.instance == no_index) continue;
        if (p.module.empty()) (text << " of instance ").number(p.instance);
        else (text << " of ").foreign(p.module);
        if (p.source) {
            text << ", ";
            if (!p.source.directory.empty() && p.source.file[0] != '/') text.foreign(p.source.directory) << "/";
            text.foreign(p.source.file);
            if (p.source.line) (text << ":").number(p.source.line);
            if (p.source.line && p.source.column) (text << ":").number(p.source.column);
        } else if (p.line) {
            (text << ", line ").number(p.line) << ":";
            text.number(p.column);
        }
        (text << ", byte 0x").number(p.offset, 16);
    }
    return text.take();
}

} // namespace tessera::debug
TESSERA_SMALL_END
