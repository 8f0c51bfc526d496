// SPDX-License-Identifier: MIT
/// @file wasi/path.hpp
/// What all file systems do alike with a guest's paths, flags and times.
#pragma once

#include <tessera/wasi/filesystem.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

inline constexpr std::size_t max_path = 4095; ///< bytes of a path
inline constexpr std::size_t max_name = 255;  ///< bytes of one part of it
inline constexpr int max_links = 40;          ///< symbolic links that one path may lead through

/// What is wrong with `path` whatever the file system holds; `success` if nothing is.
inline error_number check_path(std::string_view path) noexcept {
    if (path.empty()) return error_number::noent;
    if (path.size() > max_path) return error_number::nametoolong;
    if (std::memchr(path.data(), 0, path.size())) return error_number::inval;
    return path[0] == '/' ? error_number::perm : error_number::success;
}
/// What is wrong with these options of `open_at` whatever is opened; `success` if nothing is.
inline error_number check_options(const open_options& how) noexcept {
    if (has(how.oflags, oflags::directory) &&
        (how.oflags & (oflags::creat | oflags::excl | oflags::trunc)) != oflags::none)
        return error_number::inval;
    return error_number::success;
}
/// `inval` where a time is to be set to two values.
inline error_number check_times(fstflags which) noexcept {
    if (has(which, fstflags::atim | fstflags::atim_now) || has(which, fstflags::mtim | fstflags::mtim_now))
        return error_number::inval;
    return error_number::success;
}

/// The first part of a path, and what is behind it.
struct path_step {
    std::string_view name;
    std::string_view rest; ///< without slashes before it; empty where `name` is the last part
    bool slash = false;    ///< slashes follow `name`
};
/// Takes the first part off `path`, which does not start with a slash and is not empty.
inline path_step first_step(std::string_view path) noexcept {
    std::size_t end = 0;
    while (end < path.size() && path[end] != '/') ++end;
    std::size_t next = end;
    while (next < path.size() && path[next] == '/') ++next;
    return {path.substr(0, end), path.substr(next), next != end};
}

} // namespace tessera
