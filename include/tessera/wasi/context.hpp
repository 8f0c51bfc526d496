// SPDX-License-Identifier: MIT
/// @file wasi/context.hpp
/// What a guest gets from its host under WASI.
#pragma once

#include <tessera/syntax/error.hpp>
#include <tessera/wasi/clocks.hpp>
#include <tessera/wasi/descriptors.hpp>
#include <tessera/wasi/random.hpp>
#include <tessera/wasi/streams.hpp>

#if TESSERA_BODIES
#include <tessera/wasi/clocks_host.hpp>
#include <tessera/wasi/random_host.hpp>
#include <tessera/wasi/streams_memory.hpp>
#include <tessera/wasi/streams_posix.hpp>
#include <tessera/wasi/streams_windows.hpp>
#endif

namespace tessera::inline TESSERA_ABI::wasi {

/// Numbers a guest is kept within; one that wants more gets the error that is named, and goes on.
struct limits {
    u32 descriptors = 1024;   ///< open at a time, the standard streams among them; `mfile`
    u32 subscriptions = 4096; ///< of one poll_oneoff; `inval`
    u32 threads = 0;          ///< running at a time beside the first; thread-spawn then fails, see process
};

/// Strings as args_get and environ_get give them: each ends with a NUL.
class string_list {
public:
    /// False: memory is out, nothing changed.
    [[nodiscard]] bool add(std::string_view text) noexcept { return add(text, {}, {}); }
    /// The three one after the other, as one string.
    [[nodiscard]] bool add(std::string_view a, std::string_view b, std::string_view c) noexcept {
        const std::size_t before = bytes_.size();
        if (bytes_.append(a.data(), a.size()) && bytes_.append(b.data(), b.size()) &&
            bytes_.append(c.data(), c.size()) && bytes_.push_back('\0') && starts_.push_back(before))
            return true;
        bytes_.truncate(before);
        return false;
    }
    /// All of them, one after the other.
    view<char> bytes() const noexcept { return bytes_; }
    /// Where in `bytes` each begins.
    view<std::size_t> starts() const noexcept { return starts_; }

private:
    vec<char> bytes_;
    vec<std::size_t> starts_;
};

/// What a context is, shared by all its copies and by the functions that preview1 defines.
struct context_data {
    std::atomic<u32> owners_{1};
    string_list arguments;
    string_list environment;
    descriptor_table descriptors;
    vec<vec<char>> names; ///< of preopened directories
    clock_owner clocks;
    random_owner random;
    wasi::limits limits;
    const message* failed = nullptr; ///< the first failure
};

/// What a guest gets: arguments, environment, streams, directories, clocks, random bytes, sockets. One context is one
/// process of the guest's: its table of file descriptors lives here. Copies share it, and so do the functions that
/// preview1 defines from it, so it may end before they do. It is filled before the guest runs, by one thread.
///
/// By default nothing is allowed. There are no arguments and no environment. Descriptors 0, 1 and 2 are null streams:
/// reading finds the end, what is written is swallowed. No directory, no socket. Clocks stand at 0 and move only when
/// the guest sleeps, which takes no time; random bytes are those of the seed 0. So a guest does the same in each run,
/// and learns nothing of the host.
///
/// Each member that sets something returns the context, for chains, and notes the first failure for `status()`;
/// preview1 fails with it.
class context {
public:
    /// One with the defaults.
    context() noexcept : data_(create<context_data>()) {
        if (!data_) return;
        standard_input(null_stream()).standard_output(null_stream()).standard_error(null_stream());
        clocks(fixed_clocks()).random(seeded_random(0));
    }

    /// Appends an argument; the first one is by custom the program's name. Fails with msg::out_of_range for text with
    /// a NUL in it, msg::out_of_memory.
    context& argument(std::string_view text) noexcept {
        if (!data_) return *this;
        if (text.find('\0') != std::string_view::npos) return fail(msg::out_of_range);
        return data_->arguments.add(text) ? *this : fail(msg::out_of_memory);
    }
    /// Appends a variable to the environment. Fails as `argument`, and with msg::out_of_range where the name is
    /// empty or has '=' in it.
    context& variable(std::string_view name, std::string_view value) noexcept {
        if (!data_) return *this;
        if (name.empty() || name.find('=') != std::string_view::npos || name.find('\0') != std::string_view::npos ||
            value.find('\0') != std::string_view::npos)
            return fail(msg::out_of_range);
        return data_->environment.add(name, "=", value) ? *this : fail(msg::out_of_memory);
    }

    /// Descriptors 0, 1 and 2, see streams.hpp. Their rights are those of streams: 0 is read, 1 and 2 are written.
    /// Fails with msg::out_of_memory, also for an empty `stream`.
    context& standard_input(node_owner stream) noexcept { return put_stream(0, std::move(stream), rights::fd_read); }
    context& standard_output(node_owner stream) noexcept { return put_stream(1, std::move(stream), rights::fd_write); }
    context& standard_error(node_owner stream) noexcept { return put_stream(2, std::move(stream), rights::fd_write); }
    /// All three are the host's own.
    context& inherit_streams() noexcept {
        return standard_input(host_stream(0)).standard_output(host_stream(1)).standard_error(host_stream(2));
    }

    /// What a directory may be used for, and what is in it: everything, or only what changes nothing.
    static constexpr rights directory_rights =
        rights::all - (rights::fd_read | rights::fd_write | rights::fd_seek | rights::fd_tell | rights::fd_allocate |
                       rights::fd_filestat_set_size | rights::sock_accept | rights::sock_shutdown);
    static constexpr rights read_only_rights = rights::fd_read | rights::fd_seek | rights::fd_tell | rights::fd_advise |
                                               rights::fd_readdir | rights::fd_filestat_get |
                                               rights::fd_fdstat_set_flags | rights::path_open | rights::path_readlink |
                                               rights::path_filestat_get | rights::poll_fd_readwrite;

    /// Gives the guest `directory`, of a file system, under the name `name`, such as "/" or "/data", with the next free
    /// descriptor, 3 for the first one. `base` is what the directory may be used for, `inheriting` what may be asked
    /// for of what is opened in it. Fails with msg::out_of_memory, also for an empty `directory`, and
    /// msg::out_of_range where it is none or the table is full.
    context& preopen(std::string_view name, node_owner directory, rights base = directory_rights,
                     rights inheriting = rights::all) noexcept {
        if (!data_) return *this;
        if (!directory) return fail(msg::out_of_memory);
        if (directory->type() != filetype::directory) return fail(msg::out_of_range);
        vec<char> copy;
        if (!copy.append(name.data(), name.size()) || !data_->names.push_back(std::move(copy)))
            return fail(msg::out_of_memory);
        const vec<char>& kept = data_->names.back();
        return add(
            {std::move(directory), base & rights::all, inheriting & rights::all, {kept.data(), kept.size()}, true});
    }
    /// The same without the rights to change anything.
    context& preopen_read_only(std::string_view name, node_owner directory) noexcept {
        return preopen(name, std::move(directory), directory_rights & read_only_rights, read_only_rights);
    }

    /// Gives the guest a listening socket, see host_listener, with the next free descriptor. Fails as `preopen`.
    context& listen(node_owner socket) noexcept {
        if (!data_) return *this;
        if (!socket) return fail(msg::out_of_memory);
        constexpr rights of_connection = rights::fd_read | rights::fd_write | rights::fd_fdstat_set_flags |
                                         rights::fd_filestat_get | rights::poll_fd_readwrite | rights::sock_shutdown;
        constexpr rights of_listener = rights::sock_accept | rights::fd_read | rights::fd_fdstat_set_flags |
                                       rights::fd_filestat_get | rights::poll_fd_readwrite;
        return add({std::move(socket), of_listener, of_connection, {}, false});
    }

    /// The guest's clocks, see clocks.hpp. Fails with msg::out_of_memory for an empty `source`.
    context& clocks(clock_owner source) noexcept {
        if (!data_) return *this;
        if (!source) return fail(msg::out_of_memory);
        return data_->clocks = std::move(source), *this;
    }
    /// The guest's random bytes, see random.hpp. Fails with msg::out_of_memory for an empty `source`.
    context& random(random_owner source) noexcept {
        if (!data_) return *this;
        if (!source) return fail(msg::out_of_memory);
        return data_->random = std::move(source), *this;
    }
    /// Numbers the guest is kept within.
    context& limit(const wasi::limits& to) noexcept {
        if (data_) data_->limits = to;
        return *this;
    }

    /// The first failure of a member.
    result<void> status() const noexcept {
        if (!data_) return msg::out_of_memory;
        return data_->failed ? result<void>(*data_->failed) : result<void>();
    }
    /// For the library and its tools.
    const owner<context_data>& data() const noexcept { return data_; }

private:
    context& fail(const message& why) noexcept {
        if (!data_->failed) data_->failed = &why;
        return *this;
    }
    context& put_stream(u32 number, node_owner stream, rights direction) noexcept {
        constexpr rights of_streams = rights::fd_datasync | rights::fd_fdstat_set_flags | rights::fd_sync |
                                      rights::fd_advise | rights::fd_filestat_get | rights::poll_fd_readwrite;
        if (!data_) return *this;
        // A file has a position, too. What has none is a terminal, or not, by its type.
        if (stream && stream->type() == filetype::regular_file)
            direction = direction | rights::fd_seek | rights::fd_tell;
        const bool put = stream && data_->descriptors.put(
                                       number, {std::move(stream), direction | of_streams, rights::none, {}, false});
        return put ? *this : fail(msg::out_of_memory);
    }
    context& add(descriptor d) noexcept {
        const auto number = data_->descriptors.add(std::move(d), data_->limits.descriptors);
        if (number) return *this;
        return fail(number.error() == error_number::mfile ? msg::out_of_range : msg::out_of_memory);
    }

    owner<context_data> data_;
};

} // namespace tessera
