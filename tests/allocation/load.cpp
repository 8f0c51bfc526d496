// SPDX-License-Identifier: MIT
// Lets each allocation of decoding and validation fail in turn, for a module with something of everything
// that can be decoded.
#include <cstdlib>
#include <cstring>

namespace {

long allowed = -1;    // allocations until one fails; negative: none fails
bool refused = false; // one has failed
long made = 0;        // allocations that are not freed yet

void* allocate(std::size_t bytes) {
    if (allowed == 0) return refused = true, nullptr;
    if (allowed > 0) --allowed;
    void* const p = std::malloc(bytes);
    if (p) ++made;
    return p;
}
[[maybe_unused]] void* allocate_zeroed(std::size_t bytes) {
    void* const p = allocate(bytes);
    if (p) std::memset(p, 0, bytes);
    return p;
}
void deallocate(void* p) {
    if (p) --made;
    std::free(p);
}

} // namespace

#define TESSERA_ALLOCATE(bytes) ::allocate(bytes)
#define TESSERA_ALLOCATE_ZEROED(bytes) ::allocate_zeroed(bytes)
#define TESSERA_DEALLOCATE(pointer) ::deallocate(pointer)
#include <tessera/text/parser.hpp>
#include <tessera/valid/module.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace tessera;

namespace {

constexpr std::string_view everything_text = R"((module $all
    (type $binary (func (param i32 i32) (result i32)))
    (rec (type $node (sub (struct (field (mut (ref null $node))) (field i8)))) (type $leaf (sub $node (struct (field (mut (ref null $node))) (field i8) (field f64)))))
    (type $bytes (array (mut i8)))
    (type $refs (array (mut (ref null $node))))
    (import "env" "note" (func $note (param i32)))
    (import "env" "t" (table 1 externref))
    (import "env" "m" (memory 1))
    (import "env" "g" (global i64))
    (tag $failed (param i32 i64))
    (memory $shared (export "memory") 1 3 shared)
    (memory $wide i64 1)
    (table $t (export "table") 4 10 funcref)
    (table $full 3 (ref func) (ref.func $add))
    (global $g (export "g") (mut i32) (i32.add (i32.const 7) (i32.const 8)))
    (global $n (ref $node) (struct.new $node (ref.null $node) (i32.const 1)))
    (elem $some (table $t) (i32.const 0) func $add $apply)
    (elem $nodes (ref null $node) (ref.null $leaf) (global.get $n))
    (data $hello (memory $shared) (i32.const 16) "hello")
    (data $later "later")
    (func $add (type $binary) (i32.add (local.get 0) (local.get 1)))
    (func $apply (export "apply") (param i32 i32 i32) (result i32)
        (call $note (local.get 0))
        (global.set $g (i32.add (global.get $g) (i32.const 1)))
        (call_indirect $t (type $binary) (local.get 1) (local.get 2) (local.get 0)))
    (func (local $a (ref $bytes)) (local $i i32)
        (local.set $a (array.new_data $bytes $later (i32.const 0) (i32.const 5)))
        (block $out
            (loop $again
                (br_if $out (i32.eqz (local.get $i)))
                (array.set $bytes (local.get $a) (local.get $i) (i32.const 1))
                (br_table $out $again $out (local.get $i))))
        (drop (array.new_elem $refs $nodes (i32.const 0) (i32.const 2)))
        (drop (ref.cast (ref $leaf) (struct.get $node 0 (global.get $n)))))
    (func (result i32)
        (block $caught (result i32 i64)
            (try_table (catch $failed $caught) (throw $failed (i32.const 1) (i64.const 2)))
            (return (i32.const 0)))
        (drop))
    (func (try (do (call $note (i32.const 1))) (catch $failed (drop) (drop)) (catch_all (rethrow 0))))
    (func (param v128) (result v128) (i8x16.add (local.get 0) (v128.load $shared (i32.const 0))))
    (func (drop (i32.atomic.rmw.add $shared (i32.const 0) (i32.const 1))))
    (func (i64.store $wide offset=0x100000000 (i64.const 0) (i64.const 1)))
    (start $go) (func $go))
)";

/// Loads `bytes`, or loads them and validates the bodies afterwards, with the first, the second, …
/// allocation failing until none fails. The outcome is then `expected`; before, it is always that memory
/// is out. Returns in how many ways that happened.
long fail_each(std::span<const u8> bytes, std::string_view expected, bool lazily) {
    for (long n = 0;; ++n) {
        allowed = n;
        refused = false;
        {
            auto m = lazily ? load_borrowed_lazily<everything>(bytes) : load_borrowed<everything>(bytes);
            if (lazily && m)
                if (auto valid = validate_bodies(**m); !valid) m = valid.error();
            allowed = -1;
            if (!refused) {
                CHECK((m ? "ok" : m.error().message()) == expected);
            } else if (expected == "ok") {
                REQUIRE(!m);
                CHECK(m.error().is(msg::out_of_memory));
            } else {
                REQUIRE(!m); // what was found before memory ran out may be told
            }
        }
        REQUIRE(made == 0);
        if (!refused) return n;
    }
}

} // namespace

TEST_CASE("allocation: decoding and validating") {
    auto m = text::parse(everything_text);
    REQUIRE(m);
    const std::string bytes(reinterpret_cast<const char*>(m->bytes.data()), m->bytes.size());
    m = error(msg::out_of_memory); // frees what text allocated
    REQUIRE(made == 0);
    const auto fail_bytes = [](const std::string& b, std::string_view expected) {
        const std::span<const u8> span(reinterpret_cast<const u8*>(b.data()), b.size());
        CHECK(fail_each(span, expected, true) > 10);
        return fail_each(span, expected, false);
    };
    CHECK(fail_bytes(bytes, "ok") > 30);

    // The same for modules that end in an error: cut off, and with a body that is not valid.
    CHECK(fail_bytes(bytes.substr(0, bytes.size() / 2), "length out of bounds") > 10);
    std::string wrong = bytes;
    const std::size_t add = wrong.find("\x20\x00\x20\x01\x6a", 0, 5);
    REQUIRE(add != std::string::npos);
    wrong[add + 4] = '\x7c'; // i64.add
    CHECK(fail_bytes(wrong, "type mismatch") > 20);
    wrong[add + 4] = '\xff';
    CHECK(fail_bytes(wrong, "illegal opcode") > 20);
}
