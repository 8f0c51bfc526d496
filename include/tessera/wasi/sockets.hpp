// SPDX-License-Identifier: MIT
/// @file wasi/sockets.hpp
/// sock_accept and sock_shutdown; fd_io.hpp has sock_recv and sock_send.
#pragma once

#include <tessera/wasi/fd_functions.hpp>

namespace tessera::inline TESSERA_ABI::wasi::body {

/// The connection may be used for what the listening socket hands on.
inline error_number sock_accept(call& c, u32 number, u32 flags, u32 out) noexcept {
    if (flags > u32(fdflags::all)) return error_number::inval;
    if (!c.memory.holds(out, 4)) return error_number::fault;
    const auto d = c.self.descriptors.find(number, rights::sock_accept);
    if (!d) return d.error();
    node& n = *d->what;
    auto taken = c.retry(n, eventtype::fd_read, [&]() noexcept { return n.accept(fdflags(flags)); });
    if (!taken) return taken.error();
    const auto made =
        c.self.descriptors.add({std::move(*taken), d->inheriting, rights::none, {}, false}, c.self.limits.descriptors);
    if (!made) return made.error();
    c.memory.put<u32>(out, *made);
    return error_number::success;
}
inline error_number sock_shutdown(call& c, u32 number, u32 how) noexcept {
    if (how == 0 || how > u32(sdflags::all)) return error_number::inval;
    return with_node(c, number, rights::sock_shutdown, [&](node& n) noexcept { return n.shutdown(sdflags(how)); });
}

} // namespace tessera
