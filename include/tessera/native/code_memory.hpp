// SPDX-License-Identifier: MIT
/// @file code_memory.hpp
/// Memory for machine code: bounded, never writable and executable at once, freed with its owner.
#pragma once

#include <tessera/util/integers.hpp>
#if defined(_WIN32)
#include <tessera/native/prim/windows.hpp>
#elif defined(__unix__) || defined(__APPLE__)
#include <tessera/native/prim/posix.hpp>
#else
#include <tessera/native/prim/none.hpp>
#endif

namespace tessera::inline TESSERA_ABI::native {

/// How it stands with the memory for code.
enum class code_status : u8 {
    ready,
    refused, ///< the system gave no such memory, or does not let it be executed
    full,    ///< the limit is reached
};

/// Code of one owner. While code is added nothing of it is executed, so whoever executes it also adds to it.
class code_memory {
public:
    /// At most `most` bytes.
    explicit code_memory(u64 most) noexcept : reserved_((most + page - 1) / page * page) {}
    code_memory(const code_memory&) = delete;
    code_memory& operator=(const code_memory&) = delete;
    ~code_memory() {
        if (base_) prim::release_code(base_, std::size_t(reserved_));
    }

    /// Copies `size` bytes of code to where they can be executed. Null: `status` says why not. A system refuses the
    /// first code or none; what was added before stays as it is.
    const u8* add(const u8* code, u64 size) noexcept {
        if (status_ == code_status::refused) return nullptr;
        const u64 at = (used_ + alignment - 1) / alignment * alignment;
        if (at > reserved_ || size > reserved_ - at) return status_ = code_status::full, nullptr;
        if (!base_) base_ = static_cast<u8*>(prim::reserve_code(std::size_t(reserved_)));
        if (!base_) return status_ = code_status::refused, nullptr;
        const u64 first = at / page * page, last = (at + size + page - 1) / page * page;
        if (!prim::let_write(base_ + first, std::size_t(last - first))) return status_ = code_status::refused, nullptr;
        std::memcpy(base_ + at, code, std::size_t(size));
        if (!prim::let_execute(base_ + first, std::size_t(last - first)))
            return status_ = code_status::refused, nullptr;
        used_ = at + size;
        return base_ + at;
    }
    code_status status() const noexcept { return status_; }
    /// Where all of it lies. Null while nothing was added.
    const u8* begin() const noexcept { return base_; }
    u64 reserved() const noexcept { return reserved_; }
    /// Bytes in use.
    u64 used() const noexcept { return used_; }

private:
    static constexpr u64 page = 16 * 1024; ///< a multiple of the system's
    static constexpr u64 alignment = 16;
    const u64 reserved_;
    u8* base_ = nullptr;
    u64 used_ = 0;
    code_status status_ = code_status::ready;
};

} // namespace tessera::native
