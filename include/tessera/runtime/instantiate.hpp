// SPDX-License-Identifier: MIT
/// @file runtime/instantiate.hpp
/// From a module to an instance (spec: exec/modules, Instantiation).
#pragma once

#include <tessera/binary/hints.hpp>
#include <tessera/runtime/call.hpp>
#include <tessera/runtime/const_eval.hpp>
#include <tessera/runtime/link.hpp>
#include <tessera/runtime/records.hpp>
#include <tessera/runtime/runnable.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::runtime {

/// The unit of `m` in the store, made if there is none; null when memory is out.
inline code_unit* unit_of(store_data& store, module_data& m) noexcept {
    for (code_unit* u : store.units)
        if (u->module == &m) return u;
    code_unit* u = make<code_unit>(store.from);
    if (u && store.types.add(m.types, u->type_ids) && u->funcs.resize(m.funcs.size()) && u->hints.read_all(m) &&
        store.units.push_back(u)) {
        u->module = &m;
        u->layouts = &store.heap.layouts;
        m.owners.fetch_add(1, std::memory_order_relaxed);
        return u;
    }
    destroy_in(store.from, u);
    return nullptr;
}

/// Makes one instance. Until segments are written nothing outside the new objects changes, and a
/// failure takes them back; afterwards the instance stays in the store even if a segment or the
/// start function traps, since its functions may already be in tables of others.
class instantiation {
public:
    instantiation(store_data& store, module_data& m, import_source from) noexcept : store_(store), m_(m), from_(from) {}

    /// The new instance, or null; then `why()` tells the reason.
    instance_data* run() noexcept {
        if (!is_runnable()) return nullptr;
        const marks before{store_};
        if (!prepare() || !resolve() || !allocate() || !initialize()) {
            before.restore(store_);
            return nullptr;
        }
        return write_elems() && write_datas() && start() ? instance_ : nullptr;
    }
    error& why() noexcept { return why_; }

private:
    // How much of everything the store had, to take back what came later.
    struct marks {
        explicit marks(const store_data& s) noexcept
            : funcs(s.funcs.size()), blocks(s.func_blocks.size()), tables(s.tables.size()), memories(s.memories.size()),
              globals(s.globals.size()), tags(s.tags.size()), instances(s.instances.size()), units(s.units.size()) {}
        void restore(store_data& s) const noexcept {
            for (std::size_t i = funcs; i < s.funcs.size(); ++i)
                if (s.funcs[i]->host) s.funcs[i]->host->release();
            s.funcs.truncate(funcs);
            for (std::size_t i = blocks; i < s.func_blocks.size(); ++i) s.release(s.func_blocks[i]);
            s.func_blocks.truncate(blocks);
            drop(s.tables, tables);
            drop(s.memories, memories);
            drop(s.globals, globals);
            drop(s.tags, tags);
            drop(s.instances, instances);
            for (; s.units.size() > units; s.units.pop_back()) destroy_unit(s.units.back());
        }
        template <class T>
        static void drop(vec<T*>& all, std::size_t keep) noexcept {
            for (std::size_t i = keep; i < all.size(); ++i) destroy_in(all.from(), all[i]);
            all.truncate(keep);
        }
        std::size_t funcs, blocks, tables, memories, globals, tags, instances, units;
    };

    bool fail(const error& e) noexcept {
        why_ = e;
        return false;
    }
    bool out_of_memory() noexcept { return fail(msg::out_of_memory); }
    bool limit(std::string_view which) noexcept { return fail(error(msg::limit_reached, which)); }

    bool is_runnable() noexcept { return store_.built.contains(m_.used) || fail(not_runnable(store_.built, m_.used)); }

    // Everything whose size is known, so that what follows can hardly run out of memory.
    bool prepare() noexcept {
        if (store_.instances.size() >= store_.limits.instances) return limit("limits::instances");
        if (store_.tables.size() + m_.tables.size() - m_.imported_tables > store_.limits.tables)
            return limit("limits::tables");
        if (store_.memories.size() + m_.memories.size() - m_.imported_memories > store_.limits.memories)
            return limit("limits::memories");
        if (store_.funcs.size() + m_.funcs.size() > store_.limits.functions) return limit("limits::functions");
        code_unit* unit = unit_of(store_, m_);
        instance_data* made = unit ? add(store_.instances) : nullptr;
        if (!made) return out_of_memory();
        instance_ = made;
        made->store = &store_;
        made->unit = unit;
        if (!made->funcs.reserve(m_.funcs.size()) || !made->tables.reserve(m_.tables.size()) ||
            !made->memories.reserve(m_.memories.size()) || !made->globals.reserve(m_.globals.size()) ||
            !made->global_slots.resize(2 * (m_.globals.size() - m_.imported_globals)) ||
            !made->imported_cells.reserve(m_.imported_globals) || !made->tags.reserve(m_.tags.size()) ||
            !made->make_segments(m_.elems.size(), m_.datas.size()))
            return out_of_memory();
        return make_records();
    }

    // One block holds the records of the module's own functions and of host functions it imports.
    bool make_records() noexcept {
        if (m_.funcs.empty()) return true;
        next_record_ = record_block(store_, m_.funcs.size());
        return next_record_ || out_of_memory();
    }
    func_record& new_record() noexcept {
        func_record* r = ::new (static_cast<void*>(next_record_++)) func_record;
        r->self = u32(store_.funcs.size());
        static_cast<void>(store_.funcs.push_back(r)); // reserved
        return *r;
    }
    bool resolve() noexcept {
        for (const import_def& i : m_.imports) {
            external x;
            if (!from_.find || !from_.find(from_.self, i.module, i.name, x))
                return fail(link_error(msg::unknown_import, i));
            if (!x.object) return fail(link_error(msg::stale_handle, i));
            if (x.store && x.store != &store_) return fail(link_error(msg::other_store, i));
            u32 host_type = 0;
            if (x.kind == extern_kind::func && x.is_host() &&
                !store_.types.intern_func(x.host()->params, x.host()->results, host_type))
                return out_of_memory();
            if (!matches(store_, x, host_type, *instance_->unit, i))
                return fail(link_error(msg::incompatible_import, i));
            if (!take(x, host_type)) return false;
        }
        return true;
    }
    bool take(const external& x, u32 host_type) noexcept {
        if (x.kind == extern_kind::memory) {
            memory_data* const m = x.store ? x.memory() : view_of(store_, *x.shared(), why_);
            return m && (instance_->memories.push_back(m) || out_of_memory());
        }
        return put(x, host_type) || out_of_memory();
    }
    bool put(const external& x, u32 host_type) noexcept {
        switch (x.kind) {
        case extern_kind::func:
            return instance_->funcs.push_back(x.is_host() ? &host_record(*x.host(), host_type) : x.func());
        case extern_kind::table: return instance_->tables.push_back(x.table());
        case extern_kind::global:
            return instance_->globals.push_back(x.global()) && instance_->imported_cells.push_back(x.global()->cell);
        case extern_kind::tag: return instance_->tags.push_back(x.tag());
        default: return true; // a memory
        }
    }
    func_record& host_record(host_function& h, u32 type) noexcept {
        func_record& r = new_record();
        describe(r, h, type);
        return r;
    }

    bool allocate() noexcept {
        for (u32 i = m_.imported_funcs; i < m_.funcs.size(); ++i) {
            const u32 type = m_.funcs[i].type;
            func_record& r = new_record();
            r.type_id = instance_->unit->type_ids[type];
            r.index = i;
            r.param_slots = slots_of(m_.types.params(type));
            r.result_slots = slots_of(m_.types.results(type));
            r.instance = instance_;
            if (!instance_->funcs.push_back(&r)) return out_of_memory();
        }
        std::string_view name;
        for (u32 i = m_.imported_memories; i < m_.memories.size(); ++i) {
            memory_data* d = add(store_.memories);
            if (!d || !instance_->memories.push_back(d)) return out_of_memory();
            if (!runtime::allocate(store_, *d, m_.memories[i].type, name))
                return name.empty() ? out_of_memory() : limit(name);
        }
        for (u32 i = m_.imported_tags; i < m_.tags.size(); ++i) {
            tag_data* t = add(store_.tags);
            if (!t || !instance_->tags.push_back(t)) return out_of_memory();
            t->type_id = instance_->unit->type_ids[m_.tags[i].type];
        }
        return true;
    }

    // What constant expressions decide: globals, then tables, then passive element segments.
    bool initialize() noexcept {
        const_evaluator eval(*instance_);
        slot_pair v;
        for (u32 i = m_.imported_globals; i < m_.globals.size(); ++i) {
            global_data* g = add(store_.globals);
            if (!g || !eval.evaluate(m_.globals[i].init, v)) return out_of_memory();
            g->type = {store_type(*instance_->unit, m_.globals[i].type.type), m_.globals[i].type.mutable_};
            g->cell = &instance_->global_slots[2 * (i - m_.imported_globals)];
            g->cell[0] = v.low;
            g->cell[1] = v.high;
            if (!instance_->globals.push_back(g)) return out_of_memory();
        }
        for (u32 i = m_.imported_tables; i < m_.tables.size(); ++i) {
            const table_def& def = m_.tables[i];
            v = {};
            if (!def.init.code.empty() && !eval.evaluate(def.init, v)) return out_of_memory();
            table_data* t = add(store_.tables);
            if (!t || !instance_->tables.push_back(t)) return out_of_memory();
            std::string_view name;
            const table_type type{def.type.limits, store_type(*instance_->unit, def.type.element)};
            if (!t->allocate(type, u32(v.low), store_.limits.table_entries, &store_.table_total, name))
                return name.empty() ? out_of_memory() : limit(name);
        }
        for (u32 i = 0; i < m_.elems.size(); ++i) {
            const elem_def& e = m_.elems[i];
            if (e.mode != segment_mode::passive) continue;
            if (!instance_->elems[i].resize(e.count) || !items(eval, e, instance_->elems[i].data()))
                return out_of_memory();
        }
        const u8* base = m_.bytes.data();
        for (u32 i = 0; i < m_.datas.size(); ++i)
            if (m_.datas[i].mode == segment_mode::passive)
                instance_->datas[i] = {base + m_.datas[i].bytes.begin, m_.datas[i].bytes.size()};
        return true;
    }
    bool items(const_evaluator& eval, const elem_def& e, u32* to) noexcept {
        cursor in(m_.bytes.data() + e.items.begin, m_.bytes.data() + e.items.end);
        for (u32 i = 0; i < e.count; ++i) {
            slot_pair v;
            u32 index = 0;
            if (e.expressions) {
                if (!eval.evaluate(in, v)) return false;
            } else {
                if (!in.leb_u32(index)) return false;
                v.low = store_data::ref_of(*instance_->funcs[index]);
            }
            to[i] = u32(v.low);
        }
        return true;
    }

    // Active segments, each an `init` followed by a drop. Items go straight to their place: they
    // depend on nothing a segment can change.
    bool write_elems() noexcept {
        const_evaluator eval(*instance_);
        for (const elem_def& e : m_.elems) {
            if (e.mode != segment_mode::active) continue;
            slot_pair at;
            if (!eval.evaluate(e.at, at)) return out_of_memory();
            table_data& t = *instance_->tables[e.table];
            if (!t.holds(at.low, e.count)) return fail(error(trap::out_of_bounds_table).set_offset(e.at.code.begin));
            if (e.count && !items(eval, e, t.items + at.low)) return out_of_memory();
        }
        return true;
    }
    bool write_datas() noexcept {
        const_evaluator eval(*instance_);
        for (const data_def& d : m_.datas) {
            if (d.mode != segment_mode::active) continue;
            slot_pair at;
            if (!eval.evaluate(d.at, at)) return out_of_memory();
            const std::span<const u8> bytes(m_.bytes.data() + d.bytes.begin, d.bytes.size());
            const trap t = init(*instance_->memories[d.memory], at.low, bytes, 0, bytes.size());
            if (t != trap::none) return fail(error(t).set_offset(d.at.code.begin));
        }
        return true;
    }
    bool start() noexcept {
        if (m_.start == no_index) return true;
        u64 slots[1] = {0};
        return call(store_, *instance_->funcs[m_.start], slots, why_);
    }

    store_data& store_;
    module_data& m_;
    import_source from_;
    instance_data* instance_ = nullptr;
    func_record* next_record_ = nullptr;
    error why_{msg::out_of_memory};
};

TESSERA_API instance_data* instantiate(store_data& store, module_data& m, import_source from, error& why) noexcept {
    instantiation one(store, m, from);
    instance_data* const made = one.run();
    if (!made) why = one.why();
    return made;
}

} // namespace tessera::runtime
TESSERA_SMALL_END
