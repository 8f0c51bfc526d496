// SPDX-License-Identifier: MIT
/// @file wasi/posix_system.hpp
/// The calls of a POSIX system that differ from one to the next, under one name each, with 64-bit offsets everywhere.
#pragma once

#if !defined(_WIN32)

#include <tessera/wasi/path.hpp>
#include <tessera/wasi/posix_error.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

namespace tessera::inline TESSERA_ABI::wasi {

/// A descriptor of the system that is closed at the end of its life.
class posix_descriptor {
public:
    posix_descriptor() noexcept = default;
    explicit posix_descriptor(int fd) noexcept : fd_(fd) {}
    posix_descriptor(posix_descriptor&& other) noexcept : fd_(other.release()) {}
    posix_descriptor& operator=(posix_descriptor&& other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    ~posix_descriptor() { reset(-1); }
    int get() const noexcept { return fd_; }
    int release() noexcept {
        const int fd = fd_;
        fd_ = -1;
        return fd;
    }
    void reset(int fd) noexcept {
        // Not repeated when interrupted: the descriptor is gone then, and another thread may have its number.
        if (fd_ >= 0) static_cast<void>(::close(fd_));
        fd_ = fd;
    }

private:
    int fd_ = -1;
};

namespace posix {

// glibc has 64-bit offsets on 32-bit machines under other names, unless the user of this header asked for the usual
// ones.
#if defined(__USE_LARGEFILE64)
using status = struct ::stat64;
using entry = struct ::dirent64;
using offset = ::off64_t;
inline int fstat(int fd, status* to) noexcept { return ::fstat64(fd, to); }
inline int fstatat(int fd, const char* name, status* to) noexcept {
    return ::fstatat64(fd, name, to, AT_SYMLINK_NOFOLLOW);
}
inline offset lseek(int fd, offset by, int from) noexcept { return ::lseek64(fd, by, from); }
inline ssize_t preadv(int fd, const ::iovec* to, int n, offset at) noexcept { return ::preadv64(fd, to, n, at); }
inline ssize_t pwritev(int fd, const ::iovec* from, int n, offset at) noexcept { return ::pwritev64(fd, from, n, at); }
inline int ftruncate(int fd, offset size) noexcept { return ::ftruncate64(fd, size); }
inline entry* readdir(::DIR* from) noexcept { return ::readdir64(from); }
inline constexpr int large_file = O_LARGEFILE;
#else
using status = struct ::stat;
using entry = struct ::dirent;
using offset = ::off_t;
inline int fstat(int fd, status* to) noexcept { return ::fstat(fd, to); }
inline int fstatat(int fd, const char* name, status* to) noexcept {
    return ::fstatat(fd, name, to, AT_SYMLINK_NOFOLLOW);
}
inline offset lseek(int fd, offset by, int from) noexcept { return ::lseek(fd, by, from); }
inline ssize_t preadv(int fd, const ::iovec* to, int n, offset at) noexcept { return ::preadv(fd, to, n, at); }
inline ssize_t pwritev(int fd, const ::iovec* from, int n, offset at) noexcept { return ::pwritev(fd, from, n, at); }
inline int ftruncate(int fd, offset size) noexcept { return ::ftruncate(fd, size); }
inline entry* readdir(::DIR* from) noexcept { return ::readdir(from); }
inline constexpr int large_file = 0;
#endif

// Where only what is beneath a directory matters, not its entries.
#if defined(O_PATH)
inline constexpr int search = O_PATH;
#elif defined(O_SEARCH)
inline constexpr int search = O_SEARCH;
#else
inline constexpr int search = O_RDONLY;
#endif

inline timestamp nanoseconds(const ::timespec& t) noexcept {
    return t.tv_sec < 0 ? 0 : u64(t.tv_sec) * 1'000'000'000 + u64(t.tv_nsec);
}
inline filetype type_of(::mode_t mode) noexcept {
    if (S_ISREG(mode)) return filetype::regular_file;
    if (S_ISDIR(mode)) return filetype::directory;
    if (S_ISLNK(mode)) return filetype::symbolic_link;
    if (S_ISCHR(mode)) return filetype::character_device;
    if (S_ISBLK(mode)) return filetype::block_device;
    if (S_ISSOCK(mode)) return filetype::socket_stream;
    return filetype::unknown; // a pipe: preview 1 has no name for it
}
inline filestat stat_of(const status& s) noexcept {
    filestat out;
    out.dev = device(s.st_dev);
    out.ino = inode(s.st_ino);
    out.type = type_of(s.st_mode);
    out.nlink = linkcount(s.st_nlink);
    out.size = filesize(s.st_size);
#if defined(__APPLE__)
    out.atim = nanoseconds(s.st_atimespec);
    out.mtim = nanoseconds(s.st_mtimespec);
    out.ctim = nanoseconds(s.st_ctimespec);
#else
    out.atim = nanoseconds(s.st_atim);
    out.mtim = nanoseconds(s.st_mtim);
    out.ctim = nanoseconds(s.st_ctim);
#endif
    return out;
}

/// What utimensat takes. Fails as `check_times`, and with `overflow` for times the system cannot store.
inline error_number times(timestamp atim, timestamp mtim, fstflags which, ::timespec (&out)[2]) noexcept {
    if (const auto wrong = check_times(which); wrong != error_number::success) return wrong;
    const auto fill = [](::timespec& t, timestamp at, bool set, bool now) {
        t.tv_sec = decltype(t.tv_sec)(set ? at / 1'000'000'000 : 0);
        t.tv_nsec = set ? decltype(t.tv_nsec)(at % 1'000'000'000) : now ? UTIME_NOW : UTIME_OMIT;
        return !set || u64(t.tv_sec) == at / 1'000'000'000;
    };
    const bool fits = fill(out[0], atim, has(which, fstflags::atim), has(which, fstflags::atim_now)) &&
                      fill(out[1], mtim, has(which, fstflags::mtim), has(which, fstflags::mtim_now));
    return fits ? error_number::success : error_number::overflow;
}

} // namespace posix

} // namespace tessera
#endif
