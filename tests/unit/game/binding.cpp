// SPDX-License-Identifier: MIT
// An interface that is described once: what guests get through it, what is refused, what their authors read.
#include "../exec/support.hpp"

#include "../../files.hpp"
#include "arena.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace {

using arena::team;
using arena::unit_state;
using arena::vec2;
using guests::guest;
using guests::must;
using tessera::u32;
using tessera::u8;
namespace game = tessera::game;

/// The guest in C or AssemblyScript. Ends before the world.
struct mod {
    arena::world& of;
    tessera::store<guests::profile> store;
    tessera::instance in;
    explicit mod(arena::world& w, const char* file = "arena") : of(w) {
        auto m = tessera::module::parse<guests::profile>(
            read_file((std::string(TESSERA_TESTS "/guests/") + file + ".wasm").c_str()));
        REQUIRE_MESSAGE(m, m.error().message());
        REQUIRE(store.add_fuel(1'000'000));
        auto made = store.instantiate(*m, w.env);
        REQUIRE_MESSAGE(made, made.error().message() << " " << made.error().detail());
        in = *made;
    }
};

std::string text_of(const tessera::result<tessera::vec<char>>& made) {
    REQUIRE_MESSAGE(made, made.error().message() << " " << made.error().detail());
    return {made->data(), made->size()};
}
std::string without_returns(std::string text) {
    text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
    return text;
}
std::string text_file(const char* name) {
    const auto bytes = read_file(name);
    return without_returns({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

} // namespace

TEST_CASE("the declarations of an interface are these") {
    const arena::world w;
    REQUIRE_MESSAGE(w.api.status(), w.api.status().error().detail());
    if (std::getenv("TESSERA_WRITE_DECLARATIONS")) { // to be looked at, and checked in
        std::ofstream(TESSERA_TESTS "/guests/arena.h", std::ios::binary) << text_of(w.api.c_header());
        std::ofstream(TESSERA_TESTS "/guests/arena.ts", std::ios::binary) << text_of(w.api.assembly_script());
    }
    CHECK(text_of(w.api.c_header()) == text_file(TESSERA_TESTS "/guests/arena.h"));
    CHECK(text_of(w.api.assembly_script()) == text_file(TESSERA_TESTS "/guests/arena.ts"));
}

TEST_CASE("a guest that was compiled with them gets what the host has, and the host what it has") {
    for (const char* file : {"arena", "arena_script"}) {
        CAPTURE(std::string(file));
        arena::world w;
        mod m(w, file);
        CHECK(w.api.check(m.in));
        CHECK(must(must(m.in.get<int(float)>("tick"))(2.5f)) == 0);
        CHECK(w.lines == std::vector<std::string>{"tick"});
        REQUIRE(w.units.size() == 1);
        // A callback that the guest gave.
        REQUIRE(w.on_hit);
        const game::id<arena::unit> ann{1u << 20};
        arena::unit* const her = w.units.find(ann.number);
        REQUIRE(her);
        CHECK(her->name == "Ann");
        CHECK(must(w.on_hit(ann, 101)) == 1);
        CHECK(her->state.health == -0.5);
        CHECK(her->state.slots[1] == -200);
        CHECK(her->state.score == -4'999'999'999);
        CHECK(her->state.side == team::blue);
        CHECK_FALSE(her->state.is_alive);
        CHECK(her->state.at == vec2{4, 2});
        // A number that means nothing any more ends the guest's call.
        REQUIRE(w.units.remove(ann.number));
        const auto gone = w.on_hit(ann, 1);
        REQUIRE_FALSE(gone);
        CHECK(gone.error().is(tessera::msg::bad_argument));
        CHECK(gone.error().detail() == "no such object");
    }
    CHECK_FALSE(game::callback<int(game::id<arena::unit>, int)>()({}, 1));
}

TEST_CASE("the host puts text and structures into memory that the guest allocates, or gives") {
    arena::world w;
    mod m(w);
    auto heap = game::guest_heap::exported(m.in);
    REQUIRE_MESSAGE(heap, heap.error().detail());
    const unit_state all[2] = {{1, 2.25, team::red, {0, 8}, {0, 0, 100}, true, 1},
                               {255, -1, team::blue, {0, 0.5f}, {0, 0, -1}, false, -1}};
    const u32 states = must(heap->copy(std::span<const unit_state>(all))), text = must(heap->copy("four"));
    const auto measure = must(m.in.get<double(u32, u32, u32)>("measure"));
    CHECK(must(measure(states, 2, text)) == 4 + 2.25 + 8 + 100 - 1 + 0.5 - 1);
    CHECK(must(heap->in().load<unit_state>(states + 48)).score == -1);
    CHECK(must(heap->in().text(text, 5)) == std::string_view("four\0", 5));
    REQUIRE(heap->give_back(states));
    CHECK(must(heap->allocate(3)) == states);
    const auto full = heap->allocate(5000);
    REQUIRE_FALSE(full);
    CHECK(full.error().is(tessera::msg::cannot_grow));
    CHECK(game::guest_heap::exported(m.in, "none").error().is(tessera::msg::unknown_export));
    CHECK(game::guest_heap::exported(m.in, "tick").error().is(tessera::msg::wrong_type));
    CHECK(game::guest_heap::exported(m.in, "malloc", "tick").error().is(tessera::msg::wrong_type));
    CHECK(game::guest_heap::exported(m.in, "malloc", "none"));
    // A range; a page of its own.
    auto memory = heap->in();
    const u32 page = u32(memory.size());
    REQUIRE(memory.grow(1));
    auto range = game::guest_heap::range(memory, page, 100);
    REQUIRE(range);
    CHECK(must(range->copy(3.5)) == page);
    CHECK(must(memory.load<double>(page)) == 3.5);
    CHECK(must(range->allocate(0)) == page + 16);
    CHECK(must(range->copy(all[0])) == page + 32);
    CHECK(range->allocate(21).error().is(tessera::msg::cannot_grow));
    CHECK(must(range->allocate(20)) == page + 80);
    CHECK(range->allocate(0).error().is(tessera::msg::cannot_grow));
    CHECK(range->give_back(page));
    range->clear();
    CHECK(must(range->allocate(1)) == page);
    CHECK(must(game::guest_heap::range(memory, 0, 100)->allocate(1)) == 16);
    CHECK_FALSE(game::guest_heap::range(memory, page, 65537));
    CHECK_FALSE(game::guest_heap::range(memory, page + 65537, 0));
    CHECK_FALSE(game::guest_heap::range(tessera::memory(), 0, 0));
    // A guest that lies about what it has.
    guest liar(
        R"((module (memory (export "memory") 1) (func (export "malloc") (param i32) (result i32) (i32.const 65530))))");
    auto lies = game::guest_heap::exported(liar.instance);
    REQUIRE(lies);
    CHECK(lies->allocate(6));
    CHECK(lies->allocate(7).error().why() == tessera::trap::out_of_bounds_memory);
}

TEST_CASE("structures lie as C has them, in the order of bytes of the guest") {
    guest g(R"((module (memory (export "memory") 1)))");
    const auto memory = must(g.instance.get<tessera::memory>("memory"));
    static_assert(tessera::runtime::guest_layout<unit_state>::size == 48);
    const unit_state s{0x12, 1, team::blue, {1, 2}, {0x1234, -2, 3}, true, 0x123456789a};
    REQUIRE(memory.store<unit_state>(3, s)); // not aligned
    const u8 expected[48] = {0x12, 0, 0, 0, 0, 0, 0,    0,    0,    0,    0,    0,    0,    0,    0xf0, 0x3f,
                             7,    0, 0, 0, 0, 0, 0x80, 0x3f, 0,    0,    0,    0x40, 0x34, 0x12, 0xfe, 0xff,
                             3,    0, 1, 0, 0, 0, 0,    0,    0x9a, 0x78, 0x56, 0x34, 0x12, 0,    0,    0};
    const auto bytes = must(memory.view(3, 48));
    CHECK(std::equal(bytes.begin(), bytes.end(), expected));
    const unit_state back = must(memory.load<unit_state>(3));
    CHECK(back.health == 1);
    CHECK(back.slots == s.slots);
    CHECK(back.score == s.score);
    CHECK(back.at == s.at);
    CHECK(memory.load<unit_state>(65536 - 47).error().why() == tessera::trap::out_of_bounds_memory);
    CHECK_FALSE(memory.store<unit_state>(65536 - 47, s));
    REQUIRE(memory.store<u8>(3 + 34, 0x80)); // any bool that is not 0
    CHECK(must(memory.load<unit_state>(3)).is_alive);
}

TEST_CASE("what a guest passes that is not as described ends its call") {
    using tessera::trap;
    const struct {
        const char *call, *message, *detail;
    } bad[] = {
        {"(call $log (i32.const 65530) (i32.const 7))", "out of bounds memory access", ""},
        {"(call $log (i32.const 0) (i32.const -1))", "out of bounds memory access", ""},
        {"(drop (call $spawn (i32.const 65534) (i32.const 0) (i32.const 0)))", "out of bounds memory access", ""},
        {"(drop (call $spawn (i32.const 65536) (i32.const 0) (i32.const 0)))", "out of bounds memory access", ""},
        {"(drop (call $spawn (i32.const 0) (i32.const 1) (i32.const 0)))", "bad argument for a host function", "team"},
        {"(drop (call $spawn (i32.const 0) (i32.const 263) (i32.const 0)))", "bad argument for a host function",
         "team"},
        {"(drop (call $spawn (i32.const 0) (i32.const 7) (i32.const 65529)))", "out of bounds memory access", ""},
        {"(drop (call $feel (i32.const 1)))", "bad argument for a host function", "mood"},
        {"(call $move (i32.const 0) (i32.const 0))", "bad argument for a host function", "no such object"},
        {"(call $move (i32.const 0x100000) (i32.const -4))", "out of bounds memory access", ""},
        {"(call $look (i32.const 0x200000) (i32.const 0))", "bad argument for a host function", "no such object"},
        {"(call $look (i32.const 0x100000) (i32.const 65500))", "out of bounds memory access", ""},
        {"(call $change (i32.const 0x100000) (i32.const 100))", "bad argument for a host function", "unit_state"},
        {"(drop (call $name_of (i32.const 0x100000) (i32.const 65535) (i32.const 2)))", "out of bounds memory access",
         ""},
        {"(call $middle (i32.const 8) (i32.const 0x20000000) (i32.const 0))", "out of bounds memory access", ""},
        {"(call $on_hit (i32.const 9))", "undefined element", ""},
        {"(call $on_hit (i32.const 1))", "uninitialized element", ""},
        {"(call $on_hit (i32.const 2))", "indirect call type mismatch", ""},
    };
    for (const auto& b : bad) {
        CAPTURE(b.call);
        arena::world w;
        guest g(std::string(R"((module
            (import "arena" "log" (func $log (param i32 i32)))
            (import "arena" "spawn" (func $spawn (param i32 i32 i32) (result i32)))
            (import "arena" "feel" (func $feel (param i32) (result i32)))
            (import "arena" "move" (func $move (param i32 i32)))
            (import "arena" "look" (func $look (param i32 i32)))
            (import "arena" "change" (func $change (param i32 i32)))
            (import "arena" "name_of" (func $name_of (param i32 i32 i32) (result i32)))
            (import "arena" "middle" (func $middle (param i32 i32 i32)))
            (import "arena" "on_hit" (func $on_hit (param i32)))
            (memory 1) (data (i32.const 65534) "xx") (data (i32.const 116) "\05")
            (table 4 funcref) (elem (i32.const 2) func $log)
            (func (export "ann") (result i32) (call $spawn (i32.const 0) (i32.const 7) (i32.const 0)))
            (func (export "run") )") +
                    b.call + "))",
                w.env);
        CHECK(*g.get<u32()>("ann")() == 0x100000);
        const auto r = g.get<void()>("run")();
        REQUIRE_FALSE(r);
        CHECK(r.error().message() == b.message);
        CHECK(r.error().detail() == b.detail);
        CHECK(w.lines.empty());
        CHECK(w.units.size() == 1);
    }
    // Without a guest there is no memory to look into.
    arena::world w;
    guest g("(module)");
    auto f = g.store.make_func([](game::c_string) {});
    REQUIRE(f);
    CHECK(must(tessera::typed_func<void(u32)>::from(*f))(0).error().is(tessera::msg::no_memory));
}

TEST_CASE("references to functions have the type that is asked for") {
    tessera::imports env;
    int got = -1;
    env.define("env", "call", [&](tessera::typed_func<int(int)> f) { got = f ? *f(4) : 0; });
    guest g(R"((module (import "env" "call" (func $call (param funcref)))
        (func $double (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))) (func $other) (elem declare func $double $other)
        (func (export "double") (call $call (ref.func $double)))
        (func (export "null") (call $call (ref.null func)))
        (func (export "other") (call $call (ref.func $other)))))",
            env);
    REQUIRE(g.get<void()>("double")());
    CHECK(got == 8);
    REQUIRE(g.get<void()>("null")());
    CHECK(got == 0);
    CHECK(guests::outcome(g, "other") == tessera::trap::indirect_call_type);
}

TEST_CASE("a description that is wrong says so, and what a guest lacks is named") {
    tessera::imports env;
    game::object_table<int> numbers;
    {
        game::binding api("test", env);
        api.function("f", "", {}, [](int) {});
        CHECK(api.status().error().detail() == "number of names of parameters");
        CHECK_FALSE(api.c_header());
        CHECK_FALSE(api.assembly_script());
    }
    {
        game::binding api("test", env);
        api.function("f", "", {"who"}, [](int&) {});
        CHECK(api.status().error().is(tessera::msg::out_of_range));
        game::binding other("test", env);
        other.objects("number", numbers).function("f", "", {"who"}, [](int&) {});
        CHECK(other.status());
    }
    game::binding api("test", env);
    api.exports<void(int)>("run", "").exports<int()>("none", "");
    CHECK_FALSE(api.status());
    game::binding fine("test", env);
    fine.exports<void(int)>("run", "", {"n"}).exports<int()>("none", "");
    guest a("(module (func (export \"run\") (param i32)))"), b("(module (func (export \"run\")))");
    CHECK(fine.check(a.instance).error().detail() == "none");
    CHECK(fine.check(b.instance).error().is(tessera::msg::wrong_type));
    CHECK(fine.check(tessera::instance()).error().is(tessera::msg::stale_handle));
}

TEST_CASE("where memory is out, describing and declaring fail") {
    CHECK(faults::each([] {
              const long before = faults::live;
              bool done = false;
              {
                  tessera::imports env;
                  game::object_table<int> numbers;
                  game::binding api("test", env);
                  api.objects("number", numbers);
                  api.function("f", "Of one.", {"who", "at"}, [](int&, vec2) {});
                  done = api.status().has_value();
                  if (done) {
                      const auto c = api.c_header(), script = api.assembly_script();
                      done = c && script;
                      if (!c) CHECK(c.error().is(tessera::msg::out_of_memory));
                  } else {
                      CHECK(api.status().error().is(tessera::msg::out_of_memory));
                  }
              }
              CHECK(faults::live == before);
              return done;
          }) > 5);
}
