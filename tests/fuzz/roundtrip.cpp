// SPDX-License-Identifier: MIT
// Fuzzes the encoder and the printer: what can be decoded or parsed comes back equal from both.

#include "../roundtrip/again.hpp"
#include "module_mutator.hpp"
#include "require.hpp"

#include <cstdio>

namespace {

void require_none(const std::string& problem) {
    if (problem.empty()) return;
    std::printf("%s\n", problem.c_str());
    std::fflush(stdout);
    fuzz::require(false);
}
/// True if the text format has no words for `m`: a table whose initial value is no instruction at all, which
/// is invalid, would be read as one without an initial value.
bool is_unspeakable(const tessera::module_data& m) {
    for (const auto& t : m.tables)
        if (t.init.code.size() == 1) return true;
    return false;
}
/// True if `m` has branch hints that fit none of its code: they are kept as bytes, and may by chance fit the
/// code once numbers in it are written shorter.
bool has_odd_hints(const tessera::module_data& m) {
    tessera::binary::branch_hints hints;
    if (!hints.read(m) || hints.section() != tessera::no_index) return false;
    return std::ranges::any_of(m.customs, [](const auto& c) { return c.name == tessera::binary::branch_hint_section; });
}
void check(const tessera::vec<tessera::u8>& bytes) {
    auto m = roundtrip::decode(bytes);
    tessera::error why(tessera::msg::unexpected_end);
    if (!m || !tessera::binary::bodies_well_formed<tessera::everything>(**m, {}, why)) return;
    if (has_odd_hints(**m)) return;
    require_none(roundtrip::encode_again(*m));
    if (is_unspeakable(**m)) return;
    for (const bool folded : {false, true})
        for (const bool names : {true, false}) {
            // A name counts each time it is used: a text too long to be worth its time is left alone.
            const tessera::print_options options{.folded = folded, .names = names, .most_characters = 1 << 18};
            auto text = tessera::text::print(**m, options);
            if (text || !text.error().is(tessera::msg::limit_reached))
                require_none(roundtrip::print_again(*m, options));
        }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size >= 4 && std::memcmp(data, "\0asm", 4) == 0) {
        tessera::vec<tessera::u8> bytes;
        if (bytes.append(data, size)) check(bytes);
        return 0;
    }
    if (auto parsed = tessera::text::parse({reinterpret_cast<const char*>(data), size})) check(parsed->bytes);
    return 0;
}
