// SPDX-License-Identifier: MIT
#include <tessera/syntax/types.hpp>
#include <tessera/syntax/value.hpp>

#include <doctest/doctest.h>

#include <limits>

using namespace tessera;

TEST_CASE("types: references, numbers and packed types tell themselves apart") {
    const val_type numbers[] = {t_i32, t_i64, t_f32, t_f64}, packed[] = {t_i8, t_i16},
                   references[] = {t_funcref,
                                   t_externref,
                                   t_anyref,
                                   t_exnref,
                                   val_type::ref(heap_type::index(0), false),
                                   val_type::ref(heap_type::index(999'999), true)};
    for (val_type t : numbers) {
        CHECK(t.is_number());
        CHECK(!t.is_ref());
        CHECK(!t.is_packed());
        CHECK(t.is_defaultable());
        CHECK(t.slots() == 1);
    }
    for (val_type t : packed) CHECK((t.is_packed() && !t.is_number() && !t.is_ref()));
    for (val_type t : references) {
        CHECK(t.is_ref());
        CHECK(!t.is_number());
        CHECK(t.is_defaultable() == t.is_nullable());
        CHECK(val_type::ref(t.heap(), t.is_nullable()) == t);
        CHECK(t.slots() == 1);
    }
    CHECK((t_v128.is_vector() && t_v128.slots() == 2 && !t_v128.is_number()));
    CHECK(!(t_bottom.is_number() || t_bottom.is_ref() || t_bottom.is_packed()));
    const heap_type index = heap_type::index(999'999), abstract = heap_type::abstract(code::eq);
    CHECK((index.is_index() && index.index() == 999'999));
    CHECK((!abstract.is_index() && abstract.byte_code() == code::eq));
}

TEST_CASE("values: what goes in comes out") {
    CHECK(value::i32(0xffff'fffe).as_u32() == 0xffff'fffe);
    CHECK(value::i32(0xffff'fffe).bits == 0xffff'fffe); // not extended by the sign
    CHECK(value::i64(~u64{0}).as_u64() == ~u64{0});
    CHECK(value::f32(-1.5f).as_f32() == -1.5f);
    CHECK(value::f64(0.1).as_f64() == 0.1);
    CHECK(std::bit_cast<u64>(value::f64(-0.0).as_f64()) == u64{1} << 63);
    CHECK(value::reference(t_funcref, {5}).as_ref() == ref{5});
    CHECK(value::reference(t_funcref, {0}).as_ref().is_null());
    CHECK(value::i32(1) == value::i32(1));
    CHECK(!(value::i32(1) == value::i64(1)));
}
