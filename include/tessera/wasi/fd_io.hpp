// SPDX-License-Identifier: MIT
/// @file wasi/fd_io.hpp
/// fd_read, fd_write, fd_pread, fd_pwrite: bytes between guests and nodes, without a copy.
#pragma once

#include <tessera/wasi/call.hpp>

namespace tessera::inline TESSERA_ABI::wasi::body {

/// Some of a guest's iovecs, read and checked.
template <class Buffer>
class gathered {
public:
    static constexpr std::size_t most = 64;
    static constexpr u32 most_read = 65536; ///< empty ones count as well
    /// After so many bytes one looks whether the store is interrupted.
    static constexpr u64 most_bytes = u64{16} << 20;

    /// Reads iovecs from `at`, no more than `count`, with no more than `room` bytes. False: one is out of the memory.
    bool read(const guest_memory& m, u64 at, u32 count, u64 room) noexcept {
        room = room < most_bytes ? room : most_bytes;
        for (size_ = read_ = 0, bytes_ = 0; read_ < count && read_ < most_read && size_ < most && bytes_ < room;
             ++read_) {
            const u64 here = at + u64{iovec_bytes} * read_;
            if (!m.holds(here, iovec_bytes)) return false;
            const u32 from = m.get<u32>(here), n = m.get<u32>(here + 4);
            if (!m.holds(from, n)) return false;
            if (n == 0) continue;
            if (n > room - bytes_) { // the rest of it is never asked for: the transfer is short
                all_[size_++] = {m.at(from), std::size_t(room - bytes_)};
                bytes_ = room;
                cut_ = true;
                return true;
            }
            all_[size_++] = {m.at(from), n};
            bytes_ += n;
        }
        return true;
    }
    view<Buffer> buffers() const noexcept { return {all_, size_}; }
    u64 bytes() const noexcept { return bytes_; }
    /// How many iovecs were read.
    u32 count() const noexcept { return read_; }
    /// The last one was too long to be taken whole.
    bool cut() const noexcept { return cut_; }

private:
    Buffer all_[most];
    std::size_t size_ = 0;
    u64 bytes_ = 0;
    u32 read_ = 0;
    bool cut_ = false;
};

/// Has `op(buffers, offset)` move bytes for all iovecs, some at a time, and puts their sum at `out`. `offset` is how
/// many were moved before. What goes wrong after some were moved is found again by the next call: this one says how
/// many.
template <class Buffer, class Op>
error_number transfer(call& c, node& n, eventtype what, u32 iovecs, u32 count, u32 out, Op op) noexcept {
    constexpr u64 most = 0xffff'ffff; // of what a u32 can say
    if (!c.memory.holds(out, 4)) return error_number::fault;
    if (!c.memory.holds(iovecs, u64{iovec_bytes} * count)) return error_number::fault;
    gathered<Buffer> some;
    u64 moved = 0;
    u64 at = iovecs;
    do {
        error_number why = error_number::fault;
        outcome<std::size_t> r(why);
        if (some.read(c.memory, at, count, most - moved)) {
            const auto once = [&] { return op(some.buffers(), moved); };
            // Only the first bytes are worth waiting for, and none are there at once.
            if (some.bytes() == 0) r = std::size_t{0};
            else r = moved == 0 ? c.retry(n, what, once) : once();
        }
        if (!r) {
            if (moved == 0 || c.ends()) return r.error();
            break;
        }
        moved += *r;
        at += u64{iovec_bytes} * some.count();
        count -= some.count();
        if (*r < some.bytes() || some.cut()) break;
        if (c.stopped()) break;
    } while (count != 0 && moved < most);
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
