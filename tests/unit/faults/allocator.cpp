// SPDX-License-Identifier: MIT
// Stores with an allocator of the host's: what comes from it, that all goes back, that each failure is an error.
#include "../../engine.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <utility>

namespace {

constexpr tessera::features of_stores = engines::metered;
using tessera::i32;
using tessera::u32;

/// Counts, and fails when told to. Sizes are kept beside the blocks, to be compared when they come back.
struct host_memory {
    static constexpr std::size_t head = 2 * alignof(std::max_align_t);
    long blocks = 0, asked = 0, left = -1;
    std::size_t bytes = 0, most = ~std::size_t{0};
    bool sticky = false, wrong = false;

    tessera::allocator as_allocator() {
        return {[](void* self, std::size_t n) noexcept { return static_cast<host_memory*>(self)->get(n); },
                [](void* self, void* at, std::size_t n) noexcept { static_cast<host_memory*>(self)->take(at, n); },
                this};
    }

private:
    void* get(std::size_t n) {
        ++asked;
        wrong |= n == 0;
        if (n > most - bytes) return nullptr;
        if (left == 0) return left = sticky ? 0 : -1, nullptr;
        if (left > 0) --left;
        auto* const at = static_cast<unsigned char*>(std::malloc(head + n));
        if (!at) return nullptr;
        const std::uintptr_t mark[] = {n, reinterpret_cast<std::uintptr_t>(this)};
        std::memcpy(at, mark, sizeof mark);
        std::memset(at + head, 0xcd, n);
        ++blocks, bytes += n;
        return at + head;
    }
    void take(void* from, std::size_t n) {
        auto* const at = static_cast<unsigned char*>(from) - head;
        std::uintptr_t mark[2];
        std::memcpy(mark, at, sizeof mark);
        wrong |= mark[0] != n || mark[1] != reinterpret_cast<std::uintptr_t>(this);
        --blocks, bytes -= n;
        std::free(at);
    }
};

constexpr const char* busy = R"((module
    (import "env" "host" (func $host (param i32) (result i32)))
    (import "env" "mine" (memory $mine 1 10))
    (type $pair (struct (field (mut i32)) (field (mut (ref null $pair))))) (type $list (array (mut (ref null $pair))))
    (memory $own (export "own") 1 20) (table $t (export "t") 4 100 funcref) (table $any 2 externref)
    (tag $oops (param i32)) (global $g (export "g") (mut i64) (i64.const 5)) (global $keep (mut (ref null $list)) (ref.null $list))
    (elem $passive func $host $deep) (elem (table $t) (i32.const 0) func $deep $host) (data $d "some bytes") (data (memory $own) (i32.const 8) "more")
    (func $deep (export "deep") (param i32) (result i32)
        (if (result i32) (local.get 0) (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1))))) (else (call $host (i32.const 7)))))
    (func (export "grow") (result i32)
        (i32.add (i32.add (memory.grow $own (i32.const 3)) (memory.grow $mine (i32.const 2))) (table.grow $t (ref.null func) (i32.const 50))))
    (func (export "use") (param i32)
        (table.init $t $passive (i32.const 2) (i32.const 0) (i32.const 2)) (memory.init $mine $d (i32.const 0) (i32.const 0) (i32.const 10))
        (drop (i32.atomic.rmw.add $own (i32.const 0) (i32.const 1))))
    (func (export "objects") (param $n i32)
        (global.set $keep (array.new_default $list (i32.const 1000)))
        (loop $more
            (array.set $list (global.get $keep) (i32.rem_u (local.get $n) (i32.const 1000)) (struct.new $pair (local.get $n) (ref.null $pair)))
            (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "throw") (result i32)
        (block $caught (result i32) (try_table (catch $oops $caught) (throw $oops (i32.const 6))) (i32.const 0)))
    (func (export "uncaught") (throw $oops (i32.const 9)))
    (func (export "wait") (result i32) (memory.atomic.wait32 $own (i32.const 0) (i32.const 9) (i64.const 0)))
    (export "e01" (func 0)) (export "e02" (func 0)) (export "e03" (func 0)) (export "e04" (func 0)) (export "e05" (func 0))
    (export "e06" (func 0)) (export "e07" (func 0)) (export "e08" (func 0)) (export "e09" (func 0)) (export "e10" (func 0))))";

tessera::result<tessera::module> parsed(std::string_view text) { return tessera::module::parse_text<of_stores>(text); }

struct thing {
    double values[100]{};
    static inline int alive = 0;
    thing() { ++alive; }
    thing(const thing&) = delete;
    ~thing() { --alive; }
};

/// Does what makes a store keep things. Fails as the first of them does.
tessera::result<void> work(tessera::store<of_stores>& s, const tessera::module& m) {
    if (auto ok = s.add_fuel(1'000'000'000); !ok) return ok;
    tessera::imports env;
    const long left = std::exchange(faults::left, -1); // imports are the host's
    env.define("env", "host", [](int x) { return x + 1; });
    faults::left = left;
    auto mine = s.make_memory({{1, 10, true, false}});
    if (!mine) return mine.error();
    env.define("env", "mine", *mine);
    auto i = s.instantiate(m, env);
    if (!i) return i.error();
    auto table = s.make_table({{3, 9, true, false}, tessera::t_externref});
    if (!table) return table.error();
    if (auto ok = table->grow(4, tessera::value{tessera::t_externref, 0, 0}); !ok) return ok.error();
    if (auto g = s.make_global(tessera::value::i32(4), true); !g) return g.error();
    if (auto t = s.make_tag({}); !t) return t.error();
    if (auto f = s.make_func([](int x) { return x; }); !f) return f.error();
    if (auto o = s.make_object<thing>(); !o) return o.error();
    if (auto o = s.make_object<thing>(); !o) return o.error();
    else s.drop_object(*o);
    thing lent;
    if (auto o = s.lend_object(lent); !o) return o.error();
    if (auto r = (*i->get<i32(i32)>("deep"))(3000); !r) return r.error();
    else CHECK(*r == 3008);
    if (auto r = (*i->get<i32()>("grow"))(); !r) return r.error();
    else if (*r != 6) return tessera::error(tessera::msg::cannot_grow); // -1 where there was no room
    if (auto r = (*i->get<void(i32)>("use"))(0); !r) return r;
    if (auto r = (*i->get<void(i32)>("objects"))(50'000); !r) return r;
    auto kept = s.make_array(i->type(1), 10);
    if (!kept) return kept.error();
    if (!s.collect()) return tessera::msg::out_of_memory;
    if (auto r = (*i->get<i32()>("throw"))(); !r) return r.error();
    else CHECK(*r == 6);
    if (auto r = (*i->get<void()>("uncaught"))(); !r && r.error().kind() != tessera::kind::exception) return r;
    if (auto r = (*i->get<i32(i32)>("e07"))(1); !r) return r.error();
    return {};
}

} // namespace

TEST_CASE("what a store keeps is in its allocator's memory, and goes back there") {
    const auto m = parsed(busy);
    REQUIRE(m);
    host_memory memory;
    const long before = faults::live;
    {
        tessera::store<of_stores> s(memory.as_allocator());
        REQUIRE(s.status());
        CHECK(memory.blocks == 1);
        CHECK(faults::live == before);
        for (int turn = 0; turn < 3; ++turn) {
            const auto done = work(s, *m);
            REQUIRE_MESSAGE(done, done.error().message() << done.error().detail());
            CHECK(faults::live == before + 5); // two host functions, an exception's error with its frames and values
            CHECK(memory.bytes > 65536 * 11);  // memories, the heap
            CHECK(thing::alive == 1);
            REQUIRE(s.reset());
            CHECK(thing::alive == 0);
            CHECK(memory.blocks == 1);
            CHECK(faults::live == before);
        }
        REQUIRE(work(s, *m));
    }
    CHECK(faults::live == before);
    CHECK(memory.blocks == 0);
    CHECK(memory.bytes == 0);
    CHECK(memory.asked > 50);
    CHECK_FALSE(memory.wrong);
}

TEST_CASE("each allocation of a store's that fails is an error, and nothing is lost") {
    const auto m = parsed(busy);
    REQUIRE(m);
    const long before = faults::live;
    long last = 0;
    for (bool sticky : {false, true}) {
        bool done = false;
        for (long n = 0; !done; ++n) {
            CAPTURE(n);
            host_memory memory;
            memory.left = n;
            memory.sticky = sticky;
            {
                tessera::store<of_stores> s(tessera::limits(), memory.as_allocator());
                if (s.status()) {
                    const auto first = work(s, *m);
                    if (!first) CHECK(first.error().kind() == tessera::kind::exhaustion);
                    done = first && memory.left > 0;
                    memory.left = -1;
                    memory.sticky = false;
                    REQUIRE(s.reset());
                    REQUIRE(work(s, *m)); // it is there again
                } else {
                    CHECK(n == 0);
                    CHECK(s.status().error().is(tessera::msg::out_of_memory));
                }
            }
            CHECK(memory.blocks == 0);
            CHECK_FALSE(memory.wrong);
            CHECK(faults::live == before);
            last = n;
        }
    }
    CHECK(last > 50);
}

TEST_CASE("two stores have two allocators, and a move takes its own along") {
    const auto m = parsed(busy);
    REQUIRE(m);
    host_memory a, b;
    {
        tessera::store<of_stores> first(a.as_allocator()), second(b.as_allocator()), plain;
        REQUIRE(work(first, *m));
        const std::size_t of_first = a.bytes;
        CHECK(b.blocks == 1);
        REQUIRE(work(second, *m));
        CHECK(a.bytes == of_first);
        CHECK(b.bytes == of_first);
        REQUIRE(work(plain, *m));
        CHECK(a.bytes == of_first);
        second = std::move(first);
        CHECK(b.blocks == 0);
        CHECK(a.bytes == of_first);
        REQUIRE(second.reset());
        REQUIRE(work(second, *m));
        CHECK(b.blocks == 0);
    }
    CHECK(a.blocks == 0);
    CHECK_FALSE(a.wrong);
    CHECK_FALSE(b.wrong);
}

TEST_CASE("an allocator with little to give holds a guest within it") {
    const auto m = parsed(R"((module (memory (export "m") 1)
        (func (export "fill") (result i32) (loop $more (br_if $more (i32.ge_s (memory.grow (i32.const 1)) (i32.const 0)))) (memory.size))))");
    REQUIRE(m);
    host_memory memory;
    memory.most = 2'000'000;
    tessera::store<of_stores> s(memory.as_allocator());
    REQUIRE(s.add_fuel(1'000'000));
    auto i = s.instantiate(*m);
    REQUIRE(i);
    auto pages = (*i->get<i32()>("fill"))();
    REQUIRE(pages);
    CHECK(*pages >= 10);
    CHECK(*pages <= 30);
    CHECK(i->get<tessera::memory>("m")->size() == tessera::u64(*pages) * 65536);
}

TEST_CASE("what is loaded and what waits is in the allocator's memory") {
    const auto m = parsed(busy);
    REQUIRE(m);
    tessera::store<of_stores> from;
    tessera::imports env;
    env.define("env", "host", [](int x) { return x + 1; });
    auto mine = from.make_memory({{1, 10, true, false}});
    REQUIRE(mine);
    env.define("env", "mine", *mine);
    auto i = from.instantiate(*m, env);
    REQUIRE(i);
    REQUIRE(from.add_fuel(500));
    auto call = (*i->get<tessera::func>("deep")).start(std::array{tessera::value::i32(100)});
    REQUIRE(call);
    REQUIRE(call->resume().error().why() == tessera::trap::out_of_fuel);
    tessera::execution* const calls[] = {&*call};
    const auto bytes = tessera::save(from, calls);
    REQUIRE_MESSAGE(bytes, bytes.error().detail());

    host_memory memory;
    const long before = faults::live;
    {
        tessera::store<of_stores> to(memory.as_allocator());
        tessera::imports other;
        other.define("env", "host", [](int x) { return x + 1; });
        auto there = tessera::restore(to, *bytes, {&*m, 1}, other);
        REQUIRE_MESSAGE(there, there.error().detail());
        CHECK(memory.bytes > 2 * 65536);
        REQUIRE(to.add_fuel(100'000));
        REQUIRE(there->calls[0].resume());
        CHECK(*there->calls[0].get<i32>() == 108);
    }
    CHECK(memory.blocks == 0);
    CHECK_FALSE(memory.wrong);
    CHECK(faults::live == before);
}

TEST_CASE("what a store sleeps on is in its allocator's memory") {
    const auto m = parsed(R"((module (memory 1 2 shared)
        (func (export "wait") (result i32) (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 1)))))");
    REQUIRE(m);
    host_memory memory;
    const long before = faults::live;
    {
        tessera::store<of_stores> s(memory.as_allocator());
        REQUIRE(s.add_fuel(1'000'000));
        auto i = s.instantiate(*m);
        REQUIRE(i);
        const long shared = faults::live;
        const auto waited = (*i->get<i32()>("wait"))();
        REQUIRE(waited);
        CHECK(*waited == 2);
        CHECK(faults::live == shared);
    }
    CHECK(memory.blocks == 0);
    CHECK_FALSE(memory.wrong);
    CHECK(faults::live == before);
}

TEST_CASE("a WASI process has an allocator as well") {
    const auto m = parsed(R"((module (memory (export "memory") 1) (func (export "_start"))))");
    REQUIRE(m);
    host_memory memory;
    {
        tessera::wasi::process<of_stores> p(tessera::wasi::context(), {}, memory.as_allocator());
        REQUIRE(p.store().add_fuel(1'000));
        CHECK(p.run(*m));
        CHECK(memory.bytes > 65536);
    }
    CHECK(memory.blocks == 0);
    CHECK_FALSE(memory.wrong);
}
