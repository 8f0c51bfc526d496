// SPDX-License-Identifier: MIT
/// @file wasi/memory_filesystem.hpp
/// A file system that lives in memory, as large as the host allows, and the host's own way to its files.
#pragma once

#include <tessera/wasi/memory_directory.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

/// A tree of files in memory. Guests get it by `root()`, which keeps it alive; several may share it, and threads too.
/// Copies are the same file system.
class memory_filesystem {
public:
    /// An empty one, in which files, names and what else belongs to them may take about `max_bytes`; a file that grows
    /// may take up to twice its size. Fails with `nomem`.
    static outcome<memory_filesystem> make(u64 max_bytes = u64(64) << 20) noexcept {
        memory_filesystem made;
        // The root is not counted, so that there is one.
        made.tree_ = memory_tree_owner(create<memory_tree>(
            max_bytes + memory_tree::inode_cost < max_bytes ? max_bytes : max_bytes + memory_tree::inode_cost));
        if (!made.tree_ || !made.tree_->make(filetype::directory)) return error_number::nomem;
        return made;
    }

    /// Its uppermost directory, to be given to guests. Empty where memory is out.
    node_owner root() const noexcept {
        const locked l(tree_->lock());
        return make_node<memory_directory>(tree_, tree_->root());
    }
    /// Writes a file, in place of one that is there, and makes the directories its path needs. Fails as
    /// `node::open_at` and `node::write`; of a file that does not fit, nothing is left.
    error_number put(std::string_view path, view<u8> content) noexcept {
        node_owner top = root();
        if (!top) return error_number::nomem;
        if (const auto wrong = make_parents(*top, path); wrong != error_number::success) return wrong;
        open_options how;
        how.lookup = lookupflags::symlink_follow;
        how.oflags = oflags::creat | oflags::trunc;
        how.write = true;
        auto file = top->open_at(path, how);
        if (!file) return file.error();
        const const_buffer all{content.data(), content.size()};
        const auto n = (*file)->write({&all, 1});
        if (n) return error_number::success;
        static_cast<void>(top->unlink_file_at(path));
        return n.error();
    }
    error_number put(std::string_view path, std::string_view content) noexcept {
        return put(path, view<u8>(reinterpret_cast<const u8*>(content.data()), content.size()));
    }
    /// What a file holds. Fails as `node::open_at`, with `isdir`, and `nomem`.
    outcome<vec<u8>> get(std::string_view path) const noexcept {
        node_owner top = root();
        if (!top) return error_number::nomem;
        open_options how;
        how.lookup = lookupflags::symlink_follow;
        how.read = true;
        auto file = top->open_at(path, how);
        if (!file) return file.error();
        const auto s = (*file)->stat();
        vec<u8> content;
        if (!s || !content.resize(std::size_t(s->size))) return error_number::nomem;
        const buffer all{content.data(), content.size()};
        const auto n = (*file)->pread({&all, 1}, 0);
        if (!n) return n.error();
        content.truncate(*n); // a guest may have cut it meanwhile
        return content;
    }
    /// Makes a directory and those above it. Succeeds where it is there. Fails as `node::create_directory_at`.
    error_number make_directory(std::string_view path) noexcept {
        node_owner top = root();
        if (!top) return error_number::nomem;
        if (const auto wrong = make_parents(*top, path); wrong != error_number::success) return wrong;
        const auto wrong = top->create_directory_at(path);
        if (wrong != error_number::exist) return wrong;
        const auto s = top->stat_at(path, lookupflags::symlink_follow);
        return s && s->type == filetype::directory ? error_number::success : error_number::exist;
    }
    /// Bytes that are taken, as the limit counts them.
    u64 used() const noexcept {
        const locked l(tree_->lock());
        return tree_->used() - memory_tree::inode_cost;
    }
    /// Takes the times of files from `f(context)`, which is called with the file system locked, instead of the time of
    /// day.
    void set_clock(memory_tree::clock f, void* context = nullptr) noexcept {
        const locked l(tree_->lock());
        tree_->set_clock(f, context);
    }

private:
    friend class result<memory_filesystem, error_number>;
    memory_filesystem() noexcept = default;

    static error_number make_parents(node& top, std::string_view path) noexcept {
        for (std::size_t i = 1; i < path.size(); ++i)
            if (path[i] == '/' && path[i - 1] != '/') {
                const auto wrong = top.create_directory_at(path.substr(0, i));
                if (wrong != error_number::success && wrong != error_number::exist) return wrong;
            }
        return error_number::success;
    }

    memory_tree_owner tree_;
};

} // namespace tessera
