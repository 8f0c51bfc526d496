// SPDX-License-Identifier: MIT
/// @file tessera/native.hpp
/// Public door: functions of a store as machine code, on x86-64. For programs that define TESSERA_NATIVE as 1.
#pragma once

#include <tessera/store.hpp>

#include <tessera/config.hpp>
#if !TESSERA_NATIVE
#error "tessera: define TESSERA_NATIVE as 1, in all files of the program, to have machine code"
#endif

#include <tessera/native/options.hpp>
#if TESSERA_BODIES
#include <tessera/native/machine.hpp>
#include <tessera/native/processor.hpp>
#endif

namespace tessera::inline TESSERA_ABI {

namespace detail {
TESSERA_API result<void> enable_native(const basic_store& s, const native_options& options) noexcept;
}

/// From now on functions of `s` are compiled to machine code, when `options` say so; those called before stay as they
/// are. Succeeds where that cannot be had, too: functions are then interpreted, and `native_status_of` says why.
/// A second call changes nothing. A reset of the store ends it.
/// @returns nothing; fails with "out of memory", or "file cannot be opened" (`native_options::perf_map`): then nothing
///          is compiled
template <features F>
result<void> enable_native(store<F>& s, const native_options& options = {}) noexcept {
    static_assert(F[feature::native], "tessera: this store's features lack native");
    return detail::enable_native(s, options);
}
/// @returns whether functions of `s` become machine code, or why not
TESSERA_API native_status native_status_of(const basic_store& s) noexcept;
/// @returns how much has become of it; all 0 where nothing has
TESSERA_API native_counters native_counters_of(const basic_store& s) noexcept;

#if TESSERA_BODIES
namespace detail {
TESSERA_API result<void> enable_native(const basic_store& s, const native_options& options) noexcept {
    runtime::store_data* const data = s.data();
    if (!data) return msg::out_of_memory;
    if (!native::has_target) return {};
    exec::native_hook** const place = data->engine->native(*data);
    if (!place) return msg::out_of_memory;
    if (*place) return {};
    const native::compile_options made_for{exec::model_of(data->built), native::processor_has_sse4(),
                                           options.avx && native::processor_has_avx(), options.blinding};
    native::machine* const made = create<native::machine>(made_for, options);
    if (!made) return msg::out_of_memory;
    if (!made->start(*data, options.perf_map)) return tessera::destroy(made), error(msg::cannot_open, "perf_map");
    data->has_guards = made->has_guards();
    *place = made;
    return {};
}
inline const native::machine* native_of(const basic_store& s) noexcept {
    const auto* const pool = s.data() ? static_cast<const exec::context_pool*>(s.data()->engine_state) : nullptr;
    return pool ? static_cast<const native::machine*>(pool->native) : nullptr;
}
} // namespace detail
TESSERA_API native_status native_status_of(const basic_store& s) noexcept {
    if (!native::has_target) return native_status::unsupported;
    const native::machine* const m = detail::native_of(s);
    if (!m) return native_status::off;
    switch (m->status()) {
    case native::code_status::ready: return native_status::ready;
    case native::code_status::full: return native_status::full;
    default: return native_status::refused;
    }
}
TESSERA_API native_counters native_counters_of(const basic_store& s) noexcept {
    const native::machine* const m = detail::native_of(s);
    return m ? m->counters() : native_counters{};
}
#endif

} // namespace tessera

#include <tessera/undef.hpp>
