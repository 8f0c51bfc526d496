// SPDX-License-Identifier: MIT
/// @file text/word.hpp
/// The keywords of the text format: the instructions of op_table and the words around them, found
/// by one hash table that is made at compile time (spec: text/lexical, Tokens).
#pragma once

#include <tessera/syntax/opcode.hpp>
#include <tessera/util/name_map.hpp>

#include <array>
#include <string_view>

namespace tessera::inline TESSERA_ABI::text {

// Identifiers equal the words, with `_` where C++ needs another character or knows the word.
// clang-format off
#define TESSERA_WORDS(X)                                                                                               \
    X(module_, "module") X(definition, "definition") X(instance, "instance") X(binary, "binary") X(quote, "quote")     \
    X(type, "type") X(rec, "rec") X(sub, "sub") X(final_, "final") X(field, "field") X(mut, "mut")                     \
    X(import_, "import") X(export_, "export") X(func, "func") X(table, "table") X(memory, "memory")                    \
    X(global, "global") X(tag, "tag") X(start, "start") X(elem, "elem") X(data, "data") X(declare, "declare")          \
    X(param, "param") X(result, "result") X(local, "local") X(offset, "offset") X(item, "item")                        \
    X(shared, "shared") X(pagesize, "pagesize") X(then, "then") X(do_, "do") X(ref, "ref") X(null, "null")             \
    X(catch_ref, "catch_ref") X(catch_all_ref, "catch_all_ref")                                                        \
    X(i8, "i8") X(i16, "i16") X(i32, "i32") X(i64, "i64") X(f32, "f32") X(f64, "f64") X(v128, "v128")                  \
    X(any, "any") X(eq, "eq") X(i31, "i31") X(struct_, "struct") X(array, "array") X(none, "none")                     \
    X(nofunc, "nofunc") X(extern_, "extern") X(noextern, "noextern") X(exn, "exn") X(noexn, "noexn")                   \
    X(anyref, "anyref") X(eqref, "eqref") X(i31ref, "i31ref") X(structref, "structref") X(arrayref, "arrayref")        \
    X(nullref, "nullref") X(funcref, "funcref") X(nullfuncref, "nullfuncref") X(externref, "externref")                \
    X(nullexternref, "nullexternref") X(exnref, "exnref") X(nullexnref, "nullexnref")                                  \
    X(i8x16, "i8x16") X(i16x8, "i16x8") X(i32x4, "i32x4") X(i64x2, "i64x2") X(f32x4, "f32x4") X(f64x2, "f64x2")        \
    X(offset_is, "offset=") X(align_is, "align=")                                                                      \
    X(custom, "custom") X(name, "name") X(branch_hint, "metadata.code.branch_hint")                                    \
    X(before, "before") X(after, "after") X(first, "first") X(last, "last") X(code, "code") X(datacount, "datacount")  \
    X(register_, "register") X(invoke, "invoke") X(get, "get") X(either, "either") X(thread, "thread")                 \
    X(wait, "wait") X(nan_canonical, "nan:canonical") X(nan_arithmetic, "nan:arithmetic")                              \
    X(assert_return, "assert_return") X(assert_trap, "assert_trap") X(assert_exhaustion, "assert_exhaustion")          \
    X(assert_exception, "assert_exception") X(assert_malformed, "assert_malformed")                                    \
    X(assert_invalid, "assert_invalid") X(assert_unlinkable, "assert_unlinkable")                                      \
    X(assert_uninstantiable, "assert_uninstantiable")                                                                  \
    X(assert_malformed_custom, "assert_malformed_custom") X(assert_invalid_custom, "assert_invalid_custom")            \
    X(ref_extern, "ref.extern") X(ref_host, "ref.host") X(ref_any, "ref.any") X(ref_struct, "ref.struct")              \
    X(ref_array, "ref.array") X(ref_exn, "ref.exn")
// clang-format on

/// A keyword: the u16 of its `op` for an instruction, else a number behind those.
enum class word : u32 {
    first_ = op_count - 1,
#define TESSERA_WORD(id, text) id,
    TESSERA_WORDS(TESSERA_WORD)
#undef TESSERA_WORD
        count_,
    unknown = count_,
};

/// The texts of the words that are no instructions, in the order of `word`.
inline constexpr std::string_view word_texts[] = {
#define TESSERA_WORD(id, text) text,
    TESSERA_WORDS(TESSERA_WORD)
#undef TESSERA_WORD
};
#undef TESSERA_WORDS

constexpr word word_of(op o) noexcept { return word(u16(o)); }
constexpr bool is_op(word w) noexcept { return u32(w) < op_count; }

constexpr std::string_view text_of(word w) noexcept {
    return is_op(w) ? op_table[u32(w)].text : word_texts[u32(w) - op_count];
}

inline constexpr std::size_t word_slots = 2048;
static_assert(u32(word::count_) * 2 < word_slots);

/// Open addressing; `word::unknown` marks a free slot. Of two instructions with one text (select,
/// ref.test, ref.cast) the first of op_table is in it.
inline constexpr auto word_table = [] {
    std::array<u16, word_slots> slots{};
    for (u16& slot : slots) slot = u16(word::unknown); // compiles faster than fill
    for (u32 w = 0; w < u32(word::count_); ++w) {
        const std::string_view text = text_of(word(w));
        std::size_t i = hash_name(text) % word_slots;
        while (slots[i] != u16(word::unknown) && text_of(word(slots[i])) != text) i = (i + 1) % word_slots;
        if (slots[i] == u16(word::unknown)) slots[i] = u16(w);
    }
    return slots;
}();

/// The keyword `text` is, `word::unknown` if it is none.
constexpr word find_word(std::string_view text) noexcept {
    for (std::size_t i = hash_name(text) % word_slots; word_table[i] != u16(word::unknown); i = (i + 1) % word_slots)
        if (text_of(word(word_table[i])) == text) return word(word_table[i]);
    return word::unknown;
}
static_assert(find_word("select") == word_of(op::select) && find_word("ref.test") == word_of(op::ref_test) &&
              find_word("ref.cast") == word_of(op::ref_cast) && find_word("func") == word::func &&
              find_word("current_memory") == word::unknown);

} // namespace tessera::text
