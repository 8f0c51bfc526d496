// SPDX-License-Identifier: MIT
/// @file wasi/windows_walk.hpp
/// From a guest's path to a directory of Windows and a name in it, never leaving the directory it started from.
#pragma once

#if defined(_WIN32)

#include <tessera/util/utf8.hpp>
#include <tessera/wasi/windows_system.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

/// Goes down part by part, each opened relative to the one before, and up only to directories that were passed on the
/// way and are still open. What refers to another place, a symbolic link or a junction, is never followed: `perm`.
class windows_walk {
public:
    explicit windows_walk(windows::handle root) noexcept : root_(root) {}

    /// Goes where `path` leads. Fails as filesystem.hpp says of paths.
    error_number go(std::string_view path) noexcept {
        if (const auto wrong = check_path(path); wrong != error_number::success) return wrong;
        if (!is_utf8(path)) return error_number::ilseq;
        for (;;) {
            const path_step step = first_step(path);
            const bool last = step.rest.empty();
            path = step.rest;
            slash_ = step.slash;
            if (step.name == "." || step.name == "..") {
                if (step.name == "..") {
                    if (stack_.empty()) return error_number::perm;
                    stack_.pop_back();
                }
                if (!last) continue;
                name_.size = 0; // the directory itself
                return error_number::success;
            }
            if (step.name.size() > max_name) return error_number::nametoolong;
            if (const auto wrong = windows::name_of(step.name, name_); wrong != error_number::success) return wrong;
            if (last) return error_number::success;
            windows::owned next;
            const auto s = windows::open(directory(), name_, windows::traverse | windows::read_attributes,
                                         windows::must_exist, windows::directory_only, next);
            if (s < 0) return windows::error_of(s);
            windows::tag tag{};
            if (const auto wrong = windows::query(next.get(), windows::tag_information, tag); wrong < 0)
                return windows::error_of(wrong);
            if (tag.attributes & windows::is_link) return error_number::perm;
            if (stack_.size() == 512) return error_number::nametoolong;
            if (!stack_.push_back(std::move(next))) return error_number::nomem;
        }
    }
    windows::handle directory() const noexcept { return stack_.empty() ? root_ : stack_.back().get(); }
    const windows::name& name() const noexcept { return name_; }
    /// Whether the path ends with "." or ".." and so has no name.
    bool dot() const noexcept { return name_.size == 0; }
    bool slash() const noexcept { return slash_; }

private:
    windows::handle root_;
    bool slash_ = false;
    vec<windows::owned> stack_;
    windows::name name_;
};

} // namespace tessera
#endif
