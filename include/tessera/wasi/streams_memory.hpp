// SPDX-License-Identifier: MIT
/// @file wasi/streams_memory.hpp
/// Streams that touch nothing of the host's: none, text, a buffer.
#pragma once

#include <tessera/wasi/streams.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

class null_node final : public node {
public:
    filetype type() const noexcept override { return filetype::unknown; }
    outcome<std::size_t> read(view<buffer>) noexcept override { return std::size_t{0}; }
    outcome<std::size_t> write(view<const_buffer> from) noexcept override {
        std::size_t n = 0;
        for (const const_buffer& b : from) n += b.size;
        return n;
    }
};

class text_node final : public node {
public:
    [[nodiscard]] bool assign(std::string_view text) noexcept { return text_.append(text.data(), text.size()); }
    filetype type() const noexcept override { return filetype::unknown; }
    outcome<std::size_t> read(view<buffer> to) noexcept override {
        const locked hold(turn_);
        std::size_t moved = 0;
        for (const buffer& b : to) {
            const std::size_t left = text_.size() - at_, n = b.size < left ? b.size : left;
            if (n) std::memcpy(b.data, text_.data() + at_, n);
            at_ += n;
            moved += n;
        }
        return moved;
    }
    outcome<readiness> poll(eventtype what) noexcept override {
        const locked hold(turn_);
        return readiness{true, false, what == eventtype::fd_read ? text_.size() - at_ : 0};
    }

private:
    mutex turn_;
    vec<char> text_;
    std::size_t at_ = 0;
};

class buffer_node final : public node {
public:
    buffer_node(vec<char>& to, std::size_t most) noexcept : to_(to), most_(most) {}
    filetype type() const noexcept override { return filetype::unknown; }
    outcome<std::size_t> write(view<const_buffer> from) noexcept override {
        const locked hold(turn_);
        std::size_t moved = 0;
        for (const const_buffer& b : from) {
            const std::size_t room = most_ > to_.size() ? most_ - to_.size() : 0, n = b.size < room ? b.size : room;
            if (n && !to_.append(reinterpret_cast<const char*>(b.data), n)) break;
            moved += n;
            if (n < b.size) break;
        }
        bool any = false;
        for (const const_buffer& b : from) any |= b.size != 0;
        if (any && moved == 0) return error_number::nospc;
        return moved;
    }

private:
    mutex turn_;
    vec<char>& to_;
    std::size_t most_;
};

TESSERA_API node_owner null_stream() noexcept { return make_node<null_node>(); }
TESSERA_API node_owner text_input(std::string_view text) noexcept {
    text_node* const made = create<text_node>();
    node_owner owned(made);
    return made && made->assign(text) ? std::move(owned) : node_owner();
}
TESSERA_API node_owner buffer_output(vec<char>& to, std::size_t most) noexcept {
    return make_node<buffer_node>(to, most);
}

} // namespace tessera
