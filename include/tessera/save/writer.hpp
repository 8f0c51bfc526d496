// SPDX-License-Identifier: MIT
/// @file save/writer.hpp
/// A store in its canonical form: the same bytes on every machine and for every build, if the state is the same.
///
/// The format, front to back; numbers are LEB128 in their shortest form, the rest is little-endian. Magic and version;
/// features; modules by size and hash; memories, tables, globals and tags, the host's with their types; instances with
/// what they import; objects of the heap by type; then contents: memories, tables, globals, segments, fields; fuel;
/// calls.
#pragma once

#include <tessera/runtime/aggregate.hpp>
#include <tessera/runtime/link.hpp>
#include <tessera/save/frame_point.hpp>
#include <tessera/save/names.hpp>
#include <tessera/save/sink.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::saving {

class store_writer;
class store_reader;

/// What knows the calls of an engine; one for each set of features.
struct call_codec {
    features built;
    /// Writes a call that is paused or has not begun. False: the writer's `fail` has said why.
    bool (*write)(store_writer& to, void* call) noexcept = nullptr;
    /// Reads one of the function at place `func`. Null: the reader's `fail` has said why.
    void* (*read)(store_reader& from, runtime::func_record& func, bool& paused) noexcept = nullptr;
};

/// A call to be saved: the engine's, and its function's place.
struct saved_call {
    void* call = nullptr;
    u32 func = 0;
};

inline constexpr u8 magic[8] = {'t', 'e', 's', 's', 'a', 'v', 'e', 1};

/// What of a build's features a state depends on.
constexpr features saved_features(features f) noexcept {
#if TESSERA_NATIVE
    f = f - feature::native;
#endif
    return f - feature::tracing - feature::dirty_marks;
}

/// The hash that tells modules apart.
inline u64 hash_of(const module_data& m) noexcept {
    hasher h;
    h.add(m.bytes.data(), m.bytes.size());
    return h.value();
}

class store_writer {
public:
    store_writer(runtime::store_data& s, const call_codec& codec) noexcept : store(s), codec_(codec) {}

    /// Writes all of it to `to`. False: `why` says why not.
    [[nodiscard]] bool run(sink& to, view<saved_call> calls) noexcept {
        if (store.host_depth != 0) return fail(error(msg::already_running, "a host function called from a guest runs"));
        for (const runtime::memory_data* m : store.memories)
            if (m->shared) return fail(error(msg::out_of_range, "a shared memory cannot be saved"));
        if (!names.make(store)) return fail(msg::out_of_memory);
        sink nowhere(sink::use::nothing); // objects get their numbers
        out_ = &nowhere;
        if (!roots(calls)) return false;
        for (std::size_t i = 0; i < numbers_.order().size() && !failed_; ++i) fields(numbers_.order()[i]);
        out_ = &to;
        heads();
        return !failed_ && contents(calls) && (!to.failed() || fail(msg::out_of_memory));
    }
    bool fail(const error& e) noexcept {
        if (!failed_) why = e;
        failed_ = true;
        return false;
    }

    // ---- for who writes calls --------------------------------------------------------------------------------------

    sink& out() noexcept { return *out_; }
    /// A value of the store type `t`, from slots.
    void value(val_type t, const u64* slots) noexcept {
        if (t.is_ref()) return reference(t, u32(slots[0]));
        if (t == t_i32 || t == t_f32) return out_->fixed(u32(slots[0]));
        out_->fixed(slots[0]);
        if (t.is_vector()) out_->fixed(slots[1]);
    }
    void func(u32 place) noexcept {
        const place_name n = names.func(place);
        if (n.where == no_index) {
            fail(error(msg::out_of_range, "a host function that no module imports"));
            return;
        }
        out_->number(u64{n.where} + 1);
        out_->number(n.index);
    }

    runtime::store_data& store;
    store_names names;
    point_cache points;
    error why{error::unlikely()};

private:
    void reference(val_type t, u32 bits) noexcept {
        if (bits == 0) return out_->number(0);
        if (is_func_reference(store.types.space(), t)) return func(bits - 1);
        if (!runtime::is_heap_ref(bits)) return out_->number(bits); // itself, or a number of the host's object
        bool ok = true;
        out_->number((u64{numbers_.number(bits, ok)} + 1) << 2);
        if (!ok) fail(msg::out_of_memory);
    }

    // ---- what there is ---------------------------------------------------------------------------------------------

    void heads() noexcept {
        out_->raw(magic, sizeof magic);
        out_->fixed(saved_features(store.built).bits);
        out_->number(names.modules().size());
        for (const runtime::code_unit* u : names.modules()) {
            out_->number(u->module->bytes.size());
            out_->fixed(hash_of(*u->module));
        }
        vec<bool> owned; // by an instance
        list(store.memories, &runtime::instance_data::memories, &module_data::imported_memories, owned,
             [&](const runtime::memory_data& m, bool own) {
                 out_->number(m.is_gone ? 0 : m.size + 1);
                 if (own) return;
                 limits(m.type.limits);
                 out_->byte(m.type.page_log2);
             });
        list(store.tables, &runtime::instance_data::tables, &module_data::imported_tables, owned,
             [&](const runtime::table_data& t, bool own) {
                 out_->number(t.size);
                 if (own) return;
                 limits(t.type.limits);
                 type(t.type.element);
             });
        list(store.globals, &runtime::instance_data::globals, &module_data::imported_globals, owned,
             [&](const runtime::global_data& g, bool own) {
                 if (own) return;
                 type(g.type.type);
                 out_->byte(g.type.mutable_);
             });
        list(store.tags, &runtime::instance_data::tags, &module_data::imported_tags, owned,
             [&](const runtime::tag_data& t, bool own) {
                 if (own) return;
                 const auto params = store.types.types().params(t.type_id);
                 out_->number(params.size());
                 for (val_type p : params) type(p);
             });
        out_->number(store.instances.size());
        for (const runtime::instance_data* i : store.instances) imports(*i);
        out_->number(numbers_.order().size());
        for (u32 reference : numbers_.order()) head_of(reference);
    }
    /// Writes a list of the store's; each with 1 if an instance made it, with 0 if the host did.
    template <class T, class Function>
    void list(const vec<T*>& all, vec<T*> runtime::instance_data::*those, u32 module_data::*imported, vec<bool>& owned,
              Function f) noexcept {
        owned.clear();
        if (!owned.resize(all.size())) return static_cast<void>(fail(msg::out_of_memory));
        for (const runtime::instance_data* i : store.instances)
            for (std::size_t k = i->module().*imported; k < (i->*those).size(); ++k) owned[(i->*those)[k]->self] = true;
        out_->number(all.size());
        for (const T* x : all) {
            out_->byte(owned[x->self]);
            f(*x, owned[x->self]);
        }
    }
    void limits(const limits_type& l) noexcept {
        out_->byte(u8((l.has_max ? 1 : 0) | (l.is64 ? 2 : 0)));
        out_->number(l.min);
        if (l.has_max) out_->number(l.max);
    }
    void type(val_type t) noexcept {
        out_->byte(t.byte_code());
        if (!t.is_ref()) return;
        if (!t.heap().is_index()) {
            out_->number(0);
            return out_->byte(t.heap().byte_code());
        }
        type_name(t.heap().index());
    }
    void type_name(u32 id) noexcept {
        const place_name n = names.type(id);
        if (n.where == no_index) return static_cast<void>(fail(error(msg::out_of_range, "a type that no module has")));
        out_->number(u64{n.where} + 1);
        out_->number(n.index);
    }
    void imports(const runtime::instance_data& i) noexcept {
        out_->number(names.module_of(i));
        for (const import_def& d : i.module().imports) switch (d.kind) {
            case extern_kind::func: {
                const u32 place = i.funcs[d.index]->self;
                const place_name n = names.func(place);
                if (n.where == i.self && n.index == d.index) out_->number(0); // asked for by its name
                else func(place);
                break;
            }
            case extern_kind::table: out_->number(i.tables[d.index]->self); break;
            case extern_kind::memory: out_->number(i.memories[d.index]->self); break;
            case extern_kind::global: out_->number(i.globals[d.index]->self); break;
            case extern_kind::tag: out_->number(i.tags[d.index]->self); break;
            }
    }
    void head_of(u32 reference) noexcept {
        const u32 id = store.heap.type_of(reference);
        const composite form = store.types.types()[id].form;
        if (form == composite::func) {
            out_->number(0);
            return out_->number(store.heap.length_of(reference));
        }
        type_name(id);
        if (form == composite::array) out_->number(store.heap.length_of(reference));
    }

    // ---- what is in it ---------------------------------------------------------------------------------------------

    /// What does not need the numbers of all objects.
    bool roots(view<saved_call> calls) noexcept {
        for (const runtime::table_data* t : store.tables)
            for (u64 i = 0; i < t->size; ++i) reference(t->type.element, t->items[i]);
        for (const runtime::global_data* g : store.globals) value(g->type.type, g->cell);
        for (const runtime::instance_data* i : store.instances) segments(*i);
        out_->number(calls.size());
        for (const saved_call& c : calls) {
            if (failed_) break;
            func(c.func);
            if (!codec_.write(*this, c.call)) return false;
        }
        return !failed_;
    }
    bool contents(view<saved_call> calls) noexcept {
        for (const runtime::memory_data* m : store.memories) out_->sparse(m->base, m->size);
        for (u32 reference : numbers_.order()) fields(reference);
        out_->number(store.fuel);
        return roots(calls);
    }
    void segments(const runtime::instance_data& i) noexcept {
        const module_data& m = i.module();
        for (u32 e = 0; e < m.elems.size(); ++e) {
            if (m.elems[e].mode != segment_mode::passive) continue;
            out_->byte(i.elems[e].empty() ? 0 : 1);
            const val_type t = runtime::store_type(*i.unit, m.elems[e].type);
            for (u32 r : i.elems[e]) reference(t, r);
        }
        for (u32 d = 0; d < m.datas.size(); ++d)
            if (m.datas[d].mode == segment_mode::passive) out_->byte(i.datas[d].empty() ? 0 : 1);
    }
    void fields(u32 object) noexcept {
        const u32 id = store.heap.type_of(object);
        const type_section& types = store.types.types();
        const u8* const at = store.heap.at(object);
        const runtime::object_type& t = store.heap.layouts[id];
        const auto one = [&](val_type f, const u8* from) {
            if (f.is_ref()) return reference(f, load_le<u32>(from));
            out_->raw(from, std::size_t{1} << runtime::stored_log2(f));
        };
        if (t.form == composite::array) {
            const val_type f = types.fields_of(id)[0].type;
            const u32 n = store.heap.length_of(object);
            const u8* from = at + runtime::object_header;
            if (!f.is_ref()) return out_->raw(from, std::size_t(n) << t.element_log2);
            for (u32 i = 0; i < n; ++i, from += 4) one(f, from);
            return;
        }
        for (u32 i = 0; i < types[id].params; ++i)
            one(t.form == composite::func ? types.params(id)[i] : types.fields_of(id)[i].type,
                at + store.heap.layouts.offset(id, i));
    }

    const call_codec& codec_;
    sink* out_ = nullptr;
    object_numbers numbers_;
    bool failed_ = false;
};

} // namespace tessera::saving
TESSERA_SMALL_END
