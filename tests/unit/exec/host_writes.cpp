// SPDX-License-Identifier: MIT
// Each way in which a host writes to a guest's memory is undone by going back.
#include "support.hpp"

#include <tessera/game.hpp>
#include <tessera/save.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace written {

namespace game = tessera::game;
using tessera::i32;
using tessera::u32;
using tessera::u64;
using tessera::u8;
using store = tessera::store<guests::profile>;

struct pair {
    u32 first;
    float second;
};
constexpr auto describe(tessera::guest_type<pair>) {
    return tessera::structure("pair", tessera::field("first", &pair::first), tessera::field("second", &pair::second));
}

/// Where everything is written: across the border of two pages, and far from what else is.
constexpr u32 place = 0x12ffe, size = 64;

/// Host functions that write, each called by a guest with `place`, and with `size` if they have a second parameter.
struct host {
    tessera::imports env;
    game::binding bound{"host", env};
    std::vector<std::pair<std::string, int>> names; ///< with the number of parameters

    template <class F>
    void plain(const char* name, int params, F f) {
        env.define("host", name, f);
        names.emplace_back(name, params);
    }
    host() {
        plain("guest_ptr", 1, [](tessera::guest_ptr<u32> to) { to.set(7); });
        plain("guest_ptr of a structure", 1, [](tessera::guest_ptr<pair> to) { to.set({8, 1.5f}); });
        plain("guest_span", 2, [](tessera::guest_span<u8> to) { to.set(to.size() - 1, 9); });
        plain("guest_span::bytes", 2, [](tessera::guest_span<u8> to) { std::ranges::fill(to.bytes(), u8{10}); });
        plain("span", 2, [](std::span<u8> to) { to.back() = 11; });
        plain("main_memory", 1, [](tessera::caller& who, u32 at) { return who.main_memory()->store<u64>(at, 12); });
        plain("an export", 1, [](tessera::caller& who, u32 at) {
            return who.get<tessera::memory>("memory")->write(at, std::string_view("thirteen"));
        });
        bound.function("text_room", "", {"to"}, [](game::text_room to) { return to.set("fourteen"); });
        bound.function("structure", "", {}, [] { return pair{15, 2}; });
        bound.function("optional", "", {}, []() -> std::optional<pair> { return pair{16, 3}; });
        bound.function("result", "", {}, []() -> tessera::result<pair> { return pair{17, 4}; });
        REQUIRE(bound.status());
        for (auto [name, params] : {std::pair{"text_room", 2}, {"structure", 1}, {"optional", 1}, {"result", 1}})
            names.emplace_back(name, params);
    }
    /// A guest with a function for each of them, and one that does nothing.
    std::string guest() const {
        std::string text = "(module ", more;
        for (const auto& [name, params] : names) {
            text += "(import \"host\" \"" + name + "\" (func (param" + (params == 2 ? " i32 i32)" : " i32)") +
                    (name == "text_room" || name == "optional" ? "(result i32)))\n" : "))\n");
            more += "(func (export \"" + name + "\") (call " + std::to_string(index_of(name)) + " (i32.const " +
                    std::to_string(place) + ")" + (params == 2 ? " (i32.const " + std::to_string(size) + ")" : "") +
                    ")" + (name == "text_room" || name == "optional" ? " (drop)" : "") + ")\n";
        }
        return text + "(memory (export \"memory\") 3)" + more + "(func (export \"nothing\")))";
    }
    std::size_t index_of(const std::string& name) const {
        return std::size_t(std::ranges::find(names, name, &std::pair<std::string, int>::first) - names.begin());
    }
};

std::vector<u8> content(const tessera::memory& m) {
    const auto all = m.peek(0, m.size());
    REQUIRE(all);
    return {all->begin(), all->end()};
}

/// `write` changes the memory, and going back undoes that; nothing else does.
void check_way(store& s, const tessera::memory& m, const std::string& name, const std::function<void()>& write) {
    CAPTURE(name);
    tessera::rollback<guests::profile> ring(s, 4);
    const auto first = ring.take();
    REQUIRE(first);
    const auto before = content(m);
    REQUIRE(ring.take());
    write();
    const auto after = content(m);
    CHECK(after != before);
    REQUIRE(ring.go_back(*first + 1)); // by what is marked now
    CHECK(content(m) == before);
    write();
    REQUIRE(ring.take()); // what is marked is kept
    CHECK(content(m) == after);
    REQUIRE(ring.go_back(*first));
    CHECK(content(m) == before);
}

} // namespace written

TEST_CASE("going back undoes what host functions have written, whatever they write by") {
    const written::host h;
    const std::string text = h.guest();
    for (bool late : {false, true}) { // whether marks are there before the memory is
        CAPTURE(late);
        const guests::guest early(late ? "(module (func (export \"nothing\")))" : text, h.env);
        auto& s = const_cast<written::store&>(early.store);
        tessera::instance in = early.instance;
        if (late) {
            REQUIRE(early.get<void()>("nothing")());
            const auto mod = tessera::module::parse_text<guests::profile>(text);
            REQUIRE(mod);
            const auto made = s.instantiate(*mod, h.env);
            REQUIRE(made);
            in = *made;
        }
        const auto m = in.get<tessera::memory>("memory");
        REQUIRE(m);
        for (const auto& way : h.names)
            written::check_way(s, *m, way.first, [&] {
                const auto done = in.get<void()>(way.first)->operator()();
                REQUIRE_MESSAGE(done, done.error().message());
            });
    }
}

TEST_CASE("going back undoes what the host writes by a handle") {
    using namespace written;
    const guests::guest g(R"((module (memory (export "memory") 3) (func (export "nothing"))
        (func (export "malloc") (param i32) (result i32) (i32.const 0x12ff8))))");
    auto& s = const_cast<written::store&>(g.store);
    const tessera::memory m = *g.instance.get<tessera::memory>("memory");
    u8 bytes[size];
    std::fill(std::begin(bytes), std::end(bytes), u8{3});

    check_way(s, m, "write bytes", [&] { REQUIRE(m.write(place, bytes)); });
    check_way(s, m, "write text", [&] { REQUIRE(m.write(place, std::string_view("some text"))); });
    check_way(s, m, "store a number", [&] { REQUIRE(m.store<u64>(place, ~u64{0})); });
    check_way(s, m, "store a structure", [&] { REQUIRE(m.store<pair>(place, {1, 2})); });
    check_way(s, m, "store an array", [&] {
        REQUIRE(m.store<std::array<i32, 9>>(place, {1, 2, 3, 4, 5, 6, 7, 8, 9}));
    });
    check_way(s, m, "view", [&] { std::ranges::fill(*m.view(place, size), u8{5}); });
    check_way(s, m, "bytes", [&] { m.bytes()[place] = 6; });
    check_way(s, m, "guest_heap of a range", [&] {
        auto heap = game::guest_heap::range(m, place, 4096);
        REQUIRE(heap);
        REQUIRE(heap->copy(std::string_view("text")));
        REQUIRE(heap->copy(pair{7, 8}));
    });
    check_way(s, m, "guest_heap of the guest's malloc", [&] {
        auto heap = game::guest_heap::exported(g.instance);
        REQUIRE(heap);
        const u32 many[] = {1, 2, 3, 4};
        REQUIRE(heap->copy(std::span<const u32>(many)));
    });
    tessera::imports env;
    env.define("", "memory", m);
    const auto failing = tessera::module::parse_text<guests::profile>(R"((module (import "" "memory" (memory 1))
        (data (i32.const 0x12ffe) "written") (data (i32.const 0x7fffffff) "too far")))");
    REQUIRE(failing);
    tessera::rollback<guests::profile> ring(s, 2);
    REQUIRE(ring.take());
    CHECK_FALSE(s.instantiate(*failing, env));
    CHECK(*m.text(place, 7) == "written"); // it is an instance all the same, and states are those of all instances
    CHECK(ring.go_back(0).error().is(tessera::msg::out_of_range));
}

TEST_CASE("what is kept beyond a state is asked for again, or said") {
    using namespace written;
    const guests::guest g(R"((module (memory (export "memory") 3)))");
    auto& s = const_cast<written::store&>(g.store);
    const tessera::memory m = *g.instance.get<tessera::memory>("memory");
    tessera::rollback<guests::profile> ring(s, 4);
    REQUIRE(ring.take());
    const std::span<u8> kept = *m.view(place, size);
    REQUIRE(ring.take());
    kept[0] = 1; // missed: the view is from before
    REQUIRE(ring.go_back(1));
    CHECK(kept[0] == 1);
    kept[0] = 2;
    REQUIRE(ring.touch(m, place, 1));
    REQUIRE(ring.go_back(1));
    CHECK(kept[0] != 2);
}

TEST_CASE("what only reads marks nothing") {
    using namespace written;
    const guests::guest g(R"((module (memory (export "memory") 3)))");
    auto& s = const_cast<written::store&>(g.store);
    const tessera::memory m = *g.instance.get<tessera::memory>("memory");
    tessera::rollback<guests::profile> ring(s, 2);
    REQUIRE(ring.take());
    int told = 0;
    struct counter : tessera::runtime::written_pages {
        int* told;
    } count{
        {[](tessera::runtime::written_pages& self, const u8*, u64) noexcept { ++*static_cast<counter&>(self).told; }},
        &told};
    s.data()->tell_writes(count);
    u8 to[4];
    REQUIRE(m.read(place, to));
    CHECK(m.load<u32>(place));
    CHECK(m.text(place, 4));
    CHECK(m.peek(place, 4));
    CHECK(told == 0);
    REQUIRE(m.store<u32>(place, 1));
    CHECK(told == 1);
}
