// SPDX-License-Identifier: MIT
#include <tessera/valid/describe.hpp>

#include "from_text.hpp"

using namespace tessera;

namespace {

/// Whether `sub` may say that it is a sub type of `super`.
bool extends(const std::string& super, const std::string& sub) {
    return validated("(module (type $any (sub (struct))) (type $one (sub $any (struct (field i32))))"
                     "(type $a (sub " +
                     super + ")) (type $b (sub $a " + sub + ")))") == "ok";
}

} // namespace

TEST_CASE("a sub type has the structure of its super type") {
    CHECK(extends("(struct)", "(struct (field i32))"));
    CHECK(!extends("(struct (field i32))", "(struct)"));
    CHECK(!extends("(struct (field i32))", "(struct (field i64))"));
    CHECK(extends("(struct (field anyref))", "(struct (field eqref))"));
    CHECK(!extends("(struct (field eqref))", "(struct (field anyref))"));
    CHECK(!extends("(struct (field (mut anyref)))", "(struct (field (mut eqref)))")); // it is written through both
    CHECK(extends("(struct (field (mut anyref)))", "(struct (field (mut anyref)))"));
    CHECK(!extends("(struct (field (mut anyref)))", "(struct (field anyref))"));
    CHECK(!extends("(struct)", "(array i32)"));
    CHECK(!extends("(func)", "(struct)"));
    CHECK(extends("(array (ref null $any))", "(array (ref $one))"));
    CHECK(!extends("(array (ref $one))", "(array (ref null $one))"));
    CHECK(extends("(array anyref)", "(array nullref)"));
    CHECK(extends("(array (ref null $any))", "(array nullref)"));
    CHECK(!extends("(array funcref)", "(array nullref)"));
    CHECK(extends("(array funcref)", "(array nullfuncref)"));
    CHECK(extends("(array externref)", "(array nullexternref)"));
    CHECK(extends("(array exnref)", "(array nullexnref)"));
    CHECK(extends("(array structref)", "(array (ref $one))"));
    CHECK(!extends("(array arrayref)", "(array (ref $one))"));
    CHECK(extends("(func (param (ref $one)) (result anyref))", "(func (param anyref) (result (ref $one)))"));
    CHECK(!extends("(func (param anyref))", "(func (param (ref $one)))"));
    CHECK(!extends("(func (result (ref $one)))", "(func (result anyref))"));
    CHECK(!extends("(func (param i32))", "(func)"));
}

TEST_CASE("how deep sub types go is limited") {
    const auto chain = [](int depth) {
        std::string text = "(module (type (sub (struct)))";
        for (int i = 0; i < depth; ++i) text += "(type (sub " + std::to_string(i) + " (struct)))";
        return validated(text + ")");
    };
    CHECK(chain(63) == "ok");
    CHECK(chain(64) == "implementation limit reached: depth of sub types");
}

TEST_CASE("limits of memories and tables") {
    const auto field = [](const std::string& text) { return validated("(module " + text + ")"); };
    CHECK(field("(memory 65536)") == "ok");
    CHECK(field("(memory 65537)") == "memory size must be at most 65536 pages (4GiB)");
    CHECK(field("(memory 0 65537)") == "memory size must be at most 65536 pages (4GiB)");
    CHECK(field("(memory i64 0x1_0000_0000_0000)") == "ok");
    CHECK(field("(memory i64 0x1_0000_0000_0001)") == "memory size must be at most");
    CHECK(field("(memory 0xffff_ffff (pagesize 1))") == "ok");
    CHECK(field("(memory 2 1)") == "size minimum must not be greater than maximum");
    CHECK(field("(table 2 1 funcref)") == "size minimum must not be greater than maximum");
    CHECK(field("(table i64 0 0xffff_ffff_ffff_ffff funcref)") == "ok");
    CHECK(field("(table 1 (ref 5))") == "unknown type: 5");
    CHECK(field("(table 1 (ref func))") == "type mismatch: (ref func) has no default value");
    CHECK(field("(tag (type 3))") == "unknown type: 3");
    CHECK(field("(global (ref null 4) (ref.null 4))") == "unknown type: 4");
    CHECK(field("(func $f (param i32)) (start $f)") == "start function: has parameters or results");
    CHECK(field("(start 3)") == "unknown function: 3");
    CHECK(field("(import \"m\" \"f\" (func (type 9)))") == "unknown type: 9");
}

TEST_CASE("types are described as they are written") {
    const auto text = [](val_type t) { return std::string(std::string_view(valid::description() << t)); };
    CHECK(text(t_i32) == "i32");
    CHECK(text(t_f64) == "f64");
    CHECK(text(t_v128) == "v128");
    CHECK(text(t_i8) == "i8");
    CHECK(text(t_i16) == "i16");
    CHECK(text(t_bottom) == "bot");
    CHECK(text(val_type::ref(heap_type::index(12), true)) == "(ref null 12)");
    const std::pair<u8, const char*> heaps[] = {
        {code::func, "func"}, {code::extern_, "extern"}, {code::any, "any"},           {code::eq, "eq"},
        {code::i31, "i31"},   {code::struct_, "struct"}, {code::array, "array"},       {code::exn, "exn"},
        {code::none, "none"}, {code::nofunc, "nofunc"},  {code::noextern, "noextern"}, {code::noexn, "noexn"},
        {code::bottom, "bot"}};
    for (const auto& [byte_code, name] : heaps)
        CHECK(text(val_type::ref(heap_type::abstract(byte_code), false)) == "(ref " + std::string(name) + ")");
    const val_type list[] = {t_i32, t_i64};
    CHECK(std::string_view(valid::description() << std::span<const val_type>(list)) == "[i32 i64]");
    valid::description long_;
    for (int i = 0; i < 100; ++i) long_ << u64{1234567890};
    CHECK(std::string_view(long_).size() == 78); // what does not fit is left out
    CHECK(std::string_view(valid::description() << ~u64{0}) == "18446744073709551615");
}
