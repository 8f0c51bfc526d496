// SPDX-License-Identifier: MIT
#include <tessera/binary/decode.hpp>
#include <tessera/binary/encode.hpp>

#include "../../equal.hpp"
#include "../module_bytes.hpp"

#include <doctest/doctest.h>

using namespace tessera;

namespace {

using bytes = std::vector<u8>;

module_owner decoded_module(std::span<const u8> from) {
    vec<u8> copy;
    REQUIRE(copy.assign(from));
    auto m = binary::decode<everything>(std::move(copy));
    REQUIRE_MESSAGE(m.has_value(), said(m));
    return *m;
}
bytes encoded(std::span<const u8> from) {
    const module_owner m = decoded_module(from);
    auto out = binary::encode(*m);
    REQUIRE_MESSAGE(out.has_value(), said(out));
    const bytes again(out->begin(), out->end());
    CHECK(difference(*m, *decoded_module(again)) == "");
    return again;
}
/// True if the module comes out as it went in.
bool kept(const module_bytes& m) { return encoded(m) == m.data; }
/// What a function without locals becomes.
bytes instructions(std::initializer_list<int> code) {
    const bytes all = encoded(module_bytes().function({}, code));
    const std::size_t before = module_bytes().function({}, {}).data.size() - 1;
    return {all.begin() + std::ptrdiff_t(before), all.end() - 1};
}

} // namespace

TEST_CASE("encode: an empty module") {
    CHECK(kept({}));
    CHECK(encoded(module_bytes().section(1, {0}).section(3, {0}).section(10, {0})) ==
          module_bytes().data); // nothing is in them
    CHECK(kept(module_bytes().section(12, {0})));
}

TEST_CASE("encode: types") {
    CHECK(kept(module_bytes().section(1, {2, 0x60, 2, 0x7f, 0x7e, 1, 0x7b, 0x5e, 0x78, 1})));
    CHECK(kept(module_bytes().section(
        1, {1, 0x4e, 2, 0x50, 0, 0x5f, 1, 0x63, 1, 1, 0x4f, 1, 0, 0x5f, 2, 0x63, 1, 1, 0x6e, 0})));
    // A group of one, a final type without super types and a long form of funcref have shorter forms.
    CHECK(encoded(module_bytes().section(1, {1, 0x4e, 1, 0x4f, 0, 0x60, 1, 0x63, 0x70, 0})) ==
          module_bytes().section(1, {1, 0x60, 1, 0x70, 0}).data);
}

TEST_CASE("encode: imports and definitions") {
    CHECK(kept(module_bytes()
                   .section(1, {1, 0x60, 0, 0})
                   .section(2, {5, 1, 'a', 0, 0, 0, 0, 1, 'b',  1, 0x6f, 1, 1, 2, 0,
                                0, 2, 3,   1, 2, 0, 0, 3, 0x7f, 1, 0,    0, 4, 0, 0})
                   .section(3, {1, 0})
                   .section(4, {2, 0x70, 4, 1, 0x40, 0, 0x70, 0, 1, 0xd0, 0x70, 0x0b})
                   .section(5, {1, 9, 5, 6, 0})
                   .section(13, {1, 0, 0})
                   .section(6, {1, 0x7e, 0, 0x42, 0x7f, 0x0b})
                   .section(7, {2, 1, 'x', 0, 1, 0, 3, 1})
                   .section(8, {0})
                   .section(10, {1, 6, 2, 2, 0x7f, 1, 0x7e, 0x0b})));
    // The page size that is meant without saying so is not said.
    CHECK(encoded(module_bytes().section(5, {1, 8, 1, 16})) == module_bytes().section(5, {1, 0, 1}).data);
}

TEST_CASE("encode: segments") {
    const auto with = [](std::initializer_list<int> elems) {
        module_bytes m;
        m.section(1, {1, 0x60, 0, 0})
            .section(3, {1, 0})
            .section(4, {2, 0x70, 0, 9, 0x6f, 0, 9})
            .section(9, elems)
            .section(10, {1, 2, 0, 0x0b});
        return m;
    };
    CHECK(kept(with({4, 0, 0x41, 0, 0x0b, 1, 0, 1, 0, 2, 0, 0, 2, 1, 0x41, 0, 0x0b, 0, 0, 3, 0, 1, 0})));
    CHECK(kept(with({4,    4,    0x41, 0, 0x0b, 1, 0xd2, 0,    0x0b, 5, 0x6f, 1, 0xd0,
                     0x6f, 0x0b, 6,    0, 0x41, 0, 0x0b, 0x6f, 0,    7, 0x70, 0})));
    CHECK(encoded(with({2, 2, 0, 0x41, 0, 0x0b, 0, 1, 0, 6, 0, 0x41, 0, 0x0b, 0x70, 0})) ==
          with({2, 0, 0x41, 0, 0x0b, 1, 0, 4, 0x41, 0, 0x0b, 0}).data);
    CHECK(kept(module_bytes()
                   .section(5, {2, 0, 1, 0, 1})
                   .section(12, {3})
                   .section(11, {3, 0, 0x41, 0, 0x0b, 1, 'a', 1, 0, 2, 1, 0x41, 1, 0x0b, 2, 0, 255})));
    CHECK(encoded(module_bytes().section(5, {1, 0, 1}).section(11, {1, 2, 0, 0x41, 0, 0x0b, 0})) ==
          module_bytes().section(5, {1, 0, 1}).section(11, {1, 0, 0x41, 0, 0x0b, 0}).data);
}

TEST_CASE("encode: instructions of each kind of immediates") {
    const std::initializer_list<std::initializer_list<int>> all = {
        {0x01},                                                       // none
        {0x02, 0x40, 0x0b, 0x03, 0x7b, 0x0b, 0x04, 0x63, 0x70, 0x0b}, // block; the last has a shorter form
        {0x1f, 0x40, 4, 0, 1, 2, 1, 0, 1, 2, 0, 3, 1, 0x0b},          // try_table
        {0x0e, 2, 0, 1, 2},                                           // labels
        {0x11, 1, 2},                                                 // call_indirect
        {0x1c, 2, 0x7f, 0x64, 0x6e},                                  // select_types
        {0x28, 2, 4, 0x28, 0x42, 1, 4},                               // memarg, and of memory 1
        {0xfd, 0x54, 0, 0, 15},                                       // memarg_lane
        {0x41, 0x7f, 0x42, 0x80, 0x7f},                               // i32_const, i64_const
        {0x43, 1, 2, 3, 4, 0x44, 1, 2, 3, 4, 5, 6, 7, 8},             // f32_const, f64_const
        {0xfd, 0x0c, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
        {0xfd, 0x0d, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
        {0xfd, 0x15, 3},                                        // lane
        {0xd0, 0x6c, 0xd0, 5},                                  // heap
        {0xfb, 0x14, 0x6e, 0xfb, 0x17, 1},                      // ref_type
        {0xfb, 0x18, 2, 0, 0x6e, 1},                            // br_cast
        {0xfb, 0x02, 1, 0, 0xfb, 0x08, 1, 3},                   // field, type_count
        {0xfe, 0x03, 0},                                        // zero_byte
        {0x06, 0x40, 0x07, 0, 0x19, 0x0b, 0x06, 0x40, 0x18, 0}, // legacy exceptions
    };
    for (const auto& each : all) {
        if (*each.begin() == 0x02)
            CHECK(instructions(each) == bytes{0x02, 0x40, 0x0b, 0x03, 0x7b, 0x0b, 0x04, 0x70, 0x0b});
        else CHECK(instructions(each) == bytes(each.begin(), each.end()));
    }
    CHECK(instructions({0x41, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x28, 0xc2, 0, 0, 0x84, 0, 0x02, 0x80, 0, 0x0b}) ==
          bytes{0x41, 0x7f, 0x28, 2, 4, 0x02, 0, 0x0b});
}

TEST_CASE("encode: custom sections stay where they are") {
    module_bytes m;
    m.section(0, {1, 'a', 1}).section(0, {1, 'b'}).section(1, {1, 0x60, 0, 0}).section(0, {1, 'c'}).section(3, {1, 0});
    m.section(0, {0, 1, 2}).section(10, {1, 2, 0, 0x0b}).section(0, {4, 'n', 'a', 'm', 'e', 9}).section(0, {1, 'd'});
    CHECK(kept(m));
}

TEST_CASE("encode: branch hints follow their instructions") {
    // Function 0: i32.const 1 in five bytes, if, end, i32.const 0, br_if 0.
    const auto with = [](std::initializer_list<int> hints, std::initializer_list<int> body) {
        module_bytes m;
        m.section(1, {1, 0x60, 0, 0}).section(3, {1, 0});
        std::vector<u8> section{25};
        for (char c : binary::branch_hint_section) section.push_back(u8(c));
        for (int b : hints) section.push_back(u8(b));
        m.raw({0, int(section.size())});
        m.data.insert(m.data.end(), section.begin(), section.end());
        return m.body(body);
    };
    const std::initializer_list<int> long_body = {0x41, 0x81, 0x80, 0, 0x04, 0x40, 0x0b, 0x41, 0, 0x0d, 0};
    const std::initializer_list<int> short_body = {0x41, 1, 0x04, 0x40, 0x0b, 0x41, 0, 0x0d, 0};
    CHECK(encoded(with({1, 0, 2, 5, 1, 1, 10, 1, 0}, long_body)) == with({1, 0, 2, 3, 1, 1, 8, 1, 0}, short_body).data);
    CHECK(kept(with({1, 0, 2, 3, 1, 1, 8, 1, 0}, short_body)));
    // What is no such section is left as it is: a hint in the middle of an instruction, one too many, none.
    for (auto odd : {std::initializer_list<int>{1, 0, 1, 4, 1, 1},
                     {1, 0, 1, 5, 1, 2},
                     {1, 1, 1, 5, 1, 1},
                     {1, 0, 0},
                     {0},
                     {1, 0, 1, 5, 1, 1, 0}})
        CHECK(encoded(with(odd, long_body)) == with(odd, short_body).data);
}

TEST_CASE("encode: what is not a module") {
    const auto refused = [](std::initializer_list<int> body) {
        const module_owner m = decoded_module(module_bytes().section(1, {1, 0x60, 0, 0}).section(3, {1, 0}).body(body));
        return said(binary::encode(*m));
    };
    CHECK(refused({0xff}) == "illegal opcode: ff");
    CHECK(refused({0x02, 0x40}) == "unexpected end of section or function");
    CHECK(refused({0x0b}) == "section size mismatch");
    CHECK(refused({0x05}) == "END opcode expected: else");
}
