// SPDX-License-Identifier: MIT
#include "watched.hpp"

#include "load.hpp"
#include "report.hpp"

#include <algorithm>
#include <charconv>

std::string cli::harmless(std::string_view text) {
    std::string made(text);
    for (std::size_t i = 0; i < made.size(); ++i) {
        const auto byte = [&](std::size_t at) { return at < made.size() ? static_cast<unsigned char>(made[at]) : 0u; };
        if (made[i] == '\t') made[i] = ' ';
        else if (byte(i) < 0x20 || byte(i) == 0x7f) made[i] = '?';
        else if (byte(i) == 0xc2 && byte(i + 1) >= 0x80 && byte(i + 1) < 0xa0) made[i] = made[i + 1] = '?';
    }
    return made;
}

std::vector<std::string> cli::lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        lines.push_back(harmless(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::optional<tessera::debug::listing> cli::list(const tessera::module& m, const std::string& file) {
    using tessera::debug::listing;
    tessera::result<listing> made(tessera::msg::out_of_memory);
    if (m.owner()->positions.empty()) {
        made = listing::print(m);
    } else {
        tessera::vec<tessera::u8> text;
        if (!read_file(file, text)) return {};
        made = listing::source(m, {reinterpret_cast<const char*>(text.data()), text.size()});
    }
    if (made) return std::move(*made);
    report({file, &m}, made.error());
    return {};
}

std::string cli::function_name(const tessera::module& m, tessera::u32 function) {
    std::string_view name = m.function_name(function);
    if (name.empty())
        for (const auto& e : m.owner()->exports)
            if (e.kind == tessera::extern_kind::func && e.index == function) name = e.name;
    return name.empty() ? "function " + std::to_string(function) : "$" + harmless(name);
}

tessera::u32 cli::find_function(const tessera::module& m, std::string_view text) {
    tessera::u32 index = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), index);
    if (wrong == std::errc() && end == text.data() + text.size())
        return index < m.functions() ? index : tessera::no_index;
    if (text.starts_with('$')) text.remove_prefix(1);
    for (tessera::u32 i = 0; i < m.functions(); ++i)
        if (m.function_name(i) == text) return i;
    for (const auto& e : m.owner()->exports)
        if (e.kind == tessera::extern_kind::func && e.name == text) return e.index;
    return tessera::no_index;
}
