// SPDX-License-Identifier: MIT
/// @file wasi/descriptors.hpp
/// A guest's table of file descriptors: what each stands for, and what it may be used for.
#pragma once

#include <tessera/util/mutex.hpp>
#include <tessera/wasi/filesystem.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

/// One row of the table, copied out of it for the time of a call: another thread may close the number meanwhile.
struct descriptor {
    node_owner what;
    rights base = rights::none;
    rights inheriting = rights::none;
    std::string_view name; ///< of a preopened directory, for the guest; the context owns it
    bool preopened = false;
};

/// Any thread may use it at any time.
class descriptor_table {
public:
    /// What `number` stands for, if it has the rights `needed`. Fails with `badf`, and with `notcapable` where one is
    /// missing.
    outcome<descriptor> find(u32 number, rights needed = rights::none) noexcept {
        const locked hold(lock_);
        if (!holds(number)) return error_number::badf;
        if (!has(rows_[number].base, needed)) return error_number::notcapable;
        return rows_[number];
    }
    /// Gives `d` the lowest free number. Fails with `mfile` where there are `most` already, `nomem` when memory is out.
    outcome<u32> add(descriptor d, u32 most) noexcept {
        const locked hold(lock_);
        u32 at = free_;
        while (at < rows_.size() && rows_[at].what) ++at;
        if (at >= most) return error_number::mfile;
        if (at == rows_.size() && !rows_.push_back(descriptor())) return error_number::nomem;
        rows_[at] = std::move(d);
        free_ = at + 1;
        return at;
    }
    /// Puts `d` at `number`, in place of what is there. False: memory is out.
    bool put(u32 number, descriptor d) noexcept {
        const locked hold(lock_);
        if (number >= rows_.size() && !rows_.resize(std::size_t{number} + 1)) return false;
        std::swap(rows_[number], d);
        return true;
    }
    /// Takes the row `number` away. Fails with `badf`.
    error_number close(u32 number) noexcept {
        descriptor gone; // ends after the lock: closing may take time
        const locked hold(lock_);
        if (!holds(number)) return error_number::badf;
        std::swap(gone, rows_[number]);
        if (number < free_) free_ = number;
        return error_number::success;
    }
    /// Closes `to` and gives its number to what `from` stands for, in one step. Fails with `badf`, also where `to` is
    /// closed, unless it is the number of a standard stream: programs move that away and put another in its place.
    error_number renumber(u32 from, u32 to) noexcept {
        descriptor gone;
        const locked hold(lock_);
        constexpr u32 streams = 3;
        if (!holds(from) || to >= rows_.size() || (to >= streams && !holds(to))) return error_number::badf;
        if (from == to) return error_number::success;
        std::swap(gone, rows_[to]);
        std::swap(rows_[to], rows_[from]);
        if (from < free_) free_ = from;
        return error_number::success;
    }
    /// Takes rights away. Fails with `badf`, and with `notcapable` where one would be added.
    error_number set_rights(u32 number, rights base, rights inheriting) noexcept {
        const locked hold(lock_);
        if (!holds(number)) return error_number::badf;
        descriptor& d = rows_[number];
        if (!has(d.base, base) || !has(d.inheriting, inheriting)) return error_number::notcapable;
        d.base = base;
        d.inheriting = inheriting;
        return error_number::success;
    }

private:
    bool holds(u32 number) const noexcept { return number < rows_.size() && rows_[number].what; }

    mutex lock_;
    vec<descriptor> rows_; ///< a free one is empty
    u32 free_ = 0;         ///< no number below is free
};

} // namespace tessera
