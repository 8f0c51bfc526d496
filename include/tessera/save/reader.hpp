// SPDX-License-Identifier: MIT
/// @file save/reader.hpp
/// A store from the bytes that store_writer wrote, or from bytes that somebody else made up: what is read is checked
/// like a module is, so that it can be wrong and not harmful.
#pragma once

#include <tessera/runtime/instantiate.hpp>
#include <tessera/save/source.hpp>
#include <tessera/save/writer.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::saving {

class store_reader {
public:
    /// Reads into `s`, which has no instances yet; `modules` are those that may be named.
    store_reader(runtime::store_data& s, const call_codec& codec, std::span<const u8> bytes, view<module_data*> modules,
                 runtime::import_source from) noexcept
        : store(s), in(bytes), codec_(codec), given_(modules), from_(from) {}

    /// False: `in.why()` says why; the store then holds what was read so far and has to be cleared.
    [[nodiscard]] bool run() noexcept {
        if (store.host_depth != 0 || !store.instances.empty() || !store.memories.empty() || !store.tables.empty() ||
            !store.globals.empty() || !store.tags.empty())
            return in.fail(error(msg::out_of_range, "a store that is in use"));
        return head() && lists() && instances() && all_made() && heads() && contents() && calls() &&
               (in.left() == 0 || in.fail(msg::out_of_range, "bytes after the end"));
    }
    /// The calls, in the order of saving.
    struct read_call {
        void* call;
        u32 func;
        bool paused;
    };
    vec<read_call> made;

    bool fail(const error& e) noexcept { return in.fail(e); }

    // ---- for who reads calls ---------------------------------------------------------------------------------------

    /// A value of store type `t` to slots. A null is let through where `lax`, whatever the type says.
    bool value(val_type t, u64* slots, bool lax = false) noexcept {
        if (t.is_ref()) {
            u32 bits = 0;
            if (!reference(t, bits, lax)) return false;
            slots[0] = bits;
            return true;
        }
        slots[0] = t == t_i32 || t == t_f32 ? in.fixed<u32>() : in.fixed<u64>();
        if (t.is_vector()) slots[1] = in.fixed<u64>();
        return !in.failed();
    }
    /// A function; null: there is none, or `or_null` and the place for one is empty.
    runtime::func_record* func(bool or_null = false) noexcept {
        const u64 where = in.number();
        if (where == 0 && or_null) return nullptr;
        if (where == 0 || where > store.instances.size()) return in.fail(msg::out_of_range, "instance"), nullptr;
        const runtime::instance_data& i = *store.instances[std::size_t(where - 1)];
        const u32 index = in.below(i.funcs.size(), "function");
        return in.failed() ? nullptr : i.funcs[index];
    }

    runtime::store_data& store;
    source in;
    point_cache points;

private:
    bool out_of_memory() noexcept { return in.fail(msg::out_of_memory); }
    bool limit(std::string_view which) noexcept {
        return which.empty() ? out_of_memory() : in.fail(msg::limit_reached, which);
    }
    bool reference(val_type t, u32& bits, bool lax) noexcept {
        if (is_func_reference(store.types.space(), t)) {
            const runtime::func_record* const f = func(true);
            bits = f ? runtime::store_data::ref_of(*f) : 0;
        } else {
            const u64 n = in.number();
            if ((n & 3) == 0 && n != 0) {
                if ((n >> 2) - 1 >= objects_.size()) return in.fail(msg::out_of_range, "object");
                bits = objects_[std::size_t((n >> 2) - 1)];
            } else {
                if (n > 0xffff'ffff) return in.fail(msg::out_of_range, "reference");
                bits = u32(n);
            }
        }
        if (in.failed()) return false;
        if ((bits == 0 && lax) || runtime::accept_reference(store, bits, t)) return true;
        return in.fail(msg::wrong_type, "reference");
    }

    // ---- what there is ---------------------------------------------------------------------------------------------

    bool head() noexcept {
        for (std::size_t i = 0; i < sizeof magic; ++i)
            if (in.byte() != magic[i]) return in.fail(i == 7 ? msg::version : msg::magic);
        const features saved{in.fixed<u64>()}, built = saved_features(codec_.built);
        if (!in.failed() && saved != built) {
            const feature more = saved.first_missing(built), less = built.first_missing(saved);
            const feature f = more != feature::count_ ? more : less;
            return in.fail(msg::feature_not_built, f != feature::count_ ? name(f) : std::string_view("features"));
        }
        const u32 n = in.count(9, "modules");
        for (u32 i = 0; i < n && !in.failed(); ++i) {
            const u64 size = in.number(), hash = in.fixed<u64>();
            module_data* found = nullptr;
            for (module_data* m : given_)
                if (!found && m->bytes.size() == size && hash_of(*m) == hash) found = m;
            if (!found) return in.fail(msg::out_of_range, "a module that was not given");
            if (!store.built.contains(found->used)) return in.fail(runtime::not_runnable(store.built, found->used));
            runtime::code_unit* const u = runtime::unit_of(store, *found);
            if (!u || !units_.push_back(u)) return out_of_memory();
        }
        return !in.failed();
    }
    /// Things of the store: empty places first, then those that the host had made. An instance fills the next empty
    /// place with each of its own.
    bool lists() noexcept {
        return list(store.memories, memory_sizes_, store.limits.memories, "limits::memories",
                    [&](runtime::memory_data& m) {
                        memory_type t{limits(), false, 16};
                        t.page_log2 = in.byte();
                        if (t.page_log2 != 0 && t.page_log2 != 16) return in.fail(msg::out_of_range, "page size");
                        return !in.failed() && memory(m, t);
                    }) &&
               list(store.tables, table_sizes_, store.limits.tables, "limits::tables",
                    [&](runtime::table_data& t) {
                        table_type type{limits(), this->type()};
                        if (!type.element.is_ref()) return in.fail(msg::out_of_range, "element type");
                        return !in.failed() && table(t, type);
                    }) &&
               list(store.globals, no_sizes_, 0xffff'fffe, "globals",
                    [&](runtime::global_data& g) {
                        g.type = {type(), in.byte() != 0};
                        return !in.failed();
                    }) &&
               list(store.tags, no_sizes_, 0xffff'fffe, "tags", [&](runtime::tag_data& t) {
                   vec<val_type> params;
                   for (u32 n = in.count(1, "tag type"); n && !in.failed(); --n)
                       if (!params.push_back(type())) return out_of_memory();
                   if (in.failed() || !runtime::are_abstract({params.data(), params.size()}))
                       return in.fail(msg::out_of_range, "tag type");
                   return store.types.intern_func({params.data(), params.size()}, {}, t.type_id) || out_of_memory();
               });
    }
    template <class T, class Function>
    bool list(vec<T*>& all, vec<u64>& sizes, u64 most, std::string_view which, Function host) noexcept {
        const u32 n = in.count(1, which);
        if (n > most) return limit(which);
        const bool sized = &sizes != &no_sizes_;
        if (!all.resize(n) || (sized && !sizes.resize(n))) return out_of_memory();
        for (u32 i = 0; i < n; ++i) {
            const u8 own = in.byte();
            if (own > 1) return in.fail(msg::out_of_range, which);
            if (sized) sizes[i] = in.number();
            if (in.failed()) return false;
            if (own) continue;
            all[i] = runtime::make<T>(store.from);
            if (!all[i]) return out_of_memory();
            all[i]->self = i;
            if (!host(*all[i])) return false;
        }
        return !in.failed();
    }
    limits_type limits() noexcept {
        limits_type l;
        const u8 flags = in.byte();
        if (flags > 3) in.fail(msg::out_of_range, "limits");
        l.has_max = (flags & 1) != 0;
        l.is64 = (flags & 2) != 0;
        l.min = in.number();
        if (l.has_max) l.max = in.number();
        if (l.min > l.max) in.fail(msg::out_of_range, "limits");
        return l;
    }
    val_type type() noexcept {
        const u8 code = in.byte();
        val_type t = val_type::number(code);
        if (t.is_ref()) {
            u32 id = 0;
            const u64 where = in.number();
            if (where != 0) {
                if (!type_id(where, id)) return {};
                t = val_type::ref(heap_type::index(id), code == code::ref_null);
            } else {
                t = val_type::ref(heap_type::abstract(in.byte()), code == code::ref_null);
            }
        }
        if (!in.failed() && !runtime::is_known(t, store.types.size())) in.fail(msg::out_of_range, "type");
        return in.failed() ? val_type{} : t;
    }
    bool type_id(u64 where, u32& id) noexcept {
        if (where > units_.size()) return in.fail(msg::out_of_range, "module");
        const vec<u32>& ids = units_[std::size_t(where - 1)]->type_ids;
        const u32 index = in.below(ids.size(), "type");
        if (in.failed()) return false;
        id = ids[index];
        return true;
    }
    /// Gives a memory its type and the size that was saved.
    bool memory(runtime::memory_data& m, const memory_type& t) noexcept {
        std::string_view which;
        u64 old = 0;
        const bool is_gone = memory_sizes_[m.self] == 0;
        const u64 size = memory_sizes_[m.self] - 1;
        if (t.shared) return in.fail(msg::out_of_range, "a shared memory cannot be loaded");
        if (!runtime::allocate(store, m, t, which)) return limit(which);
        if (is_gone) return m.give_up(), true; // of an instance that was reloaded
        if (size < m.size || size % (u64{1} << t.page_log2) != 0) return in.fail(msg::out_of_range, "size of a memory");
        return m.grow((size - m.size) >> t.page_log2, old) || limit("limits::memory_bytes");
    }
    bool table(runtime::table_data& t, const table_type& type) noexcept {
        std::string_view which;
        u64 old = 0;
        const u64 size = table_sizes_[t.self];
        if (size > in.left() || type.limits.min > size) return in.fail(msg::out_of_range, "size of a table");
        if (!t.allocate(type, 0, store.limits.table_entries, &store.table_total, which)) return limit(which);
        return t.grow(size - t.size, 0, old) || limit("limits::table_entries");
    }

    // ---- instances -------------------------------------------------------------------------------------------------

    bool instances() noexcept {
        const u32 n = in.count(1, "instances");
        for (u32 i = 0; i < n && !in.failed(); ++i)
            if (!instance()) return false;
        return !in.failed();
    }
    bool instance() noexcept {
        const u32 which = in.below(units_.size(), "module");
        if (in.failed()) return false;
        if (store.instances.size() >= store.limits.instances) return limit("limits::instances");
        runtime::code_unit* const unit = units_[which];
        const module_data& m = *unit->module;
        if (store.funcs.size() + m.funcs.size() > store.limits.functions) return limit("limits::functions");
        runtime::instance_data* const i = runtime::add(store.instances);
        if (!i) return out_of_memory();
        i->store = &store;
        i->unit = unit;
        if (!i->funcs.reserve(m.funcs.size()) || !i->tables.reserve(m.tables.size()) ||
            !i->memories.reserve(m.memories.size()) || !i->globals.reserve(m.globals.size()) ||
            !i->global_slots.resize(2 * (m.globals.size() - m.imported_globals)) ||
            !i->imported_cells.reserve(m.imported_globals) || !i->tags.reserve(m.tags.size()) ||
            !i->make_segments(m.elems.size(), m.datas.size()))
            return out_of_memory();
        runtime::func_record* records = m.funcs.empty() ? nullptr : runtime::record_block(store, m.funcs.size());
        if (!records && !m.funcs.empty()) return out_of_memory();
        const auto new_record = [&]() -> runtime::func_record& {
            runtime::func_record* const r = ::new (static_cast<void*>(records++)) runtime::func_record;
            r->self = u32(store.funcs.size());
            static_cast<void>(store.funcs.push_back(r)); // reserved
            return *r;
        };
        for (const import_def& d : m.imports) {
            runtime::external x;
            u32 host_type = 0;
            if (!find(d, x)) return false;
            if (x.kind == extern_kind::func && x.is_host() &&
                !store.types.intern_func(x.host()->params, x.host()->results, host_type))
                return out_of_memory();
            if (!runtime::matches(store, x, host_type, *unit, d))
                return in.fail(runtime::link_error(msg::incompatible_import, d).set_offset(in.position()));
            if (x.kind == extern_kind::func && x.is_host()) {
                runtime::func_record& r = new_record();
                runtime::describe(r, *x.host(), host_type);
                x.object = &r;
            }
            if (!put(*i, x)) return out_of_memory();
        }
        for (u32 f = m.imported_funcs; f < m.funcs.size(); ++f) {
            runtime::func_record& r = new_record();
            r.type_id = unit->type_ids[m.funcs[f].type];
            r.index = f;
            r.param_slots = runtime::slots_of(m.types.params(m.funcs[f].type));
            r.result_slots = runtime::slots_of(m.types.results(m.funcs[f].type));
            r.instance = i;
            static_cast<void>(i->funcs.push_back(&r)); // reserved
        }
        return own(*i);
    }
    static bool put(runtime::instance_data& i, const runtime::external& x) noexcept {
        switch (x.kind) {
        case extern_kind::func: return i.funcs.push_back(x.func());
        case extern_kind::table: return i.tables.push_back(x.table());
        case extern_kind::memory: return i.memories.push_back(x.memory());
        case extern_kind::global:
            return i.globals.push_back(x.global()) && i.imported_cells.push_back(x.global()->cell);
        default: return i.tags.push_back(x.tag());
        }
    }
    /// What is imported: a thing of the store, or a function of the host's that its name finds.
    bool find(const import_def& d, runtime::external& x) noexcept {
        x = {d.kind, &store, nullptr};
        switch (d.kind) {
        case extern_kind::func: x.object = func(true); break;
        case extern_kind::table: x.object = made_one(store.tables); break;
        case extern_kind::memory: x.object = made_one(store.memories); break;
        case extern_kind::global: x.object = made_one(store.globals); break;
        case extern_kind::tag: x.object = made_one(store.tags); break;
        }
        if (in.failed() || x.object) return !in.failed();
        if (!from_.find || !from_.find(from_.self, d.module, d.name, x))
            return in.fail(runtime::link_error(msg::unknown_import, d).set_offset(in.position()));
        if (!x.object || (x.store && x.store != &store))
            return in.fail(runtime::link_error(x.object ? msg::other_store : msg::stale_handle, d));
        return true;
    }
    template <class T>
    T* made_one(const vec<T*>& all) noexcept {
        const u32 n = in.below(all.size(), "import");
        if (!in.failed() && !all[n]) in.fail(msg::out_of_range, "import");
        return in.failed() ? nullptr : all[n];
    }
    template <class T>
    T* fill(vec<T*>& all, u32& next) noexcept {
        while (next < all.size() && all[next]) ++next;
        if (next == all.size()) return in.fail(msg::out_of_range, "number of things"), nullptr;
        T* const made_now = runtime::make<T>(store.from);
        if (!made_now) return out_of_memory(), nullptr;
        made_now->self = next;
        return all[next] = made_now;
    }
    bool own(runtime::instance_data& i) noexcept {
        const module_data& m = i.module();
        for (u32 k = m.imported_memories; k < m.memories.size(); ++k) {
            runtime::memory_data* const x = fill(store.memories, next_memory_);
            if (!x || !memory(*x, m.memories[k].type)) return false;
            static_cast<void>(i.memories.push_back(x)); // reserved, as all here
        }
        for (u32 k = m.imported_tables; k < m.tables.size(); ++k) {
            runtime::table_data* const x = fill(store.tables, next_table_);
            const table_type t{m.tables[k].type.limits, runtime::store_type(*i.unit, m.tables[k].type.element)};
            if (!x || !table(*x, t)) return false;
            static_cast<void>(i.tables.push_back(x));
        }
        for (u32 k = m.imported_globals; k < m.globals.size(); ++k) {
            runtime::global_data* const x = fill(store.globals, next_global_);
            if (!x) return false;
            x->type = {runtime::store_type(*i.unit, m.globals[k].type.type), m.globals[k].type.mutable_};
            x->cell = &i.global_slots[2 * (k - m.imported_globals)];
            static_cast<void>(i.globals.push_back(x));
        }
        for (u32 k = m.imported_tags; k < m.tags.size(); ++k) {
            runtime::tag_data* const x = fill(store.tags, next_tag_);
            if (!x) return false;
            x->type_id = i.unit->type_ids[m.tags[k].type];
            static_cast<void>(i.tags.push_back(x));
        }
        return true;
    }
    bool all_made() noexcept {
        const auto whole = [](const auto& all) {
            for (const auto* x : all)
                if (!x) return false;
            return true;
        };
        return (whole(store.memories) && whole(store.tables) && whole(store.globals) && whole(store.tags)) ||
               in.fail(msg::out_of_range, "number of things");
    }

    // ---- what is in it ---------------------------------------------------------------------------------------------

    /// All objects, empty. Nothing is collected meanwhile: nothing refers to them yet.
    bool heads() noexcept {
        const u32 n = in.count(2, "objects");
        u64 owed = 0; // bytes that their fields take at least
        for (u32 i = 0; i < n; ++i) {
            u32 id = 0, length = 0;
            const u64 where = in.number();
            if (where == 0) {
                length = in.below(store.tags.size(), "tag");
                if (!in.failed()) id = store.tags[length]->type_id;
            } else if (!type_id(where, id) || store.types.types()[id].form == composite::func) {
                return in.fail(msg::out_of_range, "type of an object");
            }
            if (in.failed()) return false;
            if (!store.heap.layouts.add(id)) return out_of_memory();
            const runtime::object_type& t = store.heap.layouts[id];
            if (t.form == composite::array) {
                length = u32(in.below(0xffff'ffff, "length"));
                const bool references = store.types.types().fields_of(id)[0].type.is_ref();
                owed += references ? u64{length} : u64{length} << t.element_log2;
            } else {
                owed += store.types.types()[id].params;
            }
            if (owed > in.left()) return in.fail(msg::unexpected_end);
            const u64 bytes = t.form == composite::array ? runtime::object_heap::array_bytes(t, length) : t.size;
            u32 object = store.heap.take_at_once(bytes, id, length);
            if (object == 0) object = store.heap.take_slowly(bytes, id, length);
            if (object == 0) return in.fail(msg::limit_reached, "limits::heap_bytes");
            std::memset(store.heap.at(object) + runtime::object_header, 0, std::size_t(bytes - runtime::object_header));
            if (!objects_.push_back(object)) return out_of_memory();
        }
        return !in.failed();
    }
    bool contents() noexcept {
        for (runtime::memory_data* m : store.memories) {
            if (in.number() != m->size || in.failed()) return in.fail(msg::out_of_range, "size of a memory");
            if (!in.sparse(m->base, m->size)) return false;
        }
        for (u32 object : objects_)
            if (!fields(object)) return false;
        store.fuel = in.number();
        for (runtime::table_data* t : store.tables)
            for (u64 i = 0; i < t->size; ++i)
                if (!reference(t->type.element, t->items[i], false)) return false;
        for (runtime::global_data* g : store.globals)
            if (!value(g->type.type, g->cell)) return false;
        for (runtime::instance_data* i : store.instances)
            if (!segments(*i)) return false;
        return !in.failed();
    }
    bool segments(runtime::instance_data& i) noexcept {
        const module_data& m = i.module();
        for (u32 e = 0; e < m.elems.size(); ++e) {
            if (m.elems[e].mode != segment_mode::passive) continue;
            const u8 kept = in.byte();
            if (kept > 1) return in.fail(msg::out_of_range, "segment");
            if (!kept) continue;
            const val_type t = runtime::store_type(*i.unit, m.elems[e].type);
            if (!i.elems[e].resize(m.elems[e].count)) return out_of_memory();
            for (u32& r : i.elems[e])
                if (!reference(t, r, false)) return false;
        }
        for (u32 d = 0; d < m.datas.size(); ++d) {
            if (m.datas[d].mode != segment_mode::passive) continue;
            const u8 kept = in.byte();
            if (kept > 1) return in.fail(msg::out_of_range, "segment");
            if (kept) i.datas[d] = {m.bytes.data() + m.datas[d].bytes.begin, m.datas[d].bytes.size()};
        }
        return !in.failed();
    }
    bool fields(u32 object) noexcept {
        const u32 id = store.heap.type_of(object);
        const type_section& types = store.types.types();
        const runtime::object_type t = store.heap.layouts[id];
        const auto one = [&](val_type f, u32 offset) {
            if (f.is_ref()) {
                u32 bits = 0;
                if (!reference(f, bits, false)) return false;
                store_le(store.heap.at(object) + offset, bits);
                return true;
            }
            return bytes(store.heap.at(object) + offset, u64{1} << runtime::stored_log2(f));
        };
        if (t.form == composite::array) {
            const val_type f = types.fields_of(id)[0].type;
            const u32 n = store.heap.length_of(object);
            if (!f.is_ref()) return bytes(store.heap.at(object) + runtime::object_header, u64{n} << t.element_log2);
            for (u32 i = 0; i < n; ++i)
                if (!one(f, runtime::object_header + 4 * i)) return false;
            return true;
        }
        for (u32 i = 0; i < types[id].params; ++i)
            if (!one(t.form == composite::func ? types.params(id)[i] : types.fields_of(id)[i].type,
                     store.heap.layouts.offset(id, i)))
                return false;
        return true;
    }
    bool bytes(u8* to, u64 n) noexcept {
        const u8* const from = in.raw(n);
        if (from && n) std::memcpy(to, from, std::size_t(n));
        return from != nullptr;
    }
    bool calls() noexcept {
        for (u32 n = in.count(3, "calls"); n && !in.failed(); --n) {
            runtime::func_record* const f = func();
            bool paused = false;
            void* const call = f ? codec_.read(*this, *f, paused) : nullptr;
            if (!call) return in.fail(msg::out_of_range, "call");
            if (!made.push_back({call, f->self, paused})) return out_of_memory();
        }
        return !in.failed();
    }

    const call_codec& codec_;
    const view<module_data*> given_;
    const runtime::import_source from_;
    vec<runtime::code_unit*> units_;
    vec<u64> memory_sizes_, table_sizes_, no_sizes_;
    vec<u32> objects_;
    u32 next_memory_ = 0, next_table_ = 0, next_global_ = 0, next_tag_ = 0;
};

} // namespace tessera::saving
TESSERA_SMALL_END
