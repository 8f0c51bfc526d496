// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <tessera/binary/decode.hpp>

#include "../module_bytes.hpp"

using namespace tessera;

namespace {

std::string decoded(std::span<const u8> b, const module_limits& limits = {}) {
    // A copy of exactly that size: the sanitizer sees what is read behind it.
    std::vector<u8> copy(b.begin(), b.end());
    return said(binary::decode_borrowed<everything>({copy.data(), copy.size()}, limits));
}

} // namespace

TEST_CASE("the header") {
    CHECK(decoded(module_bytes{}) == "ok");
    const u8 bad_magic[] = {0, 'a', 's', 'n', 1, 0, 0, 0}, component[] = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};
    CHECK(decoded(bad_magic) == "magic header not detected");
    CHECK(decoded(component) == "unknown binary version");
    const module_bytes whole;
    for (std::size_t n = 0; n < 8; ++n) CHECK(decoded(std::span(whole.data).first(n)) == "unexpected end");
}

TEST_CASE("sections have an order and a size") {
    CHECK(decoded(module_bytes{}.section(14, {})) == "malformed section id");
    CHECK(decoded(module_bytes{}.section(0, {1, 'x', 9}).section(1, {0}).section(0, {0})) == "ok");
    CHECK(decoded(module_bytes{}.section(2, {0}).section(1, {0})) == "unexpected content after last section");
    CHECK(decoded(module_bytes{}.section(5, {0}).section(13, {0}).section(6, {0})) == "ok");
    CHECK(decoded(module_bytes{}.section(6, {0}).section(13, {0})) == "unexpected content after last section");
    CHECK(decoded(module_bytes{}.section(12, {0}).section(10, {0}).section(11, {0})) == "ok");
    CHECK(decoded(module_bytes{}.section(1, {0, 0})) == "section size mismatch");
    CHECK(decoded(module_bytes{}.raw({1, 2, 0})) == "length out of bounds");
    CHECK(decoded(module_bytes{}.section(1, {1})) == "unexpected end of section or function");
    CHECK(decoded(module_bytes{}.raw({1})) == "unexpected end of section or function");
    CHECK(decoded(module_bytes{}.raw({1, 0x80, 0x80, 0x80, 0x80, 0x80, 0})) == "integer representation too long");
    CHECK(decoded(module_bytes{}.section(0, {2, 0xc3, 0x28})) == "malformed UTF-8 encoding");
}

TEST_CASE("counts that belong together agree") {
    module_bytes two = module_bytes{}.section(1, {1, 0x60, 0, 0}).section(3, {2, 0, 0});
    CHECK(decoded(two) == "function and code section have inconsistent lengths");
    CHECK(decoded(two.body({})) == "function and code section have inconsistent lengths");
    CHECK(decoded(module_bytes{}.body({})) == "function and code section have inconsistent lengths");
    CHECK(decoded(module_bytes{}.section(12, {1})) == "data count and data section have inconsistent lengths");
    CHECK(decoded(module_bytes{}.section(12, {1}).section(11, {1, 1, 0})) == "ok");
    CHECK(decoded(module_bytes{}.section(11, {1, 1, 0})) == "ok");
}

TEST_CASE("types") {
    const module_bytes b =
        module_bytes{}.section(1, {4,    0x60, 2, 0x7f, 0x7e, 1, 0x7d, 0x4e, 2,    0x50, 0,    0x5f, 2, 0x78, 1,
                                   0x64, 2,    0, 0x4f, 1,    1, 0x5e, 0x63, 0x6e, 1,    0x5e, 0x7b, 0, 0x4e, 0});
    auto m = binary::decode_borrowed<everything>(b);
    REQUIRE(m);
    const type_section& t = (*m)->types;
    REQUIRE(t.size() == 4);
    CHECK(t[0].form == composite::func);
    CHECK(t[0].final_);
    CHECK(t.params(0)[1] == t_i64);
    CHECK(t.results(0)[0] == t_f32);
    CHECK(t[1].form == composite::struct_);
    CHECK(!t[1].final_);
    CHECK(t[1].group_size == 2);
    CHECK((t.fields_of(1)[0].type == t_i8 && t.fields_of(1)[0].mutable_));
    CHECK(t.fields_of(1)[1].type == val_type::ref(heap_type::index(2), false));
    CHECK((t[2].super == 1 && t[2].group == 1 && t[2].final_));
    CHECK(t.fields_of(2)[0].type == t_anyref);
    CHECK((t[3].super == no_index && t[3].group == 3 && t[3].group_size == 1));
    CHECK((*m)->used[feature::gc]);
    CHECK((*m)->used[feature::simd]);

    CHECK(decoded(module_bytes{}.section(1, {1, 0x40})) == "malformed definition type");
    CHECK(decoded(module_bytes{}.section(1, {1, 0x60, 1, 0x40, 0})) == "malformed value type");
    CHECK(decoded(module_bytes{}.section(1, {1, 0x5e, 0x7f, 2})) == "malformed mutability");
    CHECK(said(binary::decode_borrowed<wasm_2_0>(b)) == "feature is not enabled in this build: gc");
}

TEST_CASE("imports fill the index spaces first") {
    const module_bytes b =
        module_bytes{}
            .section(1, {1, 0x60, 0, 0})
            .section(2, {5,   1, 'a', 1, 'f', 0, 0,   1, 'a', 1, 't',  1, 0x6f, 1,   1, 2,   1, 'a', 1,
                         'm', 2, 3,   1, 2,   1, 'a', 1, 'g', 3, 0x7f, 1, 1,    'a', 1, 'x', 4, 0,   0})
            .section(3, {1, 0})
            .section(5, {1, 0x0c, 5, 0})
            .body({});
    auto r = binary::decode_borrowed<everything>(b);
    REQUIRE(r);
    const module_data& m = **r;
    CHECK((m.imported_funcs == 1 && m.funcs.size() == 2 && m.funcs[0].code.empty() && m.funcs[1].code.size() == 2));
    CHECK((m.tables[0].type.element == t_externref && m.tables[0].type.limits.max == 2));
    CHECK((m.memories[0].type.shared && m.memories[1].type.limits.is64 && m.memories[1].type.page_log2 == 0));
    CHECK(m.globals[0].type.mutable_);
    CHECK((m.imports[4].kind == extern_kind::tag && m.imports[4].module == "a" && m.imports[4].name == "x"));
    CHECK(m.used[feature::threads]);
    CHECK(decoded(module_bytes{}.section(2, {1, 0, 0, 5})) == "malformed import kind");
    CHECK(decoded(module_bytes{}.section(5, {1, 0x10, 0})) == "malformed limits flags");
    CHECK(decoded(module_bytes{}.section(4, {1, 0x70, 2, 0, 0})) == "malformed limits flags");
    CHECK(decoded(module_bytes{}.section(4, {1, 0x7f, 0, 0})) == "malformed reference type");
    CHECK(decoded(module_bytes{}.section(5, {1, 8, 0, 65})) == "invalid custom page size");
}

TEST_CASE("segments have eight and three forms") {
    const module_bytes b = module_bytes{}
                               .section(9, {8,    0,    0x41, 0, 0x0b, 1, 7,    1, 0,    1,    7,    2, 1,    0x41,
                                            0,    0x0b, 0,    0, 3,    0, 0,    4, 0x41, 0,    0x0b, 1, 0xd0, 0x70,
                                            0x0b, 5,    0x70, 0, 6,    2, 0x41, 0, 0x0b, 0x6f, 0,    7, 0x70, 0})
                               .section(11, {3, 0, 0x41, 0, 0x0b, 1, 'a', 1, 0, 2, 3, 0x41, 0, 0x0b, 2, 'b', 'c'});
    auto r = binary::decode_borrowed<everything>(b);
    REQUIRE(said(r) == "ok");
    const module_data& m = **r;
    REQUIRE(m.elems.size() == 8);
    for (int i = 0; i < 8; ++i) {
        CHECK(m.elems[std::size_t(i)].expressions == (i >= 4));
        CHECK(m.elems[std::size_t(i)].mode == (i % 2 == 0   ? segment_mode::active
                                               : i % 4 == 1 ? segment_mode::passive
                                                            : segment_mode::declarative));
    }
    CHECK((m.elems[2].table == 1 && m.elems[6].table == 2 && m.elems[6].type == t_externref));
    CHECK((m.elems[0].type == val_type::ref(heap_type::abstract(code::func), false) && m.elems[4].type == t_funcref));
    CHECK((m.elems[4].count == 1 && m.elems[4].items.size() == 3));
    CHECK((m.datas[2].memory == 3 && m.datas[2].bytes.size() == 2 && m.datas[1].mode == segment_mode::passive));
    CHECK(decoded(module_bytes{}.section(9, {1, 8})) == "malformed elements segment kind");
    CHECK(decoded(module_bytes{}.section(9, {1, 1, 1, 0})) == "malformed elements segment kind");
    CHECK(decoded(module_bytes{}.section(9, {1, 1})) == "unexpected end of section or function");
    CHECK(decoded(module_bytes{}.section(9, {1, 5, 0x7f, 0})) == "malformed reference type");
    CHECK(decoded(module_bytes{}.section(11, {1, 3})) == "malformed data segment kind");
    CHECK(decoded(module_bytes{}.section(6, {1, 0x7f, 0, 0x02, 0x40, 0x05, 0x0b, 0x0b})) ==
          "END opcode expected: else");
    CHECK(decoded(module_bytes{}.section(6, {1, 0x7f, 0, 0x02, 0x40, 0x0b, 0x0b})) ==
          "ok"); // not constant, but well-formed
}

TEST_CASE("names are read where they are in order, and never an error") {
    const module_bytes b = module_bytes{}.function({}, {}).section(
        0, {4, 'n', 'a', 'm', 'e', 0, 2, 1, 'M', 1, 9, 3, 0, 1, 'f', 1, 1, 'g', 7, 9, 'x'});
    auto r = binary::decode_borrowed<everything>(b);
    REQUIRE(r);
    CHECK((*r)->name == "M");
    REQUIRE((*r)->func_names.size() == 1);
    CHECK((*r)->func_names[0] == "f");
    CHECK(((*r)->customs[0].name == "name" && (*r)->customs[0].after == 10));
    CHECK(decoded(module_bytes{}.section(0, {4, 'n', 'a', 'm', 'e', 0, 2, 5})) == "ok");
    CHECK(decoded(module_bytes{}.section(0, {4, 'n', 'a', 'm', 'e', 1, 2, 5})) == "ok");
    CHECK(decoded(module_bytes{}.section(0, {4, 'n', 'a', 'm', 'e', 0, 3, 2, 0xff, 0xff})) == "ok");
}

TEST_CASE("limits are refused with their name") {
    module_limits small;
    small.types = 1;
    CHECK(decoded(module_bytes{}.section(1, {2, 0x60, 0, 0, 0x60, 0, 0}), small) ==
          "implementation limit reached: types");
    CHECK(decoded(module_bytes{}.section(1, {1, 0x4e, 2, 0x60, 0, 0, 0x60, 0, 0}), small) ==
          "implementation limit reached: types");
    small = {};
    small.params = 1;
    CHECK(decoded(module_bytes{}.section(1, {1, 0x60, 2, 0x7f, 0x7f, 0}), small) ==
          "implementation limit reached: parameters of a function");
    small = {};
    small.function_size = 2;
    CHECK(decoded(module_bytes{}.function({}, {}), small) == "ok");
    CHECK(decoded(module_bytes{}.function({}, {1}), small) == "implementation limit reached: bytes of a function");
    small = {};
    small.module_size = 8;
    CHECK(decoded(module_bytes{}, small) == "ok");
    CHECK(decoded(module_bytes{}.section(1, {0}), small) == "implementation limit reached: bytes of a module");
    CHECK(decoded(module_bytes{}.section(5, {101})) == "implementation limit reached: memories");
    CHECK(decoded(module_bytes{}.section(1, {0xff, 0xff, 0xff, 0xff, 0x0f})) == "implementation limit reached: types");
}

TEST_CASE("a global that is exported is immutable where nothing else is built in") {
    const module_bytes exports_mutable =
        module_bytes{}.section(6, {1, 0x7f, 1, 0x41, 0, 0x0b}).section(7, {1, 1, 'g', 3, 0});
    CHECK(said(binary::decode_borrowed<features{}>(exports_mutable)) ==
          "feature is not enabled in this build: mutable-globals");
    CHECK(said(binary::decode_borrowed<wasm_1_0>(exports_mutable)) == "ok");
    CHECK(said(binary::decode_borrowed<features{}>(
              module_bytes{}.section(6, {1, 0x7f, 0, 0x41, 0, 0x0b}).section(7, {1, 1, 'g', 3, 0}))) == "ok");
}

TEST_CASE("the first malformed part is told, and its position in the text") {
    // The body needs a feature, the section behind it is broken: the body comes first.
    module_bytes b = module_bytes{}.function({}, {0xff}).section(11, {1, 9});
    CHECK(decoded(b) == "illegal opcode: ff");
    vec<u8> bytes;
    vec<module_data::position> positions;
    REQUIRE(bytes.append(b.data.data(), b.data.size()));
    for (u32 i = 0; i < 4; ++i) REQUIRE(positions.push_back({i * 8, i + 1, i + 10}));
    auto r = binary::decode<everything>(std::move(bytes), std::move(positions));
    REQUIRE(!r);
    CHECK(r.error().offset() == 23);
    CHECK(r.error().line() == 3);
    CHECK(r.error().column() == 12);
}
