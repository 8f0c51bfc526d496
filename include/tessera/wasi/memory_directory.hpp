// SPDX-License-Identifier: MIT
/// @file wasi/memory_directory.hpp
/// An open directory of a file system in memory.
#pragma once

#include <tessera/wasi/memory_file.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

class memory_directory final : public node {
public:
    memory_directory(const memory_tree_owner& tree, memory_inode* it) noexcept : hold_(tree, it) {}

    filetype type() const noexcept override { return filetype::directory; }
    outcome<filestat> stat() noexcept override {
        const locked l(hold_.tree().lock());
        return hold_.stat();
    }
    error_number set_times(timestamp atim, timestamp mtim, fstflags which) noexcept override {
        const locked l(hold_.tree().lock());
        return set_memory_times(hold_.tree(), hold_.it(), atim, mtim, which);
    }

    error_number readdir(dircookie from, entry_taker& to) noexcept override {
        // The cookies: 0 and 1 for "." and "..", then the serial numbers, which start at 1, plus 1.
        for (;;) {
            directory_entry e;
            char name[max_name];
            {
                const locked l(hold_.tree().lock());
                memory_inode& it = hold_.it();
                if (from < 2) {
                    e.name = from == 0 ? "." : "..";
                    e.ino = from == 0 ? it.number : 0;
                    e.type = filetype::directory;
                    e.next = from + 1;
                } else {
                    const memory_entry* const found = it.entries.first(from - 1);
                    if (!found) return error_number::success;
                    std::memcpy(name, found->name.data(), found->name.size()); // it may be removed meanwhile
                    e.name = {name, found->name.size()};
                    e.ino = found->to->number;
                    e.type = found->to->type;
                    e.next = found->serial + 2;
                }
            }
            if (!to.take(e)) return error_number::success;
            from = e.next;
        }
    }

    outcome<node_owner> open_at(std::string_view path, const open_options& how) noexcept override {
        if (const auto wrong = check_options(how); wrong != error_number::success) return wrong;
        const locked l(tree().lock());
        memory_place at;
        const bool creat = has(how.oflags, oflags::creat), excl = creat && has(how.oflags, oflags::excl);
        const bool follow = has(how.lookup, lookupflags::symlink_follow) && !excl;
        if (const auto wrong = tree().walk(&hold_.it(), path, follow, at); wrong != error_number::success) return wrong;
        if (!at.found && !creat) return error_number::noent;
        if (creat && at.slash) return error_number::isdir;
        if (!at.found) return create_file(at, how);
        memory_inode* const it = at.found;
        if (excl) return error_number::exist;
        if (it->type == filetype::symbolic_link) return error_number::loop;
        if (!it->directory()) {
            if (at.slash || has(how.oflags, oflags::directory)) return error_number::notdir;
            return open_file(it, how);
        }
        if (creat || has(how.oflags, oflags::trunc)) return error_number::isdir;
        if (how.write && !at.slash && !has(how.oflags, oflags::directory)) return error_number::isdir;
        return node_or(make_node<memory_directory>(hold_.share(), it));
    }
    outcome<filestat> stat_at(std::string_view path, lookupflags lookup) noexcept override {
        filestat s;
        const auto wrong = find(path, has(lookup, lookupflags::symlink_follow), [&](memory_place& at) {
            s = memory_stat(*at.found);
            return error_number::success;
        });
        if (wrong != error_number::success) return wrong;
        return s;
    }
    error_number set_times_at(std::string_view path, lookupflags lookup, timestamp atim, timestamp mtim,
                              fstflags which) noexcept override {
        if (const auto wrong = check_times(which); wrong != error_number::success) return wrong;
        return find(path, has(lookup, lookupflags::symlink_follow),
                    [&](memory_place& at) { return set_memory_times(tree(), *at.found, atim, mtim, which); });
    }
    error_number create_directory_at(std::string_view path) noexcept override {
        return at(path, [&](memory_place& at) {
            if (at.found) return error_number::exist;
            memory_inode* const made = tree().make(filetype::directory);
            if (!made) return error_number::nospc;
            const auto wrong = tree().link(at.directory, at.name, made);
            tree().drop(made);
            return wrong;
        });
    }
    error_number remove_directory_at(std::string_view path) noexcept override {
        return at(path, [&](memory_place& at) {
            if (!at.found) return error_number::noent;
            if (!at.found->directory()) return error_number::notdir;
            if (at.dot()) return error_number::inval;
            if (at.found->entries.size()) return error_number::notempty;
            tree().unlink(at.directory, at.name);
            return error_number::success;
        });
    }
    error_number unlink_file_at(std::string_view path) noexcept override {
        return at(path, [&](memory_place& at) {
            if (!at.found) return error_number::noent;
            if (at.found->directory()) return error_number::isdir;
            if (at.slash) return error_number::notdir;
            tree().unlink(at.directory, at.name);
            return error_number::success;
        });
    }
    error_number rename_at(std::string_view old_path, node& to, std::string_view new_path) noexcept override {
        return from_to(old_path, to, new_path, [&](memory_place& from, memory_place& into) {
            if (!from.found) return error_number::noent;
            if (from.dot() || into.dot()) return error_number::busy;
            memory_inode *const it = from.found, *const there = into.found;
            if ((from.slash || into.slash) && !it->directory()) return error_number::notdir;
            for (const memory_inode* up = into.directory; up; up = up->parent)
                if (up == it) return error_number::inval;
            if (there == it) return error_number::success;
            if (there) {
                if (it->directory() && !there->directory()) return error_number::notdir;
                if (!it->directory() && there->directory()) return error_number::isdir;
                if (there->entries.size()) return error_number::notempty;
                // The entry changes what it refers to; nothing can fail.
                memory_entry* const e = into.directory->entries.find(into.name);
                e->to = it;
                ++it->links;
                if (it->directory()) it->parent = into.directory;
                into.directory->mtim = into.directory->ctim = there->ctim = tree().now();
                if (--there->links == 0 && there->directory()) there->parent = nullptr;
                tree().drop(there);
            } else if (const auto wrong = tree().link(into.directory, into.name, it); wrong != error_number::success) {
                return wrong;
            }
            tree().unlink(from.directory, from.name);
            return error_number::success;
        });
    }
    error_number link_at(lookupflags lookup, std::string_view old_path, node& to,
                         std::string_view new_path) noexcept override {
        if (lookup != lookupflags::none) return error_number::inval;
        return from_to(old_path, to, new_path, [&](memory_place& from, memory_place& into) {
            if (!from.found) return error_number::noent;
            if (from.found->directory()) return error_number::perm;
            if (from.slash) return error_number::notdir;
            if (into.found) return error_number::exist;
            if (into.slash) return error_number::noent;
            return tree().link(into.directory, into.name, from.found);
        });
    }
    error_number symlink_at(std::string_view target, std::string_view path) noexcept override {
        if (const auto wrong = check_path(target); wrong != error_number::success) return wrong;
        return at(path, [&](memory_place& at) {
            if (at.found) return error_number::exist;
            if (at.slash) return error_number::noent;
            memory_inode* const made = tree().make(filetype::symbolic_link);
            if (!made) return error_number::nospc;
            auto wrong = tree().reserve(made, target.size());
            if (wrong == error_number::success) {
                static_cast<void>(made->content.append(reinterpret_cast<const u8*>(target.data()), target.size()));
                wrong = tree().link(at.directory, at.name, made);
            }
            tree().drop(made);
            return wrong;
        });
    }
    outcome<std::size_t> readlink_at(std::string_view path, buffer to) noexcept override {
        std::size_t n = 0;
        const auto wrong = at(path, [&](memory_place& at) {
            if (!at.found) return error_number::noent;
            if (at.found->type != filetype::symbolic_link) return error_number::inval;
            n = at.found->content.size() < to.size ? at.found->content.size() : to.size;
            if (n) std::memcpy(to.data, at.found->content.data(), n);
            return error_number::success;
        });
        if (wrong != error_number::success) return wrong;
        return n;
    }
    const void* filesystem() const noexcept override { return hold_.share().get(); }

private:
    memory_tree& tree() const noexcept { return hold_.tree(); }

    static outcome<node_owner> node_or(node_owner made) noexcept {
        if (!made) return error_number::nomem;
        return made;
    }
    outcome<node_owner> open_file(memory_inode* it, const open_options& how) noexcept {
        auto made = make_node<memory_file>(hold_.share(), it, how);
        if (!made) return error_number::nomem;
        if (has(how.oflags, oflags::trunc)) static_cast<void>(tree().resize(it, 0)); // shrinking cannot fail
        return made;
    }
    outcome<node_owner> create_file(const memory_place& at, const open_options& how) noexcept {
        memory_inode* const it = tree().make(filetype::regular_file);
        if (!it) return error_number::nospc;
        const auto wrong = tree().link(at.directory, at.name, it);
        if (wrong != error_number::success) return tree().drop(it), wrong;
        auto made = make_node<memory_file>(hold_.share(), it, how);
        if (!made) {
            tree().unlink(at.directory, at.name);
            return error_number::nomem;
        }
        return made;
    }
    /// Calls `act` with the place where `path` leads, the link that is its last part not followed.
    template <class F>
    error_number at(std::string_view path, F&& act) const noexcept {
        const locked l(tree().lock());
        memory_place place;
        const auto wrong = tree().walk(&hold_.it(), path, false, place, false);
        return wrong != error_number::success ? wrong : act(place);
    }
    /// As `at`, of something that must be there, and a directory if slashes follow.
    template <class F>
    error_number find(std::string_view path, bool follow, F&& act) const noexcept {
        const locked l(tree().lock());
        memory_place place;
        const auto wrong = tree().walk(&hold_.it(), path, follow, place);
        if (wrong != error_number::success) return wrong;
        if (!place.found) return error_number::noent;
        if (place.slash && !place.found->directory()) return error_number::notdir;
        return act(place);
    }
    template <class F>
    error_number from_to(std::string_view old_path, node& to, std::string_view new_path, F&& act) const noexcept {
        if (to.type() != filetype::directory) return error_number::notdir;
        if (to.filesystem() != filesystem()) return error_number::xdev;
        const locked l(tree().lock());
        memory_inode* const other = &static_cast<memory_directory&>(to).hold_.it();
        memory_place from, into;
        auto wrong = tree().walk(&hold_.it(), old_path, false, from, false);
        if (wrong == error_number::success) wrong = tree().walk(other, new_path, false, into, false);
        return wrong != error_number::success ? wrong : act(from, into);
    }

    memory_hold hold_;
};

} // namespace tessera
