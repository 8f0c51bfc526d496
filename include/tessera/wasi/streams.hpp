// SPDX-License-Identifier: MIT
/// @file wasi/streams.hpp
/// What a guest's standard input, output and errors can be, and sockets it may accept on.
#pragma once

#include <tessera/util/mutex.hpp>
#include <tessera/wasi/filesystem.hpp>

#include <span>

namespace tessera::inline TESSERA_ABI::wasi {

/// A file descriptor of the host's that is read and written in its order: a terminal, pipe, file or connected socket;
/// on Windows one of the C runtime. It stays the host's to close, after the guest's end. Bytes go between it and the
/// guest's memory without a copy. Empty when memory is out.
TESSERA_API node_owner host_stream(int descriptor) noexcept;

/// A listening socket of the host's, for sock_accept; what is accepted is the guest's to close. It stays the host's to
/// close, and is made non-blocking. On Windows there is none, and sock_accept fails with `notsup`. Empty when memory is
/// out.
TESSERA_API node_owner host_listener(int descriptor) noexcept;

/// Reads nothing and swallows what is written. Empty when memory is out.
TESSERA_API node_owner null_stream() noexcept;

/// Reads a copy of `text`, then its end. Empty when memory is out.
TESSERA_API node_owner text_input(std::string_view text) noexcept;

/// Appends what is written to `to`, which has to outlive the guest, and which nobody else may look at while a thread of
/// the guest runs. Writing fails with `nospc` once there are `most` bytes, or memory is out. Empty when memory is out.
TESSERA_API node_owner buffer_output(vec<char>& to, std::size_t most = std::size_t(-1)) noexcept;

/// What callbacks have in common: one is called by one thread of the guest at a time.
class callback_stream : public node {
public:
    filetype type() const noexcept override { return filetype::unknown; } // as a pipe; the known ones are terminals

protected:
    mutex turn_;
};

/// Reads what `f(std::span<char>) -> std::size_t` puts into its argument; 0 is the end. It must not throw, and not
/// wait: the guest cannot be interrupted meanwhile. Empty when memory is out.
template <class F>
node_owner input_from(F f) noexcept {
    class input final : public callback_stream {
    public:
        explicit input(F&& from) noexcept : f_(std::move(from)) {}
        outcome<std::size_t> read(view<buffer> to) noexcept override {
            const locked hold(turn_);
            for (const buffer& b : to) {
                if (b.size == 0) continue;
                const std::size_t n = f_(std::span<char>(reinterpret_cast<char*>(b.data), b.size));
                return n < b.size ? n : b.size;
            }
            return std::size_t{0};
        }

    private:
        F f_;
    };
    return make_node<input>(std::move(f));
}

/// Hands what is written to `f(std::string_view)`, which must not throw. Empty when memory is out.
template <class F>
node_owner output_to(F f) noexcept {
    class output final : public callback_stream {
    public:
        explicit output(F&& from) noexcept : f_(std::move(from)) {}
        outcome<std::size_t> write(view<const_buffer> from) noexcept override {
            const locked hold(turn_);
            std::size_t n = 0;
            for (const const_buffer& b : from) {
                if (b.size) f_(std::string_view(reinterpret_cast<const char*>(b.data), b.size));
                n += b.size;
            }
            return n;
        }

    private:
        F f_;
    };
    return make_node<output>(std::move(f));
}

} // namespace tessera
