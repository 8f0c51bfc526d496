// SPDX-License-Identifier: MIT
/// @file wasi/streams_windows.hpp
/// Standard streams of a Windows host: files, pipes, consoles behind descriptors of the C runtime.
#pragma once

#include <tessera/wasi/streams_memory.hpp>

#if defined(_WIN32)
#include <io.h>

struct _OVERLAPPED;
union _LARGE_INTEGER;

namespace tessera::inline TESSERA_ABI::wasi {

namespace detail {
extern "C" __declspec(dllimport) int __stdcall ReadFile(void*, void*, unsigned long, unsigned long*, ::_OVERLAPPED*);
extern "C" __declspec(dllimport) int __stdcall WriteFile(void*, const void*, unsigned long, unsigned long*,
                                                         ::_OVERLAPPED*);
extern "C" __declspec(dllimport) int __stdcall PeekNamedPipe(void*, void*, unsigned long, unsigned long*,
                                                             unsigned long*, unsigned long*);
extern "C" __declspec(dllimport) unsigned long __stdcall GetFileType(void*);
extern "C" __declspec(dllimport) unsigned long __stdcall GetLastError();
extern "C" __declspec(dllimport) int __stdcall GetConsoleMode(void*, unsigned long*);
extern "C" __declspec(dllimport) int __stdcall GetFileSizeEx(void*, ::_LARGE_INTEGER*);
extern "C" __declspec(dllimport) unsigned long __stdcall WaitForSingleObject(void*, unsigned long);
} // namespace detail

/// Writing to a pipe that is full waits, and is not interrupted.
class windows_stream final : public node {
public:
    explicit windows_stream(void* handle) noexcept : handle_(handle), kind_(detail::GetFileType(handle)) {}

    /// Guests take a character device for a terminal, which a device without a console, NUL, is not.
    filetype type() const noexcept override {
        unsigned long mode = 0;
        if (kind_ == disk) return filetype::regular_file;
        return detail::GetConsoleMode(handle_, &mode) ? filetype::character_device : filetype::unknown;
    }
    outcome<filestat> stat() noexcept override {
        filestat s;
        s.type = type();
        i64 size = 0;
        if (kind_ == disk && detail::GetFileSizeEx(handle_, reinterpret_cast<::_LARGE_INTEGER*>(&size)))
            s.size = u64(size);
        return s;
    }
    fdflags flags() noexcept override { return flags_.load(std::memory_order_relaxed); }
    error_number set_flags(fdflags flags) noexcept override {
        if ((flags - fdflags::nonblock) != fdflags::none) return error_number::notsup;
        flags_.store(flags, std::memory_order_relaxed);
        return error_number::success;
    }
    outcome<readiness> poll(eventtype what) noexcept override {
        if (what == eventtype::fd_write) return readiness{true, false, 0};
        unsigned long waiting = 0;
        if (kind_ == pipe) {
            // One that fails is broken: reading says that.
            const bool open = detail::PeekNamedPipe(handle_, nullptr, 0, nullptr, &waiting, nullptr) != 0;
            return readiness{waiting != 0 || !open, !open, waiting};
        }
        constexpr unsigned long timed_out = 258;
        return readiness{kind_ != character || detail::WaitForSingleObject(handle_, 0) != timed_out, false, 0};
    }
    outcome<std::size_t> read(view<buffer> to) noexcept override {
        if (const auto r = poll(eventtype::fd_read); r && !r->ready) return error_number::again;
        for (const buffer& b : to) {
            if (b.size == 0) continue;
            unsigned long n = 0;
            if (detail::ReadFile(handle_, b.data, fit(b.size), &n, nullptr)) return std::size_t(n);
            constexpr unsigned long end = 38, broken = 109;
            const unsigned long why = detail::GetLastError();
            if (why == end || why == broken) return std::size_t{0};
            return of(why);
        }
        return std::size_t{0};
    }
    outcome<std::size_t> write(view<const_buffer> from) noexcept override {
        std::size_t done = 0;
        for (const const_buffer& b : from) {
            if (b.size == 0) continue;
            unsigned long n = 0;
            if (!detail::WriteFile(handle_, b.data, fit(b.size), &n, nullptr)) {
                if (done == 0) return of(detail::GetLastError());
                break;
            }
            done += n;
            if (n < b.size) break;
        }
        return done;
    }

private:
    static constexpr unsigned long disk = 1, character = 2, pipe = 3;
    static unsigned long fit(std::size_t n) noexcept {
        constexpr std::size_t most = std::size_t{1} << 30;
        return static_cast<unsigned long>(n < most ? n : most);
    }
    static error_number of(unsigned long why) noexcept {
        constexpr unsigned long denied = 5, invalid = 6, full = 112, broken = 109, closing = 232;
        switch (why) {
        case denied:
        case invalid: return error_number::badf;
        case full: return error_number::nospc;
        case broken:
        case closing: return error_number::pipe;
        default: return error_number::io;
        }
    }

    void* const handle_;
    const unsigned long kind_;
    std::atomic<fdflags> flags_{fdflags::none};
};

/// Accepting is not written for Windows.
class windows_listener final : public node {
public:
    filetype type() const noexcept override { return filetype::socket_stream; }
    outcome<node_owner> accept(fdflags) noexcept override { return error_number::notsup; }
};

TESSERA_API node_owner host_stream(int descriptor) noexcept {
    const auto handle = descriptor < 0 ? std::intptr_t(-1) : std::intptr_t(_get_osfhandle(descriptor));
    if (handle == -1 || handle == -2) return null_stream(); // not open; not there, in a program without a console
    return make_node<windows_stream>(reinterpret_cast<void*>(handle));
}
TESSERA_API node_owner host_listener(int) noexcept { return make_node<windows_listener>(); }

} // namespace tessera
#endif
