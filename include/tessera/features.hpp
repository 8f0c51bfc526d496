// SPDX-License-Identifier: MIT
/// @file features.hpp
/// What a build can do: one constant of type `features`, made of named sets, plus and minus bits.
#pragma once

#include <tessera/config.hpp>

#include <string_view>

namespace tessera::inline TESSERA_ABI {

/// One language feature or engine option; a bit of `features`. The order is the order of the bits
/// and part of symbol names, nothing else.
enum class feature : std::uint8_t {
    mvp,                 ///< WebAssembly 1.0 without what follows; always on
    mutable_globals,     ///< import and export of mutable globals
    sign_extension,      ///< i32.extend8_s and its like
    saturating_float,    ///< i32.trunc_sat_f32_s and its like
    multi_value,         ///< several results, block parameters
    bulk_memory,         ///< memory.copy/fill/init, table.copy/init, passive segments
    reference_types,     ///< several tables, table.get/set/grow/size/fill, externref
    extended_const,      ///< add, sub, mul in constant expressions
    tail_call,           ///< return_call, return_call_indirect
    simd,                ///< v128
    relaxed_simd,        ///< relaxed vector instructions
    multi_memory,        ///< more than one memory
    memory64,            ///< 64-bit memories and tables
    function_references, ///< typed references, call_ref
    gc,                  ///< structures, arrays, i31, casts, recursion groups
    exceptions,          ///< tags, throw, try_table, exnref
    legacy_exceptions,   ///< try, catch, delegate, rethrow
    threads,             ///< shared memories, atomic instructions
    wide_arithmetic,     ///< i64.add128, i64.mul_wide_s and its like
    custom_page_sizes,   ///< memories with a page of one byte
    deterministic,       ///< the specification's deterministic profile: NaNs are canonical
    fuel,                ///< engine: execution is counted and can be limited
    interruption,        ///< engine: another thread can stop a call
    tracing,             ///< engine: a debugger can watch, stop and look into calls, see tessera/debug.hpp
    dirty_marks,         ///< engine: memories know which pages a guest wrote to, see tessera/save.hpp
#if TESSERA_NATIVE
    native, ///< engine: functions can be compiled to machine code, see tessera/native.hpp
#endif
    count_,
};

/// One row for each feature, in the order of `feature`.
struct feature_row {
    std::string_view name; ///< as users write it, with dashes
    std::string_view help; ///< one sentence
};

inline constexpr feature_row feature_table[] = {
    {"mvp", "WebAssembly 1.0 without the features below"},
    {"mutable-globals", "import and export of mutable globals"},
    {"sign-extension", "sign extension instructions"},
    {"saturating-float-to-int", "float to integer conversions that do not trap"},
    {"multi-value", "several results, parameters of blocks"},
    {"bulk-memory", "bulk operations on memories and tables, passive segments"},
    {"reference-types", "several tables, table instructions, externref"},
    {"extended-const", "add, sub and mul in constant expressions"},
    {"tail-call", "return_call and return_call_indirect"},
    {"simd", "128-bit vectors"},
    {"relaxed-simd", "vector instructions whose result may differ between machines"},
    {"multi-memory", "more than one memory"},
    {"memory64", "memories and tables with 64-bit addresses"},
    {"function-references", "typed references and call_ref"},
    {"gc", "structures, arrays, i31 and casts"},
    {"exceptions", "tags, throw, try_table and exnref"},
    {"legacy-exceptions", "try, catch, delegate and rethrow"},
    {"threads", "shared memories and atomic instructions"},
    {"wide-arithmetic", "128-bit addition, subtraction and wide multiplication"},
    {"custom-page-sizes", "memories with a page of one byte"},
    {"deterministic", "the deterministic profile: every NaN result is canonical"},
    {"fuel", "execution is counted and can be limited"},
    {"interruption", "another thread can stop a running call"},
    {"tracing", "a debugger can watch and stop calls at every instruction"},
    {"dirty-marks", "memories know which pages a guest wrote to, for going back by frames"},
#if TESSERA_NATIVE
    {"native", "functions can be compiled to machine code"},
#endif
};
static_assert(sizeof feature_table / sizeof *feature_table == std::size_t(feature::count_),
              "features.hpp: a feature without a row, or a row without a feature");

/// The feature's name as users write it, e.g. "bulk-memory".
constexpr std::string_view name(feature f) noexcept { return feature_table[std::size_t(f)].name; }

/// A set of features: a structural type, meant to be a template argument. `+` adds a feature and
/// what it implies, `-` removes a feature and what needs it.
struct features {
    std::uint64_t bits = 1; ///< bit `n` is feature `n`; `mvp` is always set

    /// True if `f` is in the set.
    constexpr bool operator[](feature f) const noexcept { return (bits >> unsigned(f) & 1) != 0; }
    /// True if every feature of `other` is in this set.
    constexpr bool contains(features other) const noexcept { return (other.bits & ~bits) == 0; }
    /// The lowest feature of `other` this set lacks, `feature::count_` if there is none.
    constexpr feature first_missing(features other) const noexcept {
        for (unsigned i = 0; i < unsigned(feature::count_); ++i)
            if ((other.bits & ~bits) >> i & 1) return feature(i);
        return feature::count_;
    }
    friend constexpr bool operator==(features, features) noexcept = default;
};

/// The features `f` needs directly, as the specifications build on each other.
constexpr features implied_by(feature f) noexcept {
    constexpr auto set = [](auto... x) {
        return features{(std::uint64_t{1} | ... | (std::uint64_t{1} << unsigned(x)))};
    };
    switch (f) {
    case feature::wide_arithmetic: return set(feature::multi_value);
    case feature::bulk_memory: return set(feature::reference_types);
    case feature::reference_types: return set(feature::bulk_memory);
    case feature::threads: return set(feature::bulk_memory, feature::reference_types);
    case feature::function_references: return set(feature::bulk_memory, feature::reference_types);
    case feature::gc: return set(feature::function_references);
    case feature::exceptions: return set(feature::reference_types, feature::multi_value);
    case feature::legacy_exceptions: return set(feature::exceptions);
    case feature::relaxed_simd: return set(feature::simd);
    default: return {};
    }
}

/// `s` with `f` and everything `f` implies.
constexpr features operator+(features s, feature f) noexcept {
    s.bits |= std::uint64_t{1} << unsigned(f);
    for (features before{0}; before != s;) {
        before = s;
        for (unsigned i = 0; i < unsigned(feature::count_); ++i)
            if (s[feature(i)]) s.bits |= implied_by(feature(i)).bits;
    }
    return s;
}
/// The union of both sets.
constexpr features operator+(features a, features b) noexcept { return {a.bits | b.bits}; }
/// `s` without `f` and without everything that needs `f`. `mvp` cannot be removed.
constexpr features operator-(features s, feature f) noexcept {
    if (f == feature::mvp) return s;
    s.bits &= ~(std::uint64_t{1} << unsigned(f));
    for (features before{0}; before != s;) {
        before = s;
        for (unsigned i = 1; i < unsigned(feature::count_); ++i)
            if (s[feature(i)] && !s.contains(implied_by(feature(i)))) s.bits &= ~(std::uint64_t{1} << i);
    }
    return s;
}

namespace detail {
/// The first feature of `s` that needs one which `s` lacks, and that one; `feature::count_` twice for a
/// set made with `+` and `-`.
struct unmet {
    feature has = feature::count_;
    feature lacks = feature::count_;
};
constexpr unmet first_unmet(features s) noexcept {
    for (unsigned i = 0; i < unsigned(feature::count_); ++i)
        if (s[feature(i)] && !s.contains(implied_by(feature(i))))
            return {feature(i), s.first_missing(implied_by(feature(i)))};
    return {};
}
/// Refuses to compile for two features; the compiler's message names them.
template <feature Has, feature Lacks>
struct set_is_complete {
    static_assert(Has == feature::count_, "tessera: this set has the first feature named here without the second one, "
                                          "which it needs; make sets with + and -");
    static constexpr bool value = true;
};
} // namespace detail

/// WebAssembly 1.0 as published, with the export of mutable globals.
inline constexpr features wasm_1_0 = features{} + feature::mutable_globals;
/// The Lime1 target of the tool conventions.
inline constexpr features lime1 = wasm_1_0 + feature::sign_extension + feature::saturating_float +
                                  feature::multi_value + feature::extended_const + feature::bulk_memory;
/// WebAssembly 2.0.
inline constexpr features wasm_2_0 = wasm_1_0 + feature::sign_extension + feature::saturating_float +
                                     feature::multi_value + feature::bulk_memory + feature::reference_types +
                                     feature::simd;
/// WebAssembly 3.0.
inline constexpr features wasm_3_0 = wasm_2_0 + feature::extended_const + feature::tail_call + feature::relaxed_simd +
                                     feature::multi_memory + feature::memory64 + feature::function_references +
                                     feature::gc + feature::exceptions;
/// WebAssembly 3.0 and every proposal implemented beyond it.
inline constexpr features latest = wasm_3_0 + feature::threads + feature::wide_arithmetic + feature::custom_page_sizes;
/// Everything that can be decoded: `latest` and the legacy exception instructions.
inline constexpr features everything = latest + feature::legacy_exceptions;

} // namespace tessera
