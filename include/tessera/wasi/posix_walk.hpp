// SPDX-License-Identifier: MIT
/// @file wasi/posix_walk.hpp
/// From a guest's path to a directory of the system and a name in it, never leaving the directory it started from.
#pragma once

#if !defined(_WIN32)

#include <tessera/wasi/posix_system.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

/// Finds where the last part of a path is. Two ways with one outcome: the kernel's openat2 with RESOLVE_BENEATH, where
/// there is one; else part by part with O_NOFOLLOW, reading symbolic links here, and going up only to directories that
/// were passed on the way down and are still open, so that nothing another process moves meanwhile leads out.
///
/// What is at the name must then be used without following it, and without a slash behind it, as that follows.
class posix_walk {
public:
    /// From `root` on, a directory that stays open. `by_kernel`: openat2 may be used.
    posix_walk(int root, bool by_kernel) noexcept : root_(root), by_kernel_(by_kernel) {}
    posix_walk(const posix_walk&) = delete;
    posix_walk& operator=(const posix_walk&) = delete;
    ~posix_walk() { leave(0); }

    /// Goes where `path` leads. Fails as filesystem.hpp says of paths.
    error_number go(std::string_view path) noexcept {
        if (const auto wrong = check_path(path); wrong != error_number::success) return wrong;
        if (!path_.append(path.data(), path.size())) return error_number::nomem;
        return walk();
    }
    /// Goes on to where the symbolic link leads that is at the name. Fails as `go`, and with `inval` if it is none.
    error_number follow() noexcept {
        // The path so far with the link's content in the place of its last part, from the start again.
        std::size_t end = path_.size();
        while (end && path_[end - 1] == '/') --end;
        while (end && path_[end - 1] != '/') --end;
        vec<char> next;
        if (!next.append(path_.data(), end)) return error_number::nomem;
        if (const auto wrong = read_link(directory(), name_, slash_ ? "/" : "", next); wrong != error_number::success)
            return wrong;
        path_ = std::move(next);
        leave(0);
        return walk();
    }

    int directory() const noexcept { return stack_.empty() ? root_ : stack_.back(); }
    /// "." where the path ends with ".", ".." or is the directory itself.
    const char* name() const noexcept { return name_; }
    /// Whether slashes are behind the last part, which must then be a directory.
    bool slash() const noexcept { return slash_; }

private:
    error_number walk() noexcept {
        // What must be a directory, and the last part.
        std::size_t cut = path_.size();
        while (cut && path_[cut - 1] == '/') --cut;
        slash_ = cut != path_.size();
        const std::size_t end = cut;
        while (cut && path_[cut - 1] != '/') --cut;
        const std::string_view last(path_.data() + cut, end - cut);
        if (last == "." || last == "..") { // nobody's name: the directory that all of it leads to
            std::memcpy(name_, ".", 2);
            return walk_directories({path_.data(), end});
        }
        if (last.size() > max_name) return error_number::nametoolong;
        std::memcpy(name_, last.data(), last.size());
        name_[last.size()] = 0;
        return walk_directories({path_.data(), cut});
    }
    error_number walk_directories(std::string_view path) noexcept {
        if (path.empty()) return error_number::success;
#if defined(__linux__) && defined(SYS_openat2)
        if (by_kernel_) {
            if (const int fd = open_beneath(path); fd >= 0)
                return stack_.push_back(fd) ? error_number::success : (close(fd), error_number::nomem);
            if (errno == EXDEV) return error_number::perm;
            // An old kernel, one that forbids the call, or directories that move too fast for it.
            if (errno != ENOSYS && errno != EPERM && errno != EAGAIN) return posix_error();
        }
#endif
        return walk_by_hand(path);
    }
#if defined(__linux__) && defined(SYS_openat2)
    int open_beneath(std::string_view path) noexcept {
        char text[max_path + 1]; // follow() makes longer ones fail before
        std::memcpy(text, path.data(), path.size());
        text[path.size()] = 0;
        const struct {
            u64 flags = u64(O_PATH | O_DIRECTORY | O_CLOEXEC);
            u64 mode = 0;
            u64 resolve = 0x08 | 0x02; // RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS
        } how;
        for (int tries = 0;; ++tries) {
            const long fd = ::syscall(SYS_openat2, root_, text, &how, sizeof how);
            // The kernel gives up when a directory was renamed while ".." was resolved.
            if (fd >= 0 || errno != EAGAIN || tries == 16) return int(fd);
        }
    }
#endif
    error_number walk_by_hand(std::string_view path) noexcept {
        vec<char> spliced;
        while (!path.empty()) {
            const path_step step = first_step(path);
            path = step.rest;
            if (step.name == ".") continue;
            if (step.name == "..") {
                if (stack_.empty()) return error_number::perm;
                leave(stack_.size() - 1);
                continue;
            }
            if (step.name.size() > max_name) return error_number::nametoolong;
            if (stack_.size() == max_depth) return error_number::nametoolong;
            char name[max_name + 1];
            std::memcpy(name, step.name.data(), step.name.size());
            name[step.name.size()] = 0;
            const int fd =
                ::openat(directory(), name, posix::search | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
            if (fd >= 0) {
                if (!stack_.push_back(fd)) return close(fd), error_number::nomem;
                continue;
            }
            const int why = errno;
            if (why != ENOTDIR && why != ELOOP && why != EMLINK) return posix_error(why);
            vec<char> next;
            const auto link = read_link(directory(), name, "/", next, path);
            if (link != error_number::success) return link == error_number::inval ? error_number::notdir : link;
            spliced = std::move(next); // `path` was copied from the old one
            path = {spliced.data(), spliced.size()};
        }
        return error_number::success;
    }
    /// Appends what the symbolic link `name` holds, then `between`, then `rest`, to `to`.
    error_number read_link(int directory, const char* name, std::string_view between, vec<char>& to,
                           std::string_view rest = {}) noexcept {
        char text[max_path + 1];
        const ssize_t n = ::readlinkat(directory, name, text, sizeof text);
        if (n < 0) return posix_error();
        if (n == 0) return error_number::noent;
        if (text[0] == '/') return error_number::perm;
        if (++links_ > max_links) return error_number::loop;
        if (to.size() + std::size_t(n) + between.size() + rest.size() > max_path) return error_number::nametoolong;
        if (!to.append(text, std::size_t(n)) || !to.append(between.data(), between.size()) ||
            !to.append(rest.data(), rest.size()))
            return error_number::nomem;
        return error_number::success;
    }
    void leave(std::size_t depth) noexcept {
        for (; stack_.size() > depth; stack_.pop_back()) close(stack_.back());
    }
    static void close(int fd) noexcept { static_cast<void>(::close(fd)); }

    // Directories that are open at once while one path is resolved.
    static constexpr std::size_t max_depth = 512;

    int root_;
    bool by_kernel_;
    bool slash_ = false;
    int links_ = 0;
    vec<int> stack_; // the directories passed, each beneath the one before
    vec<char> path_; // with the links that were followed at its end
    char name_[max_name + 1] = {};
};

} // namespace tessera
#endif
