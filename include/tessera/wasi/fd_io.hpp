// SPDX-License-Identifier: MIT
/// @file wasi/fd_io.hpp
/// fd_read, fd_write, fd_pread, fd_pwrite: bytes between guests and nodes, without a copy where the memory is not
/// shared.
#pragma once

#include <tessera/wasi/call.hpp>

namespace tessera::inline TESSERA_ABI::wasi::body {

/// Some of a guest's iovecs, read and checked.
template <class Buffer>
class gathered {
public:
    static constexpr std::size_t most = 64;
    static constexpr u32 most_read = 65536; ///< empty ones count as well

    /// Reads iovecs from `at`, no more than `count`, with no more than `room` bytes. False: one is out of the memory.
    bool read(const guest_memory& m, u64 at, u32 count, u64 room) noexcept {
        first_ = size_ = 0;
        bytes_ = 0;
        for (read_ = 0; read_ < count && read_ < most_read && size_ < most && bytes_ < room; ++read_) {
            const u64 here = at + u64{iovec_bytes} * read_;
            if (!m.holds(here, iovec_bytes)) return false;
            const u32 from = m.get<u32>(here), n = m.get<u32>(here + 4);
            if (!m.holds(from, n)) return false;
            if (n == 0) continue;
            if (n > room - bytes_) { // the rest of it is never asked for: the transfer is short
                all_[size_++] = {place(m, from, room - bytes_), std::size_t(room - bytes_)};
                bytes_ = room;
                cut_ = true;
                return true;
            }
            all_[size_++] = {place(m, from, n), n};
            bytes_ += n;
        }
        return true;
    }
    view<Buffer> buffers() const noexcept { return {all_ + first_, size_ - first_}; }
    u64 bytes() const noexcept { return bytes_; }
    /// How many iovecs were read.
    u32 count() const noexcept { return read_; }
    /// The last one was too long to be taken whole.
    bool cut() const noexcept { return cut_; }
    /// Leaves out the first `n` bytes.
    void drop(u64 n) noexcept {
        bytes_ -= n;
        for (; first_ < size_ && n >= all_[first_].size; ++first_) n -= all_[first_].size;
        if (n == 0) return;
        all_[first_].data += n;
        all_[first_].size -= std::size_t(n);
    }

private:
    static auto place(const guest_memory& m, u64 at, u64 n) noexcept {
        if constexpr (std::is_same_v<Buffer, buffer>) return m.room(at, n);
        else return m.at(at);
    }

    Buffer all_[most];
    std::size_t first_ = 0;
    std::size_t size_ = 0;
    u64 bytes_ = 0;
    u32 read_ = 0;
    bool cut_ = false;
};

/// Has `op` move bytes through a copy: nodes, and the system behind them, access bytes in ways that must not meet those
/// of other threads of the guest. `wanted` becomes how many bytes `op` was asked for.
template <class Buffer, class Op>
outcome<std::size_t> move_copied(const guest_memory& m, view<Buffer> buffers, u64& wanted, Op op) noexcept {
    constexpr bool reads = std::is_same_v<Buffer, buffer>;
    u8 copy[16384];
    std::size_t n = 0;
    const auto each = [&](std::size_t all, auto move) noexcept {
        n = 0;
        for (const Buffer& b : buffers) {
            const std::size_t size = b.size < all - n ? b.size : all - n;
            if (size != 0) move(b, size);
            n += size;
        }
    };
    each(sizeof copy, [&](const Buffer& b, std::size_t size) noexcept {
        if constexpr (!reads) m.read(m.offset_of(b.data), copy + n, size);
    });
    wanted = n;
    const Buffer one{copy, n};
    outcome<std::size_t> moved = op(view<Buffer>{&one, 1});
    if constexpr (reads)
        if (moved)
            each(*moved,
                 [&](const Buffer& b, std::size_t size) noexcept { m.write(m.offset_of(b.data), copy + n, size); });
    return moved;
}

/// How often `transfer` asks a node.
enum class persistence : u8 {
    once,     ///< and no more
    eager,    ///< as long as that moves all it is asked for, and without waiting again
    stubborn, ///< until all is moved or there is no more
};

/// Has `op(buffers, offset)` move bytes for all iovecs, some at a time, and puts their sum at `out`. `offset` is how
/// many were moved before. What goes wrong after some were moved is found again by the next call: this one says how
/// many.
template <class Buffer, class Op>
error_number transfer(call& c, node& n, eventtype what, u32 iovecs, u32 count, u32 out, Op op,
                      persistence how = persistence::eager) noexcept {
    constexpr u64 most = 0xffff'ffff; // of what a u32 can say
    // After so many bytes one looks whether the store is interrupted; who waits for all of them does that anyway.
    const u64 most_at_once = how == persistence::stubborn ? most : u64{16} << 20;
    if (!c.memory.holds(out, 4)) return error_number::fault;
    if (!c.memory.holds(iovecs, u64{iovec_bytes} * count)) return error_number::fault;
    gathered<Buffer> some;
    u64 moved = 0;
    u64 at = iovecs;
    for (;;) {
        if (some.bytes() == 0) {
            const u64 room = most - moved < most_at_once ? most - moved : most_at_once;
            const bool in_memory = some.read(c.memory, at, count, room);
            if (!in_memory && moved == 0) return error_number::fault;
            at += u64{iovec_bytes} * some.count();
            count -= some.count();
            if (!in_memory || (some.bytes() == 0 && count == 0)) break;
            if (some.bytes() == 0 && c.stopped()) break;
            if (some.bytes() == 0) continue;
        }
        u64 wanted = some.bytes();
        const auto once = [&]() noexcept -> outcome<std::size_t> {
            if (!c.memory.shared()) return op(some.buffers(), moved);
            return move_copied<Buffer>(c.memory, some.buffers(), wanted,
                                       [&](view<Buffer> copy) noexcept { return op(copy, moved); });
        };
        // The first bytes are worth waiting for.
        const bool waits = moved == 0 || how == persistence::stubborn;
        const outcome<std::size_t> r = waits ? c.retry(n, what, once) : once();
        if (!r) {
            if (moved == 0 || c.ends()) return r.error();
            break;
        }
        moved += *r;
        some.drop(*r);
        if (*r < wanted && (how != persistence::stubborn || *r == 0)) break;
        if (how == persistence::once || moved == most || (some.bytes() == 0 && (some.cut() || count == 0))) break;
        if (c.stopped()) break;
    }
    c.memory.put<u32>(out, u32(moved));
    return error_number::success;
}

inline error_number fd_read(call& c, u32 number, u32 iovecs, u32 count, u32 out) noexcept {
    const auto d = c.self.descriptors.find(number, rights::fd_read);
    if (!d) return d.error();
    node& n = *d->what;
    return transfer<buffer>(c, n, eventtype::fd_read, iovecs, count, out,
                            [&](view<buffer> to, u64) noexcept { return n.read(to); });
}
inline error_number fd_write(call& c, u32 number, u32 iovecs, u32 count, u32 out) noexcept {
    const auto d = c.self.descriptors.find(number, rights::fd_write);
    if (!d) return d.error();
    node& n = *d->what;
    return transfer<const_buffer>(c, n, eventtype::fd_write, iovecs, count, out,
                                  [&](view<const_buffer> from, u64) noexcept { return n.write(from); });
}
inline error_number fd_pread(call& c, u32 number, u32 iovecs, u32 count, u64 offset, u32 out) noexcept {
    const auto d = c.self.descriptors.find(number, rights::fd_read | rights::fd_seek);
    if (!d) return d.error();
    node& n = *d->what;
    return transfer<buffer>(c, n, eventtype::fd_read, iovecs, count, out,
                            [&](view<buffer> to, u64 moved) noexcept { return n.pread(to, offset + moved); });
}
inline error_number fd_pwrite(call& c, u32 number, u32 iovecs, u32 count, u64 offset, u32 out) noexcept {
    const auto d = c.self.descriptors.find(number, rights::fd_write | rights::fd_seek);
    if (!d) return d.error();
    node& n = *d->what;
    return transfer<const_buffer>(
        c, n, eventtype::fd_write, iovecs, count, out,
        [&](view<const_buffer> from, u64 moved) noexcept { return n.pwrite(from, offset + moved); });
}

} // namespace tessera
