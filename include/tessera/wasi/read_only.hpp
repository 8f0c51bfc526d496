// SPDX-License-Identifier: MIT
/// @file wasi/read_only.hpp
/// A view of a file system through which nothing can be changed.
#pragma once

#include <tessera/wasi/path.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

namespace detail {

/// A file that is open for reading, with attributes that stay.
class read_only_file final : public node {
public:
    explicit read_only_file(node_owner base) noexcept : base_(std::move(base)) {}

    filetype type() const noexcept override { return base_->type(); }
    outcome<filestat> stat() noexcept override { return base_->stat(); }
    fdflags flags() noexcept override { return base_->flags(); }
    error_number set_flags(fdflags flags) noexcept override { return base_->set_flags(flags); }
    error_number set_times(timestamp, timestamp, fstflags which) noexcept override {
        const auto wrong = check_times(which);
        return wrong != error_number::success ? wrong : error_number::rofs;
    }
    error_number sync() noexcept override { return base_->sync(); }
    error_number datasync() noexcept override { return base_->datasync(); }
    outcome<readiness> poll(eventtype what) noexcept override { return base_->poll(what); }
    native native_handle() const noexcept override { return base_->native_handle(); }
    outcome<std::size_t> read(view<buffer> to) noexcept override { return base_->read(to); }
    outcome<std::size_t> write(view<const_buffer>) noexcept override { return error_number::badf; }
    outcome<std::size_t> pread(view<buffer> to, filesize offset) noexcept override { return base_->pread(to, offset); }
    outcome<std::size_t> pwrite(view<const_buffer>, filesize) noexcept override { return error_number::badf; }
    outcome<filesize> seek(filedelta by, whence from) noexcept override { return base_->seek(by, from); }
    error_number set_size(filesize) noexcept override { return error_number::badf; }
    error_number allocate(filesize, filesize) noexcept override { return error_number::badf; }
    error_number advise(filesize offset, filesize length, advice how) noexcept override {
        return base_->advise(offset, length, how);
    }

private:
    node_owner base_;
};

class read_only_directory final : public node {
public:
    explicit read_only_directory(node_owner base) noexcept : base_(std::move(base)) {}

    filetype type() const noexcept override { return filetype::directory; }
    outcome<filestat> stat() noexcept override { return base_->stat(); }
    error_number set_times(timestamp, timestamp, fstflags which) noexcept override {
        const auto wrong = check_times(which);
        return wrong != error_number::success ? wrong : error_number::rofs;
    }
    error_number readdir(dircookie from, entry_taker& to) noexcept override { return base_->readdir(from, to); }
    outcome<node_owner> open_at(std::string_view path, const open_options& how) noexcept override {
        if (const auto wrong = check_options(how); wrong != error_number::success) return wrong;
        const bool creat = has(how.oflags, oflags::creat), trunc = has(how.oflags, oflags::trunc);
        const bool excl = creat && has(how.oflags, oflags::excl);
        open_options softly = how;
        softly.oflags = how.oflags & oflags::directory;
        softly.write = false;
        softly.fdflags = how.fdflags & fdflags::nonblock;
        if (excl) softly.lookup = lookupflags::none;
        auto opened = base_->open_at(path, softly);
        if (!opened) {
            const auto why = opened.error();
            if (excl && why == error_number::loop && base_->stat_at(path, lookupflags::none))
                return error_number::exist;
            return creat && why == error_number::noent ? refusal(path) : why;
        }
        if (excl) return error_number::exist;
        if ((*opened)->type() == filetype::directory) {
            if (creat || trunc || (how.write && !has(how.oflags, oflags::directory))) return error_number::isdir;
            return wrap<read_only_directory>(std::move(*opened));
        }
        if (trunc || how.write) return error_number::rofs;
        return wrap<read_only_file>(std::move(*opened));
    }
    outcome<filestat> stat_at(std::string_view path, lookupflags lookup) noexcept override {
        return base_->stat_at(path, lookup);
    }
    error_number set_times_at(std::string_view path, lookupflags lookup, timestamp, timestamp,
                              fstflags which) noexcept override {
        if (const auto wrong = check_times(which); wrong != error_number::success) return wrong;
        const auto s = base_->stat_at(path, lookup);
        return s ? error_number::rofs : s.error();
    }
    error_number create_directory_at(std::string_view path) noexcept override { return refusal(path); }
    error_number remove_directory_at(std::string_view path) noexcept override { return refusal(path); }
    error_number unlink_file_at(std::string_view path) noexcept override { return refusal(path); }
    error_number rename_at(std::string_view old_path, node& to, std::string_view) noexcept override {
        return between(old_path, to);
    }
    error_number link_at(lookupflags lookup, std::string_view old_path, node& to, std::string_view) noexcept override {
        return lookup != lookupflags::none ? error_number::inval : between(old_path, to);
    }
    error_number symlink_at(std::string_view, std::string_view path) noexcept override { return refusal(path); }
    outcome<std::size_t> readlink_at(std::string_view path, buffer to) noexcept override {
        return base_->readlink_at(path, to);
    }
    const void* filesystem() const noexcept override { return &mark; }

private:
    static constexpr char mark = 0;

    template <class N>
    static outcome<node_owner> wrap(node_owner&& base) noexcept {
        auto made = make_node<N>(std::move(base));
        if (!made) return error_number::nomem;
        return made;
    }
    /// What is wrong with the path, and if nothing is, that nothing may be changed there.
    error_number refusal(std::string_view path) const noexcept {
        const auto s = base_->stat_at(path, lookupflags::none);
        return s || s.error() == error_number::noent ? error_number::rofs : s.error();
    }
    error_number between(std::string_view old_path, node& to) const noexcept {
        if (to.type() != filetype::directory) return error_number::notdir;
        return to.filesystem() != &mark ? error_number::xdev : refusal(old_path);
    }

    node_owner base_;
};

} // namespace detail

/// A directory with all that is beneath `base`, a directory of any file system, in which whatever would change
/// something fails with `rofs`. What others change in `base` is seen. Empty where memory is out
/// or `base` is empty.
inline node_owner read_only(node_owner base) noexcept {
    if (!base) return base;
    return make_node<detail::read_only_directory>(std::move(base));
}

} // namespace tessera
