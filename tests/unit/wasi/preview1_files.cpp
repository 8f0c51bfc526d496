// SPDX-License-Identifier: MIT
// Descriptors, rights, files and directories as a guest sees them, over a file system in memory.
#include "wasi/guest.hpp"

#include <doctest/doctest.h>

using namespace wasi_guest;
using wasi::oflags;
using wasi::rights;
using err = wasi::error_number;

namespace {

constexpr rights reading = rights::fd_read | rights::fd_seek | rights::fd_tell;
constexpr rights writing = rights::fd_write | rights::fd_seek | rights::fd_tell;

struct disk {
    wasi::memory_filesystem files = *wasi::memory_filesystem::make();
    wasi::context c;

    disk() {
        CHECK(files.put("greeting", "hello") == err::success);
        CHECK(files.put("sub/deep", "below") == err::success);
        c.preopen("/data", files.root());
    }
    std::string content(std::string_view path) const {
        const auto all = files.get(path);
        return all ? std::string(all->begin(), all->end()) : "none";
    }
};

rights base_of(guest& g, u32 number) {
    CHECK(g("fd_fdstat_get", number, 64) == err::success);
    return rights(g.get<u64>(72));
}

} // namespace

TEST_CASE("preview1: preopened directories tell their names") {
    disk d;
    guest g{d.c.preopen("/more", d.files.root())};
    for (u32 n : {3u, 4u}) {
        REQUIRE(g("fd_prestat_get", n, 0) == err::success);
        const std::string name = n == 3 ? "/data" : "/more";
        CHECK(g.get<u8>(0) == 0);
        CHECK(g.get<u32>(4) == name.size());
        CHECK(g("fd_prestat_dir_name", n, 8, 4) == err::nametoolong);
        CHECK(g("fd_prestat_dir_name", n, 2 * 65536 - 4, 5) == err::fault);
        CHECK(g("fd_prestat_dir_name", n, 8, 5) == err::success);
        CHECK(g.text_at(8, 5) == name);
    }
    CHECK(g("fd_prestat_get", 5, 0) == err::badf);
    CHECK(g("fd_prestat_get", 1, 0) == err::badf);
    CHECK(g("fd_prestat_dir_name", 1, 8, 5) == err::badf);
    // What is opened in one is none.
    const i64 sub = g.open(3, "sub", oflags::directory, rights::fd_readdir);
    CHECK(sub == 5);
    CHECK(g("fd_prestat_get", sub, 0) == err::badf);
}

TEST_CASE("preview1: files are read, written, sought") {
    disk d;
    guest g{d.c};
    const i64 in = g.open(3, "greeting", oflags::none, reading);
    REQUIRE(in == 4);
    CHECK(g.read(4, 3) == "hel");
    CHECK(g("fd_tell", 4, 0) == err::success);
    CHECK(g.get<u64>(0) == 3);
    CHECK(g.read(4, 100) == "lo");
    CHECK(g.read(4, 100).empty());
    CHECK(g("fd_seek", 4, -4, 2, 0) == err::success);
    CHECK(g.get<u64>(0) == 1);
    CHECK(g("fd_seek", 4, 0, 3, 0) == err::inval);
    CHECK(g("fd_seek", 4, -2, 1, 0) == err::inval);
    CHECK(g.read(4, 100) == "ello");
    // pread leaves the position
    g.iovec(16, 1024, 10);
    CHECK(g("fd_pread", 4, 16, 1, 2, 8) == err::success);
    CHECK(g.text_at(1024, g.get<u32>(8)) == "llo");
    CHECK(g.read(4, 100).empty());
    CHECK((g.write(4, "x") == -1 && g.last == err::notcapable));

    const i64 out = g.open(3, "new", oflags::creat, writing);
    REQUIRE(out == 5);
    CHECK(g.write(5, "some text") == 9);
    CHECK((g.read(5, 1).empty() && g.last == err::notcapable));
    g.iovec(16, 1024, g.put(1024, "SOME"));
    CHECK(g("fd_pwrite", 5, 16, 1, 0, 8) == err::success);
    CHECK(d.content("new") == "SOME text");
    CHECK(g("fd_close", 5) == err::success);
    CHECK(g("fd_close", 5) == err::badf);
    CHECK((g.write(5, "x") == -1 && g.last == err::badf));
    CHECK(g.open(3, "new", oflags::creat | oflags::excl, writing) == -1);
    CHECK(g.last == err::exist);
    CHECK(g.open(3, "none", oflags::none, reading) == -1);
    CHECK(g.last == err::noent);
    CHECK(g.open(3, "../greeting", oflags::none, reading) == -1);
    CHECK(g.last == err::perm);
    CHECK(g.open(4, "x", oflags::none, reading) == -1);
    CHECK((g.last == err::notdir || g.last == err::notcapable));
}

TEST_CASE("preview1: many iovecs, empty ones among them, in one call") {
    disk d;
    guest g{d.c};
    REQUIRE(g.open(3, "many", oflags::creat, writing | reading) == 4);
    constexpr u32 n = 1000; // more than are handed on at once
    std::string expected;
    for (u32 i = 0; i < n; ++i) {
        const u32 length = i % 4;
        for (u32 k = 0; k < length; ++k) {
            const char letter = char('a' + (i + k) % 26);
            g.put<u8>(16384 + 4 * i + k, u8(letter));
            expected += letter;
        }
        g.iovec(1024 + 8 * i, 16384 + 4 * i, length);
    }
    CHECK(g("fd_write", 4, 1024, n, 8) == err::success);
    CHECK(g.get<u32>(8) == expected.size());
    CHECK(d.content("many") == expected);
    CHECK(g("fd_pread", 4, 1024, n, 0, 8) == err::success);
    CHECK(g.get<u32>(8) == expected.size());
    CHECK(g("fd_pwrite", 4, 1024, n, 1, 8) == err::success);
    CHECK(d.content("many") == expected.substr(0, 1) + expected);
    // One that is bad after others were written: so many were.
    g.iovec(1024 + 8 * 900, 0xffff'ff00, 8);
    CHECK(g("fd_pwrite", 4, 1024, n, 0, 8) == err::success);
    CHECK((g.get<u32>(8) > 0 && g.get<u32>(8) < expected.size()));
    CHECK(g("fd_write", 4, 1024, 0, 8) == err::success);
    CHECK(g.get<u32>(8) == 0);
}

TEST_CASE("preview1: rights only shrink, and what is opened has no more than asked for") {
    disk d;
    guest g{d.c};
    CHECK(base_of(g, 3) == wasi::context::directory_rights);
    REQUIRE(g.open(3, "greeting", oflags::none, reading | rights::fd_filestat_get) == 4);
    CHECK(base_of(g, 4) == (reading | rights::fd_filestat_get));
    CHECK(g("fd_fdstat_set_rights", 4, u64(reading | rights::fd_write), 0) == err::notcapable);
    CHECK(g("fd_fdstat_set_rights", 4, u64(reading), u64(rights::fd_read)) == err::notcapable);
    CHECK(g("fd_fdstat_set_rights", 4, u64(rights::fd_read), 0) == err::success);
    CHECK(base_of(g, 4) == rights::fd_read);
    CHECK(g.read(4, 2) == "he");
    CHECK(g("fd_seek", 4, 0, 0, 0) == err::notcapable);
    CHECK(g("fd_tell", 4, 0) == err::notcapable);
    CHECK(g("fd_filestat_get", 4, 0) == err::notcapable);
    g.iovec(16, 1024, 1);
    CHECK(g("fd_pread", 4, 16, 1, 0, 8) == err::notcapable);
    CHECK(g("fd_sync", 4) == err::notcapable);
    CHECK(g("fd_datasync", 4) == err::notcapable);
    CHECK(g("fd_advise", 4, 0, 0, 0) == err::notcapable);
    CHECK(g("fd_allocate", 4, 0, 1) == err::notcapable);
    CHECK(g("fd_filestat_set_size", 4, 0) == err::notcapable);
    CHECK(g("fd_filestat_set_times", 4, 0, 0, 0) == err::notcapable);
    CHECK(g("fd_fdstat_set_flags", 4, 0) == err::notcapable);
    CHECK(g("fd_readdir", 4, 0, 100, 0, 200) == err::notcapable);
    // Each right of the directory, one taken away at a time.
    const std::pair<rights, const char*> needs[] = {{rights::path_create_directory, "path_create_directory"},
                                                    {rights::path_unlink_file, "path_unlink_file"},
                                                    {rights::path_remove_directory, "path_remove_directory"}};
    for (const auto& [right, name] : needs) {
        guest other{disk().c};
        CHECK(other("fd_fdstat_set_rights", 3, u64(wasi::context::directory_rights - right), u64(rights::all)) ==
              err::success);
        CHECK(other(name, 3, 1024, other.put(1024, "x")) == err::notcapable);
    }
    CHECK(g("fd_fdstat_set_rights", 3, u64(rights::path_open), u64(reading)) == err::success);
    CHECK((g.open(3, "greeting", oflags::none, writing) == -1 && g.last == err::notcapable));
    CHECK((g.open(3, "greeting", oflags::none, reading, rights::fd_write) == -1 && g.last == err::notcapable));
    CHECK((g.open(3, "x", oflags::creat, reading) == -1 && g.last == err::notcapable));
    CHECK((g.open(3, "greeting", oflags::trunc, reading) == -1 && g.last == err::notcapable));
    CHECK(g.open(3, "greeting", oflags::none, reading) == 5);
    CHECK(g("path_filestat_get", 3, 0, 1024, 8, 0) == err::notcapable);
    CHECK(g("path_filestat_set_times", 3, 0, 1024, 8, 0, 0, 0) == err::notcapable);
    CHECK(g("path_readlink", 3, 1024, 8, 0, 10, 20) == err::notcapable);
    CHECK(g("path_symlink", 1024, 8, 3, 1024, 8) == err::notcapable);
    CHECK(g("path_rename", 3, 1024, 8, 3, 1024, 8) == err::notcapable);
    CHECK(g("path_link", 3, 0, 1024, 8, 3, 1024, 8) == err::notcapable);
    CHECK(g("fd_fdstat_set_rights", 99, 0, 0) == err::badf);
}

TEST_CASE("preview1: what is read only stays as it is") {
    disk d;
    wasi::context c;
    guest g{c.preopen_read_only("/", d.files.root())};
    CHECK(g.open(3, "greeting", oflags::none, reading) == 4);
    CHECK(g.read(4, 9) == "hello");
    CHECK((g.open(3, "greeting", oflags::none, writing) == -1 && g.last == err::notcapable));
    CHECK((g.open(3, "greeting", oflags::trunc, reading) == -1 && g.last == err::notcapable));
    CHECK((g.open(3, "x", oflags::creat, reading) == -1 && g.last == err::notcapable));
    const u32 n = g.put(1024, "greeting");
    CHECK(g("path_unlink_file", 3, 1024, n) == err::notcapable);
    CHECK(g("path_rename", 3, 1024, n, 3, 1024, 3) == err::notcapable);
    CHECK(g("path_filestat_set_times", 3, 0, 1024, n, 0, 0, 0) == err::notcapable);
    CHECK(g("path_filestat_get", 3, 0, 1024, n, 0) == err::success);
    CHECK(d.content("greeting") == "hello");
}

TEST_CASE("preview1: descriptors are renumbered, and there are no more than allowed") {
    disk d;
    wasi::limits few;
    few.descriptors = 6;
    guest g{d.c.limit(few)};
    CHECK(g.open(3, "greeting", oflags::none, reading) == 4);
    CHECK(g.open(3, "sub/deep", oflags::none, reading) == 5);
    CHECK((g.open(3, "greeting", oflags::none, reading) == -1 && g.last == err::mfile));
    CHECK(g("fd_renumber", 5, 4) == err::success);
    CHECK(g.read(4, 9) == "below");
    CHECK((g.read(5, 9).empty() && g.last == err::badf));
    CHECK(g("fd_renumber", 5, 4) == err::badf);
    CHECK(g("fd_renumber", 4, 5) == err::badf); // the text asks for an open one
    CHECK(g("fd_renumber", 4, 4) == err::success);
    CHECK(g.open(3, "greeting", oflags::none, reading) == 5);
    // A file in place of standard output; the lowest free number comes next.
    CHECK(g("fd_close", 5) == err::success);
    CHECK(g.open(3, "log", oflags::creat, writing) == 5);
    CHECK(g("fd_renumber", 5, 1) == err::success);
    CHECK(g.write(1, "logged") == 6);
    CHECK(d.content("log") == "logged");
    // Moved away and back: the number of a standard stream may be a closed one.
    CHECK(g("fd_renumber", 1, 4) == err::success);
    CHECK(g("fd_renumber", 4, 1) == err::success);
    CHECK(g.write(1, "!") == 1);
    CHECK(d.content("log") == "logged!");
    CHECK(g("fd_close", 3) == err::success);
    CHECK(g("fd_prestat_get", 3, 0) == err::badf);
    CHECK(g("fd_close", 0) == err::success);
    CHECK(g("fd_close", 0) == err::badf);
}

TEST_CASE("preview1: directories are listed, in pieces too") {
    disk d;
    for (int i = 0; i < 30; ++i) CHECK(d.files.put("sub/file" + std::to_string(i), "x") == err::success);
    guest g{d.c};
    REQUIRE(g.open(3, "sub", oflags::directory, rights::fd_readdir) == 4);
    for (const u32 room : {4096u, 200u, 64u, 40u}) {
        u64 cookie = 0;
        std::string names;
        u32 entries = 0;
        for (int rounds = 0; rounds < 1000; ++rounds) {
            REQUIRE(g("fd_readdir", 4, 4096, room, cookie, 0) == err::success);
            const u32 used = g.get<u32>(0);
            REQUIRE(used <= room);
            u32 at = 0;
            while (used - at >= 24) {
                const u32 length = g.get<u32>(4096 + at + 16);
                if (used - at - 24 < length) break;
                names += g.text_at(4096 + at + 24, length) + "\n";
                cookie = g.get<u64>(4096 + at);
                CHECK(g.get<u64>(4096 + at + 8) != 0); // a libc asks for the status of what has no number
                at += 24 + length;
                ++entries;
            }
            if (used < room) break;
        }
        CHECK(entries == 33); // with ".", ".." and "deep"
        CHECK(names.find("file29\n") != std::string::npos);
    }
    CHECK(g("fd_readdir", 4, 4096, 0, 0, 0) == err::success);
    CHECK(g.get<u32>(0) == 0);
    CHECK(g("fd_readdir", 4, 2 * 65536 - 10, 11, 0, 0) == err::fault);
    CHECK(g("fd_readdir", 0, 4096, 10, 0, 0) == err::notcapable);
}

TEST_CASE("preview1: names are made, linked, renamed, removed") {
    disk d;
    guest g{d.c};
    const auto path = [&](std::string_view t, u32 at = 2048) { return g.put(at, t); };
    CHECK(g("path_create_directory", 3, 2048, path("made")) == err::success);
    CHECK(g("path_create_directory", 3, 2048, path("made")) == err::exist);
    CHECK(g("path_filestat_get", 3, 0, 2048, path("made"), 0) == err::success);
    CHECK(g.get<u8>(16) == u8(wasi::filetype::directory));
    CHECK(g("path_remove_directory", 3, 2048, path("made")) == err::success);
    CHECK(g("path_filestat_get", 3, 0, 2048, path("made"), 0) == err::noent);
    CHECK(g("path_symlink", 2048, path("sub/deep"), 3, 3072, path("link", 3072)) == err::success);
    CHECK(g("path_readlink", 3, 2048, path("link"), 0, 100, 200) == err::success);
    CHECK(g.text_at(0, g.get<u32>(200)) == "sub/deep");
    CHECK(g("path_readlink", 3, 2048, path("link"), 0, 3, 200) == err::success);
    CHECK(g.get<u32>(200) == 3);
    CHECK(g("path_filestat_get", 3, 0, 2048, path("link"), 0) == err::success);
    CHECK(g.get<u8>(16) == u8(wasi::filetype::symbolic_link));
    CHECK(g("path_filestat_get", 3, 1, 2048, path("link"), 0) == err::success);
    CHECK(g.get<u8>(16) == u8(wasi::filetype::regular_file));
    CHECK(g.get<u64>(32) == 5);
    CHECK(g("path_link", 3, 0, 2048, path("greeting"), 3, 3072, path("again", 3072)) == err::success);
    CHECK(d.content("again") == "hello");
    CHECK(g("path_rename", 3, 2048, path("again"), 3, 3072, path("sub/moved", 3072)) == err::success);
    CHECK(d.content("sub/moved") == "hello");
    CHECK(g("path_unlink_file", 3, 2048, path("sub/moved")) == err::success);
    CHECK(d.content("sub/moved") == "none");
    CHECK(g("path_filestat_set_times", 3, 0, 2048, path("greeting"), 11, 22, 5) == err::success);
    CHECK(g("path_filestat_get", 3, 0, 2048, path("greeting"), 0) == err::success);
    CHECK((g.get<u64>(40) == 11 && g.get<u64>(48) == 22));
    // Another file system
    auto other = *wasi::memory_filesystem::make();
    disk both;
    guest two{both.c.preopen("/other", other.root())};
    CHECK(two("path_rename", 3, 2048, two.put(2048, "greeting"), 4, 3072, two.put(3072, "x")) == err::xdev);
    CHECK(two("path_link", 3, 0, 2048, 8, 4, 3072, 1) == err::xdev);
    // Unknown bits and what is too long or out of the memory
    CHECK(g("path_filestat_get", 3, 2, 2048, 1, 0) == err::inval);
    CHECK(g("path_filestat_set_times", 3, 0, 2048, 1, 0, 0, 16) == err::inval);
    CHECK(g("path_open", 3, 2, 2048, 1, 0, 0, 0, 0, 0) == err::inval);
    CHECK(g("path_open", 3, 0, 2048, 1, 16, 0, 0, 0, 0) == err::inval);
    CHECK(g("path_open", 3, 0, 2048, 1, 0, 0, 0, 32, 0) == err::inval);
    CHECK(g("path_link", 3, 2, 2048, 1, 3, 3072, 1) == err::inval);
    CHECK(g("path_unlink_file", 3, 0, 4096) == err::nametoolong);
    CHECK(g("path_unlink_file", 3, 0, 0xffff'ffff) == err::fault);
    CHECK(g("path_unlink_file", 3, 2 * 65536, 1) == err::fault);
    CHECK(g("path_unlink_file", 77, 0, 1) == err::badf);
}

TEST_CASE("preview1: sizes, times, flags and advice of an open file") {
    disk d;
    guest g{d.c};
    REQUIRE(g.open(3, "greeting", oflags::none, rights::all) == 4);
    CHECK(has(base_of(g, 4), rights::fd_write | rights::fd_read | rights::fd_filestat_set_times));
    CHECK(!has(base_of(g, 4), rights::path_open)); // means nothing for a file
    CHECK(g("fd_filestat_set_size", 4, 2) == err::success);
    CHECK(d.content("greeting") == "he");
    CHECK(g("fd_allocate", 4, 0, 4) == err::success);
    CHECK(d.content("greeting").size() == 4);
    CHECK(g("fd_filestat_set_times", 4, 5, 6, 5) == err::success);
    CHECK(g("fd_filestat_set_times", 4, 5, 6, 3) == err::inval);
    CHECK(g("fd_filestat_set_times", 4, 5, 6, 16) == err::inval);
    CHECK(g("fd_filestat_get", 4, 0) == err::success);
    CHECK((g.get<u64>(32) == 4 && g.get<u64>(40) == 5 && g.get<u64>(48) == 6));
    CHECK(g.get<u64>(24) == 1);
    CHECK(g("fd_fdstat_set_flags", 4, u32(wasi::fdflags::append)) == err::success);
    CHECK(g("fd_fdstat_get", 4, 0) == err::success);
    CHECK(g.get<u16>(2) == u16(wasi::fdflags::append));
    CHECK(g.get<u8>(0) == u8(wasi::filetype::regular_file));
    CHECK(g.write(4, "end") == 3);
    CHECK(d.content("greeting").substr(4) == "end");
    CHECK(g("fd_fdstat_set_flags", 4, 32) == err::inval);
    CHECK(g("fd_advise", 4, 0, 0, 5) == err::success);
    CHECK(g("fd_advise", 4, 0, 0, 6) == err::inval);
    CHECK(g("fd_sync", 4) == err::success);
    CHECK(g("fd_datasync", 4) == err::success);
}
