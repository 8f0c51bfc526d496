// SPDX-License-Identifier: MIT
/// @file wasi/filesystem.hpp
/// What a file descriptor of a guest stands for: the interface between the functions of preview 1 and file systems.
///
/// One class, since preview 1 has one kind of descriptor: a file, a directory, a stream or a socket overrides what it
/// can do and leaves the rest, which then fails with the error a guest expects. Rights are not looked at here; they are
/// the descriptor table's. All functions may be called by several threads at the same time.
///
/// Nothing here waits, except for a disk: what would have to wait for another process or a person fails with `again`,
/// and the caller, who knows how long it may take, waits for `native_handle()` or asks `poll` again.
///
/// Paths are bytes of UTF-8, separated by slashes, relative to a directory. They must not change during the call: who
/// takes them from a memory that guests share copies them first. Each function that takes one fails with
///   noent        it is empty, or something in it does not exist
///   notdir       something in it that must be a directory is none
///   perm         it is absolute, or it or a symbolic link in it leads out of the directory
///   loop         more than 40 symbolic links are in it, or its last part is one and must not be
///   nametoolong  a part is longer than the file system allows, or all of it is longer than 4095 bytes
///   inval        it has a NUL in it
///   ilseq        it is not UTF-8, where the file system's names are not bytes
///   acces, io, nomem, mfile, nfile   as the system says
/// and with what its own comment says. Whatever changes something fails with `rofs` where nothing may be changed.
#pragma once

#include <tessera/util/view.hpp>
#include <tessera/wasi/owner.hpp>
#include <tessera/wasi/types.hpp>

#include <string_view>

namespace tessera::inline TESSERA_ABI::wasi {

/// Bytes to read into. No other thread accesses them during the call.
struct buffer {
    u8* data = nullptr;
    std::size_t size = 0;
};
/// Bytes to write from.
struct const_buffer {
    const u8* data = nullptr;
    std::size_t size = 0;
};

class node;

/// Keeps a node alive; empty or not. Copies share it, also between threads.
using node_owner = owner<node>;

/// How `node::open_at` opens.
struct open_options {
    lookupflags lookup = lookupflags::none;
    wasi::oflags oflags = oflags::none;
    wasi::fdflags fdflags = fdflags::none;
    bool read = false;  ///< `read` and `pread` will be used; directories can always be listed
    bool write = false; ///< what changes the content will be used
};

/// One entry of a directory, as `node::readdir` gives it.
struct directory_entry {
    dircookie next = 0; ///< the cookie of the entry after it
    inode ino = 0;      ///< 0 where it is not known
    filetype type = filetype::unknown;
    std::string_view name; ///< valid during the call
};

/// Who wants the entries of a directory.
class entry_taker {
public:
    /// True: the entry was taken. False: it was not, and no more are wanted; it comes first when reading goes on. Must
    /// not read the same node's entries itself.
    virtual bool take(const directory_entry& entry) noexcept = 0;

protected:
    ~entry_taker() = default;
};

/// What `node::poll` found.
struct readiness {
    bool ready = false;
    bool hangup = false;
    filesize nbytes = 0; ///< to be read or written at least; 0 where it is not known
};

/// An open file, directory, stream or socket.
class node {
public:
    node() noexcept = default;
    node(const node&) = delete;
    node& operator=(const node&) = delete;
    virtual ~node() = default;

    // ---- of everything ---------------------------------------------------------------------------

    /// What it is. Never changes.
    virtual filetype type() const noexcept = 0;
    /// Device, inode, type, links, size and times. Where there are none, zeros and one link.
    virtual outcome<filestat> stat() noexcept {
        filestat s;
        s.type = type();
        return s;
    }
    /// Which of append, dsync, nonblock, rsync and sync are set.
    virtual fdflags flags() noexcept { return fdflags::none; }
    /// Sets them, all of them. Fails with `notsup` where one cannot be changed, and then changes none.
    virtual error_number set_flags(fdflags flags) noexcept {
        return flags == this->flags() ? error_number::success : error_number::notsup;
    }
    /// Sets times of the file. Fails with `inval` where both `atim` and `atim_now` are given, or both of mtim.
    virtual error_number set_times(timestamp atim, timestamp mtim, fstflags which) noexcept {
        return static_cast<void>(atim), static_cast<void>(mtim), static_cast<void>(which), error_number::notsup;
    }
    /// Puts content and attributes on the disk. Succeeds where there is none.
    virtual error_number sync() noexcept { return error_number::success; }
    /// Puts content on the disk. Succeeds where there is none.
    virtual error_number datasync() noexcept { return sync(); }
    /// Whether reading (`fd_read`) or writing (`fd_write`) would succeed now or fail with something else than `again`.
    /// Does not wait. Files are always ready.
    virtual outcome<readiness> poll(eventtype what) noexcept {
        static_cast<void>(what);
        return readiness{true, false, 0};
    }
    /// What the system's poll can wait for: a descriptor, on Windows a HANDLE. Nothing of a node without one is worth
    /// waiting for longer than some milliseconds before `poll` is asked again.
    struct native {
        std::intptr_t handle = -1; ///< -1: there is none
    };
    virtual native native_handle() const noexcept { return {}; }

    // ---- of files and streams --------------------------------------------------------------------

    // Each of these takes any number of buffers and goes on to the next when one is full; it returns how many bytes it
    // moved, which may be fewer than fit. They fail with
    //   isdir   it is a directory
    //   badf    it was not opened for that
    //   again   nothing can be moved without waiting

    /// Reads at the file's position and moves it. 0 where all buffers are empty or the end is reached.
    virtual outcome<std::size_t> read(view<buffer> to) noexcept { return static_cast<void>(to), no_file(); }
    /// Writes at the position, or with fdflags::append at the end, and moves the position behind what was written.
    /// Fails with `fbig`, `nospc`, `dquot`, and `pipe` where nobody can read it.
    virtual outcome<std::size_t> write(view<const_buffer> from) noexcept { return static_cast<void>(from), no_file(); }
    /// Reads at `offset`; the position stays. Fails with `spipe` where there are no offsets, `inval` above 2^63 - 1.
    virtual outcome<std::size_t> pread(view<buffer> to, filesize offset) noexcept {
        return static_cast<void>(to), static_cast<void>(offset), no_offsets();
    }
    /// Writes at `offset`, or, on systems that do so, at the end with fdflags::append; the position stays.
    virtual outcome<std::size_t> pwrite(view<const_buffer> from, filesize offset) noexcept {
        return static_cast<void>(from), static_cast<void>(offset), no_offsets();
    }
    /// Moves the position and returns it; with (0, cur) it tells it. Fails with `inval` for one before the start or
    /// above 2^63 - 1, `spipe` where there are no positions.
    virtual outcome<filesize> seek(filedelta by, whence from) noexcept {
        return static_cast<void>(by), static_cast<void>(from), no_offsets();
    }
    /// Cuts the file or adds zeros to it. Fails with `badf` or `inval` where it is not open for writing, `inval` for a
    /// directory or a stream, `fbig`, `nospc`.
    virtual error_number set_size(filesize size) noexcept { return static_cast<void>(size), error_number::inval; }
    /// Sees to it that writing in this range needs no more room; a file that ends before is made longer. Fails with
    /// `inval` for none or too many bytes, `notsup` where the system cannot, `nospc`, `fbig`.
    virtual error_number allocate(filesize offset, filesize length) noexcept {
        return static_cast<void>(offset), static_cast<void>(length), no_offsets();
    }
    /// Says how the range will be used; that may do nothing. Fails with `inval` for an unknown advice.
    virtual error_number advise(filesize offset, filesize length, advice how) noexcept {
        if (static_cast<void>(offset), static_cast<void>(length); how > advice::noreuse) return error_number::inval;
        return no_offsets();
    }

    // ---- of directories --------------------------------------------------------------------------

    /// Gives `to` the entries from cookie `from` on, "." and ".." among them, until it takes no more. The cookies are
    /// valid as long as the node lives. An entry that is made or removed meanwhile may or may not be given.
    virtual error_number readdir(dircookie from, entry_taker& to) noexcept {
        return static_cast<void>(from), static_cast<void>(to), error_number::notdir;
    }
    /// Opens what `path` names: a directory, a file, or, with oflags::creat, a new file if there is none. Never waits,
    /// for the other end of a pipe neither. Fails with
    ///   exist   oflags has creat and excl, and something of that name is there, be it a symbolic link
    ///   isdir   a directory cannot be opened with `write` (unless oflags has `directory`, then `write` is ignored),
    ///           nor with oflags::trunc, nor with oflags::creat
    ///   notdir  oflags has `directory`, or the path ends with a slash, and it is none
    ///   loop    it is a symbolic link and not to be followed
    ///   inval   oflags has `directory` and one of creat, excl and trunc
    ///   notsup  fdflags has something the file system cannot do
    ///   nxio, nospc, dquot, txtbsy   as the system says
    virtual outcome<node_owner> open_at(std::string_view path, const open_options& how) noexcept {
        return static_cast<void>(path), static_cast<void>(how), error_number::notdir;
    }
    /// As `stat`, of what `path` names.
    virtual outcome<filestat> stat_at(std::string_view path, lookupflags lookup) noexcept {
        return static_cast<void>(path), static_cast<void>(lookup), error_number::notdir;
    }
    /// As `set_times`, of what `path` names.
    virtual error_number set_times_at(std::string_view path, lookupflags lookup, timestamp atim, timestamp mtim,
                                      fstflags which) noexcept {
        static_cast<void>(path), static_cast<void>(lookup), static_cast<void>(atim), static_cast<void>(mtim);
        return static_cast<void>(which), error_number::notdir;
    }
    /// Makes a directory. Fails with `exist`, `nospc`, `mlink`.
    virtual error_number create_directory_at(std::string_view path) noexcept {
        return static_cast<void>(path), error_number::notdir;
    }
    /// Removes an empty directory. Fails with `notempty`, `busy`, `inval` for a path that ends with ".", and `notdir`
    /// for what is no directory.
    virtual error_number remove_directory_at(std::string_view path) noexcept {
        return static_cast<void>(path), error_number::notdir;
    }
    /// Removes a file, link, pipe or socket. Fails with `isdir` for a directory (on macOS perm).
    virtual error_number unlink_file_at(std::string_view path) noexcept {
        return static_cast<void>(path), error_number::notdir;
    }
    /// Renames what `old_path` names here to `new_path` in `to`; what had that name is replaced. Symbolic links are
    /// renamed themselves. Fails with
    ///   xdev      `to` is of another file system
    ///   isdir     what would be replaced is a directory and the other is none
    ///   notdir    the other way round
    ///   notempty  the directory that would be replaced is not empty
    ///   inval     a directory would move into itself
    ///   busy      a path ends with "." or ".."
    virtual error_number rename_at(std::string_view old_path, node& to, std::string_view new_path) noexcept {
        return static_cast<void>(old_path), static_cast<void>(to), static_cast<void>(new_path), error_number::notdir;
    }
    /// Makes `new_path` in `to` another name of the file `old_path` here. A symbolic link is linked itself. Fails with
    /// `xdev`, `exist`, `perm` for a directory, `mlink`, and `inval` for lookupflags::symlink_follow.
    virtual error_number link_at(lookupflags lookup, std::string_view old_path, node& to,
                                 std::string_view new_path) noexcept {
        static_cast<void>(lookup), static_cast<void>(old_path), static_cast<void>(to), static_cast<void>(new_path);
        return error_number::notdir;
    }
    /// Makes `path` a symbolic link to `target`, which need not exist. Fails with `exist`, and `perm` where `target` is
    /// absolute.
    virtual error_number symlink_at(std::string_view target, std::string_view path) noexcept {
        return static_cast<void>(target), static_cast<void>(path), error_number::notdir;
    }
    /// Writes what the symbolic link `path` contains to `to`, as much as fits, and returns how much that is. Fails with
    /// `inval` for what is no symbolic link.
    virtual outcome<std::size_t> readlink_at(std::string_view path, buffer to) noexcept {
        return static_cast<void>(path), static_cast<void>(to), error_number::notdir;
    }
    /// Equal for two directories exactly where one's `rename_at` and `link_at` may be given the other; null for what is
    /// no directory.
    virtual const void* filesystem() const noexcept { return nullptr; }

    // ---- of sockets ------------------------------------------------------------------------------

    /// Takes the next connection of a listening socket; `flags` are the new one's. Fails with `notsock`, `again`.
    virtual outcome<node_owner> accept(fdflags flags) noexcept {
        return static_cast<void>(flags), error_number::notsock;
    }
    /// Reads as `read`; with riflags::recv_peek what is read stays there. riflags::recv_waitall is the caller's to do.
    /// `out` gets the flags of the answer. Fails with `notsock`, `notconn`.
    virtual outcome<std::size_t> receive(view<buffer> to, riflags how, roflags& out) noexcept {
        return static_cast<void>(to), static_cast<void>(how), out = roflags::none, error_number::notsock;
    }
    /// Writes as `write`. Fails with `notsock`, `notconn`.
    virtual outcome<std::size_t> send(view<const_buffer> from) noexcept {
        return static_cast<void>(from), error_number::notsock;
    }
    /// Closes one direction or both. Fails with `notsock`, `notconn`.
    virtual error_number shutdown(sdflags how) noexcept { return static_cast<void>(how), error_number::notsock; }

protected:
    /// What functions of files say on what has no content.
    error_number no_file() const noexcept {
        return type() == filetype::directory ? error_number::isdir : error_number::badf;
    }
    /// What functions that need positions say where there are none.
    error_number no_offsets() const noexcept {
        return type() == filetype::directory ? error_number::isdir : error_number::spipe;
    }

private:
    template <class>
    friend class owner;
    std::atomic<u32> owners_{1};
};

/// Makes a node of class N, which must have `node` as its first base; empty where memory is out.
template <class N, class... A>
node_owner make_node(A&&... args) noexcept {
    return node_owner(create<N>(std::forward<A>(args)...));
}

} // namespace tessera
