// SPDX-License-Identifier: MIT
// Fuzzes the C++ interface: a program of calls that the input decides, with wrong types, wrong names,
// handles that are empty, stale or another store's, host functions that do the same again. Kept is only
// what the interface asks for: a store outlives the use of its handles, an execution that is running is
// neither moved nor dropped, and imports in use are not changed.

#include "engine.hpp"
#include "host_modules.hpp"
#include "object_user.hpp"
#include "require.hpp"

#include <fuzzer/FuzzedDataProvider.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace {

using fuzz::require;
using tessera::i32;
using tessera::u32;
using tessera::u64;
using tessera::u8;
using tessera::val_type;
using tessera::value;

using fuzz::profile;
using store = tessera::store<profile>;
constexpr tessera::limits small{.memory_bytes = 1 << 20,
                                .total_memory_bytes = 1 << 22,
                                .table_entries = 2'000,
                                .total_table_entries = 5'000,
                                .heap_bytes = 1 << 18,
                                .stack_bytes = 1 << 15,
                                .host_depth = 8,
                                .instances = 12,
                                .memories = 24,
                                .tables = 24,
                                .functions = 400,
                                .host_objects = 12};
constexpr u64 most_fuel = 30'000;
constexpr unsigned most_steps = 120;
constexpr std::size_t most_handles = 24;

/// An object of the host's that counts how many there are.
struct counted {
    int& alive;
    u64 content = 0x600d;
    explicit counted(int& n) : alive(++n) {}
    counted(const counted&) = delete;
    ~counted() {
        require(content == 0x600d);
        content = 0;
        --alive;
    }
};
struct plain_struct {
    u8 a;
    u32 b;
};

const std::vector<tessera::module>& guests() {
    static const std::vector<tessera::module> all = [] {
        std::vector<tessera::module> made(1); // the first is empty
        for (std::string_view text : fuzz::host_modules) {
            auto m = tessera::module::parse_text<profile>(text);
            if (!m) std::fprintf(stderr, "%u: %s\n", m.error().line(), m.error().message().data());
            require(m.has_value());
            made.push_back(*m);
        }
        return made;
    }();
    return all;
}

class program {
public:
    explicit program(std::span<const u8> input) : in_(input.data(), input.size()) {
        for (auto& s : stores_) {
            require(s.status().has_value());
            fuel(s, 3'000);
        }
        offer(env_[0], stores_[0]);
    }
    ~program() {
        executions_.clear(); // before their stores
        for (auto& s : stores_) fuzz::object_user::check(s);
        object_user_.clear();
        for (auto& s : stores_) s = store(small);
        lent_.reset();
        require(alive_ == 0);
    }
    void run() {
        while (in_.remaining_bytes() > 0 && steps_ < most_steps) step();
    }

private:
    // ---- what the input decides

    u32 below(std::size_t n) { return in_.ConsumeIntegralInRange<u32>(0, u32(n) - 1); }
    bool maybe() { return in_.ConsumeBool(); }
    u64 number() {
        static constexpr u64 edges[] = {0,          1,          2,           8,     65535,     65536,
                                        0xfffffffe, 0xffffffff, 0x100000000, ~0ull, ~0ull - 7, 1ull << 63};
        return maybe() ? edges[below(std::size(edges))] : in_.ConsumeIntegral<u64>() >> below(64);
    }
    std::string_view name() { return fuzz::host_names[below(std::size(fuzz::host_names))]; }
    store& a_store() { return stores_[below(std::size(stores_))]; }
    template <class T>
    T one_of(const std::vector<T>& all) {
        return all.empty() || below(16) == 0 ? T() : all[below(all.size())];
    }
    template <class T>
    void keep(std::vector<T>& all, const T& one) {
        if (all.size() < most_handles) all.push_back(one);
        else all[below(all.size())] = one;
    }
    template <class T>
    bool keep(std::vector<T>& all, const tessera::result<T>& one) {
        if (one) keep(all, *one);
        return one.has_value();
    }
    val_type a_type() {
        using tessera::heap_type;
        static constexpr val_type common[] = {tessera::t_i32,
                                              tessera::t_i64,
                                              tessera::t_f32,
                                              tessera::t_f64,
                                              tessera::t_v128,
                                              tessera::t_externref,
                                              tessera::t_funcref,
                                              tessera::t_i32,
                                              tessera::t_anyref,
                                              tessera::t_exnref,
                                              tessera::t_i8,
                                              tessera::t_bottom,
                                              val_type::ref(heap_type::abstract(tessera::code::func), false),
                                              val_type::ref(heap_type::abstract(tessera::code::nofunc), true),
                                              val_type::ref(heap_type::abstract(tessera::code::i31), true),
                                              val_type::ref(heap_type::abstract(tessera::code::extern_), false)};
        switch (below(8)) {
        case 0: return {u32(number())};
        case 1: return val_type::ref(heap_type::index(below(12)), maybe());
        case 2: return val_type::ref(heap_type::abstract(u8(0x60 + below(32))), maybe());
        default: return common[below(std::size(common))];
        }
    }
    value a_value() {
        switch (below(7)) {
        case 6: return object_user_.reference();
        case 0: return {a_type(), number(), number()};
        case 1: return one_of(functions_).as_value();
        case 2: return {tessera::t_externref, one_of(objects_).bits, 0};
        default: return value_of(a_type());
        }
    }
    /// Most likely a value of type `t`.
    value value_of(val_type t) {
        if (!t.is_ref()) return {t, number(), number()};
        if (below(3) == 0) return {t, 0, 0};
        if (t == tessera::t_externref) return {t, one_of(objects_).bits, 0};
        if (t == tessera::t_anyref) return object_user_.reference();
        return {maybe() ? tessera::t_funcref : t, one_of(functions_).as_value().bits, 0};
    }
    tessera::limits_type some_limits() {
        tessera::limits_type l{maybe() ? below(8) : number(), maybe() ? below(16) : number(), maybe(), maybe()};
        return l;
    }
    std::vector<value> arguments(const tessera::func& f) {
        const auto types = f.type().params;
        std::vector<val_type> wanted(types.begin(), types.end());
        std::vector<value> args;
        for (val_type t : wanted) args.push_back(below(12) ? value_of(t) : a_value());
        if (below(16) == 0) args.push_back(a_value());
        return args;
    }
    void fuel(store& s, u64 n) {
        if (granted_ + n > most_fuel) return;
        granted_ += n;
        require(s.add_fuel(n).has_value());
    }

    // ---- host functions

    /// What a host function fails with: a trap, or an exception.
    tessera::error failure() {
        const tessera::tag t = one_of(tags_);
        if (!t || maybe()) return tessera::trap::unreachable;
        std::vector<value> values;
        const std::vector<val_type> params(t.params().begin(), t.params().end());
        for (val_type p : params) values.push_back(below(12) ? value_of(p) : a_value());
        return t.exception(values);
    }

    /// What host functions do before they return; false: they fail.
    bool inside() {
        struct level {
            int& n;
            explicit level(int& d) : n(++d) {}
            ~level() { --n; }
        } here(depth_);
        if (depth_ < 6)
            for (u32 n = below(4); n > 0 && in_.remaining_bytes() > 0 && steps_ < most_steps; --n) step();
        switch (below(24)) {
        case 0: return false;
        case 1: throw std::runtime_error("the host's own");
        case 2: throw 7;
        default: return true;
        }
    }
    void look_at(tessera::caller& who) {
        keep(instances_, who.from());
        if (auto m = who.main_memory()) keep(memories_, *m);
        keep(memories_, who.get<tessera::memory>(name()));
        keep(functions_, who.get<tessera::func>(name()));
    }
    tessera::imports::defined define_one(tessera::imports& to, std::string_view module, std::string_view as,
                                         u32 which) {
        switch (which) {
        case 0:
            return to.define(module, as, [this](i32 x) -> tessera::result<i32> {
                return inside() ? tessera::result<i32>(x + 1) : failure();
            });
        case 1:
            return to.define(module, as, [this](tessera::caller& who, std::string_view text) {
                u32 n = 0;
                for (char c : text.substr(0, 64)) n += u8(c);
                look_at(who);
                return inside(), n;
            });
        case 2:
            return to.define(module, as, [this](std::span<u8> bytes) {
                for (u8& b : bytes.first(bytes.size() < 64 ? bytes.size() : 64)) ++b;
                inside();
            });
        case 3:
            return to.define(module, as, [this](tessera::guest_span<u32> words) {
                u64 sum = 0;
                for (std::size_t n = 0; n < words.size() && n < 16; ++n) sum += words[n], words.set(n, u32(sum));
                return inside(), sum;
            });
        case 4:
            return to.define(module, as, [this](tessera::guest_ptr<plain_struct> at) {
                at.set({at.get().a, 7});
                inside();
            });
        case 5:
            return to.define(module, as, [this](tessera::caller& who, tessera::externref o) {
                if (counted* c = who.object<counted>(o)) require(c->content == 0x600d);
                require(!who.object<float>(o));
                inside();
                return maybe() ? o : one_of(objects_);
            });
        case 6:
            return to.define(module, as, [this](tessera::func f) {
                keep(functions_, f);
                inside();
                return maybe() ? f : one_of(functions_);
            });
        case 7: return to.define(module, as, [this](i32 x, double y) { return inside(), std::tuple{y, x}; });
        case 8: return to.define(module, as, [this](tessera::i64 x, double y) { return inside(), std::pair{y, x}; });
        case 9: {
            static constexpr val_type params[] = {tessera::t_i32, tessera::t_f32, tessera::t_v128},
                                      results[] = {tessera::t_v128, tessera::t_f32};
            return to.define(module, as, {params, results},
                             [this](tessera::caller& who, std::span<const value> args,
                                    std::span<value> out) -> tessera::result<void> {
                                 require(args.size() == 3 && out.size() == 2);
                                 look_at(who);
                                 if (!inside()) return tessera::trap::host;
                                 out[0] = maybe() ? args[2] : a_value();
                                 out[1] = args[1];
                                 return {};
                             });
        }
        case 10: {
            static constexpr val_type types[] = {tessera::t_funcref, tessera::t_externref, tessera::t_exnref};
            return to.define(
                module, as, {types, types},
                [this](tessera::caller&, std::span<const value>, std::span<value> out) -> tessera::result<void> {
                    inside();
                    for (value& v : out) v = maybe() ? value_of(v.type) : a_value();
                    return {};
                });
        }
        case 11: {
            static constexpr val_type types[] = {tessera::t_anyref};
            return to.define(module, as, {types, types},
                             [this](tessera::caller& who, std::span<const value> args,
                                    std::span<value> out) -> tessera::result<void> {
                                 look_at(who);
                                 if (!inside()) return failure();
                                 out[0] = maybe() ? args[0] : value_of(tessera::t_anyref);
                                 return {};
                             });
        }
        case 12: return to.define(module, as, shared_);
        default: return to.define(module, as, std::string_view(as).empty() ? tessera::memory() : one_of(memories_));
        }
    }
    void offer(tessera::imports& to, store& s) {
        static constexpr std::string_view names[] = {"f",      "text",     "span",  "words", "pointer",
                                                     "object", "function", "seven", "pair",  "dynamic",
                                                     "three",  "any",      "shared"};
        for (u32 n = 0; n < std::size(names); ++n) define_one(to, "env", names[n], n);
        if (auto m = s.make_memory({{1, 4, true, false}})) to.define("env", "memory", *m), keep(memories_, *m);
        if (auto t = s.make_table({{4, 8, true, false}, tessera::t_funcref}))
            to.define("env", "table", *t), keep(tables_, *t);
        if (auto g = s.make_global(value::i32(1), true)) to.define("env", "global", *g), keep(globals_, *g);
        const val_type i32s[] = {tessera::t_i32};
        if (auto t = s.make_tag(i32s)) to.define("env", "tag", *t), keep(tags_, *t);
    }

    // ---- one step

    void step() {
        ++steps_;
        switch (below(30)) {
        case 26:
        case 27:
        case 28: {
            store& s = a_store();
            object_user_.step(s, maybe() ? one_of(instances_).type(below(12)) : u32(number()), a_value());
            break;
        }
        case 29: object_user_.use(shared_); break;
        case 0:
        case 1: instantiate(); break;
        case 2:
        case 3: look_up(); break;
        case 4:
        case 5:
        case 6: call(); break;
        case 7: start(); break;
        case 8:
        case 9: resume(); break;
        case 10: look_at_execution(); break;
        case 11:
        case 12: use(one_of(memories_)); break;
        case 13: use(one_of(tables_)); break;
        case 14: use(one_of(globals_)); break;
        case 15: make_object(); break;
        case 16: make_function(); break;
        case 17: typed(); break;
        case 18: use_object(); break;
        case 19: {
            auto ok = a_store().reset();
            require(depth_ > 0 || ok.has_value());
            break;
        }
        case 20: maybe() ? fuel(a_store(), below(2'000)) : a_store().interrupt(); break;
        case 21: define(); break;
        case 22: move(); break;
        case 23: look_at_module(); break;
        case 24: call_by_name(); break;
        case 25: drop(); break;
        }
    }
    void instantiate() {
        tessera::imports& env = env_[below(std::size(env_))];
        ++using_env_;
        keep(instances_, a_store().instantiate(guests()[below(guests().size())], env));
        --using_env_;
    }
    void look_up() {
        const tessera::instance i = one_of(instances_);
        const std::string_view as = name();
        switch (below(5)) {
        case 0: keep(functions_, i.get<tessera::func>(as)); break;
        case 1: keep(memories_, i.get<tessera::memory>(as)); break;
        case 2: keep(tables_, i.get<tessera::table>(as)); break;
        case 3: keep(globals_, i.get<tessera::global>(as)); break;
        default: keep(tags_, i.get<tessera::tag>(as)); break;
        }
    }
    void call() {
        const tessera::func f = one_of(functions_);
        const auto args = arguments(f);
        std::vector<value> results(f.type().results.size() + (below(16) == 0));
        if (auto ok = f.call(args, results); !ok) object_user_.look_at(a_store(), ok.error());
    }
    void call_by_name() {
        std::vector<value> args(below(3), a_value()), results(below(3));
        static_cast<void>(one_of(instances_).call(name(), args, results));
    }
    void typed() {
        const tessera::instance i = one_of(instances_);
        const std::string_view as = name();
        switch (below(7)) {
        case 0:
            if (auto f = i.get<i32(i32, i32)>(as)) {
                auto r = (*f)(3, 4);
                if (r && as == "add") require(*r == 7 || *r == 3);
                keep(functions_, f->untyped());
            }
            break;
        case 1:
            if (auto f = i.get<i32(i32)>(as)) {
                static_cast<void>((*f)(int(below(10))));
                keep_execution(f->start(int(below(10))));
            }
            break;
        case 2:
            if (auto f = i.get<tessera::externref(tessera::externref)>(as)) static_cast<void>((*f)(one_of(objects_)));
            break;
        case 3:
            if (auto f = i.get<tessera::func(tessera::func)>(as)) {
                if (auto r = (*f)(one_of(functions_))) keep(functions_, *r);
            }
            break;
        case 4:
            if (auto f = i.get<std::tuple<tessera::externref, double, float, tessera::i64, i32>(
                             i32, tessera::i64, float, double, tessera::externref)>(as))
                static_cast<void>((*f)(1, 2, 3, 4, one_of(objects_)));
            break;
        case 5:
            if (auto f = i.get<tessera::v128(tessera::v128)>(as)) static_cast<void>((*f)({}));
            break;
        default:
            if (auto f = tessera::typed_func<void(bool, std::uint32_t)>::from(one_of(functions_)))
                static_cast<void>((*f)(maybe(), u32(number())));
            break;
        }
    }

    // ---- executions

    struct running {
        tessera::execution call;
        int busy = 0;
    };
    void keep_execution(tessera::result<tessera::execution>&& made) {
        if (!made) return;
        if (executions_.size() >= 12) return; // dropped at once
        executions_.push_back(std::make_unique<running>(running{std::move(*made)}));
    }
    running* an_execution() { return executions_.empty() ? nullptr : executions_[below(executions_.size())].get(); }
    void start() {
        const tessera::func f = one_of(functions_);
        keep_execution(f.start(arguments(f)));
    }
    void resume() {
        running* const e = an_execution();
        if (!e) return;
        const bool ended = e->call.done();
        ++e->busy;
        const auto ok = e->call.resume();
        --e->busy;
        require(!ended || !ok);
        if (!ended && e->busy == 0) require(ok.has_value() == e->call.done());
    }
    void look_at_execution() {
        running* const e = an_execution();
        if (!e) return;
        std::vector<value> results(below(6));
        static_cast<void>(e->call.results(results));
        static_cast<void>(e->call.get<i32>());
        static_cast<void>(e->call.get<tessera::func>());
        static_cast<void>(e->call.get<std::tuple<tessera::v128, float>>());
        require(!(e->call.done() && e->call.paused()));
    }
    void drop() {
        if (executions_.empty()) return;
        const std::size_t n = below(executions_.size());
        if (executions_[n]->busy) return;
        if (maybe()) {
            running* const other = an_execution();
            if (!other->busy) other->call = std::move(executions_[n]->call);
        } else {
            executions_.erase(executions_.begin() + std::ptrdiff_t(n));
        }
    }

    // ---- objects of a store

    void use(const tessera::memory& m) {
        const u64 at = maybe() ? number() : m.size() - below(16);
        const std::string_view text = std::string_view("sixteen bytes...").substr(below(17));
        u8 room[16] = {};
        require(m.size() <= small.memory_bytes);
        switch (below(9)) {
        case 0: static_cast<void>(m.load<u64>(at)); break;
        case 1: static_cast<void>(m.load<plain_struct>(at)); break;
        case 2: static_cast<void>(m.store<float>(at, 1.5f)); break;
        case 3: static_cast<void>(m.store<plain_struct>(at, {1, 2})); break;
        case 4: static_cast<void>(m.write(at, text)); break;
        case 5: static_cast<void>(m.read(at, std::span<u8>(room).first(below(17)))); break;
        case 6:
            if (auto t = m.text(at, number()); t && !t->empty())
                require(t->size() <= m.size() && t->back() + t->front() < 300);
            break;
        case 7:
            if (auto v = m.view(at, number()); v && !v->empty()) v->back() = v->front();
            break;
        default:
            if (auto was = m.grow(maybe() ? below(4) : number())) require(m.pages() >= *was);
            static_cast<void>(m.type().limits.min + m.bytes().size());
            break;
        }
    }
    void use(const tessera::table& t) {
        const u64 at = maybe() ? below(t.size() + 2) : number();
        require(t.size() <= small.table_entries);
        switch (below(6)) {
        case 0:
            if (auto v = t.get(at); v && v->type == tessera::t_funcref) keep(functions_, stores_[0].as_func(*v));
            break;
        case 1: keep(functions_, t.get<tessera::func>(at)); break;
        case 2: keep(objects_, t.get<tessera::externref>(at)); break;
        case 3: static_cast<void>(maybe() ? t.set(at, a_value()) : t.set(at, value_of(t.type().element))); break;
        case 4: static_cast<void>(maybe() ? t.set(at, one_of(functions_)) : t.set(at, one_of(objects_))); break;
        default:
            static_cast<void>(maybe() ? t.grow(below(40), value_of(t.type().element))
                                      : t.grow(number(), one_of(functions_)));
            break;
        }
    }
    void use(const tessera::global& g) {
        static_cast<void>(g.get());
        switch (below(5)) {
        case 0: static_cast<void>(g.set(a_value())); break;
        case 1: static_cast<void>(g.set(value_of(g.type().type))); break;
        case 2: static_cast<void>(maybe() ? g.set(one_of(functions_)) : g.set(one_of(objects_))); break;
        case 3: static_cast<void>(g.set(i32(number()))); break;
        default:
            keep(functions_, g.get<tessera::func>());
            keep(objects_, g.get<tessera::externref>());
            static_cast<void>(g.get<tessera::v128>());
            break;
        }
        static_cast<void>(one_of(tags_).params().size());
    }
    void make_object() {
        store& s = a_store();
        switch (below(4)) {
        case 0: keep(memories_, s.make_memory({some_limits(), maybe(), maybe() ? u8(16) : u8(number())})); break;
        case 1:
            keep(tables_, maybe() ? s.make_table({some_limits(), a_type()})
                                  : s.make_table({some_limits(), a_type()}, a_value()));
            break;
        case 2:
            keep(globals_, maybe() ? s.make_global(a_value(), maybe()) : s.make_global({a_type(), maybe()}, a_value()));
            break;
        default: {
            static constexpr val_type types[] = {tessera::t_i32, tessera::t_externref, tessera::t_v128, tessera::t_f64};
            keep(tags_, s.make_tag(std::span<const val_type>(types).first(below(5))));
        }
        }
    }
    void make_function() {
        store& s = a_store();
        switch (below(4)) {
        case 0: keep(functions_, s.make_func([this](i32 x) { return inside() ? x : -x; })); break;
        case 1:
            keep(functions_, s.make_func([this](std::string_view text) { return inside(), i32(text.size()); }));
            break;
        case 2:
            keep(functions_, s.make_func([this](tessera::func f, tessera::externref o) {
                return keep(functions_, f), inside(), o;
            }));
            break;
        default: {
            std::vector<val_type> types;
            for (u32 n = below(24); n > 0; --n) types.push_back(maybe() ? tessera::t_v128 : tessera::t_i64);
            const auto echo = [this](tessera::caller&, std::span<const value> args,
                                     std::span<value> out) -> tessera::result<void> {
                inside();
                for (std::size_t n = 0; n < out.size(); ++n) out[n] = args[n];
                return {};
            };
            keep(functions_, s.make_func({types, types}, echo));
        }
        }
    }
    void use_object() {
        store& s = a_store();
        const tessera::externref r = maybe() ? one_of(objects_) : tessera::externref{u32(number())};
        switch (below(5)) {
        case 0: keep(objects_, s.make_object<counted>(alive_)); break;
        case 1: keep(objects_, s.lend_object(*lent_)); break;
        case 2: s.drop_object(r); break;
        case 3:
            if (counted* c = s.object<counted>(r)) require(c->content == 0x600d);
            break;
        default: require(!s.object<double>(r)); break;
        }
    }
    void define() {
        if (using_env_) return;
        tessera::imports& to = env_[below(std::size(env_))];
        const std::string_view module = maybe() ? "env" : name(), as = name();
        switch (below(7)) {
        case 0: to.define(module, one_of(instances_)); break;
        case 1: to.define(module, as, one_of(functions_)); break;
        case 2: to.define(module, as, one_of(tables_)); break;
        case 3: to.define(module, as, one_of(globals_)); break;
        case 4: to.define(module, as, one_of(tags_)); break;
        case 5: offer(to, a_store()); break;
        default: define_one(to, module, as, below(14)); break;
        }
        require(to.status().has_value());
    }
    void move() {
        if (using_env_ || depth_) return;
        if (maybe()) {
            env_[0] = std::move(env_[1]);
            return;
        }
        store& s = a_store();
        store taken = std::move(s);
        require(!s.status() && !s.reset() && !s.add_fuel(1) && !s.make_memory({}) && !s.make_func([] {}) &&
                !s.make_object<int>(1));
        require(!s.drop_object({2}) && !s.as_func(value::i32(1)) && !s.instantiate(guests()[1]) && s.fuel() == 0);
        s = std::move(taken);
        require(s.status().has_value());
    }
    void look_at_module() {
        const tessera::module m = guests()[below(guests().size())];
        const u32 n = u32(number());
        static_cast<void>(m.function_name(n).size() + m.function_type(n).params.size() +
                          m.custom_section(name()).size());
        for (const auto& i : m.imports()) static_cast<void>(i.type.func.params.size());
        for (const auto& e : m.exports()) static_cast<void>(e.name.size());
        require(m.to_binary().has_value() == bool(m));
    }

    FuzzedDataProvider in_;
    int alive_ = 0, depth_ = 0, using_env_ = 0;
    unsigned steps_ = 0;
    u64 granted_ = 0;
    tessera::imports env_[2];
    fuzz::object_user object_user_{in_};
    tessera::shared_memory shared_ = tessera::shared_memory::make({{1, 2, true, false}, true}, small.memory_bytes)
                                         .value_or(tessera::shared_memory());
    std::unique_ptr<counted> lent_ = std::make_unique<counted>(alive_);
    store stores_[2] = {store(small), store(small)};
    std::vector<tessera::instance> instances_;
    std::vector<tessera::func> functions_;
    std::vector<tessera::memory> memories_;
    std::vector<tessera::table> tables_;
    std::vector<tessera::global> globals_;
    std::vector<tessera::tag> tags_;
    std::vector<tessera::externref> objects_;
    std::vector<std::unique_ptr<running>> executions_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    program({data, size}).run();
    return 0;
}
