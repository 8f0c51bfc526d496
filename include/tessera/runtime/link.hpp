// SPDX-License-Identifier: MIT
/// @file runtime/link.hpp
/// What an import can be given, and whether it matches (spec: exec/modules, valid/matching, Import Matching).
#pragma once

#include <tessera/runtime/store_data.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::runtime {

/// Something that can be imported: an object of a store, or of none: a host function or a shared memory.
struct external {
    extern_kind kind = extern_kind::func;
    store_data* store = nullptr; ///< null for what is of none
    void* object = nullptr;      ///< func_record, table_data, memory_data, global_data, tag_data; host_function or
                                 ///< shared_data

    bool is_host() const noexcept { return !store; }
    shared_data* shared() const noexcept { return static_cast<shared_data*>(object); }
    func_record* func() const noexcept { return static_cast<func_record*>(object); }
    host_function* host() const noexcept { return static_cast<host_function*>(object); }
    table_data* table() const noexcept { return static_cast<table_data*>(object); }
    memory_data* memory() const noexcept { return static_cast<memory_data*>(object); }
    global_data* global() const noexcept { return static_cast<global_data*>(object); }
    tag_data* tag() const noexcept { return static_cast<tag_data*>(object); }
};

/// Where instantiation looks imports up: `find` sets `out` and returns true if there is one of that name.
struct import_source {
    bool (*find)(const void* self, std::string_view module, std::string_view name, external& out) = nullptr;
    const void* self = nullptr;
};

/// Makes an instance of `m`, whose count of owners is all of it that changes (spec: exec/modules,
/// Instantiation). Null: `why` says why. runtime/instantiate.hpp has the body.
TESSERA_API instance_data* instantiate(store_data& store, module_data& m, import_source from, error& why) noexcept;

/// `t` of a module, with the store's type id in place of the module's type index.
inline val_type store_type(const code_unit& unit, val_type t) noexcept {
    if (!t.is_ref() || !t.heap().is_index()) return t;
    return val_type::ref(heap_type::index(unit.type_ids[t.heap().index()]), t.is_nullable());
}

/// True for a number, a vector, or a reference whose heap type there is; the store's types are below `types`.
/// What a host names has to be asked: nothing validated it.
inline bool is_known(val_type t, u32 types) noexcept {
    if (!t.is_ref()) return t == val_type::number(t.byte_code()) && (t.is_number() || t.is_vector());
    const heap_type h = t.heap();
    if (h.is_index()) return h.index() < types;
    return h == heap_type::abstract(h.byte_code()) && h.byte_code() >= code::exn && h.byte_code() <= code::noexn;
}
/// True if all are known without a store: references are abstract.
inline bool are_abstract(view<val_type> all) noexcept {
    for (val_type t : all)
        if (!is_known(t, 0)) return false;
    return true;
}

/// How many 64-bit slots values of these types take.
inline u32 slots_of(view<val_type> types) noexcept {
    u32 n = 0;
    for (val_type t : types) n += t.slots();
    return n;
}

/// True if `x` of store `s` may be what import `i` of the module of `unit` asks for. Host functions
/// are compared by `host_type_id`, their type in the store.
inline bool matches(const store_data& s, const external& x, u32 host_type_id, const code_unit& unit,
                    const import_def& i) noexcept {
    if (x.kind != i.kind) return false;
    const module_data& m = *unit.module;
    const valid::type_space types = s.types.space();
    switch (i.kind) {
    case extern_kind::func:
        return types.matches(x.is_host() ? host_type_id : x.func()->type_id, unit.type_ids[m.funcs[i.index].type]);
    case extern_kind::table: {
        table_type wanted = m.tables[i.index].type;
        wanted.element = store_type(unit, wanted.element);
        return valid::matches(types, x.table()->type, x.table()->size, wanted);
    }
    case extern_kind::memory: {
        const memory_type& wanted = m.memories[i.index].type;
        if (!x.store) return valid::matches(x.shared()->type, x.shared()->pages(), wanted);
        return valid::matches(x.memory()->type, x.memory()->pages(), wanted);
    }
    case extern_kind::global: {
        const global_type& wanted = m.globals[i.index].type;
        return valid::matches(types, x.global()->type, {store_type(unit, wanted.type), wanted.mutable_});
    }
    case extern_kind::tag: return valid::tag_matches(types, x.tag()->type_id, unit.type_ids[m.tags[i.index].type]);
    }
    return false;
}

/// A link error about import `i`; its detail is "module.name".
inline error link_error(const message& what, const import_def& i) noexcept {
    char text[79];
    std::size_t n = 0;
    const auto put = [&](std::string_view part) {
        for (char c : part)
            if (n < sizeof text) text[n++] = c;
    };
    put(i.module);
    put(".");
    put(i.name);
    return error(what, {text, n}, i.offset);
}

} // namespace tessera::runtime
TESSERA_SMALL_END
