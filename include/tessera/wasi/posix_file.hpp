// SPDX-License-Identifier: MIT
/// @file wasi/posix_file.hpp
/// Files, pipes, terminals and sockets behind a descriptor of a POSIX system.
#pragma once

#if !defined(_WIN32)

#include <tessera/wasi/extent.hpp>
#include <tessera/wasi/posix_system.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

/// Anything that is read and written by a descriptor of the system. Buffers go to the system as they are.
class posix_file final : public node {
public:
    /// Takes over `fd`, whose type and flags are these; `patient`: it was opened without O_NONBLOCK, and is not a file.
    posix_file(posix_descriptor&& fd, filetype type, const open_options& how, bool patient) noexcept
        : fd_(std::move(fd)), type_(type), flags_(how.fdflags), read_(how.read), write_(how.write), patient_(patient) {}

    filetype type() const noexcept override { return type_; }
    outcome<filestat> stat() noexcept override {
        posix::status s;
        if (posix::fstat(fd_.get(), &s) != 0) return posix_error();
        return posix::stat_of(s);
    }
    fdflags flags() noexcept override { return flags_.load(std::memory_order_relaxed); }
    error_number set_flags(fdflags flags) noexcept override {
        // What the system cannot change later.
        constexpr fdflags fixed = fdflags::dsync | fdflags::rsync | fdflags::sync;
        const fdflags old = flags_.load(std::memory_order_relaxed);
        if ((flags & fixed) != (old & fixed) || (flags - fdflags::all) != fdflags::none) return error_number::notsup;
        // O_NONBLOCK stays as it is: nothing here waits, see filesystem.hpp.
        const int now = ::fcntl(fd_.get(), F_GETFL);
        const int next = has(flags, fdflags::append) ? now | O_APPEND : now & ~O_APPEND;
        if (now < 0 || (next != now && ::fcntl(fd_.get(), F_SETFL, next) != 0)) return posix_error();
        flags_.store(flags, std::memory_order_relaxed);
        return error_number::success;
    }
    error_number set_times(timestamp atim, timestamp mtim, fstflags which) noexcept override {
        ::timespec t[2];
        if (const auto wrong = posix::times(atim, mtim, which, t); wrong != error_number::success) return wrong;
        return ::futimens(fd_.get(), t) == 0 ? error_number::success : posix_error();
    }
    error_number sync() noexcept override { return synced(::fsync(fd_.get())); }
    error_number datasync() noexcept override {
#if defined(__APPLE__)
        return sync();
#else
        return synced(::fdatasync(fd_.get()));
#endif
    }
    outcome<readiness> poll(eventtype what) noexcept override {
        readiness r{true, false, 0};
        if (regular()) {
            const auto s = stat();
            const auto at = seek(0, whence::cur);
            if (what == eventtype::fd_read && s && at && s->size > *at) r.nbytes = s->size - *at;
            return r;
        }
        ::pollfd p{fd_.get(), short(what == eventtype::fd_read ? POLLIN : POLLOUT), 0};
        const int n = ::poll(&p, 1, 0);
        if (n < 0) return posix_error();
        r.ready = n > 0;
        r.hangup = (p.revents & POLLHUP) != 0;
        int waiting = 0;
        if (what == eventtype::fd_read && ::ioctl(fd_.get(), FIONREAD, &waiting) == 0 && waiting > 0)
            r.nbytes = filesize(waiting);
        return r;
    }
    native native_handle() const noexcept override { return {regular() ? -1 : std::intptr_t(fd_.get())}; }

    outcome<std::size_t> read(view<buffer> to) noexcept override {
        if (!read_) return error_number::badf;
        if (patient_ && !ready(POLLIN)) return error_number::again;
        return move_all<buffer>(to, [&](const ::iovec* at, int n, filesize) {
            return n == 1 ? ::read(fd_.get(), at->iov_base, at->iov_len) : ::readv(fd_.get(), at, n);
        });
    }
    outcome<std::size_t> write(view<const_buffer> from) noexcept override {
        if (!write_) return error_number::badf;
        if (patient_ && !ready(POLLOUT)) return error_number::again;
        return move_all<const_buffer>(from, [&](const ::iovec* at, int n, filesize) {
            return n == 1 ? ::write(fd_.get(), at->iov_base, at->iov_len) : ::writev(fd_.get(), at, n);
        });
    }
    outcome<std::size_t> pread(view<buffer> to, filesize offset) noexcept override {
        if (!read_) return error_number::badf;
        if (offset > last_position) return error_number::inval;
        return move_all<buffer>(to, [&](const ::iovec* at, int n, filesize done) {
            return posix::preadv(fd_.get(), at, n, posix::offset(offset + done));
        });
    }
    outcome<std::size_t> pwrite(view<const_buffer> from, filesize offset) noexcept override {
        if (!write_) return error_number::badf;
        if (offset > last_position) return error_number::inval;
        return move_all<const_buffer>(from, [&](const ::iovec* at, int n, filesize done) {
            return posix::pwritev(fd_.get(), at, n, posix::offset(offset + done));
        });
    }
    outcome<filesize> seek(filedelta by, whence from) noexcept override {
        if (from > whence::end) return error_number::inval;
        // Where a terminal or another device has no positions, some systems say it has.
        if (!regular() && type_ != filetype::block_device) return error_number::spipe;
        const int how = from == whence::set ? SEEK_SET : from == whence::cur ? SEEK_CUR : SEEK_END;
        const auto at = posix::lseek(fd_.get(), posix::offset(by), how);
        if (at < 0) return posix_error();
        return filesize(at);
    }
    error_number set_size(filesize size) noexcept override {
        if (!write_) return error_number::badf;
        if (size > last_position) return error_number::inval;
        return posix::ftruncate(fd_.get(), posix::offset(size)) == 0 ? error_number::success : posix_error();
    }
    error_number allocate(filesize offset, filesize length) noexcept override {
        if (!write_) return error_number::badf;
        if (const auto wrong = check_allocate(offset, length); wrong != error_number::success) return wrong;
#if defined(__linux__) && defined(__USE_LARGEFILE64)
        // Not posix_fallocate, which writes each block where the file system has no such thing.
        return ::fallocate64(fd_.get(), 0, posix::offset(offset), posix::offset(length)) == 0 ? error_number::success
                                                                                              : posix_error();
#elif defined(__APPLE__)
        return error_number::notsup;
#else
        return posix_error(::posix_fallocate(fd_.get(), posix::offset(offset), posix::offset(length)));
#endif
    }
    error_number advise(filesize offset, filesize length, advice how) noexcept override {
        if (const auto wrong = check_advise(offset, length, how); wrong != error_number::success) return wrong;
        if (!regular()) return error_number::spipe;
#if !defined(__APPLE__) && defined(POSIX_FADV_NORMAL)
        static constexpr int theirs[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                         POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
#if defined(__USE_LARGEFILE64)
        return posix_error(
            ::posix_fadvise64(fd_.get(), posix::offset(offset), posix::offset(length), theirs[std::size_t(how)]));
#else
        return posix_error(
            ::posix_fadvise(fd_.get(), posix::offset(offset), posix::offset(length), theirs[std::size_t(how)]));
#endif
#else
        return error_number::success;
#endif
    }

private:
    bool regular() const noexcept { return type_ == filetype::regular_file; }
    bool ready(short what) const noexcept {
        ::pollfd p{fd_.get(), what, 0};
        return ::poll(&p, 1, 0) != 0; // also where it cannot be asked: reading then says why
    }
    static error_number synced(int failed) noexcept {
        return failed == 0 || errno == EINVAL || errno == EROFS ? error_number::success : posix_error();
    }
    /// Gives `buffers` to `call`, as (vector, length, bytes before), in as few pieces as the system allows.
    template <class B, class F>
    outcome<std::size_t> move_all(view<B> buffers, F&& call) const noexcept {
        constexpr int at_once = 64;               // of 1,024 that the system takes: they lie on the stack
        constexpr std::size_t largest = 1u << 30; // some systems take no more than 2 GiB
        ::iovec vector[at_once];
        std::size_t done = 0, i = 0, within = 0;
        do {
            int n = 0;
            std::size_t wanted = 0;
            while (i < buffers.size() && n < at_once && wanted < largest) {
                std::size_t size = buffers[i].size - within;
                const bool all = size <= largest - wanted;
                if (!all) size = largest - wanted;
                if (size || buffers.size() == 1) {
                    vector[n].iov_base = const_cast<u8*>(buffers[i].data + within);
                    vector[n++].iov_len = size;
                }
                wanted += size;
                within = all ? 0 : within + size;
                i += all;
            }
            if (n == 0) break;
            auto moved = call(vector, n, filesize(done));
            while (moved < 0 && errno == EINTR) moved = call(vector, n, filesize(done));
            if (moved < 0) {
                if (done) break;
                return posix_error();
            }
            done += std::size_t(moved);
            if (std::size_t(moved) != wanted) break;
        } while (i < buffers.size() && regular());
        return done;
    }

    posix_descriptor fd_;
    const filetype type_;
    std::atomic<fdflags> flags_;
    const bool read_;
    const bool write_;
    const bool patient_;
};

/// A node for a descriptor that the host has open, a standard stream or the end of a pipe, say; the descriptor is
/// closed with the node. To keep it, give a dup of it. Writing to one that was opened without O_NONBLOCK may wait until
/// all of it is written. Fails with `badf`, and `isdir` for a directory.
inline outcome<node_owner> adopt_descriptor(int fd) noexcept {
    posix::status s;
    const int mode = ::fcntl(fd, F_GETFL);
    if (mode < 0 || posix::fstat(fd, &s) != 0) return posix_error();
    const filetype type = posix::type_of(s.st_mode);
    if (type == filetype::directory) return error_number::isdir;
    open_options how;
    how.read = (mode & O_ACCMODE) != O_WRONLY;
    how.write = (mode & O_ACCMODE) != O_RDONLY;
    if (mode & O_APPEND) how.fdflags = how.fdflags | fdflags::append;
    if (mode & O_NONBLOCK) how.fdflags = how.fdflags | fdflags::nonblock;
    posix_descriptor mine(fd);
    auto made =
        make_node<posix_file>(std::move(mine), type, how, type != filetype::regular_file && !(mode & O_NONBLOCK));
    // Moved only if something was made: the descriptor stays with who called.
    if (!made) return static_cast<void>(mine.release()), error_number::nomem; // NOLINT(bugprone-use-after-move)
    return made;
}

} // namespace tessera
#endif
