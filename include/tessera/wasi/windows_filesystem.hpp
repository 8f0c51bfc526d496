// SPDX-License-Identifier: MIT
/// @file wasi/windows_filesystem.hpp
/// Directories of the host for guests, on Windows.
#pragma once

#if defined(_WIN32)

#include <tessera/wasi/host_options.hpp>
#include <tessera/wasi/windows_directory.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

/// Opens a directory of the host to be given to guests: they reach what is beneath it and nothing else. `path` is
/// UTF-8, as Win32 takes it. Names that Windows has other uses for, with a colon or a backslash in them for example,
/// are refused. Symbolic links and junctions beneath it are not followed: a path through one fails with `perm`, and one
/// that ends with one does where it should be followed. They are listed, renamed and removed, but making or reading one
/// fails with `notsup`: most users may make none, and what they contain is a path of Windows. Fails with noent, notdir,
/// acces, ilseq, nametoolong.
inline outcome<node_owner> open_host_directory(const char* path, const host_options& = {}) noexcept {
    if (!windows::calls::of_system().complete()) return error_number::nosys;
    const std::string_view text(path);
    if (!is_utf8(text)) return error_number::ilseq;
    if (text.empty()) return error_number::noent;
    windows::unit wide[4096];
    std::size_t n = 0;
    if (!windows::to_utf16(text, wide, n)) return error_number::nametoolong;
    constexpr windows::dword open_existing = 3, backup_semantics = 0x0200'0000;
    windows::handle const h =
        windows::CreateFileW(wide, windows::generic_read | windows::traverse | windows::synchronize, windows::share_all,
                             nullptr, open_existing, backup_semantics, nullptr);
    if (h == reinterpret_cast<windows::handle>(std::intptr_t(-1))) {
        const auto why = windows::GetLastError();
        return why == 2 || why == 3 || why == 123 ? error_number::noent
               : why == 5                         ? error_number::acces
               : why == 267                       ? error_number::notdir
                                                  : error_number::io;
    }
    windows::owned mine(h);
    windows::tag tag{};
    if (const auto wrong = windows::query(h, windows::tag_information, tag); wrong < 0) return windows::error_of(wrong);
    if (!(tag.attributes & windows::is_directory)) return error_number::notdir;
    auto made = make_node<windows_directory>(std::move(mine));
    if (!made) return error_number::nomem;
    return made;
}

} // namespace tessera
#endif
