// SPDX-License-Identifier: MIT
/// @file text/output.hpp
/// Writing text front to back: words, numbers, strings, lines (spec: text/lexical, text/values).
#pragma once

#include <tessera/syntax/types.hpp>
#include <tessera/text/lexer.hpp>

#include <charconv>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

/// Characters that grow at the end. Where memory runs out or the text gets too long, the output
/// remembers it and goes on, so that the caller asks once.
class text_output {
public:
    TESSERA_NOINLINE text_output& operator<<(std::string_view s) noexcept {
        if (s.size() > most_ - text_.size()) too_long_ = true;
        else if (!text_.append(s.data(), s.size())) lost_ = true;
        return *this;
    }
    TESSERA_NOINLINE text_output& operator<<(char c) noexcept { return *this << std::string_view(&c, 1); }
    TESSERA_NOINLINE text_output& operator<<(word w) noexcept { return *this << text_of(w); }
    text_output& operator<<(u64 n) noexcept { return number(n); }
    text_output& operator<<(u32 n) noexcept { return number(n); }
    text_output& operator<<(i64 n) noexcept { return number(n); }

    /// `digits` digits of a hexadecimal number, the lowest ones.
    void hex(u64 n, unsigned digits) noexcept {
        char buffer[16];
        for (unsigned i = 0; i < digits; ++i) buffer[i] = "0123456789abcdef"[n >> (4 * (digits - 1 - i)) & 15];
        *this << std::string_view(buffer, digits);
    }
    /// A number that is read as exactly these bits of an F.
    template <class F>
    void floating(bits_of_size<sizeof(F)> bits) noexcept {
        constexpr int fraction = std::numeric_limits<F>::digits - 1;
        constexpr unsigned width = 8 * sizeof(F);
        const u64 magnitude = bits & (~u64{0} >> (65 - width)),
                  infinity = (u64{1} << (width - 1)) - (u64{1} << fraction);
        if (bits >> (width - 1)) *this << '-';
        if (magnitude < infinity) {
            char buffer[32];
            const F value = std::bit_cast<F>(bits_of_size<sizeof(F)>(magnitude));
            *this << std::string_view(buffer,
                                      std::size_t(std::to_chars(buffer, buffer + sizeof buffer, value).ptr - buffer));
        } else if (magnitude == infinity) {
            *this << "inf";
        } else {
            *this << "nan";
            const u64 payload = magnitude - infinity;
            if (payload == u64{1} << (fraction - 1)) return;
            *this << ":0x";
            hex(payload, (unsigned(std::bit_width(payload)) + 3) / 4);
        }
    }
    /// A string literal. `readable`: UTF-8 stays as it is; else every byte that is not ASCII is escaped.
    void literal(std::string_view bytes, bool readable) noexcept {
        *this << '"';
        for (std::size_t i = 0; i < bytes.size();) {
            std::size_t n = i;
            while (n < bytes.size() && is_plain(bytes[n], readable)) ++n;
            *this << bytes.substr(i, n - i);
            if (n < bytes.size()) escape(bytes[n++]);
            i = n;
        }
        *this << '"';
    }
    /// `$name`, in quotes if it has characters that an identifier has not.
    void identifier(std::string_view name) noexcept {
        *this << '$';
        for (char c : name)
            if (detail::char_classes[u8(c)] != detail::char_class::id) return literal(name, true);
        *this << name;
    }
    /// Begins a line. Deep nesting is not indented any further, or the text would grow with its square.
    void line(std::size_t depth) noexcept {
        static constexpr std::string_view spaces = "                                                                ";
        *this << '\n' << spaces.substr(0, 2 * depth);
    }
    /// Puts what was written from `start` on into one line if that is a short one.
    void join_lines(std::size_t start) noexcept {
        const std::size_t end = text_.size();
        if (end - start > 8 * most_joined) return;
        std::size_t length = 0;
        bool broken = false;
        for (std::size_t i = start; i < end; ++i, ++length)
            if (text_[i] == '\n') {
                broken = true;
                while (text_[i + 1] == ' ') ++i;
            }
        if (!broken || length > most_joined) return;
        std::size_t to = start;
        for (std::size_t i = start; i < end; ++i) {
            const bool breaks = text_[i] == '\n';
            while (breaks && text_[i + 1] == ' ') ++i;
            text_[to++] = breaks ? ' ' : text_[i];
        }
        text_.truncate(to);
    }

    /// Allows `most` characters, which is by itself what a text can have.
    void limit(u32 most) noexcept { most_ = most < no_index ? most : no_index - 1; }
    std::size_t size() const noexcept { return text_.size(); }
    bool lost() const noexcept { return lost_; }
    bool too_long() const noexcept { return too_long_; }
    /// True if nothing more can be written, so that there is no point in going on.
    bool failed() const noexcept { return lost_ || too_long_; }
    /// Hands the characters over; the output is empty afterwards.
    vec<char> take() noexcept { return std::move(text_); }

private:
    static constexpr std::size_t most_joined = 80;

    template <class T>
    TESSERA_NOINLINE text_output& number(T n) noexcept {
        char buffer[20];
        return *this << std::string_view(buffer,
                                         std::size_t(std::to_chars(buffer, buffer + sizeof buffer, n).ptr - buffer));
    }
    static bool is_plain(char c, bool readable) noexcept {
        return u8(c) >= 0x80 ? readable : c >= ' ' && c != 0x7f && c != '"' && c != '\\';
    }
    void escape(char c) noexcept {
        *this << '\\';
        switch (c) {
        case '\t': *this << 't'; return;
        case '\n': *this << 'n'; return;
        case '\r': *this << 'r'; return;
        case '"':
        case '\\': *this << c; return;
        default: hex(u8(c), 2);
        }
    }

    vec<char> text_;
    u32 most_ = no_index - 1;
    bool lost_ = false;
    bool too_long_ = false;
};

} // namespace tessera::text
TESSERA_SMALL_END
