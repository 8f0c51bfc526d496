// SPDX-License-Identifier: MIT
// Fuzzes the text format: any text is a module or a script, or an error with a line; a module that
// came from text can be printed.

#include "require.hpp"

#include <tessera/tessera.hpp>
#include <tessera/text/script.hpp>

#include <algorithm>
#include <vector>

namespace {

using fuzz::require;

void check(const tessera::error& e, std::string_view source) {
    const auto ends = std::count_if(source.begin(), source.end(), [](char c) { return c == '\n' || c == '\r'; });
    const auto lines = tessera::u64(ends) + 1;
    require(!e.message().empty());
    // A limit has no place in the text.
    require(e.line() <= lines && (e.line() > 0 || e.kind() == tessera::kind::exhaustion));
    require(e.column() <= source.size() + 1);
}
void print(const tessera::module& m) {
    for (const bool folded : {false, true})
        for (const bool names : {false, true}) {
            auto text = m.to_text({.folded = folded, .names = names, .most_characters = 1 << 18});
            if (!text) require(text.error().is(tessera::msg::limit_reached));
        }
}
/// Ranges of a script's lists lie within them.
void check(const tessera::text::script& s) {
    const auto inside = [](const tessera::text::list_range& r, std::size_t n) {
        require(r.first <= n && r.count <= n - r.first);
    };
    for (const auto& c : s.commands) {
        inside(c.arguments, s.patterns.size());
        inside(c.results, s.patterns.size());
        inside(c.shared, s.ids.size());
        require(c.end <= s.commands.size() && (c.module == tessera::no_index || c.module < s.modules.size()));
    }
    for (const auto& p : s.patterns)
        if (p.kind == tessera::text::pattern_kind::either) inside({p.first, p.count}, s.alternatives.size());
}

void parse(std::string_view source) {
    if (auto m = tessera::module::parse_text<tessera::everything>(source)) print(*m);
    else check(m.error(), source);

    auto script = tessera::text::parse_script(source);
    if (!script) return check(script.error(), source);
    check(*script);
    for (auto& m : script->modules) {
        if (!m.content) continue;
        auto loaded = tessera::load<tessera::everything>(std::move(m.content->bytes), std::move(m.content->positions));
        if (loaded) print(tessera::module(std::move(*loaded)));
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view source(reinterpret_cast<const char*>(data), size);
    parse(source);
    // The same text cut off somewhere, in memory that ends there.
    const std::size_t cut = size ? std::hash<std::string_view>()(source) % size : 0;
    const std::vector<char> part(data, data + cut);
    parse({part.data(), part.size()});
    return 0;
}
