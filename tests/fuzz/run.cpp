// SPDX-License-Identifier: MIT
// Fuzzes instantiation and execution: a module's imports are made for it, its exports are used in every
// way there is, under small limits and with little fuel. The same module does the same a second time, as
// machine code.

// It takes parts of the library that have to come before a door.
#include "module_mutator.hpp"

#include "draws.hpp"
#include "engine.hpp"
#include "require.hpp"

#include <algorithm>

namespace {

using fuzz::require;
using tessera::u32;
using tessera::u64;
using tessera::val_type;
using tessera::value;

using fuzz::profile;
constexpr tessera::limits small{.memory_bytes = 1 << 21,
                                .total_memory_bytes = 1 << 23,
                                .table_entries = 20'000,
                                .total_table_entries = 50'000,
                                .stack_bytes = 1 << 16,
                                .host_depth = 6,
                                .instances = 4,
                                .memories = 16,
                                .tables = 64,
                                .functions = 5'000,
                                .host_objects = 64};
constexpr u64 fuel_of_a_call = 4'000;
constexpr u64 fuel_of_all = 60'000;
constexpr std::size_t most_uses = 40;

/// One store with a module in it.
class world {
public:
    world(const tessera::module& m, bool machine_code) : module_(m), draw_(m.custom_section(fuzz::seed_section)) {
        require(store_.status().has_value());
        if (machine_code) require(tessera::enable_native(store_, fuzz::compile_all).has_value());
        if (auto f = store_.make_func([](u32 x) { return x + 1; })) function_ = f->as_value();
        if (auto o = store_.make_object<int>(7)) object_ = {tessera::t_externref, o->bits, 0};
    }

    /// A number that stands for all that was seen.
    u64 run() {
        for (int n = 0; n < 2; ++n) {
            tessera::imports env;
            for (std::size_t i = 0; i < module_.imports().size(); ++i) satisfy(env, module_.imports()[i]);
            refuel();
            auto made = store_.instantiate(module_, env);
            if (!made) {
                see(made.error());
                break;
            }
            instances_.push_back(*made);
            use(*made);
        }
        require(store_.data()->host_depth == 0 && store_.reset().has_value());
        return seen_;
    }

private:
    void see(u64 n) { seen_ = (seen_ ^ n) * 0x100000001b3; }
    void see(const tessera::error& e) {
        see(u64(e.kind()));
        for (char c : e.message()) see(u64(c));
        // Where fuel runs out, the next operation may be one of several instructions, in machine code of fewer.
        const bool exact = e.why() != tessera::trap::out_of_fuel;
        for (const auto& f : e.frames()) see(f.func), see(exact || &f != &e.frames()[0] ? f.offset : 0);
    }
    void see(const value& v) {
        // What a reference denotes is looked at, not its bits.
        if (v.type == tessera::t_funcref && v.bits) return see(store_.as_func(v).type().params.size());
        see(v.bits), see(v.high);
    }
    void refuel() {
        const u64 n = std::min(fuel_of_a_call, fuel_of_all - granted_);
        granted_ += n;
        require(store_.add_fuel(n).has_value());
    }

    // ---- values

    value draw(val_type t) {
        if (!t.is_ref()) return {t, draw_.number(t), t.is_vector() ? draw_.bits() : 0};
        const val_type abstract = t.heap().is_index() ? tessera::t_funcref : val_type::ref(t.heap(), true);
        if (abstract == tessera::t_funcref && !draw_.one_in(3)) return any_function();
        if (abstract == tessera::t_externref && !draw_.one_in(3)) return object_;
        if (t.heap().byte_code() == tessera::code::i31 || t.heap().byte_code() == tessera::code::any)
            return {t, draw_.one_in(2) ? draw_.below(1000) * 2 + 1 : 0, 0};
        return {t, 0, 0};
    }
    value any_function() {
        const auto exports = module_.exports();
        if (instances_.empty() || exports.empty() || draw_.one_in(4)) return function_;
        const std::string_view name = exports[draw_.below(exports.size())].name;
        auto f = instances_[draw_.below(instances_.size())].get<tessera::func>(name);
        return f ? f->as_value() : function_;
    }

    // ---- imports

    /// Gives an import what it asks for. What has a type of the module's in its type only an instance can give.
    void satisfy(tessera::imports& env, const tessera::import_entry& i) {
        if (!instances_.empty() && !draw_.one_in(3) && from_instance(env, i)) return;
        switch (i.type.kind) {
        case tessera::extern_kind::func:
            if (has_indexed(i.type.func)) break;
            env.define(i.module, i.name, i.type.func,
                       [this](tessera::caller& who, std::span<const value> args, std::span<value> results) {
                           return called(who, args, results);
                       });
            break;
        case tessera::extern_kind::memory:
            if (auto m = store_.make_memory(i.type.memory)) env.define(i.module, i.name, *m);
            break;
        case tessera::extern_kind::table: {
            if (is_indexed(i.type.table.element)) break;
            if (auto t = store_.make_table(i.type.table, draw(i.type.table.element))) env.define(i.module, i.name, *t);
            break;
        }
        case tessera::extern_kind::global:
            if (is_indexed(i.type.global.type)) break;
            if (auto g = store_.make_global(i.type.global, draw(i.type.global.type))) env.define(i.module, i.name, *g);
            break;
        case tessera::extern_kind::tag:
            if (has_indexed(i.type.func)) break;
            if (auto t = store_.make_tag(i.type.func.params)) env.define(i.module, i.name, *t);
            break;
        }
    }
    static bool is_indexed(val_type t) { return t.is_ref() && t.heap().is_index(); }
    static bool has_indexed(const tessera::func_type& f) {
        return std::ranges::any_of(f.params, is_indexed) || std::ranges::any_of(f.results, is_indexed);
    }
    /// Gives an import what the instance before exports, if something fits.
    bool from_instance(tessera::imports& env, const tessera::import_entry& i) {
        for (const auto& e : module_.exports()) {
            if (e.type.kind != i.type.kind) continue;
            const tessera::instance& from = instances_.back();
            switch (i.type.kind) {
            case tessera::extern_kind::func:
                if (!std::ranges::equal(e.type.func.params, i.type.func.params) ||
                    !std::ranges::equal(e.type.func.results, i.type.func.results))
                    continue;
                return bool(env.define(i.module, i.name, *from.get<tessera::func>(e.name)));
            case tessera::extern_kind::memory:
                return bool(env.define(i.module, i.name, *from.get<tessera::memory>(e.name)));
            case tessera::extern_kind::table:
                return bool(env.define(i.module, i.name, *from.get<tessera::table>(e.name)));
            case tessera::extern_kind::global:
                return bool(env.define(i.module, i.name, *from.get<tessera::global>(e.name)));
            case tessera::extern_kind::tag: return bool(env.define(i.module, i.name, *from.get<tessera::tag>(e.name)));
            }
        }
        return false;
    }
    /// What every imported function does.
    tessera::result<void> called(tessera::caller& who, std::span<const value> args, std::span<value> results) {
        for (const value& v : args) see(v);
        if (++calls_ < most_uses) {
            if (draw_.one_in(12)) return tessera::trap::unreachable;
            if (draw_.one_in(16)) store_.interrupt();
            if (draw_.one_in(6)) {
                if (auto m = who.main_memory()) {
                    see(m->write(draw_.number(tessera::t_i32), "from the host").has_value());
                    if (draw_.one_in(2)) see(m->grow(draw_.below(3)).has_value());
                }
            }
            if (const tessera::instance from = who.from(); from && draw_.one_in(4)) use_export(from, draw_.below(1000));
        }
        for (value& v : results) v = draw(v.type);
        return {};
    }

    // ---- exports

    void use(const tessera::instance& i) {
        const std::size_t n = std::min(module_.exports().size(), most_uses);
        for (std::size_t e = 0; e < n; ++e) use_export(i, e);
    }
    void use_export(const tessera::instance& i, std::size_t number) {
        const auto exports = module_.exports();
        if (exports.empty()) return;
        const auto e = exports[number % exports.size()];
        switch (e.type.kind) {
        case tessera::extern_kind::func: return use(*i.get<tessera::func>(e.name));
        case tessera::extern_kind::memory: return use(*i.get<tessera::memory>(e.name));
        case tessera::extern_kind::table: return use(*i.get<tessera::table>(e.name));
        case tessera::extern_kind::global: return use(*i.get<tessera::global>(e.name));
        case tessera::extern_kind::tag: return see(i.get<tessera::tag>(e.name)->params().size());
        }
    }
    void use(const tessera::func& f) {
        std::vector<value> args, results(f.type().results.size());
        for (val_type t : std::vector<val_type>(f.type().params.begin(), f.type().params.end()))
            args.push_back(draw(t));
        if (draw_.one_in(2)) {
            refuel();
            auto ok = f.call(args, results);
            if (!ok) return see(ok.error());
        } else {
            auto e = f.start(args);
            if (!e) return see(e.error());
            for (u64 n = 0; n < 20 && !e->done(); ++n) {
                require(store_.add_fuel(n * 20).has_value());
                auto ok = e->resume();
                if (ok) break;
                see(ok.error());
                if (!e->paused()) return;
                if (draw_.one_in(8)) return; // given up half-way
            }
            if (!e->done()) return;
            require(e->results(results).has_value());
        }
        for (const value& v : results) see(v);
    }
    void use(const tessera::memory& m) {
        require(m.size() <= small.memory_bytes);
        const u64 at = draw_.number(tessera::t_i64) % (m.size() + 16);
        if (auto v = m.load<u64>(at)) see(*v);
        see(m.store<u32>(at, 0x5eed).has_value());
        if (draw_.one_in(4)) see(m.grow(draw_.below(40)).has_value());
    }
    void use(const tessera::table& t) {
        require(t.size() <= small.table_entries);
        const u64 n = std::min<u64>(t.size(), 6);
        for (u64 at = 0; at < n; ++at) {
            auto v = t.get(at);
            require(v.has_value());
            if (t.type().element != tessera::t_funcref || !v->bits) continue;
            if (++calls_ < most_uses) use(store_.as_func(*v));
        }
        see(t.set(draw_.below(t.size() + 2), draw(t.type().element)).has_value());
        if (draw_.one_in(4)) see(t.grow(draw_.below(40), draw(t.type().element)).has_value());
    }
    void use(const tessera::global& g) {
        see(g.get());
        see(g.set(draw(g.type().type)).has_value());
    }

    const tessera::module& module_;
    fuzz::draws draw_;
    tessera::store<profile> store_{small};
    std::vector<tessera::instance> instances_;
    value function_{tessera::t_funcref, 0, 0}, object_{tessera::t_externref, 0, 0};
    u64 seen_ = 0, granted_ = 0;
    std::size_t calls_ = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto m = tessera::module::borrow<profile>(std::span<const tessera::u8>(data, size));
    if (!m) return 0;
    const u64 seen = world(*m, false).run();
    require(world(*m, true).run() == seen);
    return 0;
}
