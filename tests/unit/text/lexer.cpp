// SPDX-License-Identifier: MIT
#include <tessera/text/lexer.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace tessera;
using text::token_kind;
using text::word;

namespace {

text::token_list lex(std::string_view source) {
    text::token_list list;
    REQUIRE(text::lexer::run(source, list));
    REQUIRE(!list.tokens.empty());
    return list;
}
/// One letter for each token, without the last.
std::string kinds(std::string_view source) {
    static constexpr char letters[] = {'(', ')', 'k', '$', 'n', 'i', 'f', 's', 'r', 'E', '!'};
    std::string out;
    for (const auto& t : lex(source).tokens) out += letters[std::size_t(t.kind)];
    REQUIRE(out.back() != '(');
    return out.substr(0, out.size() - 1);
}
/// The text of the problem a source that is no sequence of tokens has.
std::string problem(std::string_view source) {
    const auto list = lex(source);
    if (list.tokens[list.tokens.size() - 1].kind != token_kind::error) return "none";
    return list.problem->text;
}

} // namespace

TEST_CASE("lexer: kinds of tokens") {
    CHECK(kinds("(module $m (func))") == "(k$(k))");
    CHECK(kinds("0 12 1_000 0x1F 0xa_b") == "nnnnn");
    CHECK(kinds("+0 -12 +0x1F") == "iii");
    CHECK(kinds("1. 1.5 1e9 -0x1.8p3 inf -inf nan +nan:0x12 1e+1_0") == "fffffffff");
    CHECK(kinds("1_ _1 1__0 0x 0x_1 1e 1.5e+ nan:0x nan:1 +x .5 infinity") == "rrrrrrrrrrrr");
    CHECK(kinds("i32.add current_memory nan:canonical offset=8 align=0x4 offset= offset=-1") == "krkkkrr");
    CHECK(kinds("\"a\" \"\" \"a\\\"b\" \"a\"\"b\" x\"a\"") == "sssrr");
    CHECK(kinds("$a $\"a b\" $a\"b\" $!?@#") == "$$r$");
    CHECK(kinds(", ; [ ] { }") == "rrrrrr");
    CHECK(lex("select").tokens[0].is(text::word_of(op::select)));
    CHECK(lex("func").tokens[0].is(word::func));
}

TEST_CASE("lexer: every word is found") {
    for (u32 w = 0; w < u32(word::count_); ++w) {
        const auto text = text::text_of(word(w));
        const auto found = text::find_word(text);
        CHECK(text::text_of(found) == text);
    }
}

TEST_CASE("lexer: white space and comments") {
    CHECK(kinds(" \t\r\n;; comment ( \" \n1;;x\r2(; a (; b ;) \" ;)3") == "nnn");
    CHECK(kinds("\"a\";;x") == "s");
    CHECK(kinds("(;(;(;;););)1") == "n");
    CHECK(problem("(; (; ;)") == "unclosed comment");
    CHECK(problem(";; \xff") == "malformed UTF-8 encoding");
    CHECK(problem("(; \xc3\xa4 ;)") == "none");
    CHECK(problem("(; \xed\xa0\x80 ;)") == "malformed UTF-8 encoding");
    std::string deep;
    for (int i = 0; i < 200000; ++i) deep += "(;";
    CHECK(problem(deep) == "unclosed comment");
}

TEST_CASE("lexer: positions") {
    const auto list = lex("(func\n  $x\r\n\t\"a\"\r42 (; \n\n ;) nop)");
    const std::pair<u32, u32> expected[] = {{1, 1}, {1, 2}, {2, 3}, {3, 2}, {4, 1}, {6, 5}, {6, 8}, {6, 9}};
    REQUIRE(list.tokens.size() == 8);
    for (std::size_t i = 0; i < 8; ++i) {
        INFO("token " << i);
        CHECK(list.tokens[i].line == expected[i].first);
        CHECK(list.tokens[i].column == expected[i].second);
    }
    CHECK(list.tokens[0].match == 6);
    CHECK(list.text(list.tokens[3]) == "\"a\"");
    // An open parenthesis is closed by the last token.
    CHECK(lex("((").tokens[0].match == 2);
}

TEST_CASE("lexer: strings") {
    const auto bytes = [](std::string_view quoted) {
        vec<u8> out;
        CHECK(problem(quoted) == "none");
        REQUIRE(text::append_string(quoted, out));
        return std::string(reinterpret_cast<const char*>(out.data()), out.size());
    };
    CHECK(bytes(R"("a\t\n\r\"\'\\z")") == "a\t\n\r\"'\\z");
    CHECK(bytes(R"("\00\ff\Aa")") == std::string("\0\xff\xaa", 3));
    CHECK(bytes(R"("\u{41}\u{e4}\u{20_ac}\u{1F600}")") == "A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    for (const char* bad : {R"("\x")", R"("\0")", R"("\u41")", R"("\u{}")", R"("\u{d800}")", R"("\u{110000}")",
                            R"("\u{1__2}")", R"("\u{_1}")"})
        CHECK(problem(bad) == "illegal escape");
    CHECK(problem("\"abc") == "unclosed string");
    CHECK(problem("\"a\nb\"") == "unclosed string");
    CHECK(problem("\"\\") == "unclosed string");
    CHECK(problem("\"a\x01\"") == "illegal character");
    CHECK(problem("\"\xc3(\"") == "malformed UTF-8 encoding");
}

TEST_CASE("lexer: identifiers") {
    for (const char* bad : {"$", "$ x", "$(", "$\"\"", "$\"a\nb\"", "$\"a\tb\"", "$;; x"})
        CHECK(problem(bad) == "empty identifier");
    CHECK(problem("$\"\\ef\"") == "malformed UTF-8 encoding");
    CHECK(problem("\xc3\xa4") == "illegal character");
    CHECK(problem("\x80") == "malformed UTF-8 encoding");
    CHECK(problem("a\x7f") == "illegal character");
}

TEST_CASE("lexer: annotations") {
    CHECK(kinds("(@a) 1 (@\"b c\" x y) 2") == "nn");
    CHECK(kinds("(@a , ; ] [ }} }x{ ({) ,{{};}] ;) 1") == "n");
    CHECK(kinds("(@a @ @x (@x) (@) (@ x) (@(@(@(@)))) \")\" ;; )\n (; ) ;) ) 1") == "n");
    CHECK(kinds("( @a)") == "(r)");
    for (const char* bad : {"(@)", "(@ x)", "(@\"\")", "(@(@a)x)", "(@\"\n\")"})
        CHECK(problem(bad) == "empty annotation id");
    CHECK(problem("(@\"\\ef\")") == "malformed UTF-8 encoding");
    CHECK(problem("(@a") == "unclosed annotation");
    CHECK(problem("(@a (b)") == "unclosed annotation");
    CHECK(problem("(@a \")") == "unclosed string");
    CHECK(problem("(@a \x02)") == "illegal character");
    const auto list = lex("(func) (@custom \"x\") (@unknown 1) (@\"name\" \"y\")");
    REQUIRE(list.annotations.size() == 2);
    CHECK(list.annotations[0].name == word::custom);
    CHECK(list.annotations[0].before == 3);
    CHECK(list.annotations[1].name == word::name);
    text::token_list content;
    REQUIRE(text::lexer::run(list, list.annotations[0], content));
    REQUIRE(content.tokens.size() == 2);
    CHECK(content.text(content.tokens[0]) == "\"x\"");
    CHECK(content.tokens[0].column == 17);
}
