// SPDX-License-Identifier: MIT
/// @file runtime/exception.hpp
/// Exceptions as the errors that a host sees.
#pragma once

#include <tessera/runtime/api/slots.hpp>
#include <tessera/runtime/link.hpp>

namespace tessera::inline TESSERA_ABI::runtime {

/// Says in `trace` that an exception of `tag` with the values in `slots` was thrown. False: memory is out.
inline bool note_exception(store_data& s, const tag_data& tag, const u64* slots, backtrace& trace) noexcept {
    const view<val_type> types = s.types.types().params(tag.type_id);
    if (!trace.thrown.values.reserve(types.size())) return false;
    for (const val_type t : types) {
        static_cast<void>(trace.thrown.values.push_back(take_value(t, slots))); // reserved
        slots += t.slots();
    }
    trace.thrown.store = &s;
    trace.thrown.epoch = s.epoch;
    trace.thrown.tag = tag.self;
    return s.keep(trace);
}
/// The error a host function returns to throw.
inline error exception_error(store_data& s, const tag_data& tag, const u64* slots) noexcept {
    backtrace* const trace = create<backtrace>();
    if (!trace || !note_exception(s, tag, slots, *trace)) return destroy(trace), error(msg::out_of_memory);
    return error(trap::uncaught_exception).set_trace(trace);
}
/// The tag of an exception that is an error of this store, null if it is none.
inline tag_data* tag_of(const store_data& s, const error& e) noexcept {
    const detail::exception_data* const x = e.exception();
    return x && x->store == &s && x->epoch == s.epoch ? s.tags[x->tag] : nullptr;
}

} // namespace tessera::runtime
