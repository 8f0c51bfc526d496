// SPDX-License-Identifier: MIT
// Modules written as bytes.
#pragma once

#include <tessera/syntax/error.hpp>

#include <initializer_list>
#include <span>
#include <string>
#include <vector>

/// A module in the making: the header, then sections.
struct module_bytes {
    // Not a list in the vector's braces: g++ 12 for ARM warns that such a list may be uninitialized.
    static constexpr tessera::u8 header[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    std::vector<tessera::u8> data{std::begin(header), std::end(header)};

    /// Adds a section of fewer than 128 bytes.
    module_bytes& section(int id, std::initializer_list<int> content) {
        data.push_back(tessera::u8(id));
        data.push_back(tessera::u8(content.size()));
        return raw(content);
    }
    module_bytes& raw(std::initializer_list<int> content) {
        for (int byte : content) data.push_back(tessera::u8(byte));
        return *this;
    }
    /// Adds a type section with one type without parameters that returns `results`, and one function of it
    /// whose body, without locals, is `code` and an `end`.
    module_bytes& function(std::initializer_list<int> results, std::initializer_list<int> code) {
        raw({1, int(results.size()) + 4, 1, 0x60, 0, int(results.size())}).raw(results);
        return section(3, {1, 0}).body(code);
    }
    module_bytes& body(std::initializer_list<int> code) {
        return raw({10, int(code.size()) + 4, 1, int(code.size()) + 2, 0}).raw(code).raw({0x0b});
    }
    operator std::span<const tessera::u8>() const { return {data.data(), data.size()}; }
};

/// The message of a failed result and its detail; "ok" where it did not fail.
template <class T>
std::string said(const tessera::result<T>& r) {
    if (r) return "ok";
    std::string text(r.error().message());
    if (!r.error().detail().empty()) text += ": " + std::string(r.error().detail());
    return text;
}
