// SPDX-License-Identifier: MIT
/// @file records.hpp
/// Adding objects to a store, function records among them.
#pragma once

#include <tessera/runtime/link.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::runtime {

/// A new object of a store's, in its memory; null when that is out.
template <class T>
T* make(const allocator* from) noexcept {
    if constexpr (std::is_constructible_v<T, const allocator*>) return create_in<T>(from, from);
    else return create_in<T>(from);
}
/// Adds a new object to a list of the store's; null when memory is out.
template <class T>
T* add(vec<T*>& all) noexcept {
    T* made = make<T>(all.from());
    if (made && !all.push_back(made)) {
        destroy_in(all.from(), made);
        return nullptr;
    }
    if (made) made->self = u32(all.size() - 1);
    return made;
}

/// Gives `m`, a new memory of the store, what `type` declares. False as memory_data::allocate.
[[nodiscard]] inline bool allocate(store_data& s, memory_data& m, const memory_type& type,
                                   std::string_view& limit) noexcept {
#if TESSERA_NATIVE
    m.guarded = s.has_guards;
#endif
    if (!type.shared || !s.engine->make_shared) {
        m.written = s.written;
        return m.allocate(type, s.limits.memory_bytes, &s.memory_total, limit);
    }
    shared_data* const made = s.engine->make_shared(type, s.limits.memory_bytes, &s.memory_total, limit);
    if (made) m.show(*made, &s.memory_total);
    return made != nullptr;
}
/// The store's view of a shared memory, made if there is none; null: `why` says why.
inline memory_data* view_of(store_data& s, shared_data& shared, error& why) noexcept {
    for (memory_data* m : s.memories)
        if (m->shared == &shared) return m;
    if (s.memories.size() >= s.limits.memories) return why = error(msg::limit_reached, "limits::memories"), nullptr;
    memory_data* const m = add(s.memories);
    if (!m) return why = error(msg::out_of_memory), nullptr;
    shared.retain();
    m->show(shared, nullptr);
    return m;
}

/// Room for `n` more function records, and in the list that names them; null when memory is out.
inline func_record* record_block(store_data& s, std::size_t n) noexcept {
    // Doubling keeps the growth of many instances linear.
    const std::size_t all = s.funcs.size() + n;
    if (all > s.funcs.capacity() && !s.funcs.reserve(all < 2 * s.funcs.capacity() ? 2 * s.funcs.capacity() : all))
        return nullptr;
    const store_data::func_block block{static_cast<func_record*>(allocate_in(s.from, n * sizeof(func_record))), n};
    if (block.first && !s.func_blocks.push_back(block)) {
        s.release(block);
        return nullptr;
    }
    return block.first;
}

/// Makes `r` the record of a host function, of which it becomes an owner.
inline void describe(func_record& r, host_function& h, u32 type) noexcept {
    h.retain();
    r.host = &h;
    r.type_id = type;
    r.param_slots = slots_of(h.params);
    r.result_slots = slots_of(h.results);
}

/// Adds a host function to the store on its own. Null: `why` says whether a limit or memory is the reason.
inline func_record* add_host_func(store_data& s, host_function& h, error& why) noexcept {
    if (s.funcs.size() >= s.limits.functions) return why = error(msg::limit_reached, "limits::functions"), nullptr;
    u32 type = 0;
    func_record* at = s.types.intern_func(h.params, h.results, type) ? record_block(s, 1) : nullptr;
    if (!at) return why = error(msg::out_of_memory), nullptr;
    func_record* r = ::new (static_cast<void*>(at)) func_record;
    r->self = u32(s.funcs.size());
    static_cast<void>(s.funcs.push_back(r)); // reserved
    describe(*r, h, type);
    return r;
}

} // namespace tessera::runtime
TESSERA_SMALL_END
