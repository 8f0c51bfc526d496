// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <tessera/binary/instruction.hpp>

#include <vector>

using namespace tessera;
using binary::instruction;

namespace {

using bytes = std::vector<u8>;

void put_leb(bytes& to, u32 n) {
    for (; n >= 0x80; n >>= 7) to.push_back(u8(n | 0x80));
    to.push_back(u8(n));
}
bytes opcode(op o) {
    bytes b;
    if (!row(o).prefix) return {u8(row(o).code)};
    b.push_back(row(o).prefix);
    put_leb(b, row(o).code);
    return b;
}
/// One example of each kind of immediates.
bytes example(imm kind) {
    switch (kind) {
    case imm::none: return {};
    case imm::block: return {0x40};
    case imm::try_table: return {0x7f, 2, 0, 5, 1, 3, 0};
    case imm::labels: return {2, 0, 1, 2};
    case imm::call_indirect:
    case imm::table_table:
    case imm::elem_table:
    case imm::memory_memory:
    case imm::data_memory:
    case imm::field:
    case imm::type_count:
    case imm::type_data:
    case imm::type_elem:
    case imm::type_type: return {3, 4};
    case imm::memarg: return {2, 8};
    case imm::memarg_lane: return {0, 8, 1};
    case imm::f32_const: return {1, 2, 3, 4};
    case imm::f64_const: return {1, 2, 3, 4, 5, 6, 7, 8};
    case imm::v128_const:
    case imm::shuffle: return bytes(16, 7);
    case imm::select_types: return {1, 0x7e};
    case imm::heap:
    case imm::ref_type: return {0x70};
    case imm::br_cast: return {1, 0, 0x6e, 0x6c};
    case imm::zero_byte: return {0};
    default: return {5};
    }
}

template <features F>
struct one {
    bytes code;
    binary::instruction_reader<F> reader;
    instruction in;
    bool ok;
    explicit one(bytes b) : code(std::move(b)), reader(code.data(), cursor(code.data(), code.data() + code.size())) {
        ok = reader.next(in);
    }
    std::string_view message() const { return reader.error().message(); }
    std::string_view detail() const { return reader.error().detail(); }
};

} // namespace

TEST_CASE("every row is read with its immediates, and only by those who have its feature") {
    for (u16 i = 0; i < op_count; ++i) {
        const op o = op(i);
        CAPTURE(row(o).text);
        bytes b = opcode(o);
        const bytes rest = example(row(o).immediate);
        b.insert(b.end(), rest.begin(), rest.end());
        one<everything> all(b);
        CHECK(all.ok);
        CHECK(all.in.code == o);
        CHECK(all.reader.done());
        CHECK((all.reader.used() >> unsigned(row(o).needs) & 1) == 1);
        one<features{}> few(b);
        CHECK(few.ok == (row(o).needs == feature::mvp));
        if (!few.ok) {
            CHECK(few.reader.error().is(msg::feature_off));
            CHECK(few.detail() == name(row(o).needs));
        }
        for (std::size_t n = 0; n < b.size(); ++n) {
            one<everything> cut(bytes(b.begin(), b.begin() + std::ptrdiff_t(n)));
            CHECK(!cut.ok);
        }
    }
}

TEST_CASE("codes without a row are illegal") {
    one<everything> plain({0xff});
    CHECK(!plain.ok);
    CHECK(plain.message() == "illegal opcode");
    CHECK(plain.detail() == "ff");
    one<everything> behind({0xfc, 0xff, 0x7f});
    CHECK(behind.detail() == "fc 3fff");
    CHECK(one<everything>({0xfb, 0x7f}).detail() == "fb 7f");
    CHECK(one<everything>({0xfd, 0xff, 0xff, 0xff, 0xff, 0x0f}).detail() == "fd ffffffff");
}

TEST_CASE("immediates have the values that the bytes say") {
    CHECK(one<everything>({0x41, 0x7f}).in.value == ~u64{0});
    CHECK(one<everything>({0x42, 0x80, 0x7f}).in.value == u64(-128));
    CHECK(one<everything>({0x43, 0, 0, 0x80, 0x3f}).in.value == 0x3f800000);
    CHECK(one<everything>({0xd0, 0x6f}).in.type == t_externref);
    CHECK(one<everything>({0xd0, 0x85, 0}).in.type == val_type::ref(heap_type::index(5), true));

    one<everything> memarg({0x28, 0x42, 3, 0x90, 1});
    CHECK(memarg.in.align == 2);
    CHECK(memarg.in.index == 3);
    CHECK(memarg.in.value == 0x90);
    CHECK(one<everything>({0x28, 0x80, 1, 0}).message() == "malformed memop flags");
    CHECK(one<everything>({0x28, 0, 0xff, 0xff, 0xff, 0xff, 0x1f}).in.value == 0x1ffffffff);
    CHECK(one<wasm_2_0>({0x28, 0, 0xff, 0xff, 0xff, 0xff, 0x1f}).message() == "integer too large");
    CHECK(one<wasm_2_0>({0x28, 0, 0xff, 0xff, 0xff, 0xff, 0x0f}).in.value == 0xffff'ffff);
    CHECK(one<wasm_2_0>({0x28, 0x42, 1, 0}).message() == "feature is not enabled in this build");

    one<everything> cast({0xfb, 0x18, 3, 1, 0x6e, 0x6c});
    CHECK(cast.in.index == 1);
    CHECK(cast.in.type == t_anyref);
    CHECK(cast.in.type2 == val_type::ref(heap_type::abstract(code::i31), true));
    CHECK(one<everything>({0xfb, 0x18, 4, 1, 0x6e, 0x6c}).message() == "malformed br_on_cast flags");
    CHECK(one<everything>({0xfb, 0x14, 0x6c}).in.type.is_nullable() == false);
    CHECK(one<everything>({0xfb, 0x15, 0x6c}).in.type.is_nullable());
}

TEST_CASE("block types are empty, a type or an index") {
    one<everything> empty({2, 0x40});
    CHECK(empty.in.type == t_bottom);
    CHECK(empty.in.block_type == no_index);
    CHECK(one<everything>({2, 0x7c}).in.type == t_f64);
    CHECK(one<everything>({2, 0x63, 0x05}).in.type == val_type::ref(heap_type::index(5), true));
    CHECK(one<everything>({2, 0x80, 1}).in.block_type == 128);
    CHECK(one<everything>({2, 0x41}).message() == "malformed value type");
    CHECK(one<everything>({2, 0xff, 0x7f}).message() == "malformed block type");
    CHECK(one<wasm_1_0>({2, 0x05}).detail() == "multi-value");
}

TEST_CASE("lists are checked once and read again") {
    one<everything> table({0x0e, 2, 7, 0x80, 1, 9});
    REQUIRE(table.ok);
    CHECK(table.in.list_count == 2);
    CHECK(table.reader.next_label(table.in.list) == 7);
    CHECK(table.reader.next_label(table.in.list) == 128);
    CHECK(table.reader.next_label(table.in.list) == 9);
    CHECK(table.in.list.done());
    CHECK(one<everything>({0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f, 1}).message() ==
          "unexpected end of section or function");

    one<everything> handlers({0x1f, 0x40, 2, 1, 4, 6, 2, 3});
    REQUIRE(handlers.ok);
    binary::catch_clause c = handlers.reader.next_catch(handlers.in.list);
    CHECK((c.kind == binary::catch_kind::tag_ref && c.tag == 4 && c.label == 6));
    c = handlers.reader.next_catch(handlers.in.list);
    CHECK((c.kind == binary::catch_kind::all && c.label == 3));
    CHECK(handlers.in.list.done());
    CHECK(one<everything>({0x1f, 0x40, 1, 4, 0}).message() == "malformed catch clause");

    one<everything> select({0x1c, 2, 0x7f, 0x70});
    REQUIRE(select.ok);
    CHECK(select.reader.next_type(select.in.list) == t_i32);
    CHECK(select.reader.next_type(select.in.list) == t_funcref);
}

TEST_CASE("the reader says where an end is missing") {
    const u8 code[] = {0x01, 0x0b, 0x05, 0x01};
    for (int behind = 1; behind < 4; ++behind) {
        binary::instruction_reader<everything> reader(code, cursor(code + behind, code + behind));
        reader.module_ends(code + 4);
        instruction in;
        CHECK(!reader.next(in));
        CHECK(reader.error().offset() == u64(behind));
        CHECK(reader.error().message() == (behind == 1   ? "section size mismatch"
                                           : behind == 2 ? "END opcode expected"
                                                         : "unexpected end of section or function"));
    }
}
