// SPDX-License-Identifier: MIT
/// @file heap_words.hpp
/// The words of abstract heap types and of the references to them (spec: text/types).
#pragma once

#include <tessera/syntax/types.hpp>
#include <tessera/text/word.hpp>

namespace tessera::inline TESSERA_ABI::text {

struct heap_word {
    u8 byte_code;
    word heap;      ///< `func`
    word reference; ///< `funcref`, which is short for `(ref null func)`
};
inline constexpr heap_word heap_words[] = {
    {code::any, word::any, word::anyref},
    {code::eq, word::eq, word::eqref},
    {code::i31, word::i31, word::i31ref},
    {code::struct_, word::struct_, word::structref},
    {code::array, word::array, word::arrayref},
    {code::none, word::none, word::nullref},
    {code::func, word::func, word::funcref},
    {code::nofunc, word::nofunc, word::nullfuncref},
    {code::extern_, word::extern_, word::externref},
    {code::noextern, word::noextern, word::nullexternref},
    {code::exn, word::exn, word::exnref},
    {code::noexn, word::noexn, word::nullexnref},
};

} // namespace tessera::text
