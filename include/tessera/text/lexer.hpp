// SPDX-License-Identifier: MIT
/// @file text/lexer.hpp
/// From characters to tokens (spec: text/lexical). One pass, no recursion: comments and annotations
/// nest by counters, parentheses are paired here once so that the parser can jump.
#pragma once

#include <tessera/text/number.hpp>
#include <tessera/text/token.hpp>
#include <tessera/util/utf8.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

namespace detail {

enum class char_class : u8 { illegal, space, id, quote, left, right, semicolon, symbol, high };

inline constexpr auto char_classes = [] {
    std::array<char_class, 256> c{};
    for (unsigned i = '!'; i < 0x7f; ++i) c[i] = char_class::id;
    for (unsigned i = 0x80; i < 0x100; ++i) c[i] = char_class::high;
    for (char i : {' ', '\t', '\n', '\r'}) c[u8(i)] = char_class::space;
    for (char i : {',', '[', ']', '{', '}'}) c[u8(i)] = char_class::symbol;
    c['"'] = char_class::quote;
    c['('] = char_class::left;
    c[')'] = char_class::right;
    c[';'] = char_class::semicolon;
    return c;
}();

/// Length of the UTF-8 sequence at the start of `text`, 0 if it is none.
inline std::size_t utf8_length(std::string_view text) noexcept {
    const u8 lead = u8(text[0]);
    const std::size_t n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    return text.size() >= n && is_utf8(text.substr(0, n)) ? n : 0;
}

/// The value of a hexadecimal digit, -1 if it is none.
inline int hex_digit(char c) noexcept { return digit_value(c) < 16 ? digit_value(c) : -1; }

} // namespace detail

/// Appends the bytes the string literal `quoted` (with its quotes, from a token) stands for.
/// False: memory is out.
[[nodiscard]] inline bool append_string(std::string_view quoted, vec<u8>& out) noexcept {
    const std::string_view s = quoted.substr(1, quoted.size() - 2);
    for (std::size_t i = 0; i < s.size();) {
        std::size_t n = 0;
        while (i + n < s.size() && s[i + n] != '\\') ++n;
        if (!out.append(reinterpret_cast<const u8*>(s.data()) + i, n)) return false;
        i += n;
        if (i == s.size()) break;
        char bytes[4] = {s[i + 1]};
        std::size_t count = 1;
        const int high = detail::hex_digit(s[i + 1]);
        i += 2;
        if (high >= 0) bytes[0] = char(high * 16 + detail::hex_digit(s[i++]));
        else if (bytes[0] == 't') bytes[0] = '\t';
        else if (bytes[0] == 'n') bytes[0] = '\n';
        else if (bytes[0] == 'r') bytes[0] = '\r';
        else if (bytes[0] == 'u') {
            u32 scalar = 0;
            for (++i; s[i] != '}'; ++i)
                if (s[i] != '_') scalar = scalar * 16 + u32(detail::hex_digit(s[i]));
            ++i;
            count = put_utf8(scalar, bytes);
        }
        if (!out.append(reinterpret_cast<const u8*>(bytes), count)) return false;
    }
    return true;
}

/// Makes the tokens of a text. A text that is no sequence of tokens is one up to there, and then a
/// token of kind error: the parser reports it when it gets that far.
class lexer {
public:
    /// Fills `out` from `source`, which must stay. False: memory is out, or the source is larger than
    /// 4 GiB - 2.
    [[nodiscard]] static bool run(std::string_view source, token_list& out) noexcept {
        return source.size() < no_index && lexer(source, out).all(0, source.size());
    }
    /// The same for the part of `of.source` that an annotation `note` contains.
    [[nodiscard]] static bool run(const token_list& of, const annotation& note, token_list& out) noexcept {
        lexer l(of.source, out);
        l.line_ = note.line;
        l.line_begin_ = i64(note.begin) - i64(note.column) + 1;
        return l.all(note.begin, note.end);
    }

private:
    using char_class = detail::char_class;

    lexer(std::string_view source, token_list& out) noexcept : s_(source), out_(out) { out_.source = source; }

    bool all(std::size_t begin, std::size_t end) noexcept {
        at_ = begin;
        end_ = end;
        // A guess that is seldom exceeded: tokens are about five characters long.
        if (!out_.tokens.reserve((end - begin) / 6 + 4)) return false;
        while (at_ < end_)
            if (!step()) {
                if (!problem_) return false;
                at_ = problem_at_;
                line_ = problem_line_;
                line_begin_ = problem_line_begin_;
                out_.problem = problem_;
                return close(token_kind::error);
            }
        return close(token_kind::end);
    }
    bool close(token_kind kind) noexcept {
        if (!put(kind, at_)) return false;
        const u32 last = u32(out_.tokens.size() - 1);
        for (u32 left : open_) out_.tokens[left].match = last;
        return true;
    }
    /// Passes white space, a comment or an annotation, or makes a token. False: problem_, or memory is out.
    bool step() noexcept {
        const char c = s_[at_];
        switch (detail::char_classes[u8(c)]) {
        case char_class::space: return space();
        case char_class::left:
            if (next_is(';')) return block_comment();
            if (next_is('@')) return annotation_();
            return open_.push_back(u32(out_.tokens.size())) && one(token_kind::left);
        case char_class::right:
            if (!open_.empty()) {
                out_.tokens[open_.back()].match = u32(out_.tokens.size());
                open_.pop_back();
            }
            return one(token_kind::right);
        case char_class::semicolon:
            if (next_is(';')) return line_comment();
            return one(token_kind::reserved);
        case char_class::symbol: return one(token_kind::reserved);
        case char_class::id:
        case char_class::quote: return run_of_characters();
        default: return bad_character(at_);
        }
    }

    bool space() noexcept {
        const char c = s_[at_++];
        if (c == '\n' || (c == '\r' && !(at_ < end_ && s_[at_] == '\n'))) new_line();
        return true;
    }
    void new_line() noexcept {
        ++line_;
        line_begin_ = i64(at_);
    }
    bool line_comment() noexcept {
        while (at_ < end_ && s_[at_] != '\n' && s_[at_] != '\r')
            if (!comment_character()) return false;
        return true;
    }
    bool block_comment() noexcept {
        const std::size_t from = at_;
        const u32 line = line_;
        const i64 line_begin = line_begin_;
        std::size_t depth = 1;
        at_ += 2;
        while (at_ < end_) {
            if (s_[at_] == '(' && next_is(';')) {
                ++depth;
                at_ += 2;
            } else if (s_[at_] == ';' && next_is(')')) {
                at_ += 2;
                if (--depth == 0) return true;
            } else if (!comment_character()) {
                return false;
            }
        }
        return fail(msg::unclosed_comment, from, line, line_begin);
    }
    bool comment_character() noexcept {
        if (detail::char_classes[u8(s_[at_])] == char_class::space) return space();
        const std::size_t n = detail::utf8_length(s_.substr(at_, end_ - at_));
        if (n == 0) return fail(msg::malformed_utf8, at_);
        at_ += n;
        return true;
    }

    /// Identifier characters and strings without anything between them: one token.
    bool run_of_characters() noexcept {
        const std::size_t from = at_;
        const bool dollar = s_[at_] == '$';
        std::size_t strings = 0, first_string = 0;
        while (at_ < end_) {
            const char_class c = detail::char_classes[u8(s_[at_])];
            if (c == char_class::quote) {
                if (strings++ == 0) first_string = at_;
                if (!string()) {
                    // `$` before what is no string stands alone, and is no identifier.
                    if (dollar && first_string == from + 1 && strings == 1 && problem_ &&
                        problem_ != &msg::malformed_utf8)
                        return fail(msg::empty_identifier, from);
                    return false;
                }
            } else if (c == char_class::id) ++at_;
            else break;
        }
        const std::string_view text = s_.substr(from, at_ - from);
        if (dollar && text.size() == 1) return fail(msg::empty_identifier, from);
        if (strings == 0) return dollar ? put(token_kind::id, from) : put_word(text, from);
        if (strings == 1 && first_string == from && last_string_end_ == at_) return put(token_kind::string, from);
        if (strings == 1 && dollar && first_string == from + 1 && last_string_end_ == at_) {
            if (text.size() == 3) return fail(msg::empty_identifier, from);
            name_.clear();
            if (!append_string(text.substr(1), name_)) return false;
            if (!is_utf8({reinterpret_cast<const char*>(name_.data()), name_.size()}))
                return fail(msg::malformed_utf8, from);
            return put(token_kind::id, from);
        }
        return put(token_kind::reserved, from);
    }
    /// Passes a string literal and checks it.
    bool string() noexcept {
        const std::size_t from = at_++;
        while (at_ < end_) {
            const char c = s_[at_];
            if (c == '"') {
                last_string_end_ = ++at_;
                return true;
            }
            if (c == '\n' || c == '\r') return fail(msg::unclosed_string, from);
            if (c == '\\') {
                if (!escape()) return false;
            } else if (u8(c) >= 0x80) {
                const std::size_t n = detail::utf8_length(s_.substr(at_, end_ - at_));
                if (n == 0) return fail(msg::malformed_utf8, at_);
                at_ += n;
            } else if (u8(c) < 0x20 || c == 0x7f) {
                return fail(msg::illegal_character, at_);
            } else {
                ++at_;
            }
        }
        return fail(msg::unclosed_string, from);
    }
    bool escape() noexcept {
        const std::size_t from = at_++;
        if (at_ == end_) return fail(msg::unclosed_string, from);
        const char c = s_[at_++];
        if (detail::hex_digit(c) >= 0) {
            if (at_ == end_ || detail::hex_digit(s_[at_]) < 0) return fail(msg::illegal_escape, from);
            ++at_;
            return true;
        }
        if (c == 't' || c == 'n' || c == 'r' || c == '"' || c == '\'' || c == '\\') return true;
        if (c != 'u' || at_ == end_ || s_[at_] != '{') return fail(msg::illegal_escape, from);
        u32 scalar = 0;
        bool digit = false; // the character before was a digit, so that an underscore or the end may follow
        for (++at_; at_ < end_; ++at_) {
            const int d = detail::hex_digit(s_[at_]);
            if (d >= 0) {
                scalar = scalar * 16 + u32(d);
                digit = true;
                if (scalar > 0x10ffff) break;
            } else if (digit && s_[at_] == '_') {
                digit = false;
            } else {
                break;
            }
        }
        if (at_ == end_ || s_[at_] != '}' || !digit || (scalar >= 0xd800 && scalar < 0xe000))
            return fail(msg::illegal_escape, from);
        ++at_;
        return true;
    }

    bool put_word(std::string_view text, std::size_t from) noexcept {
        const char c = text[0];
        if ((c >= '0' && c <= '9') || c == '+' || c == '-') return put(number_kind(text), from);
        if (c < 'a' || c > 'z') return put(token_kind::reserved, from);
        word w = find_word(text);
        if (w == word::unknown) {
            if (is_float(text)) return put(token_kind::floating, from);
            if (text.substr(0, 7) == text_of(word::offset_is) && is_nat(text.substr(7))) w = word::offset_is;
            else if (text.substr(0, 6) == text_of(word::align_is) && is_nat(text.substr(6))) w = word::align_is;
            else return put(token_kind::reserved, from);
        } else if (w == word::offset_is || w == word::align_is) {
            return put(token_kind::reserved, from); // without its number
        }
        return put(token_kind::keyword, from, u32(w));
    }
    static token_kind number_kind(std::string_view text) noexcept {
        if (is_nat(text)) return token_kind::nat;
        if ((text[0] == '+' || text[0] == '-') && is_nat(text.substr(1))) return token_kind::integer;
        return is_float(text) ? token_kind::floating : token_kind::reserved;
    }

    /// Passes `(@name …)`. Its content is any tokens, in balanced parentheses.
    bool annotation_() noexcept {
        const std::size_t from = at_;
        const u32 line = line_;
        const i64 line_begin = line_begin_;
        at_ += 2;
        word name = word::unknown;
        if (at_ < end_ && s_[at_] == '"') {
            const std::size_t quoted = at_;
            if (!string())
                return problem_ && problem_ != &msg::malformed_utf8 ? fail(msg::empty_annotation, from) : false;
            name_.clear();
            if (!append_string(s_.substr(quoted, at_ - quoted), name_)) return false;
            const std::string_view text(reinterpret_cast<const char*>(name_.data()), name_.size());
            if (text.empty()) return fail(msg::empty_annotation, from);
            if (!is_utf8(text)) return fail(msg::malformed_utf8, from);
            name = find_word(text);
        } else {
            const std::size_t begin = at_;
            while (at_ < end_ && detail::char_classes[u8(s_[at_])] == char_class::id) ++at_;
            if (at_ == begin) return fail(msg::empty_annotation, from);
            name = find_word(s_.substr(begin, at_ - begin));
        }
        annotation note{u32(out_.tokens.size()), u32(at_), 0, line_, u32(i64(at_) - line_begin_ + 1), name};
        for (std::size_t depth = 1; at_ < end_;) {
            switch (detail::char_classes[u8(s_[at_])]) {
            case char_class::space: static_cast<void>(space()); break;
            case char_class::left:
                if (next_is(';')) {
                    if (!block_comment()) return false;
                    break;
                }
                ++depth;
                ++at_;
                break;
            case char_class::right:
                ++at_;
                if (--depth == 0) {
                    note.end = u32(at_ - 1);
                    if (name != word::custom && name != word::name && name != word::branch_hint) return true;
                    return out_.annotations.push_back(note);
                }
                break;
            case char_class::semicolon:
                if (!next_is(';')) ++at_;
                else if (!line_comment()) return false;
                break;
            case char_class::quote:
                if (!string()) return false;
                break;
            case char_class::id:
            case char_class::symbol: ++at_; break;
            default: return bad_character(at_);
            }
        }
        return fail(msg::unclosed_annotation, from, line, line_begin);
    }

    bool next_is(char c) const noexcept { return at_ + 1 < end_ && s_[at_ + 1] == c; }
    bool one(token_kind kind) noexcept { return put(kind, at_++, 0, 1); }
    bool put(token_kind kind, std::size_t from, u32 match = 0) noexcept { return put(kind, from, match, at_ - from); }
    bool put(token_kind kind, std::size_t from, u32 match, std::size_t length) noexcept {
        return out_.tokens.push_back({u32(from), u32(length), line_, u32(i64(from) - line_begin_ + 1), match, kind});
    }
    bool bad_character(std::size_t at) noexcept {
        const bool fine = u8(s_[at]) < 0x80 || detail::utf8_length(s_.substr(at, end_ - at)) != 0;
        return fail(fine ? msg::illegal_character : msg::malformed_utf8, at);
    }
    bool fail(const message& what, std::size_t at) noexcept { return fail(what, at, line_, line_begin_); }
    bool fail(const message& what, std::size_t at, u32 line, i64 line_begin) noexcept {
        problem_ = &what;
        problem_at_ = at;
        problem_line_ = line;
        problem_line_begin_ = line_begin;
        return false;
    }

    std::string_view s_;
    token_list& out_;
    std::size_t at_ = 0, end_ = 0;
    u32 line_ = 1;
    i64 line_begin_ = 0; ///< may be negative in an annotation's content, whose first line began before it
    std::size_t last_string_end_ = 0;
    vec<u32> open_;
    vec<u8> name_;
    const message* problem_ = nullptr;
    std::size_t problem_at_ = 0;
    u32 problem_line_ = 1;
    i64 problem_line_begin_ = 0;
};

} // namespace tessera::text
TESSERA_SMALL_END
