// SPDX-License-Identifier: MIT
/// @file wasi/process_functions.hpp
/// clock_res_get, clock_time_get, random_get, proc_exit, proc_raise, sched_yield.
#pragma once

#include <tessera/wasi/call.hpp>

namespace tessera::inline TESSERA_ABI::wasi::body {

inline error_number put_time(const call& c, const outcome<timestamp>& t, u32 to) noexcept {
    if (!t) return t.error();
    if (!c.memory.holds(to, 8)) return error_number::fault;
    c.memory.put<u64>(to, *t);
    return error_number::success;
}
inline error_number clock_res_get(call& c, u32 id, u32 to) noexcept {
    return put_time(c, c.self.clocks->resolution(clockid(id)), to);
}
/// The precision is what an answer may be late by; that none is, no source has to know.
inline error_number clock_time_get(call& c, u32 id, u64, u32 to) noexcept {
    return put_time(c, c.self.clocks->now(clockid(id)), to);
}

inline error_number random_get(call& c, u32 to, u32 n) noexcept {
    u8 piece[1024];
    if (!c.memory.holds(to, n)) return error_number::fault;
    for (u32 done = 0; done < n;) {
        const u32 now = n - done < sizeof piece ? n - done : u32(sizeof piece);
        if (c.stopped()) return c.interrupt();
        if (const error_number e = c.self.random->fill(piece, now); e != error_number::success) return e;
        c.memory.write(u64{to} + done, piece, now);
        done += now;
    }
    return error_number::success;
}

inline error_number proc_exit(call& c, u32 code) noexcept { return c.exit(code); }
/// Signals are numbered as in the text: 1 is hup. Those whose default is to do nothing do nothing.
inline error_number proc_raise(call& c, u32 signal) noexcept {
    constexpr u32 none = 0, chld = 16, cont = 17, urg = 22, winch = 27, last = 30;
    if (signal > last) return error_number::inval;
    if (signal == none || signal == chld || signal == cont || signal == urg || signal == winch)
        return error_number::success;
    return c.raise(128 + signal);
}
inline error_number sched_yield(call&) noexcept {
    nap(nullptr, 0, 0);
    return error_number::success;
}

} // namespace tessera
