// SPDX-License-Identifier: MIT
/// @file wasi/types.hpp
/// The types of wasi_snapshot_preview1 by the names of its witx files, and how they lie in a guest's memory.
///
/// Everything lies there little-endian and aligned as in C; the offsets are those of the comments. The structures here
/// are the host's: they are never copied to a guest as bytes.
#pragma once

#include <tessera/util/result.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

using filesize = u64;
using filedelta = i64;
using timestamp = u64; ///< nanoseconds; of files and the real-time clock since 1970-01-01 00:00 UTC
using dircookie = u64; ///< a position in a directory; 0 is its start
using inode = u64;
using device = u64;
using linkcount = u64;
using userdata = u64;
using exitcode = u32;

/// `errno` of preview 1, a name that <cerrno> makes a macro. u16 in a guest, i32 as a result.
enum class error_number : u16 {
    success,
    toobig, ///< `2big`
    acces,
    addrinuse,
    addrnotavail,
    afnosupport,
    again,
    already,
    badf,
    badmsg,
    busy,
    canceled,
    child,
    connaborted,
    connrefused,
    connreset,
    deadlk,
    destaddrreq,
    dom,
    dquot,
    exist,
    fault,
    fbig,
    hostunreach,
    idrm,
    ilseq,
    inprogress,
    intr,
    inval,
    io,
    isconn,
    isdir,
    loop,
    mfile,
    mlink,
    msgsize,
    multihop,
    nametoolong,
    netdown,
    netreset,
    netunreach,
    nfile,
    nobufs,
    nodev,
    noent,
    noexec,
    nolck,
    nolink,
    nomem,
    nomsg,
    noprotoopt,
    nospc,
    nosys,
    notconn,
    notdir,
    notempty,
    notrecoverable,
    notsock,
    notsup,
    notty,
    nxio,
    overflow,
    ownerdead,
    perm,
    pipe,
    proto,
    protonosupport,
    prototype,
    range,
    rofs,
    spipe,
    srch,
    stale,
    timedout,
    txtbsy,
    xdev,
    notcapable
};
static_assert(u16(error_number::notcapable) == 76);

/// A T or why there is none, which is never `success`.
template <class T>
using outcome = result<T, error_number>;

/// True for the enumerations here that are sets of bits.
template <class E>
inline constexpr bool is_flags = false;

/// u64: what a file descriptor may be used for.
enum class rights : u64 {
    none = 0,
    fd_datasync = 1u << 0,
    fd_read = 1u << 1,
    fd_seek = 1u << 2,
    fd_fdstat_set_flags = 1u << 3,
    fd_sync = 1u << 4,
    fd_tell = 1u << 5,
    fd_write = 1u << 6,
    fd_advise = 1u << 7,
    fd_allocate = 1u << 8,
    path_create_directory = 1u << 9,
    path_create_file = 1u << 10,
    path_link_source = 1u << 11,
    path_link_target = 1u << 12,
    path_open = 1u << 13,
    fd_readdir = 1u << 14,
    path_readlink = 1u << 15,
    path_rename_source = 1u << 16,
    path_rename_target = 1u << 17,
    path_filestat_get = 1u << 18,
    path_filestat_set_size = 1u << 19,
    path_filestat_set_times = 1u << 20,
    fd_filestat_get = 1u << 21,
    fd_filestat_set_size = 1u << 22,
    fd_filestat_set_times = 1u << 23,
    path_symlink = 1u << 24,
    path_remove_directory = 1u << 25,
    path_unlink_file = 1u << 26,
    poll_fd_readwrite = 1u << 27,
    sock_shutdown = 1u << 28,
    sock_accept = 1u << 29,
    all = (1u << 30) - 1
};
template <>
inline constexpr bool is_flags<rights> = true;

/// u16: how a file descriptor reads and writes.
enum class fdflags : u16 { none = 0, append = 1, dsync = 2, nonblock = 4, rsync = 8, sync = 16, all = 31 };
template <>
inline constexpr bool is_flags<fdflags> = true;

/// u16: how path_open opens.
enum class oflags : u16 { none = 0, creat = 1, directory = 2, excl = 4, trunc = 8, all = 15 };
template <>
inline constexpr bool is_flags<oflags> = true;

/// u32: whether a symbolic link that is the last part of a path is followed. Those before it always are.
enum class lookupflags : u32 { none = 0, symlink_follow = 1, all = 1 };
template <>
inline constexpr bool is_flags<lookupflags> = true;

/// u16: which times to set, and to what.
enum class fstflags : u16 { none = 0, atim = 1, atim_now = 2, mtim = 4, mtim_now = 8, all = 15 };
template <>
inline constexpr bool is_flags<fstflags> = true;

enum class riflags : u16 { none = 0, recv_peek = 1, recv_waitall = 2, all = 3 };
template <>
inline constexpr bool is_flags<riflags> = true;
enum class roflags : u16 { none = 0, recv_data_truncated = 1, all = 1 };
template <>
inline constexpr bool is_flags<roflags> = true;
enum class sdflags : u8 { none = 0, rd = 1, wr = 2, all = 3 };
template <>
inline constexpr bool is_flags<sdflags> = true;
enum class eventrwflags : u16 { none = 0, fd_readwrite_hangup = 1, all = 1 };
template <>
inline constexpr bool is_flags<eventrwflags> = true;
enum class subclockflags : u16 { none = 0, subscription_clock_abstime = 1, all = 1 };
template <>
inline constexpr bool is_flags<subclockflags> = true;

template <class E>
requires(is_flags<E>) constexpr E operator|(E a, E b) noexcept {
    return E(std::underlying_type_t<E>(a) | std::underlying_type_t<E>(b));
}
template <class E>
requires(is_flags<E>) constexpr E operator&(E a, E b) noexcept {
    return E(std::underlying_type_t<E>(a) & std::underlying_type_t<E>(b));
}
/// `a` without `b`.
template <class E>
requires(is_flags<E>) constexpr E operator-(E a, E b) noexcept {
    return E(std::underlying_type_t<E>(a) & ~std::underlying_type_t<E>(b));
}
/// Whether each bit of `wanted` is in `set`.
template <class E>
requires(is_flags<E>) constexpr bool has(E set, E wanted) noexcept { return (set & wanted) == wanted; }

enum class clockid : u32 { realtime, monotonic, process_cputime_id, thread_cputime_id };
enum class whence : u8 { set, cur, end };
enum class filetype : u8 {
    unknown,
    block_device,
    character_device,
    directory,
    regular_file,
    socket_dgram,
    socket_stream,
    symbolic_link
};
enum class advice : u8 { normal, sequential, random, willneed, dontneed, noreuse };
enum class eventtype : u8 { clock, fd_read, fd_write };
enum class preopentype : u8 { dir };

/// 64 bytes in a guest: dev 0, ino 8, filetype 16, nlink 24, size 32, atim 40, mtim 48, ctim 56.
struct filestat {
    device dev = 0;
    inode ino = 0;
    wasi::filetype type = filetype::unknown;
    linkcount nlink = 1;
    filesize size = 0;
    timestamp atim = 0;
    timestamp mtim = 0;
    timestamp ctim = 0;
};
inline constexpr u32 filestat_bytes = 64;

/// 24 bytes in a guest: d_next 0, d_ino 8, d_namlen 16, d_type 20; the name follows without a NUL.
struct dirent {
    dircookie next = 0; ///< where the entry after this one is
    inode ino = 0;      ///< 0 where it is not known
    u32 namlen = 0;
    filetype type = filetype::unknown;
};
inline constexpr u32 dirent_bytes = 24;

/// 24 bytes in a guest: fs_filetype 0, fs_flags 2, fs_rights_base 8, fs_rights_inheriting 16.
struct fdstat {
    filetype type = filetype::unknown;
    fdflags flags = fdflags::none;
    rights base = rights::none;
    rights inheriting = rights::none;
};
inline constexpr u32 fdstat_bytes = 24;

/// 8 bytes in a guest: buf 0, buf_len 4. The same for ciovec.
inline constexpr u32 iovec_bytes = 8;
/// 8 bytes in a guest: the preopentype 0, pr_name_len 4.
inline constexpr u32 prestat_bytes = 8;
/// 48 bytes in a guest: userdata 0, the eventtype 8; of a clock its id 16, timeout 24, precision 32, flags 40; of a
/// descriptor its number 16.
inline constexpr u32 subscription_bytes = 48;
/// 32 bytes in a guest: userdata 0, error 8, type 10, nbytes 16, flags 24.
inline constexpr u32 event_bytes = 32;

} // namespace tessera
