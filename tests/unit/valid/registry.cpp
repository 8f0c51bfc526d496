// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <tessera/valid/match.hpp>

#include <vector>

using namespace tessera;

namespace {

/// Adds a group of structures; each has one field of a type and perhaps a super type.
struct group_maker {
    type_section types;
    struct member {
        val_type field;
        u32 super = no_index;
        bool final_ = false;
    };
    void group(std::vector<member> members) {
        const u32 at = types.size();
        for (const member& m : members) {
            type_def d;
            d.form = composite::struct_;
            d.final_ = m.final_;
            d.super = m.super;
            d.group = at;
            d.group_size = u32(members.size());
            d.first = u32(types.fields.size());
            d.params = 1;
            REQUIRE(types.fields.push_back({m.field, false}));
            REQUIRE(types.defs.push_back(d));
        }
    }
};
val_type to(u32 type) { return val_type::ref(heap_type::index(type), true); }
constexpr val_type abstract(u8 byte_code, bool nullable) {
    return val_type::ref(heap_type::abstract(byte_code), nullable);
}

} // namespace

TEST_CASE("groups are equal if they have the same structure") {
    group_maker m;
    m.group({{to(0)}});          // 0: refers to itself
    m.group({{to(1)}});          // 1: the same
    m.group({{to(0)}});          // 2: refers to 0, another type
    m.group({{to(1)}});          // 3: refers to 1, so the same as 2
    m.group({{to(5)}, {to(4)}}); // 4, 5
    m.group({{to(7)}, {to(6)}}); // 6, 7: the same
    m.group({{to(9)}, {to(9)}}); // 8, 9: not the same
    m.group({{t_i32}, {t_i32}}); // 10, 11: same structure, different places
    m.group({{t_i32, no_index, true}});
    m.group({{t_i32}});
    valid::type_registry r;
    vec<u32> ids;
    REQUIRE(r.add(m.types, ids));
    CHECK(ids[0] == ids[1]);
    CHECK(ids[0] != ids[2]);
    CHECK(ids[2] == ids[3]);
    CHECK((ids[4] == ids[6] && ids[5] == ids[7] && ids[4] != ids[5]));
    CHECK((ids[8] != ids[4] && ids[9] != ids[5]));
    CHECK(ids[10] != ids[11]);
    CHECK(ids[12] != ids[13]);
    CHECK(ids[13] != ids[10]);

    // A second module with the same types in another order gets the same ids.
    group_maker other;
    other.group({{to(1)}, {to(0)}});
    other.group({{to(2)}});
    other.group({{to(2)}});
    vec<u32> more;
    const u32 before = r.size();
    REQUIRE(r.add(other.types, more));
    CHECK(r.size() == before);
    CHECK((more[0] == ids[4] && more[1] == ids[5] && more[2] == ids[0] && more[3] == ids[2]));
}

TEST_CASE("sub types are found across modules") {
    valid::type_registry r;
    vec<u32> a, b;
    group_maker m;
    m.group({{t_i32}});
    m.group({{t_i32, 0}});
    m.group({{t_i32, 1}});
    REQUIRE(r.add(m.types, a));
    group_maker n;
    n.group({{t_f32}});
    n.group({{t_i32}});
    n.group({{t_i32, 1}});
    REQUIRE(r.add(n.types, b));
    CHECK(r.matches(a[2], b[1]));
    CHECK(r.matches(a[2], b[2]));
    CHECK(!r.matches(b[1], a[2]));
    CHECK(!r.matches(a[0], b[0]));
    CHECK(r.matches(to(a[2]), to(b[1])));
    CHECK(r.matches(to(a[2]), abstract(code::struct_, true)));
    CHECK(!r.matches(to(a[2]), abstract(code::struct_, false)));
    CHECK(!r.matches(to(a[2]), abstract(code::func, true)));
    CHECK(r.matches(abstract(code::none, true), to(a[2])));
    CHECK(!r.matches(abstract(code::nofunc, true), to(a[2])));
}

TEST_CASE("many types keep their ids while the table grows") {
    valid::type_registry r;
    vec<u32> ids;
    std::vector<u32> known;
    for (int round = 0; round < 2; ++round)
        for (u32 i = 0; i < 300; ++i) {
            std::vector<val_type> params(i, t_i64);
            u32 id = 0;
            REQUIRE(r.intern_func(params, {&t_i32, 1}, id));
            if (round == 0) known.push_back(id);
            CHECK(known[i] == id);
            CHECK(r.types().params(id).size() == i);
        }
    CHECK(r.size() == 300);
}

TEST_CASE("abstract heap types form three trees and exceptions") {
    constexpr u8 all[] = {code::any,  code::eq,     code::i31,     code::struct_,  code::array, code::none,
                          code::func, code::nofunc, code::extern_, code::noextern, code::exn,   code::noexn};
    int pairs = 0;
    for (u8 a : all)
        for (u8 b : all) {
            pairs += valid::abstract_matches(a, b);
            for (u8 c : all)
                if (valid::abstract_matches(a, b) && valid::abstract_matches(b, c))
                    CHECK(valid::abstract_matches(a, c));
        }
    CHECK(pairs == 1 + 2 + 3 + 3 + 3 + 6 + 1 + 2 + 1 + 2 + 1 + 2);
    for (u8 a : all) CHECK(valid::abstract_matches(code::bottom, a));
}

TEST_CASE("limits, memories, tables, globals") {
    const limits_type small{1, 5, true, false}, open{1, 0, false, false}, wide{1, 5, true, true};
    CHECK(valid::matches(small, 2, limits_type{2, 5, true, false}));
    CHECK(!valid::matches(small, 1, limits_type{2, 5, true, false}));
    CHECK(!valid::matches(small, 2, limits_type{0, 4, true, false}));
    CHECK(!valid::matches(open, 2, small));
    CHECK(valid::matches(small, 1, open));
    CHECK(!valid::matches(wide, 1, small));
    CHECK(!valid::matches(memory_type{open, false, 16}, 1, memory_type{open, false, 0}));
    CHECK(!valid::matches(memory_type{small, true, 16}, 1, memory_type{small, false, 16}));

    const valid::type_registry r;
    const val_type func = abstract(code::func, false), none = abstract(code::nofunc, true);
    CHECK(!valid::matches(r.space(), table_type{open, func}, 1, table_type{open, t_funcref}));
    CHECK(valid::matches(r.space(), table_type{open, t_funcref}, 1, table_type{open, t_funcref}));
    CHECK(valid::matches(r.space(), global_type{none, false}, global_type{t_funcref, false}));
    CHECK(!valid::matches(r.space(), global_type{none, true}, global_type{t_funcref, true}));
    CHECK(!valid::matches(r.space(), global_type{t_i32, true}, global_type{t_i32, false}));
}
