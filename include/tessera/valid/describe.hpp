// SPDX-License-Identifier: MIT
/// @file describe.hpp
/// Details of validation errors: numbers and types, written without allocating.
#pragma once

#include <tessera/syntax/types.hpp>

#include <string_view>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::valid {

/// Collects the detail of an error; what does not fit is left out.
class description {
public:
    TESSERA_COLD description& operator<<(std::string_view text) noexcept {
        for (char c : text)
            if (size_ < sizeof text_) text_[size_++] = c;
        return *this;
    }
    TESSERA_COLD description& operator<<(u64 number) noexcept {
        char digits[20];
        std::size_t n = 0;
        do digits[n++] = char('0' + number % 10);
        while ((number /= 10) != 0);
        while (n > 0) *this << std::string_view(&digits[--n], 1);
        return *this;
    }
    TESSERA_COLD description& operator<<(heap_type h) noexcept {
        if (h.is_index()) return *this << u64(h.index());
        switch (h.byte_code()) {
        case code::func: return *this << "func";
        case code::extern_: return *this << "extern";
        case code::any: return *this << "any";
        case code::eq: return *this << "eq";
        case code::i31: return *this << "i31";
        case code::struct_: return *this << "struct";
        case code::array: return *this << "array";
        case code::exn: return *this << "exn";
        case code::none: return *this << "none";
        case code::nofunc: return *this << "nofunc";
        case code::noextern: return *this << "noextern";
        case code::noexn: return *this << "noexn";
        default: return *this << "bot";
        }
    }
    TESSERA_COLD description& operator<<(val_type t) noexcept {
        switch (t.byte_code()) {
        case code::i32: return *this << "i32";
        case code::i64: return *this << "i64";
        case code::f32: return *this << "f32";
        case code::f64: return *this << "f64";
        case code::v128: return *this << "v128";
        case code::i8: return *this << "i8";
        case code::i16: return *this << "i16";
        case code::ref: return *this << "(ref " << t.heap() << ")";
        case code::ref_null: return *this << "(ref null " << t.heap() << ")";
        default: return *this << "bot";
        }
    }
    TESSERA_COLD description& operator<<(view<val_type> types) noexcept {
        *this << "[";
        for (std::size_t i = 0; i < types.size(); ++i) *this << (i ? " " : "") << types[i];
        return *this << "]";
    }
    operator std::string_view() const noexcept { return {text_, size_}; }

private:
    char text_[78] = {};
    std::size_t size_ = 0;
};

} // namespace tessera::valid
TESSERA_SMALL_END
