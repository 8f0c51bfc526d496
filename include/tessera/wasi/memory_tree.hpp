// SPDX-License-Identifier: MIT
/// @file wasi/memory_tree.hpp
/// The tree of a file system in memory: its size, its clock, its lock, and how paths lead through it.
#pragma once

#include <tessera/util/mutex.hpp>
#include <tessera/wasi/memory_inode.hpp>
#include <tessera/wasi/realtime.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

/// Where a path leads. `name` is valid as long as the path and this are.
struct memory_place {
    memory_inode* directory = nullptr;
    std::string_view name; ///< "." where the path ends with "." or ".."
    bool slash = false;
    memory_inode* found = nullptr;
    vec<char> spliced; ///< the path with symbolic links replaced

    bool dot() const noexcept { return name == "."; }
};

/// All inodes of a file system. Nodes and the host share it.
class memory_tree {
public:
    using clock = timestamp (*)(void* context);
    static timestamp real(void*) noexcept { return realtime_ns(); }

    explicit memory_tree(u64 limit) noexcept : limit_(limit) {}
    memory_tree(const memory_tree&) = delete;
    memory_tree& operator=(const memory_tree&) = delete;
    ~memory_tree() {
        while (inodes_) {
            memory_inode* const next = inodes_->next;
            destroy(inodes_);
            inodes_ = next;
        }
    }

    mutex& lock() noexcept { return lock_; }
    memory_inode* root() const noexcept { return root_; }
    u64 used() const noexcept { return used_; }
    u64 limit() const noexcept { return limit_; }
    timestamp now() const noexcept { return clock_(context_); }
    void set_clock(clock f, void* context) noexcept {
        clock_ = f;
        context_ = context;
    }

    // What things cost beside their content, roughly what they take.
    static constexpr u64 inode_cost = 320, entry_cost = 96;

    /// Counts `bytes` more. False: there is no room for so many.
    [[nodiscard]] bool charge(u64 bytes) noexcept {
        if (bytes > limit_ - used_) return false;
        used_ += bytes;
        return true;
    }
    void refund(u64 bytes) noexcept { used_ -= bytes; }

    /// Makes an inode without a name; null where there is no room.
    memory_inode* make(filetype type) noexcept {
        if (!charge(inode_cost)) return nullptr;
        memory_inode* const made = create<memory_inode>();
        if (!made) return refund(inode_cost), nullptr;
        made->number = ++numbers_;
        made->type = type;
        made->atim = made->mtim = made->ctim = now();
        made->next = inodes_;
        if (inodes_) inodes_->previous = made;
        inodes_ = made;
        if (!root_) root_ = made;
        return made;
    }
    /// Ends an inode that has neither a name nor an open node; leaves others alone.
    void drop(memory_inode* it) noexcept {
        if (it->links || it->opens || it == root_) return;
        refund(inode_cost + it->content.capacity());
        (it->previous ? it->previous->next : inodes_) = it->next;
        if (it->next) it->next->previous = it->previous;
        destroy(it);
    }
    /// Gives `it` a name. Fails with `nospc`, and `noent` in a directory that was removed.
    error_number link(memory_inode* directory, std::string_view name, memory_inode* it) noexcept {
        if (!alive(directory)) return error_number::noent;
        const u64 cost = entry_cost + name.size();
        if (!charge(cost)) return error_number::nospc;
        if (!directory->entries.add(name, it)) return refund(cost), error_number::nospc;
        ++it->links;
        if (it->directory()) it->parent = directory;
        directory->mtim = directory->ctim = it->ctim = now();
        return error_number::success;
    }
    /// Takes the name away again, and ends what has none left.
    void unlink(memory_inode* directory, std::string_view name) noexcept {
        memory_entry* const e = directory->entries.find(name);
        memory_inode* const it = e->to;
        refund(entry_cost + name.size());
        directory->entries.remove(*e);
        directory->mtim = directory->ctim = it->ctim = now();
        if (--it->links == 0 && it->directory()) it->parent = nullptr;
        drop(it);
    }
    bool alive(const memory_inode* directory) const noexcept { return directory == root_ || directory->links != 0; }

    /// Makes room for `size` bytes of content. Fails with `fbig`, `nospc`.
    error_number reserve(memory_inode* file, u64 size) noexcept {
        const u64 old = file->content.capacity();
        if (size <= old) return error_number::success;
        if (size > limit_) return error_number::fbig;
        const u64 room = limit_ - used_;
        if (size - old > room) return error_number::nospc;
        // Twice as much, so that a file that grows byte by byte is not copied each time; less where that is too much.
        u64 wanted = old * 2 > size ? old * 2 : size < 64 ? 64 : size;
        if (wanted - old > room) wanted = size;
        if (wanted > std::size_t(-1) / 2 || !file->content.reserve(std::size_t(wanted))) return error_number::nospc;
        used_ += wanted - old;
        return error_number::success;
    }
    /// Cuts the content or adds zeros. Fails as `reserve`.
    error_number resize(memory_inode* file, u64 size) noexcept {
        if (size == 0) {
            refund(file->content.capacity());
            file->content = {};
        }
        if (const auto wrong = reserve(file, size); wrong != error_number::success) return wrong;
        static_cast<void>(file->content.resize(std::size_t(size))); // there is room
        file->mtim = file->ctim = now();
        return error_number::success;
    }

    /// Finds what `path` names, beneath `base`. Succeeds with `found` null where only the last part is missing. What is
    /// found may be no directory although slashes follow. A symbolic link that is the last part is followed where
    /// `follow` says so, and where slashes are behind it unless `slash_follows` is false.
    error_number walk(memory_inode* base, std::string_view path, bool follow, memory_place& to,
                      bool slash_follows = true) noexcept {
        if (const auto wrong = check_path(path); wrong != error_number::success) return wrong;
        memory_inode* at = base;
        for (int links = 0;;) {
            const path_step step = first_step(path);
            const bool last = step.rest.empty();
            path = step.rest;
            if (step.name == "." || step.name == "..") {
                if (step.name == "..") {
                    if (at == base) return error_number::perm;
                    at = at->parent;
                }
                if (!last) continue;
                to.directory = to.found = at;
                to.name = ".";
                to.slash = step.slash;
                return error_number::success;
            }
            if (step.name.size() > max_name) return error_number::nametoolong;
            memory_entry* const e = at->entries.find(step.name);
            if (e && e->to->type == filetype::symbolic_link && (!last || follow || (step.slash && slash_follows))) {
                if (++links > max_links) return error_number::loop;
                if (const auto wrong = check_path(e->to->target()); wrong != error_number::success) return wrong;
                vec<char> next;
                const std::string_view target = e->to->target(), between = step.slash ? "/" : "";
                if (target.size() + between.size() + path.size() > max_path) return error_number::nametoolong;
                if (!next.append(target.data(), target.size()) || !next.append(between.data(), between.size()) ||
                    !next.append(path.data(), path.size()))
                    return error_number::nomem;
                to.spliced = std::move(next);
                path = {to.spliced.data(), to.spliced.size()};
                continue;
            }
            if (last) {
                to.directory = at;
                to.found = e ? e->to : nullptr;
                to.name = step.name;
                to.slash = step.slash;
                return error_number::success;
            }
            if (!e) return error_number::noent;
            if (!e->to->directory()) return error_number::notdir;
            at = e->to;
        }
    }

private:
    template <class>
    friend class owner;
    std::atomic<u32> owners_{1};
    mutex lock_;
    const u64 limit_;
    u64 used_ = 0;
    inode numbers_ = 0;
    clock clock_ = real;
    void* context_ = nullptr;
    memory_inode* root_ = nullptr;
    memory_inode* inodes_ = nullptr;
};

using memory_tree_owner = owner<memory_tree>;

inline filestat memory_stat(const memory_inode& it) noexcept {
    filestat s;
    s.dev = 1;
    s.ino = it.number;
    s.type = it.type;
    s.nlink = it.directory() ? 1 : it.links;
    s.size = it.directory() ? it.entries.size() : it.content.size();
    s.atim = it.atim;
    s.mtim = it.mtim;
    s.ctim = it.ctim;
    return s;
}

/// An open node's hold on an inode.
class memory_hold {
public:
    /// The lock is held.
    memory_hold(memory_tree_owner tree, memory_inode* it) noexcept : tree_(std::move(tree)), it_(it) { ++it_->opens; }
    memory_hold(const memory_hold&) = delete;
    memory_hold& operator=(const memory_hold&) = delete;
    ~memory_hold() {
        const locked hold(tree_->lock());
        --it_->opens;
        tree_->drop(it_);
    }
    memory_tree& tree() const noexcept { return *tree_; }
    const memory_tree_owner& share() const noexcept { return tree_; }
    memory_inode& it() const noexcept { return *it_; }

    filestat stat() const noexcept { return memory_stat(*it_); }

private:
    memory_tree_owner tree_;
    memory_inode* it_;
};

/// Sets times as `node::set_times` does.
inline error_number set_memory_times(memory_tree& tree, memory_inode& it, timestamp atim, timestamp mtim,
                                     fstflags which) noexcept {
    if (const auto wrong = check_times(which); wrong != error_number::success) return wrong;
    const timestamp now = tree.now();
    if (has(which, fstflags::atim)) it.atim = atim;
    if (has(which, fstflags::atim_now)) it.atim = now;
    if (has(which, fstflags::mtim)) it.mtim = mtim;
    if (has(which, fstflags::mtim_now)) it.mtim = now;
    it.ctim = now;
    return error_number::success;
}

} // namespace tessera
