// SPDX-License-Identifier: MIT
/// @file code_buffer.hpp
/// Machine code while it is put together: bytes, places in them, branches to places that may come later.
#pragma once

#include <tessera/native/stubs.hpp>
#include <tessera/syntax/types.hpp>
#include <tessera/util/vec.hpp>

namespace tessera::inline TESSERA_ABI::native {

/// Where a value is. A constant is as in a slot.
struct place {
    enum class kind : u8 { none, reg, slot, imm };
    kind what = kind::none;
    u64 value = 0; ///< number of the register or slot; the constant

    static constexpr place reg(u64 n) noexcept { return {kind::reg, n}; }
    static constexpr place reg(gp r) noexcept { return {kind::reg, u64(r)}; }
    static constexpr place slot(u64 n) noexcept { return {kind::slot, n}; }
    static constexpr place imm(u64 v) noexcept { return {kind::imm, v}; }
    constexpr bool is_reg() const noexcept { return what == kind::reg; }
    constexpr bool is_slot() const noexcept { return what == kind::slot; }
    constexpr bool is_imm() const noexcept { return what == kind::imm; }
    friend constexpr bool operator==(place, place) noexcept = default;
};

class code_buffer {
public:
    void clear() noexcept {
        size_ = 0;
        labels_.clear();
        branches_.clear();
        failed_ = false;
    }
    u32 position() const noexcept { return size_; }
    const u8* data() const noexcept { return bytes_.data(); }
    /// True if memory was out at some point; the code is then of no use.
    bool failed() const noexcept { return failed_; }

    u32 new_label() noexcept {
        if (!labels_.push_back(no_index)) failed_ = true;
        return u32(labels_.size()) - 1;
    }
    void bind(u32 label) noexcept {
        if (label < labels_.size()) labels_[label] = position();
    }
    u32 position_of(u32 label) const noexcept { return labels_[label]; }

    /// Appends `s` with `values`; its branches go to `label`.
    void put(const stub& s, const fillings& values, u32 label = no_index) noexcept {
        const u32 at = position();
        u8* const to = room(stub::most_bytes);
        if (!to) return;
        size_ += copy_stub(to, s, values);
        if (label == no_index) return;
        for (unsigned i = 0; i < s.hole_count; ++i)
            if (s.holes[i].what == fill::branch) branch(at + s.holes[i].at, at + s.holes[i].at + 4u, label);
    }
    /// Appends 32 bits: the distance from `base` to `label`.
    void put_distance(u32 base, u32 label) noexcept {
        const u32 at = position();
        if (!room(4)) return;
        size_ += 4;
        branch(at, base, label);
    }
    /// Fills in all branches. All labels that are used are bound.
    void resolve() noexcept {
        if (failed_) return;
        for (const open_branch& b : branches_)
            detail::put_bytes(bytes_.data() + b.at, u64(i64(labels_[b.label]) - i64(b.base)), 4);
        branches_.clear();
    }

protected:
    bool failed_ = false;

private:
    struct open_branch {
        u32 at = 0;   ///< of the distance
        u32 base = 0; ///< from where it counts
        u32 label = 0;
    };
    void branch(u32 at, u32 base, u32 label) noexcept {
        if (!branches_.push_back({at, base, label})) failed_ = true;
    }
    /// For `n` more bytes, at the end. Null: memory is out.
    u8* room(u32 n) noexcept {
        if (size_ + n > bytes_.size() && !bytes_.resize(2 * bytes_.size() + 4096)) return failed_ = true, nullptr;
        return bytes_.data() + size_;
    }
    vec<u8> bytes_; ///< the first `size_` are code
    u32 size_ = 0;
    vec<u32> labels_; ///< by label: its place, no_index while unknown
    vec<open_branch> branches_;
};

} // namespace tessera::native
