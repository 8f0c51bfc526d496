// SPDX-License-Identifier: MIT
// What lowered code computes at the edges: memory bounds, large functions, floats, fuel, interruption.
#include "support.hpp"

#include <chrono>
#include <cmath>
#include <thread>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

using guests::guest;
using guests::must;
using guests::profile;
using tessera::trap;
using tessera::u32;
using tessera::u64;

namespace {

struct operation {
    const char* type;
    const char* name;
    u32 size;
};
constexpr operation loads[] = {{"i32", "load", 4},     {"i64", "load", 8},     {"f32", "load", 4},
                               {"f64", "load", 8},     {"i32", "load8_s", 1},  {"i32", "load8_u", 1},
                               {"i32", "load16_s", 2}, {"i32", "load16_u", 2}, {"i64", "load8_s", 1},
                               {"i64", "load8_u", 1},  {"i64", "load16_s", 2}, {"i64", "load16_u", 2},
                               {"i64", "load32_s", 4}, {"i64", "load32_u", 4}};
constexpr operation stores[] = {{"i32", "store", 4},  {"i64", "store", 8},   {"f32", "store", 4},
                                {"f64", "store", 8},  {"i32", "store8", 1},  {"i32", "store16", 2},
                                {"i64", "store8", 1}, {"i64", "store16", 2}, {"i64", "store32", 4}};

/// A module with a function for every load and store: the address comes as an operand (a local, or
/// computed), and for `at` as a constant.
std::string accesses(const char* address, const std::string& offset, const std::string& at) {
    const std::string a = address;
    std::string text = "(module (memory " + std::string(a == "i64" ? "i64 " : "") + "1)\n";
    int n = 0;
    const auto add = [&](const std::string& body) {
        text += "(func (export \"f" + std::to_string(n++) + "\") (param " + a + ") " + body + ")\n";
    };
    for (const operation& l : loads) {
        const std::string op = "(drop (" + std::string(l.type) + "." + l.name + " offset=" + offset + " ";
        add(op + "(local.get 0)))");
        add(op + "(" + a + ".add (local.get 0) (" + a + ".const 0))))");
        add(op + "(" + a + ".add (local.get 0) (" + a + ".shl (local.get 0) (" + a + ".const 40)))))");
        add(op + "(" + a + ".const " + at + ")))");
    }
    for (const operation& s : stores) {
        const std::string op = "(" + std::string(s.type) + "." + s.name + " offset=" + offset + " ";
        const std::string value = " (" + std::string(s.type) + ".const 1)";
        add(op + "(local.get 0)" + value + ")");
        add(op + "(" + a + ".add (local.get 0) (" + a + ".const 0))" + value + ")");
        add(op + "(local.get 0) (" + s.type + ".add" + value + value + "))");
        add(op + "(" + a + ".const " + at + ")" + value + ")");
    }
    return text + ")";
}
constexpr int access_count = int(std::size(loads) + std::size(stores)) * 4;

void expect_out_of_bounds(const guest& g, bool wide, u64 address) {
    for (int n = 0; n < access_count; ++n) {
        auto f = g.instance.get<tessera::func>("f" + std::to_string(n));
        REQUIRE(f);
        const tessera::value arg = wide ? tessera::value::i64(address) : tessera::value::i32(u32(address));
        const auto end = f->call({&arg, 1}, {});
        REQUIRE_MESSAGE(!end, n);
        CHECK(end.error().why() == trap::out_of_bounds_memory);
    }
}

#if defined(_GLIBCXX_HAS_GTHREADS) || !defined(__GLIBCXX__)
/// Keeps a thread waiting to interrupt from outliving what it interrupts.
struct joined {
    std::thread thread;
    ~joined() { thread.join(); }
};
#endif

} // namespace

TEST_CASE("an access far out traps for every size, 32-bit addresses") {
    for (const char* offset : {"0xffffffff", "0xfffffffe", "0xfffffff8", "0xffff0000", "0x80000000", "65536"})
        for (const char* at : {"0", "-1", "0x80000000", "65535"}) {
            CAPTURE(offset);
            CAPTURE(at);
            const guest g(accesses("i32", offset, at));
            for (u64 address : {u64{0}, u64{1}, u64{0xffff'ffff}, u64{0x8000'0000}, u64{65535}})
                expect_out_of_bounds(g, false, address);
        }
}

TEST_CASE("an access far out traps for every size, 64-bit addresses") {
    for (const char* offset :
         {"0xffffffff", "0x100000000", "0xffffffffffffffff", "0xfffffffffffffff8", "0x8000000000000000", "65536"}) {
        CAPTURE(offset);
        const guest g(accesses("i64", offset, "0x7fffffffffff0000"));
        for (u64 address : {u64{0}, u64{1}, u64{0x7fff'ffff'ffff'0000}, u64{0xffff'ffff'ffff}})
            expect_out_of_bounds(g, true, address);
    }
}

TEST_CASE("the last bytes of a memory can be accessed, the next cannot") {
    for (const bool wide : {false, true}) {
        const guest g(accesses(wide ? "i64" : "i32", "0", "0"));
        int n = 0;
        const auto run = [&](int f, u64 address) {
            const tessera::value arg = wide ? tessera::value::i64(address) : tessera::value::i32(u32(address));
            return g.instance.get<tessera::func>("f" + std::to_string(f))->call({&arg, 1}, {}).has_value();
        };
        const auto check = [&](u32 size) {
            for (int shape = 0; shape < 2; ++shape) {
                CHECK(run(n + shape, 65536 - size));
                CHECK_FALSE(run(n + shape, 65536 - size + 1));
                CHECK_FALSE(run(n + shape, 65536));
            }
            n += 4;
        };
        for (const operation& l : loads) check(l.size);
        for (const operation& s : stores) check(s.size);
    }
}

TEST_CASE("50,000 locals of type v128") {
    std::string locals;
    for (int i = 0; i < 49'990; ++i) locals += " v128";
    const guest g("(module (func $last (export \"last\") (param i32 v128 v128) (result v128 i32) (local" + locals + R"()
            (local.set 49990 (local.get 1))
            (local.set 40000 (local.get 2))
            (local.set 3 (local.get 49990))
            (block (br_if 0 (i32.eqz (local.get 0)))
                (local.set 49991 (select (local.get 40000) (local.get 3) (i32.gt_u (local.get 0) (i32.const 5)))))
            (local.tee 45000 (local.get 49991))
            (i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.add (local.get 0) (i32.const 4))))
        (func $numbers (export "numbers") (param i32) (result i64) (local)" +
                  locals + R"( i32 i64 f64 i32)
            (local.set 49991 (i32.add (local.get 0) (i32.const 7)))
            (loop $again
                (local.set 49992 (i64.add (local.get 49992) (i64.extend_i32_u (local.get 49991))))
                (local.set 49993 (f64.add (local.get 49993) (f64.const 0.5)))
                (local.set 49991 (i32.sub (local.get 49991) (i32.const 1)))
                (br_if $again (local.get 49991)))
            block block block local.get 49994 br_table 0 1 2 end i32.const 100 local.set 49994 end end
            (i64.add (local.get 49992) (i64.add (i64.trunc_f64_s (local.get 49993)) (i64.extend_i32_u (local.get 49994)))))
        (func (export "call") (param i32 v128 v128) (result i32) (local i32)
            (call $last (local.get 0) (local.get 1) (local.get 2)) (local.set 3) (drop)
            (i32.add (local.get 3) (i32.wrap_i64 (call $numbers (i32.const 3))))))
    )");
    const auto last = g.get<tessera::func>("last");
    for (const u32 n : {0u, 3u, 9u}) {
        const tessera::value args[] = {tessera::value::i32(n), {tessera::t_v128, 1, 2}, {tessera::t_v128, 3, 4}};
        tessera::value results[2];
        REQUIRE(last.call(args, results));
        CHECK(results[0] == tessera::value{tessera::t_v128,
                                           n == 0  ? 0u
                                           : n > 5 ? 3u
                                                   : 1u,
                                           n == 0  ? 0u
                                           : n > 5 ? 4u
                                                   : 2u});
        CHECK(results[1].as_u32() == n * 4 + 4);
        tessera::value sum[1];
        REQUIRE(g.get<tessera::func>("call").call(args, sum));
        CHECK(sum[0].as_u32() == n * 4 + 4 + 160); // 10 + 9 + … + 1, 10 halves, 100
    }
}

TEST_CASE("a br_table with 65,520 targets") {
    std::string table;
    const auto way = [](u32 i) { return i >= 65'520 ? 1 : i % 7 == 0 ? 3 : i % 3 == 0 ? 5 : i % 5 == 0 ? 1 : 7; };
    for (u32 i = 0; i < 65'520; ++i) table += way(i) == 3 ? " $c" : way(i) == 5 ? " $b" : way(i) == 1 ? " $f" : " $a";
    const guest g(R"((module (func (export "f") (param i32) (result i32)
        block $f (result i32)
            block $a (result i32)
                block $b (result i32)
                    block $c (result i32)
                        local.get 0 i32.const 1000 i32.add
                        local.get 0 br_table)" +
                  table + R"( $f
                    end i32.const 3 i32.mul return
                end i32.const 5 i32.mul return
            end i32.const 7 i32.mul
        end)))");
    const auto f = g.get<u32(u32)>("f");
    for (u32 n : {0u, 1u, 2u, 3u, 5u, 7u, 10u, 21u, 32'767u, 65'518u, 65'519u, 65'520u, 65'521u, 0xffff'ffffu})
        CHECK(must(f(n)) == (n + 1000) * u32(way(n)));
}

TEST_CASE("fuel is counted on wasm instructions, to the unit") {
    const guest g(R"((module (memory 1)
        (func $count (export "count") (param i32)                                              ;; 8 instructions, ends among them
            (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))          ;; 6 a round
        (func (export "fill") (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0))) ;; 5, and one for each 64 bytes
        (func (export "tail") (param i32) (return_call $count (local.get 0)))))"); // 3
    const auto cost = [&](const char* name, u32 n) {
        const u64 before = g.store.fuel();
        CHECK(g.get<void(u32)>(name)(n).has_value());
        return before - g.store.fuel();
    };
    CHECK(cost("count", 1) == 8);
    CHECK(cost("count", 10) == 8 + 9 * 6);
    CHECK(cost("tail", 10) == 3 + 8 + 9 * 6);
    CHECK(cost("fill", 63) == 5);
    CHECK(cost("fill", 6400) == 5 + 100);
    // One unit less is too little; what there was is used up.
    for (const u64 given : {u64{0}, u64{7}, u64{8}, u64{61}, u64{62}}) {
        CAPTURE(given);
        auto mod = tessera::module::parse_text<profile>("(module (func (export \"count\") (param i32) (loop $l (br_if "
                                                        "$l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))");
        tessera::store<profile> store;
        REQUIRE(store.add_fuel(given));
        auto i = store.instantiate(*mod);
        REQUIRE(i);
        const auto end = (*i->get<void(u32)>("count"))(10);
        CHECK(end.has_value() == (given >= 62));
        if (!end) {
            CHECK(end.error().kind() == tessera::kind::exhaustion);
            CHECK(end.error().why() == trap::out_of_fuel);
        }
        CHECK(store.fuel() == 0);
    }
}

#if defined(_GLIBCXX_HAS_GTHREADS) || !defined(__GLIBCXX__)
TEST_CASE("another thread interrupts a loop, a recursion, and tail calls") {
    guest g(R"((module
        (func (export "loop") (loop (br 0)))
        (func (export "loop_if") (loop (br_if 0 (i32.const 1))))
        (func (export "table") (loop (br_table 0 0 0 (i32.const 1))))
        (func $tail (export "tail") (return_call $tail))
        (func $f (param i32) (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1))) (call $f (i32.sub (local.get 0) (i32.const 1))))))
        (func (export "calls") (call $f (i32.const 60)))
        (func (export "after") (result i32) (i32.const 3))))");
    for (const char* name : {"loop", "loop_if", "table", "tail", "calls"}) {
        CAPTURE(name);
        const joined other{std::thread([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            g.store.interrupt();
        })};
        const auto end = g.get<void()>(name)();
        REQUIRE_FALSE(end);
        CHECK(end.error().why() == trap::interrupted);
        CHECK(end.error().kind() == tessera::kind::exhaustion);
    }
    CHECK(must(g.get<u32()>("after")()) == 3); // an interruption is spent
}
#endif

TEST_CASE("the host's float settings do not reach the guest, and are back afterwards") {
    const guest g(R"((module
        (func (export "third") (result f64) (f64.div (f64.const 1) (f64.const 3)))
        (func (export "add") (param f64 f64) (result f64) (f64.add (local.get 0) (local.get 1)))
        (func (export "div") (param f32 f32) (result f32) (f32.div (local.get 0) (local.get 1)))
        (func (export "nearest") (param f64) (result f64) (f64.nearest (local.get 0)))
        (func (export "demote") (param f64) (result f32) (f32.demote_f64 (local.get 0)))
        (func (export "trap") (unreachable))))");
    const auto add = g.get<double(double, double)>("add");
    const auto divide = g.get<float(float, float)>("div");
    const auto nearest = g.get<double(double)>("nearest");
    const auto demote = g.get<float(double)>("demote");
    const auto third = g.get<double()>("third");
    const auto trapping = g.get<void()>("trap");
    constexpr double tiny = 4.9406564584124654e-324;
    const auto check = [&] {
        double sum[3], quarter, down;
        float least, narrow;
        sum[0] = must(add(1.0, 1e-30));
        sum[1] = must(add(tiny, tiny));
        sum[2] = must(third());
        least = must(divide(1.17549435e-38f, 2));
        quarter = must(nearest(0.25));
        down = must(nearest(2.5));
        narrow = must(demote(1.0 + 1e-12));
        static_cast<void>(trapping());
        return [=] {
            CHECK(sum[0] == 1.0);
            CHECK(std::bit_cast<u64>(sum[1]) == 2);
            CHECK(std::bit_cast<u64>(sum[2]) == 0x3fd5'5555'5555'5555);
            CHECK(std::bit_cast<u32>(least) == 0x0040'0000);
            CHECK(quarter == 0.0);
            CHECK(down == 2.0);
            CHECK(narrow == 1.0f);
        };
    };
    check()();
#if defined(__SSE2__)
    for (const unsigned setting :
         {0x9fc0u, 0x3f80u, 0x5f80u, 0x7f80u, 0xffc0u}) { // flush and zero, down, up, chop, all at once
        const unsigned before = _mm_getcsr();
        _mm_setcsr(setting);
        const auto verify = check();
        const unsigned after = _mm_getcsr();
        _mm_setcsr(before);
        CAPTURE(setting);
        CHECK((after & 0xffc0u) == (setting & 0xffc0u));
        verify();
    }
#endif
}
