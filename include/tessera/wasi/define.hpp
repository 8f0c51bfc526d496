// SPDX-License-Identifier: MIT
/// @file wasi/define.hpp
/// The table of preview 1: names and what they do.
#pragma once

#include <tessera/wasi/args_environ.hpp>
#include <tessera/wasi/fd_functions.hpp>
#include <tessera/wasi/fd_io.hpp>
#include <tessera/wasi/path_functions.hpp>
#include <tessera/wasi/poll.hpp>
#include <tessera/wasi/preview1.hpp>
#include <tessera/wasi/process_functions.hpp>
#include <tessera/wasi/sockets.hpp>

namespace tessera::inline TESSERA_ABI::wasi {
namespace body {

/// Defines functions of one module and context.
class definer {
public:
    definer(imports& to, const owner<context_data>& guest) noexcept : to_(to), guest_(guest) {}

    template <class... A>
    void operator()(std::string_view name, error_number (*f)(call&, A...) noexcept) noexcept {
        to_.define(module_name, name, [guest = guest_, f](tessera::caller& who, A... args) -> result<u32> {
            call c(*guest, who);
            const error_number e = f(c, args...);
            if (TESSERA_UNLIKELY(c.ends())) return c.failure();
            return u32(e);
        });
    }
    /// The one without a result.
    void exit(error_number (*f)(call&, u32) noexcept) noexcept {
        to_.define(module_name, "proc_exit", [guest = guest_, f](tessera::caller& who, u32 code) -> result<void> {
            call c(*guest, who);
            f(c, code);
            return c.failure();
        });
    }

private:
    static constexpr std::string_view module_name = "wasi_snapshot_preview1";
    imports& to_;
    const owner<context_data>& guest_;
};

} // namespace body
} // namespace tessera

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::wasi {

TESSERA_API result<void> preview1(imports& to, const context& from) noexcept {
    if (auto ok = from.status(); !ok) return ok;
    body::definer define(to, from.data());
    define("args_get", body::args_get);
    define("args_sizes_get", body::args_sizes_get);
    define("environ_get", body::environ_get);
    define("environ_sizes_get", body::environ_sizes_get);
    define("clock_res_get", body::clock_res_get);
    define("clock_time_get", body::clock_time_get);
    define("fd_advise", body::fd_advise);
    define("fd_allocate", body::fd_allocate);
    define("fd_close", body::fd_close);
    define("fd_datasync", body::fd_datasync);
    define("fd_fdstat_get", body::fd_fdstat_get);
    define("fd_fdstat_set_flags", body::fd_fdstat_set_flags);
    define("fd_fdstat_set_rights", body::fd_fdstat_set_rights);
    define("fd_filestat_get", body::fd_filestat_get);
    define("fd_filestat_set_size", body::fd_filestat_set_size);
    define("fd_filestat_set_times", body::fd_filestat_set_times);
    define("fd_pread", body::fd_pread);
    define("fd_prestat_get", body::fd_prestat_get);
    define("fd_prestat_dir_name", body::fd_prestat_dir_name);
    define("fd_pwrite", body::fd_pwrite);
    define("fd_read", body::fd_read);
    define("fd_readdir", body::fd_readdir);
    define("fd_renumber", body::fd_renumber);
    define("fd_seek", body::fd_seek);
    define("fd_sync", body::fd_sync);
    define("fd_tell", body::fd_tell);
    define("fd_write", body::fd_write);
    define("path_create_directory", body::path_create_directory);
    define("path_filestat_get", body::path_filestat_get);
    define("path_filestat_set_times", body::path_filestat_set_times);
    define("path_link", body::path_link);
    define("path_open", body::path_open);
    define("path_readlink", body::path_readlink);
    define("path_remove_directory", body::path_remove_directory);
    define("path_rename", body::path_rename);
    define("path_symlink", body::path_symlink);
    define("path_unlink_file", body::path_unlink_file);
    define("poll_oneoff", body::poll_oneoff);
    define.exit(body::proc_exit);
    define("proc_raise", body::proc_raise);
    define("sched_yield", body::sched_yield);
    define("random_get", body::random_get);
    define("sock_accept", body::sock_accept);
    define("sock_recv", body::sock_recv);
    define("sock_send", body::sock_send);
    define("sock_shutdown", body::sock_shutdown);
    return to.status();
}

} // namespace tessera
TESSERA_SMALL_END
