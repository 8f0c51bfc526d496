// SPDX-License-Identifier: MIT
/// @file wasi/memory_inode.hpp
/// What a file system in memory consists of: files, directories and symbolic links, and the names that directories have
/// for them.
#pragma once

#include <tessera/util/clock.hpp>
#include <tessera/util/partition.hpp>
#include <tessera/util/vec.hpp>
#include <tessera/wasi/path.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

struct memory_inode;

/// A name in a directory.
struct memory_entry {
    vec<char> name;
    memory_inode* to = nullptr; ///< null: removed
    u64 serial = 0;             ///< of names added to this directory
    u64 hash = 0;
    std::string_view text() const noexcept { return {name.data(), name.size()}; }
};

/// The names of a directory, in the order in which they came. Finding one costs the same however many there are.
class memory_entries {
public:
    memory_entry* find(std::string_view name) noexcept {
        if (slots_.empty()) return nullptr;
        const u64 hash = hash_of(name);
        for (std::size_t i = std::size_t(hash) & (slots_.size() - 1); slots_[i]; i = (i + 1) & (slots_.size() - 1)) {
            memory_entry& e = list_[slots_[i] - 1];
            if (e.to && e.hash == hash && e.text() == name) return &e;
        }
        return nullptr;
    }
    /// Adds a name that is not there. False: memory is out, nothing changed.
    [[nodiscard]] bool add(std::string_view name, memory_inode* to) noexcept {
        memory_entry e;
        if (!e.name.append(name.data(), name.size()) || !make_room()) return false;
        e.to = to;
        e.serial = ++serials_;
        e.hash = hash_of(name);
        if (!list_.push_back(std::move(e))) return false;
        put(list_.size() - 1);
        ++live_;
        return true;
    }
    void remove(memory_entry& e) noexcept {
        e.to = nullptr; // it keeps its slot, so that those behind it are found, until there is need for room
        e.name = {};
        --live_;
    }
    std::size_t size() const noexcept { return live_; }
    /// The first entry with a serial of at least `from`; null if there is none.
    const memory_entry* first(u64 from) const noexcept {
        std::size_t n = partition(list_.size(), [&](std::size_t i) { return list_[i].serial < from; });
        while (n < list_.size() && !list_[n].to) ++n;
        return n < list_.size() ? &list_[n] : nullptr;
    }

private:
    u64 hash_of(std::string_view name) const noexcept {
        // Not the same from one directory and run to the next: a guest shall not find names that fall together.
        u64 h = seed_;
        for (const char c : name) h = ((h << 23 | h >> 41) ^ u8(c)) * 0x9e37'79b9'7f4a'7c15u;
        return h ^ h >> 32;
    }
    void put(std::size_t index) noexcept {
        std::size_t i = std::size_t(list_[index].hash) & (slots_.size() - 1);
        while (slots_[i]) i = (i + 1) & (slots_.size() - 1);
        slots_[i] = u32(index + 1);
    }
    bool make_room() noexcept {
        if ((list_.size() + 1) * 2 <= slots_.size()) return true;
        if (slots_.empty()) seed_ = monotonic_ns() ^ u64(reinterpret_cast<std::uintptr_t>(this)) << 20;
        std::size_t wanted = 8;
        while (wanted < (live_ + 1) * 4) wanted *= 2;
        vec<u32> fresh;
        if (wanted > u32(-1) / 2 || !fresh.resize(wanted)) return false;
        slots_ = std::move(fresh);
        std::size_t kept = 0;
        for (std::size_t i = 0; i < list_.size(); ++i)
            if (list_[i].to) {
                if (kept != i) list_[kept] = std::move(list_[i]);
                ++kept;
            }
        list_.truncate(kept);
        for (std::size_t i = 0; i < kept; ++i) put(i);
        return true;
    }

    vec<memory_entry> list_; // by serial
    vec<u32> slots_;         // an index into it plus one, or 0; a power of two, at most half of them used
    std::size_t live_ = 0;
    u64 serials_ = 0;
    u64 seed_ = 0;
};

/// A file, a directory or a symbolic link. Its file system's lock is held wherever one is used.
struct memory_inode {
    inode number = 0;
    filetype type = filetype::regular_file;
    u32 links = 0; ///< names it has; a directory that was removed, or is being made, has none
    u32 opens = 0; ///< nodes that are open on it
    timestamp atim = 0;
    timestamp mtim = 0;
    timestamp ctim = 0;
    vec<u8> content; ///< of a file; of a symbolic link the target
    memory_entries entries;
    memory_inode* parent = nullptr; ///< of a directory that has one
    memory_inode* next = nullptr;   ///< all of a file system are a list
    memory_inode* previous = nullptr;

    bool directory() const noexcept { return type == filetype::directory; }
    std::string_view target() const noexcept { return {reinterpret_cast<const char*>(content.data()), content.size()}; }
};

} // namespace tessera
