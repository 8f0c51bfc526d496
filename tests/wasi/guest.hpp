// SPDX-License-Identifier: MIT
// A guest whose exports are the functions of preview 1, so that a test calls them with the arguments it likes.
#pragma once

#include "engine.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace wasi_guest {

using namespace tessera;
using wasi::error_number;

/// Each function with its parameters, i for i32 and l for i64.
inline constexpr std::pair<std::string_view, std::string_view> functions[] = {
    {"args_get", "ii"},
    {"args_sizes_get", "ii"},
    {"environ_get", "ii"},
    {"environ_sizes_get", "ii"},
    {"clock_res_get", "ii"},
    {"clock_time_get", "ili"},
    {"fd_advise", "illi"},
    {"fd_allocate", "ill"},
    {"fd_close", "i"},
    {"fd_datasync", "i"},
    {"fd_fdstat_get", "ii"},
    {"fd_fdstat_set_flags", "ii"},
    {"fd_fdstat_set_rights", "ill"},
    {"fd_filestat_get", "ii"},
    {"fd_filestat_set_size", "il"},
    {"fd_filestat_set_times", "illi"},
    {"fd_pread", "iiili"},
    {"fd_prestat_get", "ii"},
    {"fd_prestat_dir_name", "iii"},
    {"fd_pwrite", "iiili"},
    {"fd_read", "iiii"},
    {"fd_readdir", "iiili"},
    {"fd_renumber", "ii"},
    {"fd_seek", "ilii"},
    {"fd_sync", "i"},
    {"fd_tell", "ii"},
    {"fd_write", "iiii"},
    {"path_create_directory", "iii"},
    {"path_filestat_get", "iiiii"},
    {"path_filestat_set_times", "iiiilli"},
    {"path_link", "iiiiiii"},
    {"path_open", "iiiiillii"},
    {"path_readlink", "iiiiii"},
    {"path_remove_directory", "iii"},
    {"path_rename", "iiiiii"},
    {"path_symlink", "iiiii"},
    {"path_unlink_file", "iii"},
    {"poll_oneoff", "iiii"},
    {"proc_raise", "i"},
    {"sched_yield", ""},
    {"random_get", "ii"},
    {"sock_accept", "iii"},
    {"sock_recv", "iiiiii"},
    {"sock_send", "iiiii"},
    {"sock_shutdown", "ii"},
};

/// The module: each function of preview 1 under its name, a memory of two pages, proc_exit, and what `more` says.
inline std::string text(std::string_view more = "") {
    std::string imported = "(module ", exported;
    for (const auto& [name, params] : functions) {
        const std::string f(name);
        std::string types, gets;
        for (std::size_t i = 0; i < params.size(); ++i) {
            types += params[i] == 'l' ? " i64" : " i32";
            gets += " (local.get " + std::to_string(i) + ")";
        }
        const std::string type = " (param" + types + ") (result i32)";
        imported += "(import \"wasi_snapshot_preview1\" \"" + f + "\" (func $" + f + type + "))\n";
        exported += "(func (export \"" + f + "\")" + type + " (call $" + f + gets + "))\n";
    }
    imported += "(import \"wasi_snapshot_preview1\" \"proc_exit\" (func $proc_exit (param i32)))\n";
    exported += "(func (export \"proc_exit\") (param i32) (call $proc_exit (local.get 0)))\n";
    return imported + "(memory (export \"memory\") 2)\n" + exported + std::string(more) + ")";
}

inline const module& compiled() {
    static const module m = [] {
        auto made = module::parse_text<wasi_profile>(text());
        return made ? *made : module();
    }();
    return m;
}

class guest {
public:
    explicit guest(const wasi::context& from, const module& m = compiled()) : process(from) {
        if (auto made = process.instantiate(m)) in = *made;
        if (auto found = in.get<memory>("memory")) mem = *found;
    }

    /// Calls a function; the errno, or nothing where the call failed, and `why` says how.
    template <class... A>
    std::optional<error_number> operator()(std::string_view name, A... arguments) {
        auto f = in.get<func>(name);
        if (!f) return why = f.error(), std::nullopt;
        const auto types = f->type().params;
        const u64 raw[] = {u64(arguments)..., 0};
        if (types.size() != sizeof...(A)) return why = error(msg::wrong_type), std::nullopt;
        value args[10];
        for (std::size_t i = 0; i < types.size(); ++i)
            args[i] = types[i] == t_i64 ? value::i64(raw[i]) : value::i32(u32(raw[i]));
        value out[1];
        const auto r = f->call({args, types.size()}, {out, f->type().results.size()});
        if (!r) return why = r.error(), std::nullopt;
        return error_number(u16(out[0].bits));
    }
    template <class T>
    T get(u64 at) const {
        return mem.load<T>(at).value_or(T());
    }
    template <class T>
    void put(u64 at, std::type_identity_t<T> v) {
        static_cast<void>(mem.store<T>(at, v));
    }
    /// Writes text; how long it is.
    u32 put(u64 at, std::string_view t) {
        static_cast<void>(mem.write(at, t));
        return u32(t.size());
    }
    std::string text_at(u64 at, u64 n) const {
        auto t = mem.text(at, n);
        return t ? std::string(*t) : std::string();
    }
    /// Writes one iovec to `at`.
    void iovec(u64 at, u32 from, u32 size) {
        put<u32>(at, from);
        put<u32>(at + 4, size);
    }
    /// fd_write of `t` by way of address 1024; the count, or -1 and `last` is the errno.
    i64 write(u32 number, std::string_view t) {
        iovec(16, 1024, put(1024, t));
        return done((*this)("fd_write", number, 16, 1, 8));
    }
    /// fd_read of up to `n` bytes.
    std::string read(u32 number, u32 n) {
        iovec(16, 1024, n);
        const i64 got = done((*this)("fd_read", number, 16, 1, 8));
        return got < 0 ? std::string() : text_at(1024, u64(got));
    }
    /// path_open; the descriptor, or -1 and `last` is the errno.
    i64 open(u32 directory, std::string_view path, wasi::oflags how, wasi::rights base,
             wasi::rights inheriting = wasi::rights::none, wasi::fdflags flags = wasi::fdflags::none) {
        return done((*this)("path_open", directory, 1, 1024, put(1024, path), u32(how), u64(base), u64(inheriting),
                            u32(flags), 8));
    }

    wasi::process<wasi_profile> process;
    instance in;
    memory mem;
    error why{msg::out_of_memory};
    error_number last = error_number::success;

private:
    i64 done(std::optional<error_number> e) {
        last = e.value_or(error_number::canceled);
        return last == error_number::success ? i64(get<u32>(8)) : -1;
    }
};

} // namespace wasi_guest
