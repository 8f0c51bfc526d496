// SPDX-License-Identifier: MIT
// Errors name module, function and line of the source.
#include "support.hpp"

#include "../../files.hpp"

namespace {

using namespace tessera;

module with_lines(int version) {
    auto mod = module::parse<watched::profile>(
        read_file((TESSERA_TESTS "/unit/debug/guests/lines" + std::to_string(version) + ".wasm").c_str()));
    REQUIRE(mod);
    return *mod;
}
std::string text_of(const store<watched::profile>& s, const error& e) {
    const auto text = debug::describe(s, e);
    REQUIRE(text);
    return {text->data(), text->size()};
}

} // namespace

TEST_CASE("a trap of a module with a line table names the lines of the calls") {
    for (int version : {4, 5}) {
        CAPTURE(version);
        const module mod = with_lines(version);
        store<watched::profile> s;
        REQUIRE(s.add_fuel(1'000'000));
        auto made = s.instantiate(mod);
        REQUIRE(made);
        const auto run = made->get<int(int, int)>("run");
        REQUIRE(run);
        CHECK(*(*run)(3, 2) == 18);
        auto divided = (*run)(3, 0);
        REQUIRE_FALSE(divided);
        auto places = debug::places(s, divided.error());
        REQUIRE(places);
        REQUIRE(places->size() == 2);
        const debug::place& inner = (*places)[0];
        CHECK(inner.function == "quotient");
        CHECK(inner.source.file == "lines.c");
        CHECK(inner.source.line == 7);
        CHECK(inner.source.column == 18);
        CHECK(inner.instance == 0);
        CHECK(inner.offset == divided.error().offset());
        CHECK((*places)[1].source.line == 12);
        CHECK((*places)[1].source.column == 12);
        CHECK((*places)[1].function == "run");
        auto trapped = (*run)(0x7777, 1);
        REQUIRE_FALSE(trapped);
        const std::string text = text_of(s, trapped.error());
        CAPTURE(text);
        CHECK(text.find("unreachable\n  in square of instance 0, ./lines.h:3:22, byte 0x") == 0);
        CHECK(text.find("\n  from run of instance 0, ") != text.npos);
        CHECK(text.find("lines.c:11:15, byte 0x") != text.npos);
        CHECK_FALSE(debug::line_of(mod, 0));
        CHECK(debug::line_of(mod, inner.offset).line == 7);
    }
}

TEST_CASE("without a line table the names of the name section remain") {
    auto mod = module::parse_text<watched::profile>("(module $coins (import \"env\" \"f\" (func $host))\n"
                                                    "(func $inner (call $host))\n"
                                                    "(func (export \"run\")\n  (call $inner)))");
    REQUIRE(mod);
    auto again = module::parse<watched::profile>(mod->bytes());
    REQUIRE(again);
    store<watched::profile> s;
    REQUIRE(s.add_fuel(1'000'000));
    imports env;
    env.define("env", "f", []() -> result<void> { return error(trap::host).set_detail("no\ncoins"); });
    auto from_text = s.instantiate(*mod, env), from_bytes = s.instantiate(*again, env);
    REQUIRE(from_text);
    REQUIRE(from_bytes);
    auto a = (*from_text->get<void()>("run"))(), b = (*from_bytes->get<void()>("run"))();
    REQUIRE_FALSE(a);
    REQUIRE_FALSE(b);
    const std::string with_positions = text_of(s, a.error()), without = text_of(s, b.error());
    CHECK(with_positions.find("host trap: no?coins\n  in host function\n  from inner of coins, line 2:15, byte 0x") ==
          0);
    CHECK(without.find("host trap: no?coins\n  in host function\n  from inner of coins, byte 0x") == 0);
    CHECK(without.find("\n  from run of coins, byte 0x") != without.npos);
    // An error of a store that was reset, or of another one, names what is there, or nothing.
    REQUIRE(s.reset());
    CHECK(text_of(s, b.error()).find("\n  from inner of instance 1, byte 0x") != std::string::npos);
}
