// SPDX-License-Identifier: MIT
/// @file generator.hpp
/// Random valid programs from a seed, rich in the shapes that lowering joins: operands that are locals
/// and constants, compare and branch, counting loops, base + (index << k), values under blocks.
///
/// Every statement leaves the stack as it was and every expression leaves one value, so each of them
/// can be left out (an expression becomes a constant) and the rest is still valid: that is how a
/// program that fails is made small. Calls and loops without a counter use up global 0.
#pragma once

#include "aggregate_generator.hpp"
#include "memory_generator.hpp"
#include "try_generator.hpp"

namespace diff {

/// How large programs become.
struct bounds {
    u32 size = 60; ///< of functions
    u32 gas = 200; ///< of a call: how often it goes round a loop or calls a function
};

class program_generator {
public:
    program_generator(u64 seed, bounds most, const omitted& without) : r_(seed), most_(most), without_(without) {}

    program run() {
        signatures_.push_back({{tessera::t_i32}, {tessera::t_i32}});
        for (u32 n = 3 + r_.below(3); n--;) {
            signature s;
            for (u32 k = r_.below(5); k--;) s.params.push_back(body_generator::pick_type(r_));
            for (u32 k = r_.chance(75) ? 1 : r_.below(4); k--;) s.results.push_back(body_generator::pick_type(r_));
            signatures_.push_back(s);
        }
        for (u32 n = 2; n--;) {
            signature s;
            for (u32 k = r_.below(4); k--;) s.params.push_back(body_generator::pick_type(r_));
            tag_types_.push_back(u32(signatures_.size()));
            signatures_.push_back(s);
        }
        first_shape_ = u32(signatures_.size());
        for (u32 n = 0; n < heap_shapes().size(); ++n)
            signatures_.push_back({{}, {}, heap_type_bytes(n, first_shape_)});
        plan_first();
        plan_second();
        for (module_plan& m : p_.modules) write(m);
        for (u32 i = 0; i < 2; ++i)
            for (u32 f = 0; f < p_.modules[i].funcs.size(); ++f)
                if (is_own(p_.modules[i].funcs[f]))
                    for (u32 n = 1 + r_.below(2); n--;) add_call(i, f);
        return std::move(p_);
    }

private:
    static bool is_own(const func_plan& f) { return f.source == no_index && !f.host; }
    void add_call(u32 module, u32 func) {
        call_plan c{module, func, r_.chance(10) ? r_.below(4) : 10 + r_.below(most_.gas), {}};
        for (val_type t : p_.modules[module].types[p_.modules[module].funcs[func].type].params)
            c.args.push_back(some_value(t));
        p_.calls.push_back(c);
    }
    cell some_value(val_type t) {
        const u32 small = r_.chance(60) ? r_.below(100) : u32(r_.next());
        if (t == tessera::t_i32) return {small, 0};
        if (t == tessera::t_i64) return {r_.chance(60) ? small : r_.next(), 0};
        if (t == tessera::t_f32) return {std::bit_cast<u32>(f32(i32(small)) / 4), 0};
        if (t == tessera::t_f64) return {std::bit_cast<u64>(f64(i32(small)) / 4), 0};
        if (t == tessera::t_v128) return {r_.next(), r_.next()};
        return {};
    }
    void plan_globals(module_plan& m, u32 n) {
        while (n--) {
            const val_type t = body_generator::pick_type(r_);
            if (t != tessera::t_v128) m.globals.push_back({t, some_value(t), no_index, false});
        }
    }
    void plan_own_funcs(module_plan& m) {
        for (u32 n = 2 + r_.below(3); n--;) m.funcs.push_back({r_.below(first_shape_), no_index, false});
        for (u32 i = 0; i < 4; ++i) m.elem.push_back(r_.below(u32(m.funcs.size())));
        for (u32 i = 0; i < 4; ++i) m.passive_elem.push_back(r_.below(u32(m.funcs.size())));
        for (u32 i = 0; i < 16; ++i) m.data.push_back(u8(r_.next()));
    }
    void plan_tags(module_plan& m, u32 n) {
        while (n--) m.tags.push_back({r_.of(tag_types_), no_index});
    }
    void plan_first() {
        module_plan& m = p_.modules[0];
        m.types = signatures_;
        m.first_shape = first_shape_;
        m.globals.push_back({tessera::t_i32, {}, no_index, true});
        m.globals.push_back({tessera::t_v128, some_value(tessera::t_v128), no_index, true});
        plan_globals(m, 2 + r_.below(5));
        const auto memory = [&](u32 percent64) { m.memories.push_back({1, 2, r_.chance(percent64), r_.chance(15)}); };
        memory(20);
        if (r_.chance(40)) memory(60);
        m.funcs.push_back({0, no_index, true});
        plan_own_funcs(m);
        plan_tags(m, 2 + r_.below(2));
        m.elem_at = 0;
    }
    void plan_second() {
        module_plan& m = p_.modules[1];
        const module_plan& first = p_.modules[0];
        m.types = signatures_;
        m.first_shape = first_shape_;
        for (u32 i = 0; i < first.globals.size(); i = i ? i + 2 : 1) {
            m.globals.push_back(first.globals[i]);
            m.globals.back().source = i;
            m.globals.back().host = false;
        }
        plan_globals(m, 1 + r_.below(3));
        m.memories.push_back(first.memories[0]);
        if (r_.chance(50)) m.memories[0].source = 0;
        m.funcs.push_back({0, no_index, true});
        for (u32 i = 1; i < first.funcs.size(); ++i)
            if (r_.chance(70)) m.funcs.push_back({first.funcs[i].type, i, false});
        plan_own_funcs(m);
        for (u32 i = 0; i < first.tags.size(); i += 2) m.tags.push_back({first.tags[i].type, i});
        plan_tags(m, 1);
        m.own_table = false;
        m.elem_at = 4;
    }
    void write(module_plan& m) {
        bytes code;
        u32 own = 0;
        for (u32 i = 0; i < m.funcs.size(); ++i) own += is_own(m.funcs[i]) ? 1 : 0;
        put_leb(code, own);
        for (u32 i = 0; i < m.funcs.size(); ++i) {
            if (!is_own(m.funcs[i])) continue;
            const bytes body =
                body_generator(m, m.types[m.funcs[i].type], r_, without_, p_.pieces, 5 + r_.below(most_.size)).run();
            put_leb(code, body.size());
            code.insert(code.end(), body.begin(), body.end());
        }
        bytes& w = m.wasm;
        w = {0, 'a', 's', 'm', 1, 0, 0, 0};
        bytes s;
        put_leb(s, m.types.size());
        for (const signature& t : m.types) {
            if (t.other.empty()) s.push_back(tessera::code::func_type), put_types(s, t.params), put_types(s, t.results);
            s.insert(s.end(), t.other.begin(), t.other.end());
        }
        put_section(w, 1, s);
        put_section(w, 2, imports(m));
        s.clear();
        put_leb(s, own);
        for (const func_plan& f : m.funcs)
            if (is_own(f)) put_leb(s, f.type);
        put_section(w, 3, s);
        if (m.own_table) {
            s = {1, tessera::code::func, 1, u8(m.table_min), u8(m.table_max)};
            put_section(w, 4, s);
        }
        s.clear();
        u32 count = 0;
        for (const memory_plan& x : m.memories)
            if (x.source == no_index) ++count, put_memory_type(s, x);
        s.insert(s.begin(), u8(count));
        put_section(w, 5, s);
        s.clear();
        count = 0;
        for (const tag_plan& t : m.tags)
            if (t.source == no_index) ++count, s.push_back(0), put_leb(s, t.type);
        s.insert(s.begin(), u8(count));
        put_section(w, 13, s);
        put_section(w, 6, globals(m));
        put_section(w, 7, exports(m));
        s = {3, 0, 0x41, u8(m.elem_at), 0x0b};
        put_list(s, m.elem);
        s.insert(s.end(), {1, 0});
        put_list(s, m.passive_elem);
        s.insert(s.end(), {3, 0});
        put_leb(s, m.funcs.size());
        for (u32 i = 0; i < m.funcs.size(); ++i) put_leb(s, i);
        put_section(w, 9, s);
        put_section(w, 12, {1});
        put_section(w, 10, code);
        s = {1, 1};
        put_leb(s, m.data.size());
        s.insert(s.end(), m.data.begin(), m.data.end());
        put_section(w, 11, s);
    }
    static void put_list(bytes& to, const std::vector<u32>& list) {
        put_leb(to, list.size());
        for (u32 i : list) put_leb(to, i);
    }
    static void put_memory_type(bytes& to, const memory_plan& m) {
        to.insert(to.end(), {u8(1 | (m.shared ? 2 : 0) | (m.is64 ? 4 : 0)), u8(m.min), u8(m.max)});
    }
    static bytes imports(const module_plan& m) {
        bytes s;
        u32 n = 0;
        const auto item = [&](const char* module, const std::string& name) {
            ++n, put_name(s, module), put_name(s, name);
        };
        for (const func_plan& f : m.funcs)
            if (!is_own(f)) {
                item(f.host ? "host" : "first", f.host ? "tick" : "f" + std::to_string(f.source));
                s.push_back(0);
                put_leb(s, f.type);
            }
        if (!m.own_table)
            item("first", "t"), s.insert(s.end(), {1, tessera::code::func, 1, u8(m.table_min), u8(m.table_max)});
        for (const memory_plan& x : m.memories)
            if (x.source != no_index)
                item("first", "m" + std::to_string(x.source)), s.push_back(2), put_memory_type(s, x);
        for (const global_plan& g : m.globals)
            if (g.source != no_index || g.host) {
                if (g.host) item("host", g.type == tessera::t_i32 ? "gas" : "v");
                else item("first", "g" + std::to_string(g.source));
                s.push_back(3);
                put_type(s, g.type);
                s.push_back(1);
            }
        for (const tag_plan& t : m.tags)
            if (t.source != no_index)
                item("first", "e" + std::to_string(t.source)), s.insert(s.end(), {4, 0}), put_leb(s, t.type);
        bytes out;
        put_leb(out, n);
        out.insert(out.end(), s.begin(), s.end());
        return out;
    }
    static bytes globals(const module_plan& m) {
        bytes s;
        u32 n = 0;
        for (const global_plan& g : m.globals) {
            if (g.source != no_index || g.host) continue;
            ++n;
            put_type(s, g.type);
            s.push_back(1);
            if (g.type == tessera::t_i32) s.push_back(0x41), put_signed(s, i64(i32(u32(g.init.low))));
            else if (g.type == tessera::t_i64) s.push_back(0x42), put_signed(s, i64(g.init.low));
            else if (g.type == tessera::t_f32) s.push_back(0x43), put_fixed(s, g.init.low, 4);
            else if (g.type == tessera::t_f64) s.push_back(0x44), put_fixed(s, g.init.low, 8);
            else s.push_back(0xd0), put_heap_type(s, g.type);
            s.push_back(0x0b);
        }
        bytes out;
        put_leb(out, n);
        out.insert(out.end(), s.begin(), s.end());
        return out;
    }
    static bytes exports(const module_plan& m) {
        bytes s;
        u32 n = 0;
        const auto item = [&](const char* prefix, u32 i, u8 kind) {
            ++n, put_name(s, prefix + std::to_string(i)), s.push_back(kind), put_leb(s, i);
        };
        for (u32 i = 0; i < m.funcs.size(); ++i)
            if (is_own(m.funcs[i])) item("f", i, 0);
        for (u32 i = 0; i < m.memories.size(); ++i) item("m", i, 2);
        for (u32 i = 0; i < m.globals.size(); ++i) item("g", i, 3);
        for (u32 i = 0; i < m.tags.size(); ++i) item("e", i, 4);
        ++n, put_name(s, "t"), s.insert(s.end(), {1, 0});
        bytes out;
        put_leb(out, n);
        out.insert(out.end(), s.begin(), s.end());
        return out;
    }

    random r_;
    const bounds most_;
    const omitted& without_;
    std::vector<signature> signatures_;
    std::vector<u32> tag_types_;
    u32 first_shape_ = 0;
    program p_;
};

/// The program of a seed, without the pieces named in `without`.
inline program generate(u64 seed, bounds most, const omitted& without = {}) {
    return program_generator(seed, most, without).run();
}

} // namespace diff
