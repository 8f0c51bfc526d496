// SPDX-License-Identifier: MIT
// Memories that several stores on several threads use at the same time.
#include "../exec/support.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

using namespace tessera;
using guests::guest;
using guests::must;

namespace {

constexpr memory_type pages(u64 min, u64 max) { return {{min, max, true, false}, true}; }

imports with(const shared_memory& m) {
    imports env;
    env.define("env", "memory", m);
    return env;
}
/// What most of the guests here can do with the memory they import.
const std::string user = R"((module
    (import "env" "memory" (memory 1 100 shared))
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "size") (result i32) (memory.size))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "wait") (param i32 i32 i64) (result i32)
        (memory.atomic.wait32 (local.get 0) (local.get 1) (local.get 2)))
    (func (export "wait64") (param i32 i64 i64) (result i32)
        (memory.atomic.wait64 (local.get 0) (local.get 1) (local.get 2)))
    (func (export "notify") (param i32 i32) (result i32) (memory.atomic.notify (local.get 0) (local.get 1)))
    ;; Counts up the word at 64, then waits without end on the word at 0.
    (func (export "sleep") (result i32)
        (drop (i32.atomic.rmw.add (i32.const 64) (i32.const 1)))
        (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))";

/// Until `done()`; false after a minute.
template <class Done>
bool eventually(Done done) {
    for (int i = 0; i < 60'000; ++i) {
        if (done()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
}

} // namespace

TEST_CASE("shared_memory: is made with a maximum and within a limit") {
    CHECK(shared_memory::make({{1, 0, false, false}}).error().message() == "out of range");
    CHECK(shared_memory::make(pages(2, 1)).error().message() == "out of range");
    const auto refused = shared_memory::make(pages(3, 4), 2 * 65536);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind() == kind::exhaustion);
    CHECK(refused.error().detail() == "limits::memory_bytes");

    const shared_memory m = must(shared_memory::make(pages(1, 5), 3 * 65536));
    CHECK(m.type().shared);
    CHECK(m.pages() == 1);
    const u8* const at = m.data();
    CHECK(must(m.grow(2)) == 1);
    CHECK(m.size() == 3 * 65536);
    CHECK(m.data() == at);
    CHECK_FALSE(m.grow(1)); // the limit
    CHECK(shared_memory() != m);
    CHECK(shared_memory(m) == m);
}

TEST_CASE("shared_memory: reading, writing and atomic operations of the host") {
    const shared_memory m = must(shared_memory::make(pages(1, 1)));
    REQUIRE(m.store<u32>(1, 0x01020304)); // not aligned
    CHECK(must(m.load<u8>(1)) == 4);
    CHECK(must(m.load<u32>(1)) == 0x01020304);
    REQUIRE(m.write(100, "hello, world"));
    std::array<u8, 12> text{};
    REQUIRE(m.read(100, text));
    CHECK(std::string(text.begin(), text.end()) == "hello, world");
    REQUIRE(m.store<f64>(200, -0.5));
    CHECK(must(m.load<f64>(200)) == -0.5);
    struct pair {
        i16 a, b;
    };
    REQUIRE(m.store<pair>(300, {1, -2}));
    CHECK(must(m.load<pair>(300)).b == -2);
    CHECK(m.load<u32>(65533).error().why() == trap::out_of_bounds_memory);
    CHECK(m.write(65530, "hello, world").error().why() == trap::out_of_bounds_memory);

    REQUIRE(m.atomic_store<u16>(2, 0xabcd));
    CHECK(must(m.atomic_load<u8>(2)) == 0xcd);
    CHECK(must(m.compare_exchange<u16>(2, 1, 2)) == 0xabcd);
    CHECK(must(m.compare_exchange<u16>(2, 0xabcd, 2)) == 0xabcd);
    CHECK(must(m.atomic_load<u16>(2)) == 2);
    CHECK(m.atomic_load<u64>(4).error().why() == trap::unaligned_atomic);
    CHECK(m.atomic_store<u64>(65536, 1).error().why() == trap::out_of_bounds_memory);
    CHECK(must(m.notify(0)) == 0);
    CHECK(m.notify(2).error().why() == trap::unaligned_atomic);

    const shared_memory none;
    CHECK(none.size() == 0);
    CHECK(none.load<u8>(0).error().message() == msg::stale_handle.text);
    CHECK_FALSE(none.grow(1));
    imports env;
    CHECK_FALSE(env.define("a", "b", none));
}

TEST_CASE("shared_memory: goes from one store to another and outlives both") {
    shared_memory m;
    {
        guest first("(module (memory (export \"m\") 1 2 shared) (data (i32.const 8) \"\\2a\")"
                    "(memory (export \"own\") 1) (func (export \"size\") (result i32) (memory.size)))");
        CHECK(first.instance.get<shared_memory>("own").error().message() == msg::wrong_type.text);
        CHECK(first.instance.get<shared_memory>("none").error().message() == msg::unknown_export.text);
        m = must(first.instance.get<shared_memory>("m"));
        guest second("(module (import \"env\" \"memory\" (memory 1 100 shared)))", with(m));
    }
    CHECK(must(m.load<u8>(8)) == 42);
    guest one(user, with(m)), two(user, with(m));
    REQUIRE(one.get<void(int, int)>("store")(0, 7));
    CHECK(must(two.get<int(int)>("load")(0)) == 7);
    CHECK(must(two.get<int(int)>("grow")(1)) == 1);
    CHECK(must(one.get<int()>("size")()) == 2);
    CHECK(must(one.get<int(int)>("load")(2 * 65536 - 4)) == 0);
    CHECK(one.get<int(int)>("load")(2 * 65536 - 3).error().why() == trap::out_of_bounds_memory);
    CHECK(must(one.get<int(int)>("grow")(1)) == -1);
}

TEST_CASE("shared_memory: must match what an import asks for") {
    const auto link = [](const shared_memory& m, const char* wanted) {
        store<guests::profile> s;
        auto mod = module::parse_text<guests::profile>(std::string("(module (import \"env\" \"memory\" (memory ") +
                                                       wanted + ")))");
        REQUIRE(mod);
        auto made = s.instantiate(*mod, with(m));
        return made ? std::string("linked") : std::string(made.error().message());
    };
    const shared_memory m = must(shared_memory::make(pages(2, 3)));
    CHECK(link(m, "2 3 shared") == "linked");
    CHECK(link(m, "1 4 shared") == "linked");
    CHECK(link(m, "3 3 shared") == "incompatible import type");
    CHECK(link(m, "1 2 shared") == "incompatible import type");
    CHECK(link(m, "1 4") == "incompatible import type");
    REQUIRE(m.grow(1));
    CHECK(link(m, "3 3 shared") == "linked");
}

TEST_CASE("shared_memory: is counted in the store that made it, as long as that lives") {
    limits tight;
    tight.total_memory_bytes = 3 * 65536;
    shared_memory m;
    {
        guest owner("(module (memory (export \"m\") 1 9 shared))", {}, tight);
        m = must(owner.instance.get<shared_memory>("m"));
        CHECK(m.grow(1));
        CHECK(owner.store.data()->memory_total.used == 2 * 65536);
        CHECK_FALSE(m.grow(2));
        CHECK_FALSE(owner.store.make_memory({{2, 2, true, false}}));
        CHECK(owner.store.make_memory({{1, 1, true, false}}));
        CHECK_FALSE(m.grow(1));
    }
    CHECK(m.grow(7));
    limits few;
    few.memories = 1;
    store<guests::profile> s(few);
    auto mod = module::parse_text<guests::profile>(user);
    REQUIRE(mod);
    CHECK(s.instantiate(*mod, with(m)));
    CHECK(s.instantiate(*mod, with(m))); // the same view
    const shared_memory other = must(shared_memory::make(pages(1, 1)));
    auto third = s.instantiate(*mod, with(other));
    REQUIRE_FALSE(third);
    CHECK(third.error().detail() == "limits::memories");
}

TEST_CASE("shared_memory: what another thread grew is there at once") {
    const shared_memory m = must(shared_memory::make(pages(1, 100)));
    // Waits in one call until the flag at 0 is set, then goes where there was no memory when the call began.
    const std::string text = R"((module
        (import "env" "memory" (memory 1 100 shared))
        (func $ready (loop (br_if 0 (i32.eqz (i32.atomic.load (i32.const 0))))))
        (func (export "load") (param i32) (result i32) (call $ready) (i32.load (local.get 0)))
        (func (export "load8") (param i32) (result i64) (call $ready)
            (i64.load8_s offset=1 (i32.add (local.get 0) (i32.load (i32.const 4)))))
        (func (export "store") (param i32) (call $ready) (i32.store (local.get 0) (i32.const 1)))
        (func (export "add") (param i32) (result i32) (call $ready) (i32.atomic.rmw.add (local.get 0) (i32.const 1)))
        (func (export "far") (param i32) (result f64) (call $ready) (f64.load offset=0x10000 (local.get 0)))
        (func (export "fill") (param i32) (call $ready)
            (memory.fill (local.get 0) (i32.const 0) (i32.const 4)))))";
    guest g(text, with(m));
    u64 at = 65536;
    const auto grown = [&](auto call) {
        REQUIRE(m.atomic_store<u32>(0, 0));
        std::thread other([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            static_cast<void>(m.grow(1));
            static_cast<void>(m.atomic_store<u32>(0, 1));
        });
        auto done = call(int(at));
        other.join();
        at += 65536;
        CHECK(m.size() == at);
        return done.has_value();
    };
    CHECK(grown(g.get<int(int)>("load")));
    CHECK(grown(g.get<i64(int)>("load8")));
    CHECK(grown(g.get<void(int)>("store")));
    CHECK(grown(g.get<int(int)>("add")));
    CHECK(grown([&](int a) { return g.get<f64(int)>("far")(a - 65536); }));
    CHECK(grown(g.get<void(int)>("fill")));
    CHECK(g.get<int(int)>("load")(int(at)).error().why() == trap::out_of_bounds_memory);
}

TEST_CASE("shared_memory: has no views; what a host function copies it may") {
    const shared_memory m = must(shared_memory::make(pages(1, 1)));
    imports env = with(m);
    u32 sum = 0;
    env.define("env", "text", [](std::string_view) {});
    env.define("env", "span", [](std::span<u8>) {});
    env.define("env", "each", [&](guest_span<u32> all) {
        for (std::size_t i = 0; i < all.size(); ++i) sum += all[i], all.set(i, 1);
        CHECK(all.bytes().empty());
    });
    env.define("env", "one", [&](caller& who, guest_ptr<u64> p) {
        p.set(p.get() + 1);
        const memory inside = *who.main_memory();
        CHECK(inside.bytes().empty());
        CHECK(inside.view(0, 1).error().message() == msg::shared_view.text);
        CHECK(inside.text(0, 1).error().message() == msg::shared_view.text);
        CHECK(inside.store<u32>(40, 5));
        CHECK(*inside.load<u32>(40) == 5);
        CHECK(inside.write(60, "abc"));
        CHECK(inside.size() == 65536);
    });
    guest g(R"((module (import "env" "memory" (memory 1 1 shared))
        (import "env" "text" (func $text (param i32 i32))) (import "env" "span" (func $span (param i32 i32)))
        (import "env" "each" (func $each (param i32 i32))) (import "env" "one" (func $one (param i32)))
        (export "text" (func $text)) (export "span" (func $span))
        (func (export "do_text") (call $text (i32.const 0) (i32.const 1)))
        (func (export "do_span") (call $span (i32.const 0) (i32.const 1)))
        (func (export "do_each") (i32.store (i32.const 4) (i32.const 9)) (call $each (i32.const 1) (i32.const 2)))
        (func (export "do_one") (call $one (i32.const 16)))))",
            env);
    CHECK(g.get<void()>("do_text")().error().message() == msg::shared_view.text);
    CHECK(g.get<void()>("do_span")().error().message() == msg::shared_view.text);
    CHECK(g.get<void()>("do_each")());
    CHECK(sum == 0x09000000);
    CHECK(must(m.load<u32>(5)) == 1);
    CHECK(g.get<void()>("do_one")());
    CHECK(must(m.load<u64>(16)) == 1);
    CHECK(must(m.load<u8>(62)) == 'c');
}

TEST_CASE("shared_memory: accesses give what those of an ordinary memory give, at every alignment") {
    const auto text = [](const char* memory) {
        std::string all = std::string("(module (memory (export \"m\") ") + memory + ") (data \"0123456789abcdef\")";
        const auto access = [&](const std::string& type, const std::string& bits, const char* sign) {
            all += "(func (param i32 i32) (" + type + ".store" + bits + " (local.get 0) (" + type + ".load" + bits +
                   sign + " (local.get 1))))";
        };
        unsigned n = 0;
        const auto table = [&](const std::string& type, std::initializer_list<const char*> widths) {
            for (const char* bits : widths)
                for (const char* sign : {"_s", "_u"})
                    if (*bits || sign[1] == 'u') { // what has all bits has no sign, and comes once
                        access(type, bits, *bits ? sign : "");
                        all += "(export \"" + std::to_string(n) + "\" (func " + std::to_string(n) + "))";
                        ++n;
                    }
        };
        table("i32", {"", "8", "16"});
        table("i64", {"", "8", "16", "32"});
        table("f32", {""});
        table("f64", {""});
        all +=
            "(func (export \"copy\") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))"
            "(func (export \"fill\") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))"
            "(func (export \"init\") (param i32 i32 i32) (memory.init 0 (local.get 0) (local.get 1) (local.get 2))))";
        return all;
    };
    guest plain(text("1 1")), shared(text("1 1 shared"));
    const auto a = must(plain.instance.get<memory>("m")), b = must(shared.instance.get<memory>("m"));
    u32 seed = 1;
    const auto random = [&](u32 below) { return int((seed = seed * 1664525 + 1013904223) >> 8) % int(below); };
    for (u64 i = 0; i < 256; ++i) {
        const u8 byte = u8(random(256));
        REQUIRE(a.store<u8>(i, byte));
        REQUIRE(b.store<u8>(i, byte));
    }
    for (int step = 0; step < 4000; ++step) {
        const int to = random(200), from = random(200), which = random(17);
        const std::string name = which < 14    ? std::to_string(which)
                                 : which == 14 ? "copy"
                                 : which == 15 ? "fill"
                                               : "init";
        CAPTURE(name);
        for (guest* g : {&plain, &shared}) {
            if (which < 14) REQUIRE(g->get<void(int, int)>(name.c_str())(to, from));
            else if (which < 16) REQUIRE(g->get<void(int, int, int)>(name.c_str())(to, from, (to ^ from) % 50));
            else REQUIRE(g->get<void(int, int, int)>(name.c_str())(to, from % 8, to % 9));
        }
        std::array<u8, 260> x{}, y{};
        REQUIRE(a.read(0, x));
        REQUIRE(b.read(0, y));
        REQUIRE(x == y);
    }
}

TEST_CASE("shared_memory: an aligned word is never seen half written") {
    const shared_memory m = must(shared_memory::make(pages(1, 1)));
    const std::string text = R"((module (import "env" "memory" (memory 1 1 shared))
        (func (export "write") (loop
            (i32.store (i32.const 8) (i32.const -1)) (i32.store (i32.const 8) (i32.const 0))
            (memory.fill (i32.const 16) (i32.const 3) (i32.const 9))
            (br_if 0 (i32.eqz (i32.atomic.load (i32.const 0))))))
        (func (export "read") (result i32) (local i32 i32)
            (loop (local.set 0 (i32.add (i32.load (i32.const 8)) (i32.const 1)))
                (if (i32.gt_u (local.get 0) (i32.const 1)) (then (return (i32.const 1))))
                (drop (i64.load (i32.const 13))) (i64.store (i32.const 17) (i64.const 5))
                (local.set 1 (i32.add (local.get 1) (i32.const 1)))
                (br_if 0 (i32.lt_u (local.get 1) (i32.const 300000))))
            (i32.const 0))))";
    guest writer(text, with(m)), reader(text, with(m));
    std::thread other([&] { static_cast<void>(writer.get<void()>("write")()); });
    CHECK(must(reader.get<int()>("read")()) == 0);
    REQUIRE(m.atomic_store<u32>(0, 1));
    other.join();
}

TEST_CASE("wait: says why it ended") {
    const shared_memory m = must(shared_memory::make(pages(1, 1)));
    guest g(user, with(m));
    const auto wait = g.get<int(int, int, i64)>("wait");
    CHECK(must(wait(0, 1, -1)) == 1);
    CHECK(must(wait(0, 0, 0)) == 2);
    const auto begin = std::chrono::steady_clock::now();
    CHECK(must(wait(0, 0, 20'000'000)) == 2);
    CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(20));
    CHECK(must(g.get<int(int, i64, i64)>("wait64")(8, i64{1} << 40, -1)) == 1);
    CHECK(must(g.get<int(int, i64, i64)>("wait64")(8, 0, 1)) == 2);
    CHECK(wait(2, 0, 0).error().why() == trap::unaligned_atomic);
    CHECK(wait(65536, 0, 0).error().why() == trap::out_of_bounds_memory);
    CHECK(must(g.get<int(int, int)>("notify")(0, -1)) == 0);

    guest own(R"((module (memory 1 1)
        (func (export "wait") (result i32) (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0)))
        (func (export "notify") (result i32) (memory.atomic.notify (i32.const 0) (i32.const 1)))
        (func (export "add") (result i32) (i32.atomic.rmw.add (i32.const 0) (i32.const 3)) (atomic.fence))))");
    CHECK(own.get<int()>("wait")().error().why() == trap::expected_shared_memory);
    CHECK(must(own.get<int()>("notify")()) == 0);
    CHECK(must(own.get<int()>("add")()) == 0);
    CHECK(must(own.get<int()>("add")()) == 3);
}

TEST_CASE("wait: who came first is woken first, and only at the address") {
    runtime::wait_queue queue;
    runtime::sleeper sleepers[5];
    std::atomic<int> inside{0}, awake{0};
    int order[5] = {};
    std::vector<std::thread> all;
    for (int i = 0; i < 5; ++i) {
        all.emplace_back([&, i] {
            const auto how = queue.wait(i == 2 ? 8 : 4, sleepers[i], condition::never, nullptr, [&] {
                ++inside; // under the queue's lock: whoever takes it next comes later
                return true;
            });
            order[i] = how == runtime::wait_queue::outcome::notified ? ++awake : -1;
        });
        while (inside.load() <= i) std::this_thread::yield();
    }
    for (int n = 1; n <= 4; ++n) {
        CHECK(queue.notify(4, 1) == 1);
        REQUIRE(eventually([&] { return awake.load() == n; }));
    }
    CHECK(queue.notify(4, 1) == 0);
    CHECK(queue.notify(8, ~u32{0}) == 1);
    for (std::thread& t : all) t.join();
    CHECK(order[0] == 1);
    CHECK(order[1] == 2);
    CHECK(order[3] == 3);
    CHECK(order[4] == 4);
    CHECK(order[2] == 5);
}

TEST_CASE("wait: an interruption ends it, and the call can go on") {
    const shared_memory m = must(shared_memory::make(pages(1, 1)));
    guest g(user, with(m));
    g.store.interrupt(); // before the first wait there is nothing to wake
    CHECK(g.get<int(int, int, i64)>("wait")(0, 0, -1).error().why() == trap::interrupted);
    for (int i = 1; i <= 3; ++i) {
        trap why = trap::none;
        std::thread other([&] { why = g.get<int()>("sleep")().error().why(); });
        CHECK(eventually([&] { return *m.atomic_load<u32>(64) == u32(i); }));
        if (i != 1) std::this_thread::sleep_for(std::chrono::milliseconds(10));
        g.store.interrupt();
        other.join();
        CHECK(why == trap::interrupted);
    }
    CHECK(must(m.notify(0)) == 0);

    auto sleep = g.instance.get<func>("sleep");
    REQUIRE(sleep);
    auto call = sleep->start({});
    REQUIRE(call);
    std::thread other([&] {
        CHECK(eventually([&] { return *m.atomic_load<u32>(64) == 4; }));
        g.store.interrupt();
    });
    CHECK(call->resume().error().why() == trap::interrupted);
    other.join();
    REQUIRE(call->paused());
    std::thread waker([&] { CHECK(eventually([&] { return *m.notify(0) == 1; })); });
    CHECK(call->resume()); // it waits again
    waker.join();
}

TEST_CASE("wait: fuel runs out") {
    const shared_memory m = must(shared_memory::make(pages(1, 1)));
    auto mod = module::parse_text<guests::profile>(user);
    REQUIRE(mod);
    store<guests::profile> s;
    auto i = s.instantiate(*mod, with(m));
    REQUIRE(i);
    REQUIRE(s.add_fuel(20'000));
    auto sleep = i->get<func>("sleep");
    auto call = sleep->start({});
    REQUIRE(call);
    CHECK(call->resume().error().why() == trap::out_of_fuel);
    CHECK(s.fuel() == 0);
    REQUIRE(s.add_fuel(u64{1} << 40));
    std::thread waker([&] { CHECK(eventually([&] { return *m.notify(0) == 1; })); });
    CHECK(call->resume());
    waker.join();
    CHECK(must(m.atomic_load<u32>(64)) == 1);
}

TEST_CASE("a module that is validated lazily is shared by stores on several threads") {
    std::string text = "(module (memory (export \"m\") 1 1 shared)";
    for (int i = 0; i < 60; ++i)
        text += "(func (export \"" + std::to_string(i) +
                "\") (param i32) (result i32) (i32.add (i32.mul (local.get 0) "
                "(i32.const " +
                std::to_string(i) + ")) (i32.atomic.rmw.add (i32.const 0) (i32.const 0))))";
    auto binary = must(module::parse_text<guests::profile>(text + ")")).to_binary();
    REQUIRE(binary);
    auto mod = module::parse_lazily<guests::profile>(*binary);
    REQUIRE(mod);
    std::atomic<int> right{0};
    std::vector<std::thread> all;
    for (int t = 0; t < 4; ++t)
        all.emplace_back([&right, one = *mod] {
            store<guests::profile> s;
            static_cast<void>(s.add_fuel(1'000'000));
            auto i = s.instantiate(one);
            for (int k = 0; k < 60 && i; ++k)
                if (auto f = i->get<int(int)>(std::to_string(k)))
                    if (auto r = (*f)(3); r && *r == 3 * k) ++right;
        });
    for (std::thread& t : all) t.join();
    CHECK(right == 240);
}
