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
/// Whether functions of a store become machine code, or why not.
enum class native_status : u8 {
    off,         ///< enable_native was not called
    ready,       ///< they do
    unsupported, ///< not for this processor, or the build's handlers do not end in jumps (TESSERA_TAIL_CALLS)
    refused,     ///< the system gives no memory for code
    full,        ///< native_limits::code_bytes is used up: those compiled so far stay, others are interpreted
};

/// From now on functions of `s` are compiled to machine code when they are first called; those called before stay as
/// they are. Succeeds where that cannot be had, too: functions are then interpreted, and `native_status_of` says why.
/// Fails with "out of memory" only. A reset of the store ends it.
template <features F>
result<void> enable_native(store<F>& s, const native::native_limits& limits = {}) noexcept {
    static_assert(F[feature::native], "tessera: this store's features lack native");
    runtime::store_data* const data = s.data();
    if (!data) return msg::out_of_memory;
    exec::context_pool* const pool = exec::machine<F>::kept_for(*data);
    if (!pool) return msg::out_of_memory;
    if (pool->native || !native::has_target) return {};
    const bool newer = num::processor_has_instructions();
    native::machine* const made = create<native::machine>(native::compile_options{exec::model_of(F), newer}, limits);
    if (!made) return msg::out_of_memory;
    made->start();
    pool->native = made;
    return {};
}
namespace detail {
inline const native::machine* native_of(const basic_store& s) noexcept {
    const auto* const pool = s.data() ? static_cast<const exec::context_pool*>(s.data()->engine_state) : nullptr;
    return pool ? static_cast<const native::machine*>(pool->native) : nullptr;
}
} // namespace detail
/// Whether functions of `s` become machine code, or why not.
template <features F>
native_status native_status_of(const store<F>& s) noexcept {
    if (!native::has_target) return native_status::unsupported;
    const native::machine* const m = detail::native_of(s);
    if (!m) return native_status::off;
    switch (m->status()) {
    case native::code_status::ready: return native_status::ready;
    case native::code_status::full: return native_status::full;
    default: return native_status::refused;
    }
}
/// How much has become of it; all 0 where nothing has.
template <features F>
native::native_counters native_counters_of(const store<F>& s) noexcept {
    const native::machine* const m = detail::native_of(s);
    return m ? m->counters() : native::native_counters{};
}
#endif

} // namespace tessera

#include <tessera/undef.hpp>
