// SPDX-License-Identifier: MIT
/// @file arena.hpp
/// Memory for many small strings that live equally long and must not move.
#pragma once

#include <tessera/util/vec.hpp>

#include <string_view>

namespace tessera::inline TESSERA_ABI {

/// Hands out bytes whose address stays the same until the arena ends. Nothing is given back singly.
class arena {
public:
    arena() noexcept = default;
    arena(arena&& other) noexcept
        : blocks_(std::move(other.blocks_)), at_(std::exchange(other.at_, nullptr)),
          left_(std::exchange(other.left_, 0)) {}
    arena& operator=(arena&& other) noexcept {
        if (this != &other) {
            release();
            blocks_ = std::move(other.blocks_);
            at_ = std::exchange(other.at_, nullptr);
            left_ = std::exchange(other.left_, 0);
        }
        return *this;
    }
    ~arena() { release(); }

    /// `n` bytes, not aligned; null when memory is out.
    [[nodiscard]] char* take(std::size_t n) noexcept {
        if (n > left_) {
            const std::size_t size = n > block_size ? n : block_size;
            char* fresh = static_cast<char*>(TESSERA_ALLOCATE(size));
            if (!fresh) return nullptr;
            if (!blocks_.push_back(fresh)) {
                TESSERA_DEALLOCATE(fresh);
                return nullptr;
            }
            at_ = fresh;
            left_ = size;
        }
        char* out = at_;
        at_ += n;
        left_ -= n;
        return out;
    }
    /// A copy of `text` in `out`. False: memory is out.
    [[nodiscard]] bool copy(std::string_view text, std::string_view& out) noexcept {
        if (text.empty()) return out = {}, true;
        char* to = take(text.size());
        if (!to) return false;
        std::memcpy(to, text.data(), text.size());
        out = {to, text.size()};
        return true;
    }

private:
    static constexpr std::size_t block_size = 4096;
    void release() noexcept {
        for (char* block : blocks_) TESSERA_DEALLOCATE(block);
        blocks_.clear();
    }
    vec<char*> blocks_;
    char* at_ = nullptr;
    std::size_t left_ = 0;
};

} // namespace tessera
