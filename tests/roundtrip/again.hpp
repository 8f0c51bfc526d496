// SPDX-License-Identifier: MIT
// Writes one module and reads it again, in either format. Each function gives what was wrong, empty
// for nothing.
#pragma once

#include "../equal.hpp"

#include <tessera/binary/decode.hpp>
#include <tessera/binary/encode.hpp>
#include <tessera/text/parser.hpp>
#include <tessera/text/printer.hpp>

namespace roundtrip {

inline std::string described(const tessera::error& e) {
    std::string text = std::to_string(e.line()) + ":" + std::to_string(e.column()) + ": " + std::string(e.message());
    return e.detail().empty() ? text : text + ": " + std::string(e.detail());
}
inline tessera::result<tessera::module_owner> decode(const tessera::vec<tessera::u8>& bytes) {
    tessera::vec<tessera::u8> copy;
    if (!copy.assign({bytes.data(), bytes.size()})) return tessera::error(tessera::msg::out_of_memory);
    return tessera::binary::decode<tessera::everything>(std::move(copy));
}

/// Encoding `m` gives an equal module, encoding that the same bytes.
inline std::string encode_again(const tessera::module_owner& m) {
    auto bytes = tessera::binary::encode(*m);
    if (!bytes) return "not encoded: " + described(bytes.error());
    auto again = decode(*bytes);
    if (!again) return "encoded is malformed: " + described(again.error());
    if (std::string d = difference(*m, **again); !d.empty()) return "encoded differs in " + d;
    if (m->has_data_count != (*again)->has_data_count) return "encoded differs in its data count section";
    auto second = tessera::binary::encode(**again);
    if (!second) return "not encoded again: " + described(second.error());
    if (!std::equal(bytes->begin(), bytes->end(), second->begin(), second->end()))
        return "encoded again differs in its bytes";
    return {};
}
inline std::string print_again(const tessera::module_owner& m, tessera::print_options options) {
    auto text = tessera::text::print(*m, options);
    if (!text) return "not printed: " + described(text.error());
    const std::string_view source(text->data(), text->size());
    auto parsed = tessera::text::parse(source);
    if (!parsed)
        return "printed is malformed: " + described(parsed.error()) + "\n" + std::string(source.substr(0, 4000));
    auto again = decode(parsed->bytes);
    if (!again) return "parsed is malformed: " + described(again.error());
    if (std::string d = difference(*m, **again); !d.empty())
        return "printed differs in " + d + "\n" + std::string(source.substr(0, 4000));
    auto second = tessera::text::print(**again, options);
    if (!second) return "not printed again: " + described(second.error());
    if (!std::equal(text->begin(), text->end(), second->begin(), second->end())) return "printed again differs";
    return {};
}

} // namespace roundtrip
