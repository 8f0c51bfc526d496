// SPDX-License-Identifier: MIT
/// @file wasi/streams_posix.hpp
/// Standard streams and sockets of a POSIX host.
#pragma once

#include <tessera/wasi/posix_file.hpp>
#include <tessera/wasi/streams_memory.hpp>

#if !defined(_WIN32)
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

namespace tessera::inline TESSERA_ABI::wasi {

/// Keeps the signal away that writing to a pipe without a reader sends: the host did not ask for it.
class without_sigpipe {
public:
    without_sigpipe() noexcept {
        ::sigset_t one;
        of_pipe(one);
        mine_ = pthread_sigmask(SIG_BLOCK, &one, &before_) == 0;
        // The host blocks it itself: one that waits already is the host's.
        if (mine_ && sigismember(&before_, SIGPIPE) == 1) mine_ = !pending();
    }
    ~without_sigpipe() {
        if (!mine_) return;
        const int kept = errno;
        if (raised_ && pending()) {
            ::sigset_t one;
            int which = 0;
            of_pipe(one);
            static_cast<void>(sigwait(&one, &which));
        }
        static_cast<void>(pthread_sigmask(SIG_SETMASK, &before_, nullptr));
        errno = kept;
    }
    without_sigpipe(const without_sigpipe&) = delete;
    without_sigpipe& operator=(const without_sigpipe&) = delete;
    /// The signal was sent.
    void raised() noexcept { raised_ = true; }

private:
    static void of_pipe(::sigset_t& s) noexcept {
        sigemptyset(&s);
        sigaddset(&s, SIGPIPE);
    }
    static bool pending() noexcept {
        ::sigset_t s;
        sigemptyset(&s);
        return sigpending(&s) == 0 && sigismember(&s, SIGPIPE) == 1;
    }

    ::sigset_t before_;
    bool mine_ = false;
    bool raised_ = false;
};

/// A terminal, pipe, device or connected socket. The descriptor may be one that waits, and stays so, since other
/// processes share that property of it; so nothing is moved before the system says that it can be.
class posix_stream final : public node {
public:
    /// `inner` owns the descriptor, and does what needs no care.
    explicit posix_stream(node_owner inner) noexcept
        : inner_(std::move(inner)), fd_(int(inner_->native_handle().handle)), type_(type_of(*inner_, fd_)),
          socket_(type_ == filetype::socket_stream), whole_(inner_->type() != type_) {}

    filetype type() const noexcept override { return type_; }
    outcome<filestat> stat() noexcept override { return inner_->stat(); }
    fdflags flags() noexcept override { return inner_->flags(); }
    error_number set_flags(fdflags flags) noexcept override { return inner_->set_flags(flags); }
    error_number set_times(timestamp atim, timestamp mtim, fstflags which) noexcept override {
        return inner_->set_times(atim, mtim, which);
    }
    error_number sync() noexcept override { return inner_->sync(); }
    error_number datasync() noexcept override { return inner_->datasync(); }
    outcome<readiness> poll(eventtype what) noexcept override { return inner_->poll(what); }
    native native_handle() const noexcept override { return {fd_}; }

    outcome<std::size_t> read(view<buffer> to) noexcept override {
        roflags ignored;
        if (socket_) return receive(to, riflags::none, ignored);
        // Of two threads that see one byte ready, the second one would wait for another.
        const turn mine(reading_);
        if (!mine) return error_number::again;
#if defined(__linux__) && defined(RWF_NOWAIT)
        outcome<std::size_t> moved(error_number::again);
        if (at_once<buffer>(to, &::preadv2, RWF_NOWAIT, asks_, moved)) return moved;
#endif
        return inner_->read(to);
    }
    outcome<std::size_t> write(view<const_buffer> from) noexcept override {
        if (socket_) return send(from);
        const turn mine(writing_);
        if (!mine) return error_number::again;
#if defined(__linux__) && defined(RWF_NOWAIT)
        constexpr int without_signal = 0x100; // RWF_NOSIGNAL, of Linux 6.18: saves two calls
        outcome<std::size_t> moved(error_number::again);
        if (!whole_ && at_once<const_buffer>(from, &::pwritev2, RWF_NOWAIT | without_signal, quiet_, moved))
            return moved;
#endif
        without_sigpipe guard;
        if (whole_) return written(inner_->write(from), guard);
#if defined(__linux__) && defined(RWF_NOWAIT)
        if (at_once<const_buffer>(from, &::pwritev2, RWF_NOWAIT, asks_, moved)) return written(moved, guard);
#endif
        std::size_t done = 0;
        // A pipe that is ready has room for so many bytes at least.
        for (const const_buffer& b : from)
            for (std::size_t at = 0; at < b.size;) {
                const std::size_t rest = b.size - at, n = rest < PIPE_BUF ? rest : PIPE_BUF;
                const const_buffer piece{b.data + at, n};
                auto r = written(inner_->write({&piece, 1}), guard);
                if (!r) {
                    if (done == 0) return r;
                    return done;
                }
                done += *r;
                at += *r;
                if (*r < n) return done;
            }
        return done;
    }

    outcome<std::size_t> receive(view<buffer> to, riflags how, roflags& out) noexcept override {
        out = roflags::none;
        if (!socket_) return error_number::notsock;
        ::iovec all[most];
        const int flags = MSG_DONTWAIT | (has(how, riflags::recv_peek) ? MSG_PEEK : 0);
        ::msghdr m = message(to, all);
        ssize_t n = -1;
        do n = ::recvmsg(fd_, &m, flags);
        while (n < 0 && errno == EINTR);
        if (n < 0) return posix_error();
        if (m.msg_flags & MSG_TRUNC) out = roflags::recv_data_truncated;
        return std::size_t(n);
    }
    outcome<std::size_t> send(view<const_buffer> from) noexcept override {
        if (!socket_) return error_number::notsock;
        ::iovec all[most];
        ::msghdr m = message(from, all);
#if defined(MSG_NOSIGNAL)
        constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
        constexpr int flags = MSG_DONTWAIT; // SO_NOSIGPIPE is set
#endif
        ssize_t n = -1;
        do n = ::sendmsg(fd_, &m, flags);
        while (n < 0 && errno == EINTR);
        if (n < 0) return posix_error();
        return std::size_t(n);
    }
    error_number shutdown(sdflags how) noexcept override {
        if (!socket_) return error_number::notsock;
        const int which = how == sdflags::rd ? SHUT_RD : how == sdflags::wr ? SHUT_WR : SHUT_RDWR;
        return ::shutdown(fd_, which) == 0 ? error_number::success : posix_error();
    }

private:
    static constexpr std::size_t most = 64;

    /// Guests take a character device for a terminal. One that is none is said to be of no known type, as a pipe is.
    static filetype type_of(const node& inner, int fd) noexcept {
        const filetype t = inner.type();
        return t == filetype::character_device && ::isatty(fd) == 0 ? filetype::unknown : t;
    }

    /// What one thread at a time has.
    class turn {
    public:
        explicit turn(std::atomic<bool>& taken) noexcept
            : taken_(taken), mine_(!taken.exchange(true, std::memory_order_acquire)) {}
        ~turn() {
            if (mine_) taken_.store(false, std::memory_order_release);
        }
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;
        explicit operator bool() const noexcept { return mine_; }

    private:
        std::atomic<bool>& taken_;
        bool mine_;
    };
    static const outcome<std::size_t>& written(const outcome<std::size_t>& r, without_sigpipe& guard) noexcept {
        if (!r && r.error() == error_number::pipe) guard.raised();
        return r;
    }
#if defined(__linux__) && defined(RWF_NOWAIT)
    /// Has the system move what it can with these flags. False: it does not know them, an older kernel's or a
    /// terminal, and is not `asked` again.
    template <class B>
    bool at_once(view<B> buffers, ssize_t (*call)(int, const ::iovec*, int, ::off_t, int), int flags,
                 std::atomic<bool>& asked, outcome<std::size_t>& moved) noexcept {
        if (!asked.load(std::memory_order_relaxed)) return false;
        ::iovec all[most];
        const ::msghdr m = message(buffers, all);
        ssize_t n = -1;
        do n = call(fd_, m.msg_iov, int(m.msg_iovlen), -1, flags);
        while (n < 0 && errno == EINTR);
        if (n >= 0) return moved = std::size_t(n), true;
        if (errno == EAGAIN || errno == EPIPE) return moved = posix_error(), true;
        return asked.store(false, std::memory_order_relaxed), false;
    }
#endif
    template <class B>
    static ::msghdr message(view<B> buffers, ::iovec (&all)[most]) noexcept {
        std::size_t n = 0;
        for (const B& b : buffers)
            if (n < most) all[n++] = {const_cast<u8*>(b.data), b.size};
        ::msghdr m{};
        m.msg_iov = all;
        m.msg_iovlen = decltype(m.msg_iovlen)(n);
        return m;
    }

    const node_owner inner_;
    const int fd_;
    const filetype type_;
    const bool socket_;
    const bool whole_; ///< such a device: it takes what it gets
    std::atomic<bool> reading_{false};
    std::atomic<bool> writing_{false};
    std::atomic<bool> asks_{true};  ///< moving without waiting was not refused
    std::atomic<bool> quiet_{true}; ///< nor writing without the signal
};

/// A node for `fd`, which is closed with it.
inline outcome<node_owner> stream_of(posix_descriptor&& fd, fdflags flags) noexcept {
    auto inner = adopt_descriptor(fd.get());
    if (!inner) return inner;
    const int number = fd.release();
    const filetype type = (*inner)->type();
    if (type == filetype::regular_file || type == filetype::block_device) return inner;
    if (flags != fdflags::none) static_cast<void>((*inner)->set_flags(flags));
#if defined(SO_NOSIGPIPE)
    const int on = 1;
    if (type == filetype::socket_stream)
        static_cast<void>(::setsockopt(number, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on));
#else
    static_cast<void>(number);
#endif
    auto made = make_node<posix_stream>(std::move(*inner));
    if (!made) return error_number::nomem;
    return made;
}

class posix_listener final : public node {
public:
    explicit posix_listener(int fd) noexcept : fd_(fd) {}
    filetype type() const noexcept override { return filetype::socket_stream; }
    fdflags flags() noexcept override { return flags_.load(std::memory_order_relaxed); }
    error_number set_flags(fdflags flags) noexcept override {
        if ((flags - fdflags::nonblock) != fdflags::none) return error_number::notsup;
        flags_.store(flags, std::memory_order_relaxed);
        return error_number::success;
    }
    outcome<readiness> poll(eventtype what) noexcept override {
        ::pollfd p{fd_, short(what == eventtype::fd_read ? POLLIN : POLLOUT), 0};
        const int n = ::poll(&p, 1, 0);
        if (n < 0) return posix_error();
        return readiness{n > 0, (p.revents & POLLHUP) != 0, 0};
    }
    native native_handle() const noexcept override { return {fd_}; }
    outcome<node_owner> accept(fdflags flags) noexcept override {
        if ((flags - fdflags::nonblock) != fdflags::none) return error_number::inval;
        int made = -1;
        do made = ::accept(fd_, nullptr, nullptr);
        while (made < 0 && errno == EINTR);
        if (made < 0) return errno == EWOULDBLOCK ? error_number::again : posix_error();
        posix_descriptor mine(made);
        static_cast<void>(::fcntl(made, F_SETFD, FD_CLOEXEC));
        return stream_of(std::move(mine), flags);
    }

private:
    const int fd_;
    std::atomic<fdflags> flags_{fdflags::none};
};

TESSERA_API node_owner host_stream(int descriptor) noexcept {
    posix_descriptor copy(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
    if (copy.get() < 0) return null_stream();
    auto made = stream_of(std::move(copy), fdflags::none);
    if (made) return std::move(*made);
    return made.error() == error_number::nomem ? node_owner() : null_stream();
}
TESSERA_API node_owner host_listener(int descriptor) noexcept {
    const int mode = ::fcntl(descriptor, F_GETFL);
    if (mode >= 0) static_cast<void>(::fcntl(descriptor, F_SETFL, mode | O_NONBLOCK));
    return make_node<posix_listener>(descriptor);
}

} // namespace tessera
#endif
