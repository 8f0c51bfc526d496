// SPDX-License-Identifier: MIT
#include "../fake.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace fake;
using namespace tessera;

namespace {

enum class colour : i32 { red = 3 };

int twice(int a) { return 2 * a; }
int thrice(int a) noexcept { return 3 * a; }

struct point {
    f32 x, y;
};

} // namespace

TEST_CASE("host functions: the C++ signature is the WebAssembly type") {
    auto s = new_store();
    const auto type_of = [&](auto f) {
        auto made = s.make_func(f);
        REQUIRE(made);
        std::string text;
        const auto put = [&](std::span<const val_type> types) {
            for (val_type t : types)
                text += t == t_i32         ? 'i'
                        : t == t_i64       ? 'l'
                        : t == t_f32       ? 'f'
                        : t == t_f64       ? 'd'
                        : t == t_v128      ? 'v'
                        : t == t_externref ? 'e'
                        : t == t_funcref   ? 'F'
                        : t == t_anyref    ? 'a'
                                           : '?';
        };
        put(made->type().params);
        text += '_';
        put(made->type().results);
        return text;
    };
    CHECK(type_of([] {}) == "_");
    CHECK(type_of([](i32, u32, i64, u64, f32, f64) {}) == "iillfd_");
    CHECK(type_of([](const int&, bool, colour, long long) { return colour::red; }) == "iiil_i");
    CHECK(type_of([](v128 a) { return a; }) == "v_v");
    CHECK(type_of([](externref e, func f, funcref g, ref r) { return std::tuple{e, f, g, r}; }) == "eFFa_eFFa");
    CHECK(type_of([](caller&, int) -> result<int> { return 1; }) == "i_i");
    CHECK(type_of([](caller&) -> result<void> { return {}; }) == "_");
    CHECK(type_of([]() -> result<std::tuple<int, double>> { return std::tuple{1, 2.0}; }) == "_id");
    CHECK(type_of([]() { return std::pair{1, 2.0f}; }) == "_if");
    // Where the machine's byte order is not the guest's, a span of numbers is a compile error.
    using element = std::conditional_t<std::endian::native == std::endian::little, f64, u8>;
    CHECK(type_of([](std::string_view, std::span<const u8>, std::span<element>, guest_span<u64>, guest_ptr<point>,
                     guest_string) {}) == "iiiiiiiiiii_");
    CHECK(type_of(twice) == "i_i");
    CHECK(type_of(&thrice) == "i_i");
    int state = 0;
    CHECK(type_of([state]() mutable { return ++state; }) == "_i");
}

TEST_CASE("host functions: values arrive and come back, with and without types") {
    auto s = new_store();
    auto f = s.make_func(
        [](i32 a, u64 b, f32 c, f64 d, bool e, colour g) { return std::tuple{-a, b + 1, c / 2, d * 2, !e, g}; });
    REQUIRE(f);
    auto typed = typed_func<std::tuple<i32, u64, f32, f64, bool, colour>(i32, u64, f32, f64, bool, colour)>::from(*f);
    REQUIRE(typed);
    auto r = (*typed)(5, ~u64{0} - 1, 3.0f, 0.25, true, colour::red);
    REQUIRE(r);
    CHECK(*r == std::tuple{-5, ~u64{0}, 1.5f, 0.5, false, colour::red});
    const value args[] = {value::i32(u32(-7)), value::i64(1), value::f32(1),
                          value::f64(1),       value::i32(0), value::i32(9)};
    value results[6];
    REQUIRE(f->call(args, results));
    CHECK(results[0] == value::i32(7));
    CHECK(results[1] == value::i64(2));
    CHECK(results[2] == value::f32(0.5f));
    CHECK(results[3] == value::f64(2));
    CHECK(results[4] == value::i32(1));
    CHECK(results[5] == value::i32(9));
    CHECK(f->call({}, results).error().detail() == "number of arguments");
    CHECK(f->call(args, {}).error().detail() == "number of results");
    value wrong[6];
    std::copy(args, args + 6, wrong);
    wrong[3] = value::f32(1);
    CHECK(f->call(wrong, results).error().is(msg::wrong_type));
    CHECK(typed->untyped() == *f);
    CHECK(typed_func<void()>::from(*f).error().is(msg::wrong_type));
    CHECK(func().call({}, {}).error().is(msg::stale_handle));
    CHECK(typed_func<void()>()().error().is(msg::stale_handle));
}

TEST_CASE("host functions: v128 and more than sixteen slots") {
    auto s = new_store();
    v128 in;
    for (u8 i = 0; i < 16; ++i) in.bytes[i] = i;
    auto f = typed_func<v128(v128, int)>::from(*s.make_func([](v128 v, int add) {
        for (u8& b : v.bytes) b = u8(b + add);
        return v;
    }));
    REQUIRE(f);
    auto out = (*f)(in, 100);
    REQUIRE(out);
    CHECK(out->bytes[0] == 100);
    CHECK(out->bytes[15] == 115);
    auto many = s.make_func([](i64 a, i64 b, i64 c, i64 d, i64 e, i64 g, i64 h, i64 i, i64 j, v128, v128, v128, v128,
                               i64 k) { return a + b + c + d + e + g + h + i + j + k; });
    std::vector<value> args(14, value::i64(3));
    for (std::size_t i = 9; i < 13; ++i) args[i] = {t_v128, 1, 2};
    value r[1];
    REQUIRE(many->call(args, r));
    CHECK(r[0] == value::i64(30));
}

TEST_CASE("host functions: errors are values, exceptions too") {
    auto s = new_store();
    auto f = typed_func<int(int)>::from(*s.make_func([](int a) -> result<int> {
        if (a == 0) return trap::integer_divide_by_zero;
        if (a == 1) return error(msg::out_of_range, "of mine");
        return a;
    }));
    REQUIRE(f);
    CHECK((*f)(0).error().why() == trap::integer_divide_by_zero);
    CHECK((*f)(1).error().detail() == "of mine");
    CHECK(*(*f)(2) == 2);
#if defined(__cpp_exceptions)
    auto g = typed_func<void()>::from(*s.make_func([] { throw std::string("x"); }));
    CHECK((*g)().error().is(msg::host_threw));
    g = typed_func<void()>::from(*s.make_func([] { throw std::bad_alloc(); }));
    CHECK((*g)().error().is(msg::host_threw));
    CHECK((*g)().error().detail() == "std::bad_alloc");
    struct thrower {
        thrower() = default;
        thrower(const thrower&) { throw std::bad_alloc(); }
        void operator()() const {}
    };
    const thrower captured;
    imports env;
    CHECK(!env.define("a", "f", captured));
    CHECK(env.status().error().is(msg::out_of_memory));
    CHECK(s.make_object<thrower>(captured).error().is(msg::out_of_memory));
#endif
}

TEST_CASE("host functions: what they capture ends with its last owner") {
    const auto count = std::make_shared<int>(0);
    {
        auto s = new_store();
        {
            imports env;
            REQUIRE(env.define("a", "f", [count] {}));
            CHECK(count.use_count() == 2);
            REQUIRE(env.define("a", "f", [count] { ++*count; }));
            CHECK(count.use_count() == 2);
            auto mod =
                parse(wasm({section(1, {type({}, {})}), section(2, {import("a", "f", {0, 0})}), section(8, bytes{0})}));
            REQUIRE(mod);
            REQUIRE(s.instantiate(*mod, env));
            imports moved = std::move(env);
            CHECK(count.use_count() == 2);
        }
        CHECK(count.use_count() == 2);
        CHECK(*count == 1);
        REQUIRE(s.make_func([count] {}));
        CHECK(count.use_count() == 3);
        REQUIRE(s.reset());
        CHECK(count.use_count() == 1);
        REQUIRE(s.make_func([count] {}));
    }
    CHECK(count.use_count() == 1);
}

TEST_CASE("host functions: a type known at run time only") {
    auto s = new_store();
    const val_type params[] = {t_i32, t_v128, t_f32}, results[] = {t_f32, t_i32};
    auto f = s.make_func(func_type{params, results},
                         [](caller&, std::span<const value> in, std::span<value> out) -> result<void> {
                             if (in[0].as_u32() == 99) return trap::unreachable;
                             CHECK(in[1].high == 6);
                             out[0] = in[2];
                             out[1] = in[0].as_u32() == 98 ? value::i64(1) : in[0];
                             return {};
                         });
    REQUIRE(f);
    value args[] = {value::i32(4), {t_v128, 5, 6}, value::f32(1.5f)}, out[2];
    REQUIRE(f->call(args, out));
    CHECK(out[0] == value::f32(1.5f));
    CHECK(out[1] == value::i32(4));
    args[0] = value::i32(98);
    CHECK(f->call(args, out).error().is(msg::wrong_type));
    args[0] = value::i32(99);
    CHECK(f->call(args, out).error().why() == trap::unreachable);
    args[0] = value::i32(1);
    CHECK(f->call(args, out));
}

TEST_CASE("host functions: nested calls have a limit") {
    limits l;
    l.host_depth = 5;
    auto s = new_store(l);
    func self;
    int deepest = 0;
    auto f = s.make_func([&](int depth) -> result<int> {
        deepest = std::max(deepest, depth);
        auto next = typed_func<int(int)>::from(self);
        if (!next) return next.error();
        return (*next)(depth + 1);
    });
    self = *f;
    auto r = (*typed_func<int(int)>::from(self))(1);
    REQUIRE(!r);
    CHECK(deepest == 5);
    CHECK(r.error().why() == trap::stack_exhausted);
    CHECK(r.error().detail() == "limits::host_depth");
    CHECK(s.data()->host_depth == 0);
}

TEST_CASE("references: func and externref as arguments") {
    auto s = new_store(), other = new_store();
    auto f = typed_func<func(func)>::from(*s.make_func([](func g) { return g; }));
    REQUIRE(f);
    CHECK(!*(*f)(func()));
    CHECK(*(*f)(f->untyped()) == f->untyped());
    auto foreign = other.make_func([] {});
    CHECK((*f)(*foreign).error().is(msg::other_store));
    auto leak = typed_func<func()>::from(*s.make_func([&] { return *foreign; }));
    CHECK((*leak)().error().is(msg::other_store));

    auto text = s.make_object<std::string>("hello");
    int number = 5;
    auto lent = s.lend_object(number);
    REQUIRE(text);
    REQUIRE(lent);
    auto g = typed_func<externref(externref)>::from(*s.make_func([&](externref e) {
        CHECK(s.object<int>(e) == nullptr);
        s.object<std::string>(e)->push_back('!');
        return e;
    }));
    CHECK(*(*g)(*text) == *text);
    CHECK(*s.object<std::string>(*text) == "hello!");
    CHECK(s.object<int>(*lent) == &number);
    CHECK(s.object<int>(externref()) == nullptr);
    CHECK(s.object<int>(externref{2 + 4 * 1000}) == nullptr);
    CHECK(s.drop_object(*text));
    CHECK(!s.drop_object(*text));
    CHECK(s.object<std::string>(*text) == nullptr);
    auto next = s.make_object<std::string>("next");
    CHECK(*next == *text);
    limits l;
    l.host_objects = 1;
    auto tight = new_store(l);
    REQUIRE(tight.make_object<int>(1));
    CHECK(tight.make_object<int>(1).error().detail() == "limits::host_objects");
}

TEST_CASE("references: values are checked against what they refer to") {
    auto s = new_store();
    auto f = s.make_func([](func) {});
    const value null_func = value::reference(t_funcref, {0}), bad = value::reference(t_funcref, {1000}),
                ext = value::reference(t_externref, {6});
    const value nofunc = value::reference(val_type::ref(heap_type::abstract(code::nofunc), true), {0});
    const value unknown = value::reference(val_type::ref(heap_type::index(12345), true), {0});
    const auto call = [&](value v) { return f->call(std::span<const value>(&v, 1), {}); };
    CHECK(call(null_func));
    CHECK(call(nofunc));
    CHECK(call(f->as_value()));
    CHECK(call(bad).error().is(msg::wrong_type));
    CHECK(call(ext).error().is(msg::wrong_type));
    CHECK(call(unknown).error().is(msg::wrong_type));
    CHECK(call(value::i32(0)).error().is(msg::wrong_type));
    auto strict = s.make_global({val_type::ref(heap_type::abstract(code::func), false), true}, f->as_value());
    REQUIRE(strict);
    CHECK(strict->set(null_func).error().is(msg::wrong_type));
    CHECK(strict->set(f->as_value()));
    CHECK(*strict->get<func>() == *f);
    CHECK(s.as_func(strict->get()) == *f);
}

TEST_CASE("references: a null is one of its hierarchy") {
    auto s = new_store();
    const auto null_of = [](u8 c) { return value::reference(val_type::ref(heap_type::abstract(c), true), {0}); };
    const u8 hierarchies[][2] = {
        {code::func, code::nofunc}, {code::extern_, code::noextern}, {code::exn, code::noexn}, {code::any, code::none}};
    for (const auto& wanted : hierarchies)
        for (const auto& given : hierarchies)
            for (const u8 c : given)
                for (const u8 w : wanted) {
                    auto g = s.make_global({val_type::ref(heap_type::abstract(w), true), true}, null_of(c));
                    CHECK(g.has_value() == (&wanted == &given));
                    if (!g) CHECK(g.error().is(msg::wrong_type));
                }
    // A type of the store is in the hierarchy of its form.
    auto f = s.make_func([] {});
    REQUIRE(f);
    CHECK(s.make_global({val_type::ref(heap_type::index(0), true), true}, null_of(code::nofunc)));
    CHECK(!s.make_global({val_type::ref(heap_type::index(0), true), true}, null_of(code::none)));
}

TEST_CASE("references: a function of another store is refused, whoever passes it") {
    auto s = new_store(), other = new_store();
    auto f = s.make_func([](func) {}), of_other = other.make_func([] {});
    REQUIRE(f);
    REQUIRE(of_other);
    auto typed = typed_func<void(func)>::from(*f);
    REQUIRE(typed);
    CHECK((*typed)(*f));
    CHECK((*typed)(func()));
    CHECK((*typed)(*of_other).error().is(msg::other_store));
    CHECK(typed->start(*of_other).error().is(msg::other_store));
    auto gives = s.make_func([&] { return *of_other; });
    REQUIRE(gives);
    auto get = typed_func<func()>::from(*gives);
    REQUIRE(get);
    CHECK((*get)().error().is(msg::other_store));
}

TEST_CASE("objects of the host: types that nothing can have") {
    auto s = new_store();
    CHECK(s.make_global({t_i8, true}, {t_i8, 0, 0}).error().is(msg::out_of_range));
    CHECK(s.make_global({t_bottom, true}, {t_bottom, 0, 0}).error().is(msg::out_of_range));
    CHECK(
        s.make_global({val_type::ref(heap_type::index(77), true), true}, value::i32(0)).error().is(msg::out_of_range));
    CHECK(s.make_global({t_i32, true}, value::i64(0)).error().is(msg::wrong_type));
    CHECK(
        s.make_table({{0, 0, false, false}, val_type::ref(heap_type::index(77), true)}).error().is(msg::out_of_range));
    CHECK(s.make_table({{2, 1, true, false}, t_funcref}).error().is(msg::out_of_range));
    CHECK(s.make_table({{1, 0, false, false}, val_type::ref(heap_type::abstract(code::func), false)})
              .error()
              .is(msg::wrong_type)); // no null
}

TEST_CASE("a store: its limits, and one whose engine does not work") {
    limits l;
    l.host_depth = 7;
    auto s = new_store(l);
    CHECK(s.limits().host_depth == 7);
    auto moved = std::move(s);
    CHECK(moved.limits().host_depth == 7);
    CHECK(s.limits().host_depth == limits().host_depth); // an empty store has the usual ones

    runtime::engine broken = engine;
    broken.works = [] { return false; };
    basic_store none(broken, latest, l);
    REQUIRE(!none.status());
    CHECK(none.status().error().is(msg::broken_engine));
    CHECK(none.make_global(value::i32(1), true).error().is(msg::broken_engine));
    CHECK(none.make_memory({{1, 1, true, false}, false, 16}).error().is(msg::broken_engine));
    CHECK(none.make_table({{1, 1, true, false}, t_funcref}).error().is(msg::broken_engine));
    CHECK(none.make_tag({}).error().is(msg::broken_engine));
    CHECK(none.reset().error().is(msg::broken_engine));
    CHECK(!none.make_func([] {}));
    CHECK(!none.make_object<int>(1));
    int lent = 0;
    CHECK(none.lend_object(lent).error().is(msg::broken_engine));
    CHECK(!none.drop_object({}));
    CHECK(none.as_func(value::reference(t_funcref, {1})) == func());
    auto m = module::parse<engines::plain>(std::span<const u8>(wasm({})));
    REQUIRE(m);
    CHECK(none.instantiate(*m).error().is(msg::broken_engine));
}

TEST_CASE("objects of the host: memory, table, global") {
    auto s = new_store();
    auto m = s.make_memory({{1, 3, true, false}, false, 16});
    REQUIRE(m);
    CHECK(m->size() == 65536);
    CHECK(m->type().limits.max == 3);
    REQUIRE(m->store<u32>(65532, 0x01020304));
    CHECK(*m->load<u8>(65532) == 4);
    CHECK(*m->load<u32>(65532) == 0x01020304);
    CHECK(m->load<u32>(65533).error().why() == trap::out_of_bounds_memory);
    CHECK(m->store<u64>(~u64{0}, 1).error().why() == trap::out_of_bounds_memory);
    REQUIRE(m->store<point>(3, {1, 2}));
    CHECK(m->load<point>(3)->y == 2);
    REQUIRE(m->write(10, "some text"));
    CHECK(*m->text(15, 4) == "text");
    CHECK(!m->text(65530, 7));
    u8 out[4] = {};
    REQUIRE(m->read(10, out));
    CHECK(out[0] == 's');
    CHECK(m->view(65536, 0));
    CHECK(*m->grow(2) == 1);
    CHECK(m->grow(1).error().is(msg::cannot_grow));
    CHECK(m->pages() == 3);
    CHECK(memory().grow(1).error().is(msg::stale_handle));
    CHECK(memory().load<u8>(0).error().is(msg::stale_handle));
    CHECK(memory().size() == 0);
    CHECK(s.make_memory({{3, 1, true, false}, false, 16}).error().is(msg::out_of_range));
    CHECK(s.make_memory({{1, 0, false, false}, true, 16}).error().is(msg::out_of_range));
    for (unsigned page : {1u, 15u, 17u, 63u, 64u, 255u}) // no such page; as a shift some of them are undefined
        CHECK(s.make_memory({{1, 0, false, false}, false, u8(page)}).error().is(msg::out_of_range));

    auto t = s.make_table({{2, 4, true, false}, t_externref});
    auto object = s.make_object<int>(5);
    REQUIRE(t);
    REQUIRE(t->set(1, *object));
    CHECK(*s.object<int>(*t->get<externref>(1)) == 5);
    CHECK(t->get<externref>(0)->is_null());
    CHECK(t->get(2).error().why() == trap::out_of_bounds_table);
    CHECK(t->set(2, externref()).error().why() == trap::out_of_bounds_table);
    CHECK(t->set(0, func()).error().is(msg::wrong_type));
    CHECK(t->get<func>(0).error().is(msg::wrong_type));
    CHECK(*t->grow(2, *object) == 2);
    CHECK(*t->get<externref>(3) == *object);
    CHECK(t->grow(1, externref()).error().is(msg::cannot_grow));
    CHECK(s.make_table({{0, 0, false, false}, t_i32}).error().is(msg::out_of_range));
    for (u8 none : {code::bottom, u8(0x68), u8(0x75), code::i32})
        CHECK(s.make_table({{0, 0, false, false}, val_type::ref(heap_type::abstract(none), true)})
                  .error()
                  .is(msg::out_of_range));
    CHECK(s.make_table({{0, 0, false, false}, t_exnref}));

    auto g = s.make_global(value::f64(1.5), true);
    CHECK(*g->get<f64>() == 1.5);
    CHECK(g->get<f32>().error().is(msg::wrong_type));
    CHECK(g->set(2.5));
    CHECK(g->get() == value::f64(2.5));
    for (val_type none : {t_bottom, t_i8, val_type{0x7a}, val_type{0x17f}, val_type{0xffff'ff00}})
        CHECK(s.make_global({none, 1, 0}, false).error().is(msg::out_of_range));
}

TEST_CASE("a store: reset makes handles stale, moving does not") {
    auto s = new_store();
    auto g = s.make_global(value::i32(4), true);
    auto moved = std::move(s);
    CHECK(*g->get<int>() == 4);
    CHECK(!s.status());
    CHECK(s.make_global(value::i32(4), true).error().is(msg::out_of_memory));
    REQUIRE(moved.reset());
    CHECK(!*g);
    CHECK(g->set(3).error().is(msg::stale_handle));
    auto inside = moved.make_func([&]() -> result<void> { return moved.reset(); });
    auto r = inside->call({}, {});
    REQUIRE(!r);
    CHECK(r.error().detail() == "reset during a call");
}

TEST_CASE("a module: imports, exports, sections, names") {
    auto mod = parse(
        wasm({section(0, name("first") + bytes{1, 2, 3}), section(1, {type({0x7f, 0x7e}, {0x7d}), type({}, {})}),
              section(2, {import("env", "f", {0, 1}), import("env", "t", {1, 0x6f, 1, 2, 3})}), section(3, {bytes{0}}),
              section(5, {bytes{1, 1, 2}}), section(6, {bytes{0x7c, 1} + expr({0x44, 0, 0, 0, 0, 0, 0, 0, 0})}),
              section(7, {export_("go", 0, 1), export_("mem", 2, 0), export_("g", 3, 0), export_("table", 1, 0)}),
              section(10, {body({0x43, 0, 0, 0, 0})}),
              section(0, name("name") + bytes{0} + leb(4) + name("mod") + bytes{1} + leb(8) +
                             list({leb(1) + name("named")}))}));
    REQUIRE_MESSAGE(mod, mod.error().message());
    REQUIRE(mod->imports().size() == 2);
    CHECK(mod->imports()[0].module == "env");
    CHECK(mod->imports()[0].name == "f");
    CHECK(mod->imports()[0].type.kind == extern_kind::func);
    CHECK(mod->imports()[0].type.func.params.empty());
    CHECK(mod->imports()[1].type.table.limits.max == 3);
    CHECK(mod->imports()[1].type.table.element == t_externref);
    std::string names;
    for (const auto& e : mod->exports()) names += std::string(e.name) + ' ';
    CHECK(names == "go mem g table ");
    const auto go = mod->exports()[0].type.func;
    REQUIRE(go.params.size() == 2);
    CHECK(go.params[1] == t_i64);
    CHECK(go.results[0] == t_f32);
    CHECK(mod->exports()[1].type.memory.limits.max == 2);
    CHECK(mod->exports()[2].type.global.mutable_);
    CHECK(mod->custom_sections().size() == 2);
    CHECK(mod->custom_section("first").size() == 3);
    CHECK(mod->custom_section("second").empty());
    CHECK(mod->name() == "mod");
    CHECK(mod->functions() == 2);
    CHECK(mod->function_name(1) == "named");
    CHECK(mod->function_name(0).empty());
    CHECK(mod->function_name(99).empty());
    CHECK(mod->function_type(1).params.size() == 2);
    CHECK(mod->features_used()[feature::reference_types]);
    module copy = *mod;
    CHECK(copy.name().data() == mod->name().data());
    CHECK(module().exports().size() == 0);
    CHECK(module().exports().begin() == module().exports().end());
    auto s = new_store();
    CHECK(s.instantiate(module()).error().is(msg::stale_handle));
}

TEST_CASE("a module: the ways to get one from bytes") {
    const bytes b = wasm({section(0, name("x"))});
    REQUIRE(module::parse<engines::plain>(b));
    std::vector<std::byte> raw(b.size());
    std::memcpy(raw.data(), b.data(), b.size());
    REQUIRE(module::parse<engines::plain>(raw));
    auto borrowed = module::borrow<engines::plain>(b);
    REQUIRE(borrowed);
    CHECK(borrowed->bytes().data() == b.data());
    vec<u8> own;
    REQUIRE(own.assign(b));
    const u8* at = own.data();
    auto moved = module::parse<engines::plain>(std::move(own));
    REQUIRE(moved);
    CHECK(moved->bytes().data() == at);
    auto bad = module::parse<engines::plain>(std::span<const u8>(b.data(), 6));
    REQUIRE(!bad);
    CHECK(bad.error().kind() == kind::malformed);
    module_limits small;
    small.module_size = 4;
    CHECK(module::parse<engines::plain>(b, small).error().kind() == kind::exhaustion);
}

TEST_CASE("exports: many are found too") {
    bytes exports = leb(500);
    for (u32 i = 0; i < 500; ++i) exports = exports + export_("n" + std::to_string(i * 7919 % 500), 3, i);
    bytes globals = leb(500);
    for (int i = 0; i < 500; ++i) globals = globals + bytes{0x7f, 0} + expr(i32_const(i * 7919 % 500));
    auto mod = parse(wasm({section(6, globals), section(7, exports)}));
    REQUIRE(mod);
    auto s = new_store();
    auto i = s.instantiate(*mod);
    REQUIRE(i);
    for (u32 k = 0; k < 500; ++k) {
        auto g = i->get<global>("n" + std::to_string(k));
        REQUIRE(g);
        CHECK(*g->get<u32>() == k);
    }
    CHECK(!i->get<global>("n500"));
    CHECK(!i->get<global>(""));
}

TEST_CASE("types that mean nothing without a module are refused where a host names them") {
    auto s = new_store();
    imports env;
    const auto body = [](tessera::caller&, std::span<const value>, std::span<value>) -> result<void> { return {}; };
    const val_type index[] = {val_type::ref(heap_type::index(1000000), true)};
    const val_type none[] = {t_bottom};
    for (std::span<const val_type> types : {std::span<const val_type>(index), std::span<const val_type>(none)}) {
        CHECK(s.make_tag(types).error().is(msg::out_of_range));
        CHECK(s.make_func(func_type{types, {}}, body).error().is(msg::out_of_range));
        CHECK(s.make_func(func_type{{}, types}, body).error().is(msg::out_of_range));
        CHECK(env.define("m", "f", func_type{types, {}}, body).error().is(msg::out_of_range));
    }
    CHECK(env.status().error().is(msg::out_of_range));
    CHECK(s.make_func(func_type{}, body));
}
