// SPDX-License-Identifier: MIT
/// @file tessera/native.hpp
/// Public door: functions of a store as machine code, on x86-64.
#pragma once

#include <tessera/store.hpp>

#include <tessera/config.hpp>

#if TESSERA_BODIES
#include <tessera/native/machine.hpp>
#endif

namespace tessera::inline TESSERA_ABI {

#if TESSERA_BODIES
/// From now on functions of `s` are compiled to machine code when they are first called. What was called before stays
/// as it is. Returns nothing on success; a message if memory is out. Where the system refuses memory for code, or the
/// build's handlers are not such that machine code can be one, that is no failure: functions are interpreted.
template <features F>
result<void> enable_native(store<F>& s, const native::native_limits& limits = {}) noexcept {
    static_assert(F[feature::native], "tessera: this store's features lack native");
    runtime::store_data* const data = s.data();
    if (!data) return msg::out_of_memory;
    if constexpr (TESSERA_TAIL_CALLS) {
        auto* pool = static_cast<exec::context_pool*>(data->engine_state);
        if (!pool) data->engine_state = pool = create<exec::context_pool>();
        if (!pool) return msg::out_of_memory;
        if (pool->native) return {};
        const bool newer = num::processor_has_instructions();
        native::machine* const made =
            create<native::machine>(native::compile_options{exec::model_of(F), newer}, limits);
        if (!made) return msg::out_of_memory;
        if (made->start()) pool->native = made;
        else destroy(made);
    }
    return {};
}
#endif

} // namespace tessera

#include <tessera/undef.hpp>
