// SPDX-License-Identifier: MIT
// The short way through validation must find what the full rules find: bodies are changed byte by byte
// and validated both ways.
#include "from_text.hpp"

using namespace tessera;

namespace {

// Something of everything the short way knows, and a bit of what it does not. Nothing at the end of a
// body is near enough to it to be left to the full rules: `pad` is longer than the margin.
constexpr const char* module_text = R"((module
    (type $none (func)) (type $pair (func (param i32 i64) (result i64 i32)))
    (memory 1)
    (table 1 funcref)
    (global $g (mut i32) (i32.const 0)) (global $f (mut f64) (f64.const 0))
    (func $none)
    (func $pair (type $pair) (local.get 1) (local.get 0) (call $pad))
    (func $pad (block (block (block (block (block (block (block (block (block))))))))))
    (func (param $p i32) (param $q i64) (result i32) (local $x f32) (local $d f64)
        (local.set $x (f32.const 1.5))
        (local.set $d (f64.const 2.5))
        (block $out
            (loop $again
                (br_if $out (i32.eqz (local.get $p)))
                (local.set $p (i32.sub (local.get $p) (i32.const 70000)))
                (i32.store offset=8 (local.get $p) (i32.load8_u offset=300 (local.get $p)))
                (i64.store (i32.const 16) (i64.const -5))
                (f64.store (i32.const 16) (f64.add (local.get $d) (global.get $f)))
                (br $again)))
        (if (local.get $p) (then (drop (local.tee $p (i32.const -1)))))
        (drop (block (result i32) (i32.const 1)))
        (drop (if (result i32) (local.get $p) (then (i32.const 1)) (else (i32.const 2))))
        (call $pair (i32.const 3) (local.get $q))
        (drop)
        (drop)
        (block unreachable)
        (block (br 0) (drop))
        (drop (select (i32.const 1) (global.get $g) (f32.lt (local.get $x) (local.get $x))))
        (global.set $g (i32.wrap_i64 (i64.extend_i32_s (i32.ctz (i32.const 0x7fffffff)))))
        (call $pad)
        (call_indirect (i32.const 0))
        (i32.const 12)
        (call $pad)
        (block (block (block (block (block (block (block))))))))
    (func (local $r (ref func)) (local $s (ref func)) (local $i i32)
        (local.set $i (i32.const 1))
        (local.set $r (ref.func $none))
        (drop (local.get $r))
        (block (local.set $r (ref.func $none)))
        (drop (local.get $r))
        (call $pad)
        (block (block (block (block (block (block (block))))))))
    (elem declare func $none)
))";

/// The first error in the bodies of a decoded module, with its place.
std::string first_error(const module_data& m, bool thorough, const module_limits& limits, u32& at) {
    valid::context context(m, limits);
    REQUIRE(context.make_declarations());
    for (u32 i = 0; i < m.funcs.size(); ++i) context.declare(i);
    valid::code_validator<everything> code(context);
    code.thorough = thorough;
    for (at = m.imported_funcs; at < m.funcs.size(); ++at)
        if (!code.body(at)) {
            const error& e = context.error();
            return std::string(e.message()) + ": " + std::string(e.detail()) + " at " + std::to_string(e.offset());
        }
    return "ok";
}

/// Compares both ways through `m`, whose types are known to be valid, with each byte of its bodies
/// replaced by each of `values`. Returns how many of the changed modules were valid.
int compare(module_data& m, std::span<const u8> values) {
    const module_limits limits;
    u8* const bytes = m.owned.data();
    int valid = 0;
    for (u32 f = m.imported_funcs; f < m.funcs.size(); ++f)
        for (u32 at = m.funcs[f].code.begin; at < m.funcs[f].code.end; ++at) {
            const u8 before = bytes[at];
            for (u8 value : values) {
                bytes[at] = value;
                u32 quick_at = 0, full_at = 0;
                const std::string quick = first_error(m, false, limits, quick_at);
                const std::string full = first_error(m, true, limits, full_at);
                const bool same = quick == full && quick_at == full_at;
                if (!same) { // CHECK costs more than both ways together
                    INFO("byte " << at << " is " << int(value) << ", was " << int(before));
                    CHECK(quick == full);
                    CHECK(quick_at == full_at);
                }
                valid += full == "ok";
            }
            bytes[at] = before;
        }
    return valid;
}

module_owner decoded(const std::string& text) {
    auto parsed = text::parse(text);
    REQUIRE_MESSAGE(parsed, said(parsed));
    auto m = binary::decode<everything>(std::move(parsed->bytes));
    REQUIRE(m);
    REQUIRE(said(valid::module<everything>(*m->edit())) == "ok");
    return std::move(*m);
}

} // namespace

TEST_CASE("quick: what the short way accepts, and where it stops, is what the full rules say") {
    std::string text = module_text;
    module_owner m = decoded(text);
    std::vector<u8> values;
    for (unsigned v = 0; v < 256; ++v) values.push_back(u8(v));
    CHECK(compare(*m.edit(), values) > 500);

    // The same in a memory of 64 bits, for which the short way does not know the address type.
    text.replace(text.find("(memory 1)"), 10, "(memory i64 1)");
    for (std::size_t from = 0;
         (from = text.find("(local.get $p) (i32.load8_u offset=300 (local.get $p))", from)) != std::string::npos;)
        text.replace(from, 54, "(i64.const 0) (i32.load8_u offset=300 (i64.const 0))");
    for (std::size_t from = 0; (from = text.find("store (i32.const 16)", from)) != std::string::npos;)
        text.replace(from, 20, "store (i64.const 16)");
    m = decoded(text);
    const u8 some[] = {0x00, 0x01, 0x0b, 0x1a, 0x20, 0x28, 0x41, 0x42, 0x6a, 0x80};
    CHECK(compare(*m.edit(), some) > 20);
}

TEST_CASE("quick: numbers in more bytes than they need") {
    // A function with a local of type i32: a constant, the instruction, twice drop, and blocks enough for the margin.
    const auto with = [](const std::string& number, int opcode) {
        std::string code("\x01\x01\x7f\x41\x01", 5); // the first push finds no room, so it is not for the short way
        code += char(opcode) + number + "\x1a\x1a";
        for (int i = 0; i < 8; ++i) code += "\x02\x40\x0b";
        code += "\x0b";
        module_bytes bytes;
        bytes.section(1, {1, 0x60, 0, 0}).section(3, {1, 0}).raw({10, int(code.size()) + 2, 1, int(code.size())});
        for (char c : code) bytes.raw({u8(c)});
        auto m = binary::decode_borrowed<everything>(bytes);
        REQUIRE(m);
        REQUIRE((*m)->funcs.size() == 1);
        const module_limits limits;
        u32 at = 0;
        const std::string quick = first_error(**m, false, limits, at);
        CHECK(quick == first_error(**m, true, limits, at));
        return quick.substr(0, quick.find(':'));
    };
    const std::string zero(1, '\0');
    CHECK(with("\x80\x80\x80\x80" + zero, 0x20) == "ok"); // local.get 0
    CHECK(with("\x80\x80\x80" + zero, 0x20) == "ok");
    CHECK(with("\x80\x80\x80\x80\x10", 0x20) == "integer too large");
    CHECK(with("\x80\x80\x80\x80\x80" + zero, 0x20) == "integer representation too long");
    CHECK(with("\x80\x80\x80\x80\x01", 0x20) == "unknown local");
    CHECK(with("\x80\x80\x80\x80\x0f", 0x20) == "unknown local");
    CHECK(with("\xff\xff\xff\xff\x07", 0x41) == "ok"); // i32.const
    CHECK(with("\x80\x80\x80\x80\x78", 0x41) == "ok");
    CHECK(with("\x80\x80\x80\x80\x08", 0x41) == "integer too large");
    CHECK(with("\x80\x80\x80\x80\x70", 0x41) == "integer too large");
    CHECK(with("\xff\xff\xff\xff\xff\x7f", 0x41) == "integer representation too long");
    CHECK(with("\xff\xff\xff\xff\xff\xff\xff\x7f", 0x42) == "ok"); // i64.const
    CHECK(with("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 0x42) == "ok");
    CHECK(with("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7e", 0x42) == "integer too large");
}

TEST_CASE("quick: labels of more than one byte") {
    std::string text = "(module (func ";
    for (int i = 0; i < 140; ++i) text += "(block ";
    text += "(br_if 3 (i32.const 0)) (br_if 131 (i32.const 0)) (br 0) (br 135)";
    module_owner m = decoded(text + std::string(140, ')') + "))");
    const u8 some[] = {0x00, 0x01, 0x02, 0x0b, 0x0c, 0x40, 0x41, 0x7f, 0x80, 0x83, 0x8b, 0xff};
    CHECK(compare(*m.edit(), some) > 20);
}
