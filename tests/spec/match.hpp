// SPDX-License-Identifier: MIT
// Values of scripts: arguments made from patterns, results compared with them.
#pragma once

#include <tessera/tessera.hpp>

#include <cinttypes>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace spec {

using tessera::text::nan_pattern;
using tessera::text::pattern;
using tessera::text::pattern_kind;

/// The number behind a host reference `(ref.extern n)`: the host object holds it.
struct host_number {
    tessera::u32 n;
};

/// The reference `(ref.extern n)`, one object for each n. References of one run live as long as its store.
class host_references {
public:
    tessera::u32 bits(tessera::basic_store& store, tessera::u32 n) {
        for (const auto& [number, reference] : made_)
            if (number == n) return reference;
        auto made = store.make_object<host_number>(host_number{n});
        if (!made) return 0;
        made_.emplace_back(n, made->bits);
        return made->bits;
    }

private:
    std::vector<std::pair<tessera::u32, tessera::u32>> made_;
};

inline tessera::value argument(const pattern& p, tessera::basic_store& store, host_references& hosts) {
    using tessera::value;
    switch (p.kind) {
    case pattern_kind::i32: return value::i32(tessera::u32(p.low));
    case pattern_kind::i64: return value::i64(p.low);
    case pattern_kind::f32: return {tessera::t_f32, p.low, 0};
    case pattern_kind::f64: return {tessera::t_f64, p.low, 0};
    case pattern_kind::v128: return {tessera::t_v128, p.low, p.high};
    case pattern_kind::ref_null: return {tessera::val_type::ref(p.heap, true), 0, 0};
    case pattern_kind::ref_extern: return {tessera::t_externref, hosts.bits(store, tessera::u32(p.low)), 0};
    case pattern_kind::ref_host: return {tessera::t_anyref, hosts.bits(store, tessera::u32(p.low)), 0};
    default: return {};
    }
}

/// True if a float of `bits` bits, 32 or 64, is what the pattern's lane asks for.
inline bool float_matches(nan_pattern nan, tessera::u64 expected, tessera::u64 actual, unsigned bits) {
    const tessera::u64 quiet = bits == 32 ? 0x7fc00000u : 0x7ff8000000000000u;
    const tessera::u64 sign = tessera::u64{1} << (bits - 1);
    switch (nan) {
    case nan_pattern::canonical: return (actual & ~sign) == quiet;
    case nan_pattern::arithmetic: return (actual & quiet) == quiet;
    default: return actual == expected;
    }
}

inline bool vector_matches(const pattern& p, const tessera::value& v) {
    if (p.float_lanes == 0) return v.bits == p.low && v.high == p.high;
    const unsigned bits = 128u / p.float_lanes;
    for (unsigned i = 0; i < p.float_lanes; ++i) {
        const unsigned at = i * bits;
        const auto lane = [&](tessera::u64 low, tessera::u64 high) {
            const tessera::u64 half = (at < 64 ? low : high) >> (at % 64);
            return bits == 64 ? half : half & 0xffffffffu;
        };
        if (!float_matches(p.nans[i], lane(p.low, p.high), lane(v.bits, v.high), bits)) return false;
    }
    return true;
}

/// True for a reference to what `(ref.struct)` and the like ask for.
inline bool is_of_kind(pattern_kind kind, const tessera::value& v, tessera::basic_store& store) {
    const auto held = store.root(v);
    const auto is = [&](tessera::u8 code) {
        return held && held->is(tessera::val_type::ref(tessera::heap_type::abstract(code), false));
    };
    switch (kind) {
    case pattern_kind::ref_func: return is(tessera::code::func);
    case pattern_kind::ref_any: return is(tessera::code::any);
    case pattern_kind::ref_eq: return is(tessera::code::eq);
    case pattern_kind::ref_struct: return is(tessera::code::struct_);
    case pattern_kind::ref_array: return is(tessera::code::array);
    case pattern_kind::ref_exn: return is(tessera::code::exn);
    default: return false;
    }
}

inline bool matches(const tessera::text::script& s, const pattern& p, const tessera::value& v,
                    tessera::basic_store& store) {
    const bool reference = v.type.is_ref();
    switch (p.kind) {
    case pattern_kind::i32: return v.type == tessera::t_i32 && v.as_u32() == tessera::u32(p.low);
    case pattern_kind::i64: return v.type == tessera::t_i64 && v.bits == p.low;
    case pattern_kind::f32: return v.type == tessera::t_f32 && float_matches(p.nans[0], p.low, v.bits, 32);
    case pattern_kind::f64: return v.type == tessera::t_f64 && float_matches(p.nans[0], p.low, v.bits, 64);
    case pattern_kind::v128: return v.type == tessera::t_v128 && vector_matches(p, v);
    case pattern_kind::ref_null: return reference && v.bits == 0;
    case pattern_kind::ref_extern:
    case pattern_kind::ref_host: {
        if (!reference || v.bits == 0) return false;
        if (!p.exact) return true;
        const host_number* host = store.object<host_number>(tessera::externref{tessera::u32(v.bits)});
        return host && host->n == p.low;
    }
    case pattern_kind::ref_i31: return reference && (v.bits & 1) != 0;
    case pattern_kind::either:
        for (tessera::u32 i = 0; i < p.count; ++i)
            if (matches(s, s.alternatives[p.first + i], v, store)) return true;
        return false;
    default: return reference && v.bits != 0 && is_of_kind(p.kind, v, store);
    }
}

inline std::string to_text(const tessera::value& v) {
    char text[80];
    const auto code = v.type.byte_code();
    if (v.type.is_vector()) std::snprintf(text, sizeof text, "v128 0x%016" PRIx64 "%016" PRIx64, v.high, v.bits);
    else if (v.type == tessera::t_f32)
        std::snprintf(text, sizeof text, "f32 %.9g (0x%08" PRIx64 ")", double(v.as_f32()), v.bits);
    else if (v.type == tessera::t_f64)
        std::snprintf(text, sizeof text, "f64 %.17g (0x%016" PRIx64 ")", v.as_f64(), v.bits);
    else
        std::snprintf(text, sizeof text, "%s 0x%" PRIx64,
                      v.type.is_ref()                      ? "ref"
                      : code == tessera::t_i32.byte_code() ? "i32"
                                                           : "i64",
                      v.bits);
    return text;
}

/// A pattern as it would be written, roughly.
inline std::string to_text(const tessera::text::script& s, const pattern& p) {
    using tessera::value;
    static constexpr const char* kinds[] = {"i32",        "i64",        "f32",      "f64",     "v128",   "ref.null",
                                            "ref.func",   "ref.extern", "ref.host", "ref.any", "ref.eq", "ref.i31",
                                            "ref.struct", "ref.array",  "ref.exn",  "either"};
    static constexpr const char* nans[] = {"", "nan:canonical", "nan:arithmetic"};
    switch (p.kind) {
    case pattern_kind::i32: return to_text(value::i32(tessera::u32(p.low)));
    case pattern_kind::i64: return to_text(value::i64(p.low));
    case pattern_kind::f32:
    case pattern_kind::f64:
        if (p.nans[0] != nan_pattern::none) return nans[std::size_t(p.nans[0])];
        return to_text(value{p.kind == pattern_kind::f32 ? tessera::t_f32 : tessera::t_f64, p.low, 0});
    case pattern_kind::v128: {
        std::string text = to_text(value{tessera::t_v128, p.low, p.high});
        for (unsigned i = 0; i < p.float_lanes; ++i)
            if (p.nans[i] != nan_pattern::none)
                text += " lane " + std::to_string(i) + " " + nans[std::size_t(p.nans[i])];
        return text;
    }
    case pattern_kind::either: {
        std::string text = "either";
        for (tessera::u32 i = 0; i < p.count; ++i) text += " [" + to_text(s, s.alternatives[p.first + i]) + "]";
        return text;
    }
    default:
        return std::string(kinds[std::size_t(p.kind)]) +
               (p.exact && p.kind != pattern_kind::ref_null ? " " + std::to_string(p.low) : "");
    }
}

} // namespace spec
