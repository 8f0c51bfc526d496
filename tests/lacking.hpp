// SPDX-License-Identifier: MIT
// Which feature an error names.
#pragma once

#include <tessera/tessera.hpp>

#include <string>

/// The first feature that `built` lacks, `used` has, and `text` names as a word; empty if there is none.
/// What a feature implies is used with it, and what cannot be without a feature is refused with it.
inline std::string lacking_named(const std::string& text, tessera::features built, tessera::features used) {
    const auto in_name = [&](std::size_t at) {
        const char c = at < text.size() ? text[at] : ' ';
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    };
    used = used + tessera::feature::mvp; // with what it implies
    for (unsigned i = 0; i < unsigned(tessera::feature::count_); ++i) {
        const auto f = tessera::feature(i);
        if (built[f] || !used[f]) continue;
        const std::string name(tessera::name(f));
        for (std::size_t at = 0; (at = text.find(name, at)) != text.npos; ++at)
            if (!in_name(at - 1) && !in_name(at + name.size())) return name;
    }
    return {};
}
