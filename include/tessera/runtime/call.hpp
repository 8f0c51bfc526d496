// SPDX-License-Identifier: MIT
/// @file runtime/call.hpp
/// The one way from the host into a function.
#pragma once

#include <tessera/runtime/store_data.hpp>

namespace tessera::inline TESSERA_ABI::runtime {

/// After a call failed with `why`: an interruption stops every active call, then it is spent.
inline void spend_interruption(store_data& store, const error& why) noexcept {
    if (store.host_depth == 0 && why.why() == trap::interrupted)
        store.interrupt.store(false, std::memory_order_relaxed);
}

/// Calls a host function by the host.
inline TESSERA_NOINLINE bool call_host(store_data& store, func_record& f, u64* slots, error& why) noexcept {
    if (store.host_depth >= store.limits.host_depth) {
        why = error(trap::stack_exhausted);
        why.set_detail("limits::host_depth");
        return false;
    }
    ++store.host_depth;
    store.ready = {}; // the engine has not seen that the limit is closer
    const bool ok = store.engine->invoke(store, f, slots, why);
    --store.host_depth;
    if (!ok) spend_interruption(store, why);
    return ok;
}

/// Calls `f` (spec: exec/modules, Invocation). `slots` holds the arguments, one 64-bit slot each, two
/// for v128, and has room for the larger of arguments and results, which replace them. False: the
/// call failed, `why` says how. The engine counts nested calls against limits::host_depth; those of
/// a host function by the host never reach it and are counted here.
inline bool call(store_data& store, func_record& f, u64* slots, error& why) noexcept {
    if (TESSERA_UNLIKELY(f.host != nullptr)) return call_host(store, f, slots, why);
    if (TESSERA_LIKELY(store.engine->invoke(store, f, slots, why))) return true;
    spend_interruption(store, why);
    return false;
}

/// Why `engine::call_leaf` failed just now.
inline TESSERA_COLD error leaf_error(store_data& store) noexcept {
    error why = store.engine->leaf_error(store);
    spend_interruption(store, why);
    return why;
}

} // namespace tessera::runtime
