// SPDX-License-Identifier: MIT
/// @file text/token_reader.hpp
/// Reading tokens front to back, and the first error.
#pragma once

#include <tessera/text/lexer.hpp>
#include <tessera/util/arena.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

/// The lowest layer of the parsers: methods return false after an error, which `problem()` then holds.
class token_reader {
public:
    explicit token_reader(const token_list& list, u32 at = 0) noexcept : list_(list), at_(at) {}
    token_reader(const token_reader&) = delete;
    token_reader& operator=(const token_reader&) = delete;

    const error& problem() const noexcept { return error_; }

protected:
    /// The token `ahead` places before the reading position; the last one beyond the end.
    const token& peek(u32 ahead = 0) const noexcept {
        const std::size_t i = std::size_t(at_) + ahead;
        return list_.tokens[i < list_.tokens.size() ? i : list_.tokens.size() - 1];
    }
    /// The next token; passes it unless it is the last.
    const token& next() noexcept {
        const token& t = list_.tokens[at_];
        if (at_ + 1 < list_.tokens.size()) ++at_;
        return t;
    }
    std::string_view text(const token& t) const noexcept { return list_.text(t); }

    bool at(token_kind kind) const noexcept { return peek().kind == kind; }
    bool at(word w) const noexcept { return peek().is(w); }
    bool at_number() const noexcept {
        return at(token_kind::nat) || at(token_kind::integer) || at(token_kind::floating);
    }
    bool at_index() const noexcept { return at(token_kind::nat) || at(token_kind::id); }
    /// True before `(` and the word `w`.
    bool at_left(word w) const noexcept { return at(token_kind::left) && peek(1).is(w); }

    /// Passes the word `w` if it is next.
    bool accept(word w) noexcept { return at(w) && (++at_, true); }
    /// Passes `(` and the word `w` if they are next.
    bool enter(word w) noexcept { return at_left(w) && (at_ += 2, true); }
    [[nodiscard]] bool expect(token_kind kind) noexcept {
        return at(kind) ? (static_cast<void>(next()), true) : unexpected();
    }
    [[nodiscard]] bool expect(word w) noexcept { return accept(w) || unexpected(); }
    [[nodiscard]] bool leave() noexcept { return expect(token_kind::right); }

    /// A string, as bytes that live as long as the reader.
    [[nodiscard]] bool string(std::string_view& out) noexcept {
        if (!at(token_kind::string)) return unexpected();
        scratch_.clear();
        if (!append_string(text(next()), scratch_) || !arena_.copy(bytes_of(scratch_), out)) return out_of_memory();
        return true;
    }
    /// A string that must be UTF-8.
    [[nodiscard]] bool name(std::string_view& out) noexcept {
        const token& t = peek();
        return string(out) && (is_utf8(out) || fail(msg::malformed_utf8, t));
    }
    /// The bytes of any number of strings, behind those of `out`.
    [[nodiscard]] bool strings(vec<u8>& out) noexcept {
        while (at(token_kind::string))
            if (!append_string(text(next()), out)) return out_of_memory();
        return true;
    }
    /// The name an id stands for, without `$`; a quoted one is decoded.
    [[nodiscard]] bool id(std::string_view& out) noexcept {
        const std::string_view whole = text(peek());
        if (!at(token_kind::id)) return unexpected();
        static_cast<void>(next());
        out = whole.substr(1);
        if (out[0] != '"') return true;
        scratch_.clear();
        if (!append_string(out, scratch_) || !arena_.copy(bytes_of(scratch_), out)) return out_of_memory();
        return true;
    }
    /// Any 32-bit number without sign.
    [[nodiscard]] bool nat32(u32& out) noexcept {
        u64 wide = 0;
        const token& t = peek();
        if (!at(token_kind::nat)) return unexpected();
        if (!parse_nat(text(t), wide) || wide > 0xffff'ffffu) return fail(msg::i32_range, t, text(t));
        static_cast<void>(next());
        out = u32(wide);
        return true;
    }
    [[nodiscard]] bool nat64(u64& out) noexcept {
        const token& t = peek();
        if (!at(token_kind::nat)) return unexpected();
        if (!parse_nat(text(t), out)) return fail(msg::i64_range, t, text(t));
        static_cast<void>(next());
        return true;
    }

    static std::string_view bytes_of(const vec<u8>& v) noexcept {
        return {reinterpret_cast<const char*>(v.data()), v.size()};
    }

    // ---- errors; all return false
    TESSERA_COLD bool fail(const message& what, const token& where, std::string_view detail = {}) noexcept {
        if (!failed_) error_ = error(what, detail).set_position(where.line, where.column);
        failed_ = true;
        return false;
    }
    /// There is no reading that has the next token here.
    TESSERA_COLD bool unexpected() noexcept { return unexpected(peek()); }
    TESSERA_COLD bool unexpected(const token& t) noexcept {
        if (t.kind == token_kind::error) return fail(*list_.problem, t);
        if (t.kind == token_kind::end) return fail(msg::unexpected_token, t, "end of text");
        return fail(t.kind == token_kind::reserved ? msg::unknown_operator : msg::unexpected_token, t, text(t));
    }
    TESSERA_COLD bool out_of_memory() noexcept { return fail(msg::out_of_memory, peek()); }

    const token_list& list_;
    u32 at_ = 0;
    arena arena_;

private:
    vec<u8> scratch_;
    error error_{msg::unexpected_token};
    bool failed_ = false;
};

} // namespace tessera::text
TESSERA_SMALL_END
