// SPDX-License-Identifier: MIT
#include "load.hpp"

namespace {

struct named_set {
    std::string_view name;
    tessera::features features;
};
constexpr named_set sets[] = {
    {"wasm-1.0", tessera::wasm_1_0}, {"lime1", tessera::lime1},   {"wasm-2.0", tessera::wasm_2_0},
    {"wasm-3.0", tessera::wasm_3_0}, {"latest", tessera::latest}, {"everything", tessera::everything},
};

/// The feature of the language of that name; count_ where there is none. Options of the engine are no features of
/// modules.
tessera::feature named(std::string_view name) {
    for (unsigned i = 1; i < unsigned(tessera::feature::count_); ++i)
        if (const auto f = tessera::feature(i); tessera::everything[f] && tessera::name(f) == name) return f;
    return tessera::feature::count_;
}

} // namespace

bool cli::parse_features(std::string_view text, tessera::features& to, std::string& wrong) {
    tessera::features made = tessera::everything;
    for (bool first = true, more = true; more; first = false) {
        const auto comma = text.find(',');
        const std::string_view word = text.substr(0, comma);
        more = comma != text.npos;
        if (more) text.remove_prefix(comma + 1);
        wrong = word;
        const bool minus = word.starts_with('-');
        if (!minus && !word.starts_with('+')) {
            const named_set* found = nullptr;
            for (const named_set& set : sets)
                if (set.name == word) found = &set;
            if (!found || !first) return false;
            made = found->features;
            continue;
        }
        const auto f = named(word.substr(1));
        if (f == tessera::feature::count_) return false;
        made = minus ? made - f : made + f;
    }
    to = made;
    return true;
}

std::string cli::feature_names() {
    std::string all;
    for (const named_set& set : sets) all += std::string(all.empty() ? "" : ", ") + std::string(set.name);
    for (unsigned i = 1; i < unsigned(tessera::feature::count_); ++i)
        if (const auto f = tessera::feature(i); tessera::everything[f]) all += ", +" + std::string(tessera::name(f));
    return all;
}
