// SPDX-License-Identifier: MIT
// Stores that are saved, restored elsewhere, and go on.
#include "support.hpp"

#include <tessera/save.hpp>

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "../../../bench/kernels.hpp"
#include "../../files.hpp"

namespace saved {

using store = tessera::store<guests::profile>;
using bytes = std::vector<tessera::u8>;

bytes save(store& s, const std::vector<tessera::execution*>& calls = {}) {
    const auto made = tessera::save(s, calls);
    REQUIRE_MESSAGE(made, made.error().message() << ": " << made.error().detail());
    const auto hash = tessera::state_hash(s, calls);
    REQUIRE(hash);
    return {made->begin(), made->end()};
}
/// Restores `from` into `s`, and checks that saving it again gives the same bytes.
tessera::restored restore(store& s, const bytes& from, std::initializer_list<tessera::module> modules,
                          const tessera::imports& env = {}) {
    auto made = tessera::restore(s, from, {modules.begin(), modules.size()}, env);
    REQUIRE_MESSAGE(made, made.error().message() << ": " << made.error().detail() << " at " << made.error().offset());
    std::vector<tessera::execution*> calls;
    for (tessera::execution& e : made->calls) calls.push_back(&e);
    CHECK(save(s, calls) == from);
    return std::move(*made);
}
tessera::module parse(const std::string& text) {
    auto mod = tessera::module::parse_text<guests::profile>(text);
    REQUIRE_MESSAGE(mod, mod.error().message() << " " << mod.error().detail() << " line " << mod.error().line());
    return *mod;
}
tessera::u64 hash_of(store& s, const std::vector<tessera::execution*>& calls = {}) {
    const auto h = tessera::state_hash(s, calls);
    REQUIRE(h);
    return *h;
}

/// Calls `name` of `text` with `args` straight, and again with a stop at about every `slice` of fuel, each time in
/// a new store. How often it stopped.
unsigned check_slices(const tessera::module& mod, const char* name, std::vector<tessera::value> args, unsigned slice,
                      unsigned most, unsigned seed, const tessera::imports& env = {}) {
    store whole;
    REQUIRE(whole.add_fuel(tessera::u64{1} << 50));
    auto inst = whole.instantiate(mod, env);
    REQUIRE_MESSAGE(inst, inst.error().message() << inst.error().detail());
    auto f = inst->get<tessera::func>(name);
    REQUIRE(f);
    tessera::value want[1], got[1];
    const auto ran = f->call(args, want);
    REQUIRE_MESSAGE(ran, ran.error().message());
    const tessera::u64 cost = (tessera::u64{1} << 50) - whole.fuel();

    std::mt19937 random(seed);
    store now;
    REQUIRE(now.add_fuel(slice));
    auto made = now.instantiate(mod, env);
    REQUIRE(made);
    auto started = made->get<tessera::func>(name)->start(args);
    REQUIRE(started);
    tessera::execution call = std::move(*started);
    unsigned stops = 0;
    tessera::u64 given = slice;
    for (;;) {
        if (stops < most) {
            const bytes state = save(now, {&call});
            store next;
            auto there = restore(next, state, {mod}, env);
            REQUIRE(there.calls.size() == 1);
            CHECK(hash_of(next, {&there.calls[0]}) == hash_of(now, {&call}));
            call = std::move(there.calls[0]);
            now = std::move(next);
        }
        if (const auto step = call.resume(); !step) REQUIRE_MESSAGE(call.paused(), step.error().message());
        if (call.done()) break;
        ++stops;
        const unsigned more = stops < most ? 1 + unsigned(random() % (2 * slice)) : 1u << 30;
        given += more;
        REQUIRE(now.add_fuel(more));
    }
    REQUIRE(call.results(got));
    CHECK(got[0] == want[0]);
    CHECK(given - now.fuel() == cost);
    return stops;
}

} // namespace saved

TEST_CASE("a kernel that is saved where it stops, and goes on in a new store, gives the same") {
    const std::string folder = TESSERA_TESTS "/../bench/kernels";
    const auto kernels = read_kernels(folder);
    REQUIRE_FALSE(kernels.empty());
    for (const kernel& k : kernels) {
        CAPTURE(k.name);
        auto mod = tessera::module::parse<guests::profile>(read_file((folder + "/" + k.name + ".wasm").c_str()));
        REQUIRE(mod);
        for (const unsigned slice : {7u, 300u, 20'000u}) {
            CAPTURE(slice);
            CHECK(saved::check_slices(*mod, "run", {tessera::value::i32(k.small), tessera::value::i32(k.seed)}, slice,
                                      6, slice + k.seed) > 0);
        }
    }
}

TEST_CASE("values that a call has not used yet go with it, whatever lowering did with them") {
    const auto mod = saved::parse(R"((module
        (memory 1)
        (global $g (mut i32) (i32.const 0))
        (func $tick (global.set $g (i32.add (global.get $g) (i32.const 3))) (drop (call $burn (i32.const 2))))
        (func $burn (param i32) (result i32) (loop $l
            (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if $l (local.get 0))) (global.get $g))
        (func $two (param i32) (result i32 i64) (drop (call $burn (i32.const 1)))
            (local.get 0) (i64.const -5))
        ;; the sum goes straight to $x, before the call: its old value is gone by then
        (func $late (param $n i32) (result i32) (local $x i32) (local $y f32) (local $z v128)
            (local.set $y (f32.const 1.5))
            (loop $l
                (i32.add (local.get $x) (local.get $n))
                (call $tick)
                (local.set $x)
                (f32.add (local.get $y) (f32.const 0.25)) (call $tick) (local.set $y)
                (i8x16.add (local.get $z) (i8x16.splat (local.get $n))) (call $tick) (local.set $z)
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (i32.add (local.get $x) (i32.add (i32.trunc_f32_s (f32.mul (local.get $y) (f32.const 8)))
                (i32x4.extract_lane 1 (local.get $z)))))
        ;; copies of locals and constants that wait below a call
        (func $below (param $n i32) (result i32) (local $x i64)
            (local.set $x (i64.const 0x123456789))
            (loop $l
                local.get $n i32.const 77 local.get $x local.get $n f64.const 2.5 i64.const 0x7fffffffffff
                (call $burn (i32.const 3))
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                drop (local.set $x (i64.add (i64.const 1))) drop drop
                (local.set $x (i64.add (local.get $x)))
                drop drop
                (br_if $l (local.get $n)))
            (i32.wrap_i64 (local.get $x)))
        (func $branch (param $n i32) (result i32)
            (block (result i32)
                (loop $l
                    (if (i32.eqz (local.get $n)) (then (br 2 (i32.const 9))))
                    (block $out (result i32)
                        i32.const 5 local.get $n
                        (i32.mul (local.get $n) (local.get $n)) (call $tick) (br $out))
                    (drop)
                    (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                    (br $l))
                (unreachable)))
        (func $bulk (result i32) (local $i i32)
            (loop $l
                (memory.fill (local.get $i) (i32.const 7) (i32.const 3000))
                (memory.copy (i32.const 9000) (local.get $i) (i32.const 1000))
                (loop $inner (drop (memory.grow (i32.const 0))) (nop) (block (nop)))
                (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 500))) (i32.const 4000))))
            (i32.load (i32.const 9996)))
        (func $hop (param i32) (result i32)
            (if (result i32) (i32.eqz (local.get 0)) (then (call $burn (i32.const 5)))
                (else (return_call $hop (i32.sub (local.get 0) (i32.const 1))))))
        (func (export "run") (param $n i32) (result i32)
            (i32.add (call $late (local.get $n)) (i32.add (call $below (local.get $n)) (i32.add (call $branch (local.get $n))
                (i32.add (call $bulk) (i32.add (call $hop (local.get $n))
                    (block (result i32) (call $two (local.get $n)) (i32.add (i32.wrap_i64))))))))) ))");
    for (unsigned seed = 0; seed < 8; ++seed)
        CHECK(saved::check_slices(mod, "run", {tessera::value::i32(6)}, 3, 10'000, seed) > 100);
}

TEST_CASE("a frame with more slots than an operand can name is saved") {
    std::string text = "(module (func $t) (func (export \"run\") (param i32) (result i32) (local";
    for (int i = 0; i < 40'000; ++i) text += " v128";
    text += ") (local i32) (loop $l (i32.add (local.get 40001) (local.get 0)) (call $t) (local.set 40001)"
            "(br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 40001)))";
    CHECK(saved::check_slices(saved::parse(text), "run", {tessera::value::i32(3)}, 11, 4, 1) > 2);
}

TEST_CASE("objects, exceptions and references to functions are saved with a call") {
    const auto mod = saved::parse(R"((module
        (rec (type $list (struct (field $value i32) (field $next (mut (ref null $list)))))
             (type $bytes (array (mut i8))) (type $refs (array (mut anyref))) (type $wide (struct (field i64) (field v128) (field i16))))
        (type $f (func (param i32) (result i32)))
        (tag $t (param i32 (ref null $list)))
        (table $objects 4 anyref)
        (table $funcs 2 funcref)
        (global $keep (mut (ref null $list)) (ref.null $list))
        (global $caught (mut exnref) (ref.null exn))
        (elem $passive funcref (ref.func $double) (ref.null func))
        (elem $gone funcref (ref.func $double))
        (data $text "hello")
        (func $double (type $f) (drop (call $burn (i32.const 2))) (i32.mul (local.get 0) (i32.const 2)))
        (func $burn (param i32) (result i32) (loop $l
            (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if $l (local.get 0))) (i32.const 1))
        (func $push (param $l (ref null $list)) (param $n i32) (result (ref null $list))
            (drop (call $burn (i32.const 2)))
            (struct.new $list (local.get $n) (local.get $l)))
        (func $sum (param $l (ref null $list)) (result i32) (local $s i32)
            (block $done (loop $next
                (br_if $done (ref.is_null (local.get $l)))
                (local.set $s (i32.add (local.get $s) (struct.get $list $value (local.get $l))))
                (local.set $l (struct.get $list $next (local.get $l)))
                (br $next)))
            (local.get $s))
        (func (export "run") (param $n i32) (result i32)
            (local $l (ref null $list)) (local $a (ref null $bytes)) (local $r i32) (local $x anyref) (local $i i31ref)
            (elem.drop $gone)
            (table.init $funcs $passive (i32.const 0) (i32.const 0) (i32.const 2))
            (local.set $a (array.new_data $bytes $text (i32.const 0) (i32.const 5)))
            (table.set $objects (i32.const 1) (struct.new $wide (i64.const 1) (v128.const i64x2 3 4) (i32.const -1)))
            (table.set $objects (i32.const 2) (array.new $refs (ref.i31 (i32.const -7)) (i32.const 300)))
            (local.set $i (ref.i31 (i32.const 12)))
            (loop $l0
                (local.set $l (call $push (local.get $l) (local.get $n)))
                (global.set $keep (struct.new $list (i32.const 1) (local.get $l)))
                (local.set $x (call $push (local.get $l) (i32.const 4)))
                (block $h (result i32 (ref null $list) exnref)
                    (try_table (catch_ref $t $h)
                        (drop (call $burn (i32.const 3)))
                        (throw $t (i32.const 5) (local.get $l)))
                    (unreachable))
                (global.set $caught)
                (drop (call $burn (i32.const 3)))
                (call $sum) (i32.add) (local.get $r) (i32.add) (local.set $r)
                (local.set $r (i32.add (local.get $r) (call_indirect $funcs (type $f) (local.get $n) (i32.const 0))))
                (local.set $r (i32.add (local.get $r) (call_ref $f (local.get $n) (ref.cast (ref $f) (table.get $funcs (i32.const 0))))))
                (br_if $l0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (block $h (result i32 (ref null $list))
                (try_table (catch $t $h) (throw_ref (global.get $caught)))
                (unreachable))
            (drop)
            (i32.add (local.get $r)) (array.get_u $bytes (local.get $a) (i32.const 1)) (i32.add)
            (i31.get_s (local.get $i)) (i32.add)
            (i31.get_s (ref.cast (ref i31) (array.get $refs (ref.cast (ref $refs) (table.get $objects (i32.const 2))) (i32.const 299))))
            (i32.add) (struct.get_s $wide 2 (ref.cast (ref $wide) (table.get $objects (i32.const 1)))) (i32.add)))
    )");
    for (unsigned seed = 0; seed < 8; ++seed)
        CHECK(saved::check_slices(mod, "run", {tessera::value::i32(5)}, 4, 10'000, seed) > 60);
}

TEST_CASE("a call of several instances, and what they share") {
    const auto lower = saved::parse(R"((module
        (import "env" "note" (func $note (param i32) (result i32)))
        (memory (export "memory") 1 3) (table (export "table") 4 funcref)
        (global (export "count") (mut i64) (i64.const 5)) (tag (export "tag") (param i32))
        (func (export "note") (param i32) (result i32) (call $note (local.get 0)))
        (func (export "work") (param $n i32) (result i32) (local $s i32)
            (loop $l (local.set $s (i32.add (local.get $s) (call $note (local.get $n))))
                (i32.store (local.get $n) (local.get $s))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $s))))");
    const auto upper = saved::parse(R"((module
        (import "lower" "work" (func $work (param i32) (result i32)))
        (import "lower" "memory" (memory 1)) (import "lower" "table" (table 4 funcref))
        (import "lower" "count" (global $count (mut i64))) (import "lower" "tag" (tag $t (param i32)))
        (import "env" "note" (func $note (param i32) (result i32)))
        (func $tail (param i32) (result i32) (return_call $work (local.get 0)))
        (func (export "run") (param $n i32) (result i32)
            (table.set (i32.const 1) (ref.func $note))
            (table.set (i32.const 2) (ref.func $run))
            (global.set $count (i64.add (global.get $count) (i64.const 1)))
            (i32.add (call $work (local.get $n)) (i32.add (call $tail (local.get $n))
                (call_indirect (param i32) (result i32) (local.get $n) (i32.const 1)))))
        (func $run (param i32) (result i32) (i32.const 0)) (elem declare func $note $run)))");
    int calls = 0;
    tessera::imports env;
    REQUIRE(env.define("env", "note", [&calls](int n) { return ++calls, 3 * n; }));

    saved::store one;
    REQUIRE(one.add_fuel(10));
    auto a = one.instantiate(lower, env);
    REQUIRE(a);
    REQUIRE(env.define("lower", *a));
    auto b = one.instantiate(upper, env);
    REQUIRE_MESSAGE(b, b.error().message() << b.error().detail());
    const tessera::value args[] = {tessera::value::i32(9)};
    auto started = b->get<tessera::func>("run")->start(args);
    REQUIRE(started);
    std::vector<tessera::execution> call;
    call.push_back(std::move(*started));
    tessera::imports fresh;
    REQUIRE(fresh.define("env", "note", [&calls](int n) { return ++calls, 3 * n; }));
    unsigned stops = 0;
    for (;; ++stops) {
        saved::store next;
        auto there = saved::restore(next, saved::save(one, {&call[0]}), {upper, lower}, fresh);
        REQUIRE(there.instances.size() == 2);
        // A copy that goes on by itself changes nothing here.
        const auto before = saved::hash_of(one, {&call[0]});
        {
            saved::store other;
            tessera::execution* const those[] = {&call[0]};
            auto copy = tessera::fork(one, other, those);
            REQUIRE(copy);
            REQUIRE(other.add_fuel(1'000'000));
            CHECK(saved::hash_of(one, {&call[0]}) == before);
            REQUIRE(copy->calls[0].resume());
            CHECK(*copy->calls[0].get<int>() == 3 * (45 + 45 + 9));
            CHECK(saved::hash_of(one, {&call[0]}) == before);
        }
        call[0] = std::move(there.calls[0]);
        one = std::move(next);
        REQUIRE(one.add_fuel(stops ? 12 : 1));
        if (auto step = call[0].resume(); !step) REQUIRE(call[0].paused());
        if (call[0].done()) break;
    }
    CHECK(stops > 8);
    CHECK(*call[0].get<int>() == 3 * (45 + 45 + 9));
    CHECK(calls > 0);
}

TEST_CASE("a call that found the heap full goes on elsewhere") {
    const auto mod = saved::parse(R"((module
        (type $a (array (mut i32))) (type $s (struct (field i32) (field i64) (field (ref null $a))))
        (func (export "run") (param $n i32) (result i32) (local $a (ref null $a))
            (i32.const 30)
            (local.set $a (array.new $a (i32.const 7) (local.get $n)))
            (struct.get $s 0 (struct.new $s (i32.const 12) (i64.const 3) (local.get $a)))
            (i32.add) (array.get $a (local.get $a) (i32.const 5)) (i32.add))))");
    tessera::limits small;
    small.heap_bytes = 1 << 20;
    saved::store tight(small), wide;
    REQUIRE(tight.add_fuel(1 << 20));
    auto i = tight.instantiate(mod);
    REQUIRE(i);
    const tessera::value args[] = {tessera::value::i32(1 << 19)};
    auto call = i->get<tessera::func>("run")->start(args);
    REQUIRE(call);
    const auto stopped = call->resume();
    REQUIRE_FALSE(stopped);
    REQUIRE(stopped.error().why() == tessera::trap::out_of_memory);
    REQUIRE(call->paused());
    auto there = saved::restore(wide, saved::save(tight, {&*call}), {mod});
    REQUIRE(there.calls[0].resume());
    CHECK(*there.calls[0].get<int>() == 49);
}

TEST_CASE("what cannot be saved is refused with the reason") {
    saved::store s;
    REQUIRE(s.add_fuel(1000));
    const auto mod = saved::parse(R"((module (import "env" "f" (func $f)) (table (export "t") 2 funcref)
        (func (export "run") (call $f))))");
    tessera::imports env;
    std::string refused;
    REQUIRE(env.define("env", "f", [&] {
        const auto r = tessera::save(s);
        refused = r ? "" : std::string(r.error().detail());
    }));
    auto i = s.instantiate(mod, env);
    REQUIRE(i);
    REQUIRE((*i->get<void()>("run"))());
    CHECK(refused == "a host function called from a guest runs");

    auto other = s.make_func([] {});
    REQUIRE(other);
    REQUIRE(i->get<tessera::table>("t")->set(0, other->as_value()));
    const auto unnamed = tessera::save(s);
    REQUIRE_FALSE(unnamed);
    CHECK(unnamed.error().detail() == "a host function that no module imports");
    auto ended = i->get<tessera::func>("run")->start({});
    REQUIRE(ended);
    REQUIRE(ended->resume());
    tessera::execution* const calls[] = {&*ended};
    CHECK(tessera::save(s, calls).error().detail() == "a call that has ended");
    saved::store elsewhere;
    CHECK(tessera::save(elsewhere, calls).error().detail() == "a call that has ended");
}

TEST_CASE("bytes that are no saved store are an error with a position, and leave a store that is as new") {
    const auto mod = saved::parse(R"((module
        (type $s (struct (field (mut (ref null $s))) (field i32)))
        (import "env" "f" (func $f))
        (memory 1) (table 2 anyref) (global (mut (ref null $s)) (ref.null $s)) (tag (param i32))
        (func $go (param i32) (result i32) (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (i32.const 4))
        (func (export "run") (param i32) (result i32) (local $x (ref null $s))
            (local.set $x (struct.new $s (ref.null $s) (i32.const 6)))
            (table.set (i32.const 0) (local.get $x))
            (global.set 0 (struct.new $s (local.get $x) (i32.const 8)))
            (i32.store (i32.const 70) (i32.const 1))
            (i32.add (i64.const 3) (call $go (local.get 0)) (struct.get $s 1 (local.get $x))) (local.set 0) (drop) (local.get 0))))");
    tessera::imports env;
    REQUIRE(env.define("env", "f", [] {}));
    saved::store s;
    REQUIRE(s.add_fuel(40));
    auto i = s.instantiate(mod, env);
    REQUIRE(i);
    const tessera::value args[] = {tessera::value::i32(50)};
    auto call = i->get<tessera::func>("run")->start(args);
    REQUIRE(call);
    REQUIRE_FALSE(call->resume());
    const saved::bytes good = saved::save(s, {&*call});
    tessera::limits few;
    few.memory_bytes = few.total_memory_bytes = 16 << 20;
    few.heap_bytes = 4 << 20;
    saved::store to(few);
    const auto take = [&](const saved::bytes& b) {
        const auto r = tessera::restore(to, b, {&mod, 1}, env);
        if (!r) {
            CHECK(r.error().offset() <= b.size());
        } else if (!r->calls.empty()) { // another state, which is a state nevertheless
            to.data()->fuel = 10'000;   // what the bytes say could be enough for hours
            auto there = tessera::save(to);
            CHECK(there);
        }
        const bool fine = bool(r);
        for (int n = 0; fine && n < 3 && const_cast<tessera::restored&>(*r).calls.size() == 1; ++n)
            static_cast<void>(const_cast<tessera::restored&>(*r).calls[0].resume());
        REQUIRE(to.reset());
        return fine;
    };
    CHECK(take(good));
    // Of the zeros of a memory's page, a few will do.
    const auto matters = [&](std::size_t n) { return good[n] != 0 || n % 61 == 0 || n + 200 > good.size(); };
    for (std::size_t n = 0; n < good.size(); ++n)
        if (matters(n)) CHECK_FALSE(take({good.begin(), good.begin() + std::ptrdiff_t(n)}));
    saved::bytes more = good;
    more.push_back(0);
    CHECK_FALSE(take(more));
    for (std::size_t n = 0; n < good.size(); ++n)
        for (unsigned flip : {1u, 2u, 4u, 16u, 0x80u, 0xffu}) {
            if (!matters(n)) continue;
            saved::bytes bad = good;
            bad[n] = tessera::u8(bad[n] ^ flip);
            take(bad);
        }
    // A module that is not given, a function that is missing, a store in use.
    CHECK(tessera::restore(to, good, {}, env).error().detail() == "a module that was not given");
    CHECK(tessera::restore(to, good, {&mod, 1}).error().kind() == tessera::kind::unlinkable);
    CHECK(tessera::restore(s, good, {&mod, 1}, env).error().detail() == "a store that is in use");
}
