// SPDX-License-Identifier: MIT
/// @file text/token.hpp
/// Tokens: what the lexer makes of a text, and annotations, kept beside them.
#pragma once

#include <tessera/syntax/error.hpp>
#include <tessera/syntax/types.hpp>
#include <tessera/text/word.hpp>
#include <tessera/util/vec.hpp>

namespace tessera::inline TESSERA_ABI::text {

enum class token_kind : u8 {
    left,     ///< `(`
    right,    ///< `)`
    keyword,  ///< a word of word.hpp
    id,       ///< `$name` or `$"name"`
    nat,      ///< an integer without a sign
    integer,  ///< an integer with a sign
    floating, ///< a floating-point number, also inf and nan
    string,   ///< with its quotes, escapes checked
    reserved, ///< anything else that is made of the characters of a token; an unknown keyword
    end,      ///< after the last one
    error,    ///< the text is no sequence of tokens from here on; token_list::problem says why
};

/// 24 bytes. Lines and columns count from 1, columns in bytes.
struct token {
    u32 begin = 0; ///< offset in the source
    u32 length = 0;
    u32 line = 1;
    u32 column = 1;
    u32 match = 0; ///< left: index of the token that closes it (or the last token); keyword: its `word`
    token_kind kind = token_kind::end;

    bool is(word w) const noexcept { return kind == token_kind::keyword && match == u32(w); }
};

/// An annotation the parser knows, `(@name …)`; others leave no trace.
struct annotation {
    u32 before = 0; ///< index of the token that follows it
    u32 begin = 0;  ///< offset in the source of what follows the name
    u32 end = 0;    ///< offset of the closing parenthesis
    u32 line = 1;
    u32 column = 1;
    word name = word::unknown; ///< custom, name or branch_hint
};

/// A text as tokens. The source must live as long. There is always a last token of kind end or error.
struct token_list {
    std::string_view source;
    vec<token> tokens;
    vec<annotation> annotations;
    const message* problem = nullptr; ///< of the token of kind error

    std::string_view text(const token& t) const noexcept { return source.substr(t.begin, t.length); }
};

} // namespace tessera::text
