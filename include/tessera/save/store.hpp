// SPDX-License-Identifier: MIT
/// @file save/store.hpp
/// Saving, restoring and copying stores of any set of features.
#pragma once

#include <tessera/save/api.hpp>
#include <tessera/save/calls.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::saving {

namespace detail {
inline bool list_calls(runtime::store_data& s, std::span<execution* const> calls, vec<saved_call>& out,
                       error& why) noexcept {
    for (execution* e : calls) {
        if (!e || !e->call()) return why = error(msg::out_of_range, "a call that has ended"), false;
        if (e->store() != &s) return why = error(msg::other_store), false;
        if (!out.push_back({e->call(), e->func_place()})) return why = error(msg::out_of_memory), false;
    }
    return true;
}
inline bool write(runtime::store_data& s, const call_codec& codec, std::span<execution* const> calls, sink& to,
                  error& why) noexcept {
    vec<saved_call> all;
    if (!list_calls(s, calls, all, why)) return false;
    store_writer w(s, codec);
    if (w.run(to, {all.data(), all.size()})) return true;
    why = w.why;
    return false;
}
inline result<restored> read(runtime::store_data& s, const call_codec& codec, std::span<const u8> bytes,
                             view<module_data*> modules, runtime::import_source from) noexcept {
    const bool was_in_use = s.host_depth != 0 || !s.instances.empty() || !s.memories.empty() || !s.tables.empty() ||
                            !s.globals.empty() || !s.tags.empty();
    if (was_in_use) return error(msg::out_of_range, "a store that is in use");
    error why(msg::out_of_memory);
    restored out;
    {
        store_reader r(s, codec, bytes, modules, from);
        bool fine = r.run();
        if (!fine) why = r.in.why();
        for (std::size_t i = 0; fine && i < s.instances.size(); ++i)
            fine = out.instances.push_back(instance(s, u32(i)));
        for (std::size_t i = 0; fine && i < r.made.size(); ++i) {
            auto call = execution::adopt(s, r.made[i].call, r.made[i].func, r.made[i].paused);
            fine = call && out.calls.push_back(std::move(*call));
        }
        if (fine) return out;
    }
    s.clear();
    return why;
}
} // namespace detail

TESSERA_API result<vec<u8>> save(runtime::store_data& s, const call_codec& codec,
                                 std::span<execution* const> calls) noexcept {
    error why(msg::out_of_memory);
    sink to(sink::use::bytes);
    if (!detail::write(s, codec, calls, to, why)) return why;
    return to.take();
}
TESSERA_API result<u64> state_hash(runtime::store_data& s, const call_codec& codec,
                                   std::span<execution* const> calls) noexcept {
    error why(msg::out_of_memory);
    sink to(sink::use::hash);
    if (!detail::write(s, codec, calls, to, why)) return why;
    return to.hash();
}
TESSERA_API result<restored> restore(runtime::store_data& s, const call_codec& codec, std::span<const u8> bytes,
                                     std::span<const module> modules, runtime::import_source from) noexcept {
    vec<module_data*> all;
    for (const module& m : modules)
        if (m && !all.push_back(const_cast<module_data*>(m.owner().get()))) return msg::out_of_memory;
    return detail::read(s, codec, bytes, {all.data(), all.size()}, from);
}

namespace detail {
/// The host functions of a store by the names under which its modules import them, in the order in which a reader asks.
struct functions_of {
    const runtime::store_data* from;
    mutable std::size_t instance = 0, import = 0;

    static bool find(const void* self, std::string_view module, std::string_view name,
                     runtime::external& out) noexcept {
        const functions_of& f = *static_cast<const functions_of*>(self);
        for (; f.instance < f.from->instances.size(); ++f.instance, f.import = 0) {
            const runtime::instance_data& i = *f.from->instances[f.instance];
            const auto& all = i.module().imports;
            while (f.import < all.size()) {
                const import_def& d = all[f.import++];
                if (d.kind != extern_kind::func || !i.funcs[d.index]->host) continue;
                if (d.module != module || d.name != name) continue;
                out = {extern_kind::func, nullptr, i.funcs[d.index]->host};
                return true;
            }
        }
        return false;
    }
};
} // namespace detail

TESSERA_API result<restored> fork(runtime::store_data& from, runtime::store_data& to, const call_codec& codec,
                                  std::span<execution* const> calls) noexcept {
    if (&from == &to) return error(msg::out_of_range, "a store that is in use");
    auto bytes = save(from, codec, calls);
    if (!bytes) return bytes.error();
    vec<module_data*> modules;
    for (const runtime::code_unit* u : from.units)
        if (!modules.push_back(u->module)) return msg::out_of_memory;
    const detail::functions_of functions{&from};
    return detail::read(to, codec, {bytes->data(), bytes->size()}, {modules.data(), modules.size()},
                        {&detail::functions_of::find, &functions});
}

} // namespace tessera::saving
TESSERA_SMALL_END
