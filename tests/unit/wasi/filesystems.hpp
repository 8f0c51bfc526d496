// SPDX-License-Identifier: MIT
// File systems to be tested, and short words for what tests do with them.
#pragma once

#include <tessera/wasi/host_filesystem.hpp>
#include <tessera/wasi/memory_filesystem.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace filesystems {

using namespace tessera;
using namespace tessera::wasi;
using err = wasi::error_number;

/// A directory of the host that is removed with all that is in it.
class scratch {
public:
    scratch() {
        static int count = 0;
        const auto base = std::filesystem::temp_directory_path();
        do path_ = base / ("tessera-wasi-" + std::to_string(monotonic_ns()) + "-" + std::to_string(++count));
        while (!std::filesystem::create_directory(path_));
    }
    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;
    ~scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::filesystem::path& path() const { return path_; }
    std::string operator/(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

inline void write_host(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}
inline std::string read_host(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// ---- short words -----------------------------------------------------------------------------------

inline open_options reading(lookupflags lookup = lookupflags::symlink_follow) {
    open_options how;
    how.lookup = lookup;
    how.read = true;
    return how;
}
inline open_options writing(oflags flags = oflags::creat, fdflags fd = fdflags::none) {
    open_options how;
    how.lookup = lookupflags::symlink_follow;
    how.oflags = flags;
    how.fdflags = fd;
    how.read = how.write = true;
    return how;
}
inline open_options plain(oflags flags = oflags::none, lookupflags lookup = lookupflags::none) {
    open_options how;
    how.oflags = flags;
    how.lookup = lookup;
    return how;
}
/// The error of opening, or success.
inline err opening(node& dir, std::string_view path, const open_options& how = plain()) {
    const auto opened = dir.open_at(path, how);
    return opened ? err::success : opened.error();
}
template <class T>
err why(const outcome<T>& r) {
    return r ? err::success : r.error();
}
inline node_owner must_open(node& dir, std::string_view path, const open_options& how) {
    auto opened = dir.open_at(path, how);
    CAPTURE(path);
    REQUIRE(why(opened) == err::success);
    return *opened;
}
inline outcome<std::size_t> write(node& file, std::string_view text) {
    const const_buffer b{reinterpret_cast<const u8*>(text.data()), text.size()};
    return file.write({&b, 1});
}
inline outcome<std::size_t> pwrite(node& file, std::string_view text, filesize at) {
    const const_buffer b{reinterpret_cast<const u8*>(text.data()), text.size()};
    return file.pwrite({&b, 1}, at);
}
inline std::string read(node& file, std::size_t most = 100) {
    std::string text(most, '?');
    const buffer b{reinterpret_cast<u8*>(text.data()), text.size()};
    const auto n = file.read({&b, 1});
    if (!n) return "error " + std::to_string(int(n.error()));
    text.resize(*n);
    return text;
}
inline std::string pread(node& file, filesize at, std::size_t most = 100) {
    std::string text(most, '?');
    const buffer b{reinterpret_cast<u8*>(text.data()), text.size()};
    const auto n = file.pread({&b, 1}, at);
    if (!n) return "error " + std::to_string(int(n.error()));
    text.resize(*n);
    return text;
}
/// Makes a file; replaces one that is there.
inline void put(node& dir, std::string_view path, std::string_view text = "") {
    const auto file = must_open(dir, path, writing(oflags::creat | oflags::trunc));
    const auto n = write(*file, text);
    REQUIRE(n);
    REQUIRE(*n == text.size());
}
inline std::string get(node& dir, std::string_view path) {
    const auto file = dir.open_at(path, reading());
    return file ? read(**file) : "error " + std::to_string(int(file.error()));
}
inline std::string readlink(node& dir, std::string_view path, std::size_t most = 100) {
    std::string text(most, '?');
    const auto n = dir.readlink_at(path, {reinterpret_cast<u8*>(text.data()), text.size()});
    if (!n) return "error " + std::to_string(int(n.error()));
    text.resize(*n);
    return text;
}
inline filetype type_at(node& dir, std::string_view path, lookupflags lookup = lookupflags::none) {
    const auto s = dir.stat_at(path, lookup);
    return s ? s->type : filetype::unknown;
}
/// Collects entries, `most` at a time at most.
struct names final : entry_taker {
    struct entry {
        std::string name;
        dircookie next;
        inode ino;
        filetype type;
    };
    std::vector<entry> all;
    std::size_t most = std::size_t(-1);
    bool take(const directory_entry& e) noexcept override {
        if (most == 0) return false;
        --most;
        all.push_back({std::string(e.name), e.next, e.ino, e.type});
        return true;
    }
};
inline std::vector<names::entry> list(node& dir, dircookie from = 0, std::size_t most = std::size_t(-1)) {
    names n;
    n.most = most;
    CHECK(dir.readdir(from, n) == err::success);
    return n.all;
}

// ---- the file systems that can be written --------------------------------------------------------------

#if defined(_WIN32)
inline constexpr bool on_windows = true;
#else
inline constexpr bool on_windows = false;
#endif
/// What Windows has not, or not as preview 1 means it.
enum class needs { nothing, symbolic_links, open_files_without_name };

/// Calls `test(root)` for an empty directory of each kind of file system that has what it needs.
template <class F>
void each_writable(F&& test, needs what = needs::nothing) {
    if (!on_windows || what == needs::nothing) {
        for (const bool kernel : {true, false}) {
            if (on_windows && !kernel) continue;
            const scratch here;
            auto root = open_host_directory(here.path().string().c_str(), {kernel});
            REQUIRE(root);
            INFO((kernel ? "host" : "host, by hand"));
            test(**root);
        }
    }
    {
        auto m = memory_filesystem::make();
        REQUIRE(m);
        INFO("memory");
        test(*m->root());
    }
    {
        // A directory beneath the root, which ".." must not leave.
        auto m = memory_filesystem::make();
        REQUIRE(m);
        REQUIRE(m->make_directory("top") == err::success);
        INFO("memory, below the root");
        test(*must_open(*m->root(), "top", plain(oflags::directory)));
    }
}

} // namespace filesystems
