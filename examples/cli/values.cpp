// SPDX-License-Identifier: MIT
#include "values.hpp"

#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <limits>

namespace {

using tessera::u32;
using tessera::u64;
using tessera::val_type;
using tessera::value;

std::string to_text(tessera::heap_type h) {
    if (h.is_index()) return std::to_string(h.index());
    switch (h.byte_code()) {
    case tessera::code::func: return "func";
    case tessera::code::extern_: return "extern";
    case tessera::code::any: return "any";
    case tessera::code::eq: return "eq";
    case tessera::code::i31: return "i31";
    case tessera::code::struct_: return "struct";
    case tessera::code::array: return "array";
    case tessera::code::exn: return "exn";
    case tessera::code::nofunc: return "nofunc";
    case tessera::code::noextern: return "noextern";
    case tessera::code::noexn: return "noexn";
    default: return "none";
    }
}

/// Takes "0x" and a sign off; false if nothing is left.
bool unsigned_digits(std::string_view& text, bool& negative, int& base) {
    negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    base = text.starts_with("0x") || text.starts_with("0X") ? 16 : 10;
    if (base == 16) text.remove_prefix(2);
    return !text.empty() && text[0] != '-';
}
/// An integer of `bits` bits, signed or not.
bool parse_integer(std::string_view text, unsigned bits, u64& to) {
    bool negative = false;
    int base = 10;
    if (!unsigned_digits(text, negative, base)) return false;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), to, base);
    if (wrong != std::errc() || end != text.data() + text.size()) return false;
    const u64 all = ~u64{0} >> (64 - bits), half = u64{1} << (bits - 1);
    if (negative ? to > half : to > all) return false;
    if (negative) to = (0 - to) & all;
    return true;
}
template <class Float, class Bits>
bool parse_float(std::string_view text, Bits quiet, Bits& to) {
    bool negative = false;
    int base = 10;
    if (!unsigned_digits(text, negative, base)) return false;
    constexpr Bits sign = Bits{1} << (sizeof(Bits) * 8 - 1);
    if (text.starts_with("nan")) {
        text.remove_prefix(3);
        constexpr Bits payload = (Bits{1} << (std::numeric_limits<Float>::digits - 1)) - 1;
        u64 bits = quiet & payload;
        if (!text.empty() && (!text.starts_with(":0x") || !parse_integer(text.substr(1), 64, bits))) return false;
        if (bits == 0 || bits > payload) return false;
        to = (quiet & ~payload) | static_cast<Bits>(bits) | (negative ? sign : 0);
        return true;
    }
    Float number = 0;
    const auto format = base == 16 ? std::chars_format::hex : std::chars_format::general;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number, format);
    if (wrong != std::errc() || end != text.data() + text.size()) return false;
    to = std::bit_cast<Bits>(number) | (negative ? sign : 0);
    return true;
}
template <class Float, class Bits>
std::string float_text(Bits bits) {
    const Float number = std::bit_cast<Float>(bits);
    char text[40];
    if (std::isnan(number)) {
        constexpr Bits payload = (Bits{1} << (std::numeric_limits<Float>::digits - 1)) - 1;
        const char* const sign = std::signbit(number) ? "-" : "";
        const Bits p = bits & payload;
        if (p == (payload >> 1) + 1) return std::string(sign) + "nan";
        std::snprintf(text, sizeof text, "%snan:0x%" PRIx64, sign, u64{p});
        return text;
    }
    const auto made = std::to_chars(text, text + sizeof text, number);
    return {text, made.ptr};
}

} // namespace

std::string cli::to_text(val_type type) {
    switch (type.byte_code()) {
    case tessera::code::i32: return "i32";
    case tessera::code::i64: return "i64";
    case tessera::code::f32: return "f32";
    case tessera::code::f64: return "f64";
    case tessera::code::v128: return "v128";
    default: break;
    }
    if (type == tessera::t_funcref) return "funcref";
    if (type == tessera::t_externref) return "externref";
    return (type.is_nullable() ? "(ref null " : "(ref ") + ::to_text(type.heap()) + ")";
}

std::string cli::to_text(const tessera::func_type& type) {
    const auto list = [](tessera::view<val_type> types) {
        std::string all;
        for (const val_type t : types) all += (all.empty() ? "" : " ") + to_text(t);
        return "(" + all + ")";
    };
    return list(type.params) + " -> " + list(type.results);
}

std::string cli::to_text(const value& v) {
    switch (v.type.byte_code()) {
    case tessera::code::i32: return std::to_string(static_cast<std::int32_t>(v.as_u32()));
    case tessera::code::i64: return std::to_string(static_cast<std::int64_t>(v.as_u64()));
    case tessera::code::f32: return float_text<float>(v.as_u32());
    case tessera::code::f64: return float_text<double>(v.as_u64());
    case tessera::code::v128: {
        char text[40];
        std::snprintf(text, sizeof text, "0x%016" PRIx64 "%016" PRIx64, v.high, v.bits);
        return text;
    }
    default: return v.as_ref().is_null() ? "null" : "ref";
    }
}

bool cli::parse_value(std::string_view text, val_type type, value& to) {
    to = {type, 0, 0};
    u32 bits = 0;
    switch (type.byte_code()) {
    case tessera::code::i32: return parse_integer(text, 32, to.bits);
    case tessera::code::i64: return parse_integer(text, 64, to.bits);
    case tessera::code::f32: {
        const bool fine = parse_float<float>(text, u32{0x7fc00000}, bits);
        to.bits = bits;
        return fine;
    }
    case tessera::code::f64: return parse_float<double>(text, u64{0x7ff8000000000000}, to.bits);
    case tessera::code::v128:
        return text.size() == 34 && text.starts_with("0x") && text[2] != '-' && text[18] != '-' && text[2] != '+' &&
               parse_integer("0x" + std::string(text.substr(2, 16)), 64, to.high) &&
               parse_integer("0x" + std::string(text.substr(18)), 64, to.bits);
    default: return text == "null" && type.is_nullable();
    }
}

bool cli::parse_count(std::string_view text, u64& to) { return !text.starts_with('-') && parse_integer(text, 64, to); }

bool cli::parse_size(std::string_view text, u64& to) {
    const auto unit = std::min(text.find_first_not_of("0123456789"), text.size());
    if (unit == 0 || !parse_integer(text.substr(0, unit), 64, to)) return false;
    std::string_view after = text.substr(unit);
    unsigned shift = 0;
    for (const char letter : {'K', 'M', 'G', 'T'}) {
        shift += 10;
        for (const std::string_view ending : {"iB", "i", "B", ""})
            if (after.starts_with(letter) && after.substr(1) == ending) {
                if (to > ~u64{0} >> shift) return false;
                to <<= shift;
                return true;
            }
    }
    return after.empty() || after == "B";
}

bool cli::parse_time(std::string_view text, std::chrono::nanoseconds& to) {
    struct unit {
        std::string_view name;
        double nanoseconds;
    };
    static constexpr unit units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 6e10}, {"h", 3.6e12}};
    double number = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (wrong != std::errc()) return false;
    for (const unit& u : units)
        if (text.substr(static_cast<std::size_t>(end - text.data())) == u.name) {
            number *= u.nanoseconds;
            if (!(number >= 1 && number < 9e18)) return false;
            to = std::chrono::nanoseconds(static_cast<std::int64_t>(number));
            return true;
        }
    return false;
}
