// SPDX-License-Identifier: MIT
/// @file wasi/sockets.hpp
/// sock_accept, sock_recv, sock_send, sock_shutdown. All fail with `badf`, `notsock`, `notcapable`, with `inval` for
/// flags that the text does not define, `fault` for pointers out of the memory, and as the functions of `node` do.
#pragma once

#include <tessera/wasi/fd_io.hpp>

namespace tessera::inline TESSERA_ABI::wasi::body {

/// Does `f(node&, const descriptor&)` with a socket. That something is none is said before that a right is missing.
template <class F>
error_number with_socket(call& c, u32 number, rights needed, F f) noexcept {
    const auto d = c.self.descriptors.find(number);
    if (!d) return d.error();
    if (d->what->type() != filetype::socket_stream) return error_number::notsock;
    if (!has(d->base, needed)) return error_number::notcapable;
    return f(*d->what, *d);
}

/// The connection may be used for what the listening socket hands on. Fails with `again` where the descriptor has
/// fdflags::nonblock and nobody waits, and as opening a file does where there are too many descriptors.
inline error_number sock_accept(call& c, u32 number, u32 flags, u32 out) noexcept {
    if (flags > u32(fdflags::all)) return error_number::inval;
    if (!c.memory.holds(out, 4)) return error_number::fault;
    return with_socket(c, number, rights::sock_accept, [&](node& n, const descriptor& d) noexcept {
        auto taken = c.retry(n, eventtype::fd_read, [&]() noexcept { return n.accept(fdflags(flags)); });
        if (!taken) return taken.error();
        const auto made = c.self.descriptors.add({std::move(*taken), d.inheriting, rights::none, {}, false},
                                                 c.self.limits.descriptors);
        if (!made) return made.error();
        c.memory.put<u32>(out, *made);
        return error_number::success;
    });
}
/// With recv_waitall it waits until all buffers are full, the other side has closed, or, where the descriptor has
/// fdflags::nonblock, there is no more. Fails with `notsup` where recv_peek is set as well: that would need buffers of
/// the system as large as the guest's; with `notconn`; and with `again` where it must not wait and there is nothing.
inline error_number sock_recv(call& c, u32 number, u32 iovecs, u32 count, u32 flags, u32 out, u32 out_flags) noexcept {
    if (flags > u32(riflags::all)) return error_number::inval;
    if (flags == u32(riflags::all)) return error_number::notsup;
    if (!c.memory.holds(out_flags, 2)) return error_number::fault;
    const persistence how = has(riflags(flags), riflags::recv_peek)      ? persistence::once
                            : has(riflags(flags), riflags::recv_waitall) ? persistence::stubborn
                                                                         : persistence::eager;
    return with_socket(c, number, rights::fd_read, [&](node& n, const descriptor&) noexcept {
        roflags answer = roflags::none;
        const error_number e = transfer<buffer>(
            c, n, eventtype::fd_read, iovecs, count, out,
            [&](view<buffer> to, u64) noexcept { return n.receive(to, riflags(flags), answer); }, how);
        if (e == error_number::success) c.memory.put<u16>(out_flags, u16(answer));
        return e;
    });
}
/// The text defines no flag. Fails with `pipe` where nobody can read it, `notconn`, and `again` where it must not wait.
inline error_number sock_send(call& c, u32 number, u32 iovecs, u32 count, u32 flags, u32 out) noexcept {
    if (flags != 0) return error_number::inval;
    return with_socket(c, number, rights::fd_write, [&](node& n, const descriptor&) noexcept {
        return transfer<const_buffer>(c, n, eventtype::fd_write, iovecs, count, out,
                                      [&](view<const_buffer> from, u64) noexcept { return n.send(from); });
    });
}
/// No direction at all is `inval`. Fails with `notconn`.
inline error_number sock_shutdown(call& c, u32 number, u32 how) noexcept {
    if (how == 0 || how > u32(sdflags::all)) return error_number::inval;
    return with_socket(c, number, rights::sock_shutdown,
                       [&](node& n, const descriptor&) noexcept { return n.shutdown(sdflags(how)); });
}

} // namespace tessera
