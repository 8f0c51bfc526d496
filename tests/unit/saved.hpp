// SPDX-License-Identifier: MIT
// Saving and restoring calls where they stop, for the tests of every build that can: interpreted, or as machine code.
#pragma once

#include <tessera/save.hpp>

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "../../bench/kernels.hpp"
#include "../files.hpp"

namespace saved {

using bytes = std::vector<tessera::u8>;

template <tessera::features F>
struct with {
    using store = tessera::store<F>;
    /// Called with each new store, in which calls then go on.
    using preparation = void (*)(store&, std::mt19937&);

    static bytes save(store& s, const std::vector<tessera::execution*>& calls = {}) {
        const auto made = tessera::save(s, calls);
        REQUIRE_MESSAGE(made, made.error().message() << ": " << made.error().detail());
        const auto hash = tessera::state_hash(s, calls);
        REQUIRE(hash);
        return {made->begin(), made->end()};
    }
    /// Restores `from` into `s`, and checks that saving it again gives the same bytes.
    static tessera::restored restore(store& s, const bytes& from, std::initializer_list<tessera::module> modules,
                                     const tessera::imports& env = {}) {
        auto made = tessera::restore(s, from, {modules.begin(), modules.size()}, env);
        REQUIRE_MESSAGE(made, made.error().message()
                                  << ": " << made.error().detail() << " at " << made.error().offset());
        std::vector<tessera::execution*> calls;
        for (tessera::execution& e : made->calls) calls.push_back(&e);
        CHECK(save(s, calls) == from);
        return std::move(*made);
    }
    static tessera::module parse(const std::string& text) {
        auto mod = tessera::module::parse_text<F>(text);
        REQUIRE_MESSAGE(mod, mod.error().message() << " " << mod.error().detail() << " line " << mod.error().line());
        return *mod;
    }
    static tessera::u64 hash_of(store& s, const std::vector<tessera::execution*>& calls = {}) {
        const auto h = tessera::state_hash(s, calls);
        REQUIRE(h);
        return *h;
    }

    /// A call that is given fuel step by step.
    struct stepped {
        store in;
        std::vector<tessera::execution> call;

        void begin(const tessera::module& mod, const char* name, const std::vector<tessera::value>& args, unsigned fuel,
                   const tessera::imports& env) {
            REQUIRE(in.add_fuel(fuel));
            auto made = in.instantiate(mod, env);
            REQUIRE_MESSAGE(made, made.error().message() << made.error().detail());
            auto started = made->template get<tessera::func>(name)->start(args);
            REQUIRE(started);
            call.push_back(std::move(*started));
        }
        bytes state() { return save(in, {&call[0]}); }
        /// True if it is done.
        bool step() {
            if (const auto went = call[0].resume(); !went)
                REQUIRE_MESSAGE(call[0].paused(), went.error().message() << went.error().detail());
            return call[0].done();
        }
    };

    /// Calls `name` of `text` with `args` straight, and again with a stop at about every `slice` of fuel, each time in
    /// a new store, and once more with stops only, in one store that nothing prepares: what is saved has to be the
    /// same. How often it stopped.
    static unsigned check_slices(
        const tessera::module& mod, const char* name, std::vector<tessera::value> args, unsigned slice, unsigned most,
        unsigned seed, preparation prepare = [](store&, std::mt19937&) {}, const tessera::imports& env = {}) {
        store whole;
        REQUIRE(whole.add_fuel(tessera::u64{1} << 50));
        auto inst = whole.instantiate(mod, env);
        REQUIRE_MESSAGE(inst, inst.error().message() << inst.error().detail());
        auto f = inst->template get<tessera::func>(name);
        REQUIRE(f);
        tessera::value want[1], got[1];
        const auto ran = f->call(args, want);
        REQUIRE_MESSAGE(ran, ran.error().message());
        const tessera::u64 cost = (tessera::u64{1} << 50) - whole.fuel();

        std::mt19937 random(seed);
        stepped now, steady;
        prepare(now.in, random);
        now.begin(mod, name, args, slice, env);
        steady.begin(mod, name, args, slice, env);
        unsigned stops = 0;
        tessera::u64 given = slice;
        for (;;) {
            if (stops < most) {
                const bytes state = now.state();
                CHECK(state == steady.state());
                stepped next;
                prepare(next.in, random);
                auto there = restore(next.in, state, {mod}, env);
                REQUIRE(there.calls.size() == 1);
                next.call = std::vector<tessera::execution>();
                next.call.push_back(std::move(there.calls[0]));
                CHECK(hash_of(next.in, {&next.call[0]}) == hash_of(now.in, {&now.call[0]}));
                now.call[0] = std::move(next.call[0]);
                now.in = std::move(next.in);
            }
            const bool done = now.step();
            CHECK(steady.step() == done);
            if (done) break;
            ++stops;
            const unsigned more = stops < most ? 1 + unsigned(random() % (2 * slice)) : 1u << 30;
            given += more;
            REQUIRE(now.in.add_fuel(more));
            REQUIRE(steady.in.add_fuel(more));
        }
        REQUIRE(now.call[0].results(got));
        CHECK(got[0] == want[0]);
        CHECK(given - now.in.fuel() == cost);
        return stops;
    }
    /// The same with the kernels of the benchmarks.
    static void check_kernels(preparation prepare) {
        const std::string folder = TESSERA_TESTS "/../bench/kernels";
        const auto kernels = read_kernels(folder);
        REQUIRE_FALSE(kernels.empty());
        for (const kernel& k : kernels) {
            CAPTURE(k.name);
            auto mod = tessera::module::parse<F>(read_file((folder + "/" + k.name + ".wasm").c_str()));
            REQUIRE(mod);
            for (const unsigned slice : {7u, 300u, 20'000u}) {
                CAPTURE(slice);
                CHECK(check_slices(*mod, "run", {tessera::value::i32(k.small), tessera::value::i32(k.seed)}, slice, 6,
                                   slice + k.seed, prepare) > 0);
            }
        }
    }
};

/// Values that wait in all ways below calls, back edges and what is special.
inline constexpr const char* waiting_values = R"((module
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
                    (block (result i32) (call $two (local.get $n)) (i32.add (i32.wrap_i64))))))))) ))";

/// Objects, exceptions and references to functions.
inline constexpr const char* objects = R"((module
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
    )";

/// More slots than an operand can name.
inline std::string wide_frame() {
    std::string text = "(module (func $t) (func (export \"run\") (param i32) (result i32) (local";
    for (int i = 0; i < 40'000; ++i) text += " v128";
    return text + ") (local i32) (loop $l (i32.add (local.get 40001) (local.get 0)) (call $t) (local.set 40001)"
                  "(br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 40001)))";
}

} // namespace saved
