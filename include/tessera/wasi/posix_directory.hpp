// SPDX-License-Identifier: MIT
/// @file wasi/posix_directory.hpp
/// A directory of a POSIX system, and everything beneath it.
#pragma once

#if !defined(_WIN32)

#include <tessera/util/mutex.hpp>
#include <tessera/wasi/host_options.hpp>
#include <tessera/wasi/posix_file.hpp>
#include <tessera/wasi/posix_walk.hpp>

#include <cstdio> // renameat

namespace tessera::inline TESSERA_ABI::wasi {

/// An open directory.
class posix_directory final : public node {
public:
    posix_directory(posix_descriptor&& fd, const host_options& how) noexcept : fd_(std::move(fd)), how_(how) {}
    ~posix_directory() override {
        if (entries_) static_cast<void>(::closedir(entries_));
    }

    filetype type() const noexcept override { return filetype::directory; }
    outcome<filestat> stat() noexcept override {
        posix::status s;
        if (posix::fstat(fd_.get(), &s) != 0) return posix_error();
        return posix::stat_of(s);
    }
    error_number set_times(timestamp atim, timestamp mtim, fstflags which) noexcept override {
        ::timespec t[2];
        if (const auto wrong = posix::times(atim, mtim, which, t); wrong != error_number::success) return wrong;
        return status_of(::futimens(fd_.get(), t));
    }
    error_number sync() noexcept override {
        return ::fsync(fd_.get()) == 0 || errno == EINVAL || errno == EROFS ? error_number::success : posix_error();
    }

    error_number readdir(dircookie from, entry_taker& to) noexcept override {
        const locked hold(lock_);
        if (const auto wrong = go_to(from); wrong != error_number::success) return wrong;
        for (;; waiting_ = nullptr, ++at_) {
            if (!waiting_) {
                errno = 0;
                waiting_ = posix::readdir(entries_);
                if (!waiting_) return posix_error(errno);
            }
            directory_entry e;
            e.name = waiting_->d_name;
            e.next = at_ + 1;
            // What is above is nobody's business here; wasi-libc knows it for that.
            e.ino = e.name == ".." ? 0 : inode(waiting_->d_ino);
            e.type = type_of(*waiting_);
            if (!to.take(e)) return error_number::success;
        }
    }

    outcome<node_owner> open_at(std::string_view path, const open_options& how) noexcept override {
        if (const auto wrong = check_options(how); wrong != error_number::success) return wrong;
        posix_walk walk(fd_.get(), how_.use_openat2);
        if (const auto wrong = walk.go(path); wrong != error_number::success) return wrong;
        for (;;) {
            if (has(how.oflags, oflags::creat) && walk.slash()) return error_number::isdir; // whatever is there
            // Whatever it is, the call does not wait, makes no terminal ours, and follows nothing.
            const int fd = ::openat(walk.directory(), walk.name(), flags_of(how, walk.slash()), 0666);
            if (fd >= 0) return node_of(posix_descriptor(fd), how);
            const int why = errno;
            if (why != ELOOP && why != ENOTDIR && why != EMLINK) return posix_error(why);
            posix::status s;
            if (posix::fstatat(walk.directory(), walk.name(), &s) != 0 || !S_ISLNK(s.st_mode))
                return why == EMLINK ? error_number::loop : posix_error(why);
            if (!has(how.lookup, lookupflags::symlink_follow) && !walk.slash()) return error_number::loop;
            if (const auto wrong = walk.follow(); wrong != error_number::success) return wrong;
        }
    }
    outcome<filestat> stat_at(std::string_view path, lookupflags lookup) noexcept override {
        posix_walk walk(fd_.get(), how_.use_openat2);
        posix::status s;
        if (const auto wrong = find(walk, path, lookup, s); wrong != error_number::success) return wrong;
        return posix::stat_of(s);
    }
    error_number set_times_at(std::string_view path, lookupflags lookup, timestamp atim, timestamp mtim,
                              fstflags which) noexcept override {
        ::timespec t[2];
        if (const auto wrong = posix::times(atim, mtim, which, t); wrong != error_number::success) return wrong;
        posix_walk walk(fd_.get(), how_.use_openat2);
        posix::status s;
        if (const auto wrong = find(walk, path, lookup, s); wrong != error_number::success) return wrong;
        return status_of(::utimensat(walk.directory(), walk.name(), t, AT_SYMLINK_NOFOLLOW));
    }
    error_number create_directory_at(std::string_view path) noexcept override {
        return at(path, [](const posix_walk& w) { return status_of(::mkdirat(w.directory(), w.name(), 0777)); });
    }
    error_number remove_directory_at(std::string_view path) noexcept override {
        return at(path, [](const posix_walk& w) {
            const int failed = ::unlinkat(w.directory(), w.name(), AT_REMOVEDIR);
            // Some systems have one number for both.
            return failed && errno == EEXIST ? error_number::notempty : status_of(failed);
        });
    }
    error_number unlink_file_at(std::string_view path) noexcept override {
        return at(path, [](const posix_walk& w) {
            if (w.slash()) {
                const auto found = kind(w);
                if (!found) return found.error();
                return *found == filetype::directory ? error_number::isdir : error_number::notdir;
            }
            return status_of(::unlinkat(w.directory(), w.name(), 0));
        });
    }
    error_number rename_at(std::string_view old_path, node& to, std::string_view new_path) noexcept override {
        return from_to(old_path, to, new_path, [](const posix_walk& from, const posix_walk& into) {
            if (from.slash() || into.slash()) {
                // A slash says that it is a directory; the system would follow links for it.
                const auto old = kind(from), there = kind(into);
                if (!old) return old.error();
                if (*old != filetype::directory || (there && into.slash() && *there != filetype::directory))
                    return error_number::notdir;
            }
            const int failed = ::renameat(from.directory(), from.name(), into.directory(), into.name());
            return failed && errno == EEXIST ? error_number::notempty : status_of(failed);
        });
    }
    error_number link_at(lookupflags lookup, std::string_view old_path, node& to,
                         std::string_view new_path) noexcept override {
        if (lookup != lookupflags::none) return error_number::inval;
        return from_to(old_path, to, new_path, [](const posix_walk& from, const posix_walk& into) {
            if (from.slash()) {
                const auto old = kind(from);
                if (!old) return old.error();
                return *old == filetype::directory ? error_number::perm : error_number::notdir;
            }
            if (into.slash()) return kind(into) ? error_number::exist : error_number::noent;
            return status_of(::linkat(from.directory(), from.name(), into.directory(), into.name(), 0));
        });
    }
    error_number symlink_at(std::string_view target, std::string_view path) noexcept override {
        if (const auto wrong = check_path(target); wrong != error_number::success) return wrong;
        char text[max_path + 1];
        std::memcpy(text, target.data(), target.size());
        text[target.size()] = 0;
        return at(path, [&text](const posix_walk& w) {
            if (w.slash()) return kind(w) ? error_number::exist : error_number::noent;
            return status_of(::symlinkat(text, w.directory(), w.name()));
        });
    }
    outcome<std::size_t> readlink_at(std::string_view path, buffer to) noexcept override {
        outcome<std::size_t> length = std::size_t(0);
        const auto wrong = at(path, [&](const posix_walk& w) {
            if (w.slash()) return kind(w) ? error_number::inval : error_number::noent;
            char none; // the system takes no empty buffer
            const ssize_t n = ::readlinkat(w.directory(), w.name(), to.size ? reinterpret_cast<char*>(to.data) : &none,
                                           to.size ? to.size : 1);
            if (n > 0 && to.size) length = std::size_t(n);
            return n < 0 ? posix_error() : error_number::success;
        });
        if (wrong != error_number::success) return wrong;
        return length;
    }
    const void* filesystem() const noexcept override { return &mark; }

private:
    static constexpr char mark = 0; // one for all: the system knows where it cannot rename

    static error_number status_of(int failed) noexcept { return failed ? posix_error() : error_number::success; }

    static int flags_of(const open_options& how, bool slash) noexcept {
        int flags = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | posix::large_file;
        const bool directory = slash || has(how.oflags, oflags::directory);
        const bool write = !directory && (how.write || has(how.oflags, oflags::trunc));
        flags |= directory ? O_RDONLY | O_DIRECTORY : !write ? O_RDONLY : how.read ? O_RDWR : O_WRONLY;
        if (has(how.oflags, oflags::creat)) flags |= O_CREAT;
        if (has(how.oflags, oflags::excl)) flags |= O_EXCL;
        if (has(how.oflags, oflags::trunc)) flags |= O_TRUNC;
        if (has(how.fdflags, fdflags::append)) flags |= O_APPEND;
        if (has(how.fdflags, fdflags::dsync)) flags |= O_DSYNC;
#if defined(O_RSYNC)
        if (has(how.fdflags, fdflags::rsync)) flags |= O_RSYNC;
#endif
        if (has(how.fdflags, fdflags::sync)) flags |= O_SYNC;
        return flags;
    }
    outcome<node_owner> node_of(posix_descriptor&& fd, const open_options& how) const noexcept {
        posix::status s;
        if (posix::fstat(fd.get(), &s) != 0) return posix_error();
        node_owner made;
        if (S_ISDIR(s.st_mode)) made = make_node<posix_directory>(std::move(fd), how_);
        else made = make_node<posix_file>(std::move(fd), posix::type_of(s.st_mode), how, false);
        if (!made) return error_number::nomem;
        return made;
    }
    /// Goes to what `path` names, and finds out what it is.
    static error_number find(posix_walk& walk, std::string_view path, lookupflags lookup, posix::status& s) noexcept {
        if (const auto wrong = walk.go(path); wrong != error_number::success) return wrong;
        for (;;) {
            if (posix::fstatat(walk.directory(), walk.name(), &s) != 0) return posix_error();
            if (!S_ISLNK(s.st_mode) || (!has(lookup, lookupflags::symlink_follow) && !walk.slash())) break;
            if (const auto wrong = walk.follow(); wrong != error_number::success) return wrong;
        }
        return walk.slash() && !S_ISDIR(s.st_mode) ? error_number::notdir : error_number::success;
    }
    static outcome<filetype> kind(const posix_walk& w) noexcept {
        posix::status s;
        if (posix::fstatat(w.directory(), w.name(), &s) != 0) return posix_error();
        return posix::type_of(s.st_mode);
    }
    template <class F>
    error_number at(std::string_view path, F&& act) const noexcept {
        posix_walk walk(fd_.get(), how_.use_openat2);
        const auto wrong = walk.go(path);
        return wrong != error_number::success ? wrong : act(walk);
    }
    template <class F>
    error_number from_to(std::string_view old_path, node& to, std::string_view new_path, F&& act) const noexcept {
        if (to.type() != filetype::directory) return error_number::notdir;
        if (to.filesystem() != &mark) return error_number::xdev;
        return at(old_path, [&](const posix_walk& from) {
            return static_cast<posix_directory&>(to).at(new_path,
                                                        [&](const posix_walk& into) { return act(from, into); });
        });
    }

    /// Makes `at_` the number of the entry that is read next.
    error_number go_to(dircookie from) noexcept {
        if (!entries_) {
            // A descriptor of its own, since the stream closes it.
            const int fd = ::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            if (fd < 0) return posix_error();
            entries_ = ::fdopendir(fd);
            if (!entries_) {
                const auto why = posix_error();
                static_cast<void>(::close(fd));
                return why;
            }
        }
        if (from == at_ && from != 0) return error_number::success;
        if (from < at_ || from == 0) { // from the start, with what has changed
            ::rewinddir(entries_);
            waiting_ = nullptr;
            at_ = 0;
        }
        for (; at_ < from; ++at_) {
            errno = 0;
            if (!waiting_ && !posix::readdir(entries_)) return posix_error(errno);
            waiting_ = nullptr;
        }
        return error_number::success;
    }
    filetype type_of(const posix::entry& e) const noexcept {
#if defined(_DIRENT_HAVE_D_TYPE) || defined(__APPLE__)
        switch (e.d_type) {
        case DT_REG: return filetype::regular_file;
        case DT_DIR: return filetype::directory;
        case DT_LNK: return filetype::symbolic_link;
        case DT_CHR: return filetype::character_device;
        case DT_BLK: return filetype::block_device;
        case DT_SOCK: return filetype::socket_stream;
        case DT_FIFO: return filetype::unknown;
        default: break; // the file system does not say
        }
#endif
        posix::status s;
        return posix::fstatat(fd_.get(), e.d_name, &s) == 0 ? posix::type_of(s.st_mode) : filetype::unknown;
    }

    posix_descriptor fd_;
    const host_options how_;
    mutex lock_; // of what follows
    ::DIR* entries_ = nullptr;
    dircookie at_ = 0;
    posix::entry* waiting_ = nullptr; // read, and not taken
};

} // namespace tessera
#endif
