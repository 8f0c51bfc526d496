// SPDX-License-Identifier: MIT
// What every file system does alike: the same expectations over each of them.
#include "filesystems.hpp"

#include <algorithm>
#include <set>

using namespace filesystems;

TEST_CASE("file systems: files are made, written, read, cut") {
    each_writable([](node& root) {
        CHECK(opening(root, "file") == err::noent);
        const auto file = must_open(root, "file", writing());
        CHECK(file->type() == filetype::regular_file);
        CHECK(file->filesystem() == nullptr);
        CHECK(*write(*file, "hello ") == 6);
        CHECK(*write(*file, "world") == 5);
        CHECK(read(*file) == "");
        CHECK(*file->seek(0, whence::cur) == 11);
        CHECK(*file->seek(-5, whence::end) == 6);
        CHECK(read(*file) == "world");
        CHECK(*file->seek(-11, whence::cur) == 0);
        CHECK(read(*file, 5) == "hello");
        CHECK(why(file->seek(-6, whence::cur)) == err::inval);
        CHECK(why(file->seek(-1, whence::set)) == err::inval);
        CHECK(why(file->seek(0, whence(3))) == err::inval);
        CHECK(*file->seek(0, whence::cur) == 5);
        CHECK(pread(*file, 6) == "world");
        CHECK(pread(*file, 11) == "");
        CHECK(pread(*file, 1000) == "");
        CHECK(*pwrite(*file, "W", 6) == 1);
        CHECK(*file->seek(0, whence::cur) == 5); // stayed
        CHECK(pread(*file, 0) == "hello World");
        CHECK(why(pwrite(*file, "x", filesize(-1))) == err::inval);
        CHECK(pread(*file, filesize(1) << 63) == "error " + std::to_string(int(err::inval)));
        CHECK(file->set_size(5) == err::success);
        CHECK(pread(*file, 0) == "hello");
        CHECK(file->set_size(7) == err::success);
        CHECK(pread(*file, 0) == std::string("hello\0\0", 7));
        CHECK(file->set_size(filesize(-1)) == err::inval);
        CHECK(*pwrite(*file, "x", 9) == 1); // a gap is zeros
        CHECK(pread(*file, 0) == std::string("hello\0\0\0\0x", 10));
        CHECK(*file->seek(20, whence::set) == 20);
        CHECK(read(*file) == "");
        CHECK(file->stat()->size == 10);
        CHECK(file->sync() == err::success);
        CHECK(file->datasync() == err::success);
        CHECK(file->poll(eventtype::fd_read)->ready);
        CHECK(file->poll(eventtype::fd_write)->ready);
        CHECK(*file->seek(4, whence::set) == 4);
        CHECK(file->poll(eventtype::fd_read)->nbytes == 6);
        CHECK(opening(root, "file", writing(oflags::trunc)) == err::success);
        CHECK(file->stat()->size == 0);
    });
}

TEST_CASE("file systems: several buffers, none, empty ones") {
    each_writable([](node& root) {
        const auto file = must_open(root, "file", writing());
        const auto bytes = [](const char* s) { return reinterpret_cast<const u8*>(s); };
        const const_buffer parts[] = {{bytes("ab"), 2}, {nullptr, 0}, {bytes("cde"), 3}, {bytes("f"), 1}};
        CHECK(*file->write(parts) == 6);
        CHECK(*file->write({}) == 0);
        CHECK(*file->pwrite(view<const_buffer>(parts, 1), 6) == 2);
        u8 one[1], two[2], five[5];
        const buffer into[] = {{one, 1}, {nullptr, 0}, {two, 2}, {five, 5}};
        CHECK(*file->pread(into, 1) == 7);
        CHECK((one[0] == 'b' && two[0] == 'c' && two[1] == 'd' && five[0] == 'e' && five[3] == 'b'));
        CHECK(*file->pread({}, 0) == 0);
        const buffer none[] = {{nullptr, 0}};
        CHECK(*file->read(none) == 0);
        // More than a system takes at once.
        std::vector<u8> text(3000);
        std::vector<const_buffer> from;
        for (std::size_t i = 0; i < text.size(); ++i) {
            text[i] = u8(i * 7);
            from.push_back({&text[i], 1});
        }
        CHECK(file->set_size(0) == err::success);
        CHECK(*file->pwrite(from, 0) == 3000);
        std::vector<u8> back(3000);
        std::vector<buffer> to;
        for (u8& b : back) to.push_back({&b, 1});
        CHECK(*file->pread(to, 0) == 3000);
        CHECK(back == text);
        CHECK(*file->pread(to, 1000) == 2000);
    });
}

TEST_CASE("file systems: append goes to the end, until it is switched off") {
    each_writable([](node& root) {
        const auto file = must_open(root, "file", writing(oflags::creat, fdflags::append));
        CHECK(file->flags() == fdflags::append);
        CHECK(*write(*file, "ab") == 2);
        CHECK(*file->seek(0, whence::set) == 0);
        CHECK(*write(*file, "cd") == 2);
        CHECK(*file->seek(0, whence::cur) == 4);
        CHECK(pread(*file, 0) == "abcd");
        CHECK(file->set_flags(fdflags::none) == err::success);
        CHECK(file->flags() == fdflags::none);
        CHECK(*file->seek(0, whence::set) == 0);
        CHECK(*write(*file, "xy") == 2);
        CHECK(pread(*file, 0) == "xycd");
        CHECK(file->set_flags(fdflags::append | fdflags::nonblock) == err::success);
        CHECK(file->flags() == (fdflags::append | fdflags::nonblock));
        CHECK(*write(*file, "!") == 1);
        CHECK(pread(*file, 0) == "xycd!");
        CHECK(file->set_flags(fdflags(1u << 9)) == err::notsup);
    });
}

TEST_CASE("file systems: only what a file was opened for") {
    each_writable([](node& root) {
        put(root, "file", "text");
        const auto reader = must_open(root, "file", reading());
        CHECK(why(write(*reader, "x")) == err::badf);
        CHECK(why(pwrite(*reader, "x", 0)) == err::badf);
        CHECK(reader->set_size(0) == err::badf);
        CHECK(reader->allocate(0, 10) == err::badf);
        auto how = writing();
        how.read = false;
        const auto writer = must_open(root, "file", how);
        CHECK(read(*writer) == "error " + std::to_string(int(err::badf)));
        CHECK(pread(*writer, 0) == "error " + std::to_string(int(err::badf)));
        CHECK(*write(*writer, "T") == 1);
        const auto neither = must_open(root, "file", plain());
        CHECK(why(write(*neither, "x")) == err::badf);
        CHECK(read(*neither) == "error " + std::to_string(int(err::badf)));
        CHECK(neither->stat()->size == 4);
        // Cutting needs no right of the descriptor.
        const auto cutter = must_open(root, "file", plain(oflags::trunc));
        CHECK(cutter->stat()->size == 0);
        CHECK(why(write(*cutter, "x")) == err::badf);
        // Nothing of directories.
        CHECK(opening(*reader, "x") == err::notdir);
        CHECK(reader->create_directory_at("x") == err::notdir);
        CHECK(reader->unlink_file_at("x") == err::notdir);
        names n;
        CHECK(reader->readdir(0, n) == err::notdir);
        CHECK(root.rename_at("file", *reader, "x") == err::notdir);
        CHECK(root.link_at(lookupflags::none, "file", *reader, "x") == err::notdir);
        roflags out;
        CHECK(why(reader->accept(fdflags::none)) == err::notsock);
        CHECK(why(reader->receive({}, riflags::none, out)) == err::notsock);
        CHECK(why(reader->send({})) == err::notsock);
        CHECK(reader->shutdown(sdflags::rd) == err::notsock);
    });
}

TEST_CASE("file systems: nothing of files on directories") {
    each_writable([](node& root) {
        CHECK(root.type() == filetype::directory);
        CHECK(root.stat()->type == filetype::directory);
        CHECK(root.flags() == fdflags::none);
        u8 byte = 0;
        const buffer to{&byte, 1};
        const const_buffer from{&byte, 1};
        CHECK(why(root.read({&to, 1})) == err::isdir);
        CHECK(why(root.write({&from, 1})) == err::isdir);
        CHECK(why(root.pread({&to, 1}, 0)) == err::isdir);
        CHECK(why(root.pwrite({&from, 1}, 0)) == err::isdir);
        CHECK(why(root.seek(0, whence::cur)) == err::isdir);
        CHECK(root.set_size(0) == err::inval);
        CHECK(root.allocate(0, 1) == err::isdir);
        CHECK(root.advise(0, 0, advice::normal) == err::isdir);
        CHECK(root.sync() == err::success);
        CHECK(root.datasync() == err::success);
    });
}

TEST_CASE("file systems: opening and making") {
    each_writable([](node& root) {
        put(root, "file", "x");
        REQUIRE(root.create_directory_at("dir") == err::success);
        CHECK(opening(root, "file", plain(oflags::creat | oflags::excl)) == err::exist);
        CHECK(opening(root, "dir", plain(oflags::creat | oflags::excl)) == err::exist);
        CHECK(opening(root, "file", plain(oflags::directory)) == err::notdir);
        CHECK(opening(root, "dir", plain(oflags::directory)) == err::success);
        CHECK(opening(root, "dir") == err::success);
        CHECK(opening(root, "dir", writing(oflags::none)) == err::isdir);
        CHECK(opening(root, "dir", writing(oflags::directory)) == err::success);
        CHECK(opening(root, "dir", writing(oflags::creat)) == err::isdir);
        CHECK(opening(root, "dir", plain(oflags::creat)) == err::isdir);
        CHECK(opening(root, "dir", plain(oflags::trunc)) == err::isdir);
        CHECK(opening(root, "x", plain(oflags::creat | oflags::directory)) == err::inval);
        CHECK(opening(root, "dir", plain(oflags::trunc | oflags::directory)) == err::inval);
        CHECK(opening(root, "dir", plain(oflags::excl | oflags::directory)) == err::inval);
        CHECK(opening(root, "missing/x", writing()) == err::noent);
        CHECK(opening(root, "file/x", writing()) == err::notdir);
        CHECK(opening(root, "file/../file") == err::notdir);
        CHECK(opening(root, "x", plain(oflags::creat)) == err::success);
        CHECK(type_at(root, "x") == filetype::regular_file);
        CHECK(root.create_directory_at("dir") == err::exist);
        CHECK(root.create_directory_at("file") == err::exist);
        CHECK(root.create_directory_at(".") == err::exist);
        CHECK(root.create_directory_at("missing/x") == err::noent);
        CHECK(root.create_directory_at("new/") == err::success);
        CHECK(type_at(root, "new") == filetype::directory);
        const auto dir = must_open(root, "dir", plain(oflags::directory, lookupflags::none));
        CHECK(dir->filesystem() == root.filesystem());
        put(*dir, "inner", "in");
        CHECK(get(root, "dir/inner") == "in");
        CHECK(get(*dir, "inner") == "in");
    });
}

TEST_CASE("file systems: paths that no file system takes") {
    each_writable([](node& root) {
        put(root, "file", "x");
        REQUIRE(root.create_directory_at("dir") == err::success);
        const std::string nul("file\0", 5), long_name(256, 'n'), longest(255, 'n');
        std::string long_path = "dir";
        while (long_path.size() <= 4095) long_path += "/../dir";
        struct bad {
            std::string_view path;
            err expected;
        };
        const bad all[] = {{"", err::noent},
                           {"/", err::perm},
                           {"/file", err::perm},
                           {"//file", err::perm},
                           {"..", err::perm},
                           {"../", err::perm},
                           {"../x", err::perm},
                           {"./..", err::perm},
                           {"dir/../..", err::perm},
                           {"dir/../../x", err::perm},
                           {nul, err::inval},
                           {std::string_view("\0", 1), err::inval},
                           {long_name, err::nametoolong},
                           {long_path, err::nametoolong}};
        for (const bad& b : all) {
            CAPTURE(b.path);
            CHECK(opening(root, b.path) == b.expected);
            CHECK(opening(root, b.path, writing()) == b.expected);
            CHECK(why(root.stat_at(b.path, lookupflags::none)) == b.expected);
            CHECK(why(root.stat_at(b.path, lookupflags::symlink_follow)) == b.expected);
            CHECK(root.set_times_at(b.path, lookupflags::none, 0, 0, fstflags::none) == b.expected);
            CHECK(root.create_directory_at(b.path) == b.expected);
            CHECK(root.remove_directory_at(b.path) == b.expected);
            CHECK(root.unlink_file_at(b.path) == b.expected);
            CHECK(root.rename_at(b.path, root, "new") == b.expected);
            CHECK(root.rename_at("file", root, b.path) == b.expected);
            CHECK(root.link_at(lookupflags::none, b.path, root, "new") == b.expected);
            CHECK(root.link_at(lookupflags::none, "file", root, b.path) == b.expected);
            CHECK(root.symlink_at("file", b.path) == b.expected);
            CHECK(why(root.readlink_at(b.path, {})) == b.expected);
        }
        CHECK(opening(root, longest) == err::noent);
        put(root, longest, "long");
        CHECK(get(root, longest) == "long");
    });
}

TEST_CASE("file systems: dots and slashes") {
    each_writable([](node& root) {
        REQUIRE(root.create_directory_at("dir") == err::success);
        REQUIRE(root.create_directory_at("dir/nested") == err::success);
        put(root, "dir/nested/file", "deep");
        CHECK(get(root, "dir/.//nested/../../dir/nested/../nested///./file") == "deep");
        CHECK(get(root, "./dir/nested/file") == "deep");
        CHECK(opening(root, ".") == err::success);
        CHECK(opening(root, "./") == err::success);
        CHECK(opening(root, "dir/..") == err::success);
        CHECK(opening(root, "dir/nested/") == err::success);
        CHECK(opening(root, "dir/nested///") == err::success);
        CHECK(opening(root, "dir/nested/../..") == err::success);
        CHECK(opening(root, "dir/nested/file/") == err::notdir);
        CHECK(opening(root, "dir/nested/file///") == err::notdir);
        CHECK(opening(root, "dir/nested/file/.") == err::notdir);
        CHECK(opening(root, "dir/nested/file/..") == err::notdir);
        CHECK(opening(root, "dir/new/", writing()) == err::isdir);
        CHECK(opening(root, "dir/nested/", writing()) == err::isdir);
        CHECK(opening(root, ".", plain(oflags::creat)) == err::isdir);
        open_options nonblock;
        nonblock.fdflags = fdflags::nonblock;
        const auto self = must_open(root, ".", nonblock);
        CHECK(self->flags() == fdflags::none);
        CHECK(self->stat()->ino == root.stat()->ino);
        CHECK(why(root.stat_at("dir/nested/file/", lookupflags::none)) == err::notdir);
        CHECK(type_at(root, "dir/") == filetype::directory);
        CHECK(root.remove_directory_at(".") == err::inval);
        CHECK(root.remove_directory_at("dir/.") == err::inval);
        CHECK(root.unlink_file_at(".") == err::isdir);
        CHECK(root.rename_at(".", root, "x") == err::busy);
        CHECK(root.rename_at("dir/..", root, "x") == err::busy);
        CHECK(root.rename_at("dir", root, ".") == err::busy);
        CHECK(root.symlink_at("x", ".") == err::exist);
        CHECK(root.link_at(lookupflags::none, ".", root, "x") == err::perm);
        CHECK(why(root.readlink_at(".", {})) == err::inval);
        // A directory that was opened is as much a border as the root.
        const auto dir = must_open(root, "dir", plain(oflags::directory));
        CHECK(opening(*dir, "..") == err::perm);
        CHECK(opening(*dir, "../dir/nested/file") == err::perm);
        CHECK(opening(*dir, "nested/..") == err::success);
    });
}

TEST_CASE("file systems: removing") {
    each_writable([](node& root) {
        REQUIRE(root.create_directory_at("dir") == err::success);
        REQUIRE(root.create_directory_at("dir/nested") == err::success);
        put(root, "file", "x");
        CHECK(root.remove_directory_at("dir") == err::notempty);
        CHECK(root.remove_directory_at("file") == err::notdir);
        CHECK(root.remove_directory_at("file/") == err::notdir);
        CHECK(root.remove_directory_at("missing") == err::noent);
        CHECK(root.remove_directory_at("dir/nested/") == err::success);
        CHECK(root.unlink_file_at("dir") == err::isdir);
        CHECK(root.unlink_file_at("dir/") == err::isdir);
        CHECK(root.unlink_file_at("file/") == err::notdir);
        CHECK(root.unlink_file_at("missing") == err::noent);
        CHECK(root.unlink_file_at("missing/") == err::noent);
    });
}

TEST_CASE("file systems: what is open lives on without its name, or with another") {
    each_writable(
        [](node& root) {
            REQUIRE(root.create_directory_at("dir") == err::success);
            REQUIRE(root.create_directory_at("source") == err::success);
            REQUIRE(root.create_directory_at("target") == err::success);
            put(root, "file", "x");
            const auto target = must_open(root, "target", plain(oflags::directory));
            CHECK(root.rename_at("target", root, "source/target") == err::success);
            CHECK(root.rename_at("source", *target, "loop") == err::inval);
            put(*target, "inner", "in");
            CHECK(get(root, "source/target/inner") == "in");
            const auto file = must_open(root, "file", writing(oflags::none));
            CHECK(root.unlink_file_at("file") == err::success);
            CHECK(opening(root, "file") == err::noent);
            CHECK(pread(*file, 0) == "x");
            CHECK(*pwrite(*file, "yz", 0) == 2);
            CHECK(pread(*file, 0) == "yz");
            CHECK(file->stat()->nlink == 0);
            put(root, "file", "new");
            CHECK(pread(*file, 0) == "yz");
            const auto dir = must_open(root, "dir", plain(oflags::directory));
            CHECK(root.remove_directory_at("dir") == err::success);
            CHECK(opening(*dir, "x", writing()) == err::noent);
            CHECK(dir->create_directory_at("x") == err::noent);
            CHECK(dir->symlink_at("x", "y") == err::noent);
            CHECK(root.rename_at("file", *dir, "x") == err::noent);
            CHECK(opening(*dir, "..") == err::perm);
            CHECK(root.create_directory_at("dir") == err::success);
            CHECK(opening(*dir, "x", writing()) == err::noent); // another one
        },
        needs::open_files_without_name);
}

TEST_CASE("file systems: renaming") {
    each_writable([](node& root) {
        const auto make = [&](const char* path) { REQUIRE(root.create_directory_at(path) == err::success); };
        make("source");
        CHECK(root.rename_at("source/", root, "target") == err::success);
        CHECK(root.rename_at("target", root, "source/") == err::success);
        CHECK(root.rename_at("source/", root, "target/") == err::success);
        CHECK(opening(root, "source") == err::noent);
        CHECK(type_at(root, "target") == filetype::directory);
        make("source");
        put(root, "source/inner", "in");
        CHECK(root.rename_at("source", root, "target") == err::success); // onto an empty one
        CHECK(get(root, "target/inner") == "in");
        make("source");
        CHECK(root.rename_at("source", root, "target") == err::notempty);
        CHECK(root.rename_at("source", root, "target/inner") == err::notdir);
        CHECK(root.rename_at("source", root, "source/below") == err::inval);
        CHECK(root.rename_at("source", root, "source") == err::success);
        put(root, "file", "one");
        put(root, "other", "two");
        CHECK(root.rename_at("file", root, "source") == err::isdir);
        CHECK(root.rename_at("file", root, "other") == err::success);
        CHECK(get(root, "other") == "one");
        CHECK(opening(root, "file") == err::noent);
        CHECK(root.rename_at("missing", root, "x") == err::noent);
        CHECK(root.rename_at("missing/", root, "x") == err::noent);
        CHECK(root.rename_at("other/", root, "x") == err::notdir);
        CHECK(root.rename_at("other", root, "x/") == err::notdir);
        CHECK(root.rename_at("other", root, "missing/x") == err::noent);
        CHECK(root.rename_at("other", root, "other") == err::success);
        // Between directories; what is open follows.
        const auto target = must_open(root, "target", plain(oflags::directory));
        const auto file = must_open(root, "other", reading());
        CHECK(root.rename_at("other", *target, "moved") == err::success);
        CHECK(get(*target, "moved") == "one");
        CHECK(read(*file) == "one");
        CHECK(target->rename_at("moved", root, "back") == err::success);
        CHECK(get(root, "back") == "one");
        CHECK(root.rename_at("target", root, "source/target") == err::success);
        CHECK(get(*target, "inner") == "in");
        CHECK(get(root, "source/target/inner") == "in");
        CHECK(get(root, "source/target/../target/inner") == "in");
        CHECK(root.rename_at("source", root, "source/target/loop") == err::inval);
    });
}

TEST_CASE("file systems: hard links") {
    each_writable([](node& root) {
        put(root, "file", "x");
        REQUIRE(root.create_directory_at("dir") == err::success);
        const auto dir = must_open(root, "dir", plain(oflags::directory));
        CHECK(root.link_at(lookupflags::none, "file", *dir, "link") == err::success);
        const auto one = root.stat_at("file", lookupflags::none), two = root.stat_at("dir/link", lookupflags::none);
        CHECK((one->ino == two->ino && one->dev == two->dev && one->nlink == 2 && two->nlink == 2));
        CHECK((one->mtim == two->mtim && one->ctim == two->ctim));
        CHECK(*pwrite(*must_open(root, "file", writing()), "y", 0) == 1);
        CHECK(get(root, "dir/link") == "y");
        CHECK(root.link_at(lookupflags::none, "file", root, "dir/link") == err::exist);
        CHECK(root.link_at(lookupflags::none, "file", root, "file") == err::exist);
        CHECK(root.link_at(lookupflags::none, "file", root, "dir") == err::exist);
        CHECK(root.link_at(lookupflags::none, "dir", root, "link") == err::perm);
        CHECK(root.link_at(lookupflags::none, "dir/", root, "link") == err::perm);
        CHECK(root.link_at(lookupflags::none, "file", root, "link/") == err::noent);
        CHECK(root.link_at(lookupflags::none, "file", root, "dir/") == err::exist);
        CHECK(root.link_at(lookupflags::none, "file/", root, "link") == err::notdir);
        CHECK(root.link_at(lookupflags::none, "missing", root, "link") == err::noent);
        CHECK(root.link_at(lookupflags::symlink_follow, "file", root, "link") == err::inval);
        CHECK(root.rename_at("file", root, "dir/link") == err::success); // the same file: both stay
        CHECK(get(root, "file") == "y");
        CHECK(root.unlink_file_at("file") == err::success);
        CHECK(root.stat_at("dir/link", lookupflags::none)->nlink == 1);
    });
}

TEST_CASE("file systems: symbolic links") {
    each_writable(
        [](node& root) {
            constexpr auto follow = lookupflags::symlink_follow;
            REQUIRE(root.create_directory_at("dir") == err::success);
            put(root, "dir/file", "text");
            CHECK(root.symlink_at("dir", "to_dir") == err::success);
            CHECK(root.symlink_at("dir/file", "to_file") == err::success);
            CHECK(root.symlink_at("../dir/./file", "dir/up") == err::success);
            CHECK(root.symlink_at("missing", "dangling") == err::success);
            CHECK(root.symlink_at("self", "self") == err::success);
            CHECK(readlink(root, "to_file") == "dir/file");
            CHECK(readlink(root, "to_file", 4) == "dir/");
            CHECK(readlink(root, "to_file", 0) == "");
            CHECK(readlink(root, "dir/file") == "error " + std::to_string(int(err::inval)));
            CHECK(readlink(root, "dir") == "error " + std::to_string(int(err::inval)));
            CHECK(readlink(root, "nothing") == "error " + std::to_string(int(err::noent)));
            CHECK(get(root, "to_dir/file") == "text");
            CHECK(get(root, "to_file") == "text");
            CHECK(get(root, "dir/up") == "text");
            CHECK(get(root, "to_dir/up") == "text");
            CHECK(get(root, "to_dir/../dir/file") == "text"); // up from where the link leads
            CHECK(opening(root, "to_dir", plain(oflags::directory)) == err::loop);
            CHECK(opening(root, "to_dir") == err::loop);
            CHECK(opening(root, "to_file") == err::loop);
            CHECK(opening(root, "to_file", plain(oflags::creat)) == err::loop);
            CHECK(opening(root, "dangling") == err::loop);
            CHECK(opening(root, "self") == err::loop);
            CHECK(opening(root, "self", plain(oflags::none, follow)) == err::loop);
            CHECK(opening(root, "self/x") == err::loop);
            CHECK(opening(root, "dangling", plain(oflags::none, follow)) == err::noent);
            CHECK(opening(root, "dangling/x") == err::noent);
            CHECK(opening(root, "to_dir", plain(oflags::directory, follow)) == err::success);
            CHECK(opening(root, "to_file", plain(oflags::directory, follow)) == err::notdir);
            CHECK(opening(root, "to_dir/") == err::success); // the slash follows
            CHECK(opening(root, "to_file/", plain(oflags::none, follow)) == err::notdir);
            CHECK(opening(root, "to_file/x") == err::notdir);
            CHECK(opening(root, "to_file", plain(oflags::creat | oflags::excl, follow)) == err::exist);
            CHECK(opening(root, "dangling", plain(oflags::creat | oflags::excl, follow)) == err::exist);
            CHECK(type_at(root, "to_dir") == filetype::symbolic_link);
            CHECK(type_at(root, "to_dir", follow) == filetype::directory);
            CHECK(type_at(root, "to_dir/") == filetype::directory);
            CHECK(type_at(root, "to_file", follow) == filetype::regular_file);
            CHECK(why(root.stat_at("dangling", follow)) == err::noent);
            CHECK(why(root.stat_at("dangling", lookupflags::none)) == err::success);
            CHECK(root.stat_at("to_file", lookupflags::none)->size == 8);
            // A new file where the link leads.
            put(root, "dangling", "made");
            CHECK(get(root, "missing") == "made");
            CHECK(root.symlink_at("unmade/", "slashed") == err::success);
            CHECK(opening(root, "slashed", writing()) == err::isdir);
            CHECK(opening(root, "unmade") == err::noent);
            // Links are removed, renamed and linked themselves.
            CHECK(root.unlink_file_at("dangling") == err::success);
            CHECK(get(root, "missing") == "made");
            CHECK(root.remove_directory_at("to_dir") == err::notdir);
            CHECK(root.remove_directory_at("to_dir/") == err::notdir);
            CHECK(root.unlink_file_at("to_dir/") == err::notdir);
            CHECK(root.rename_at("to_dir/", root, "x") == err::notdir);
            CHECK(root.rename_at("to_file", root, "renamed") == err::success);
            CHECK(readlink(root, "renamed") == "dir/file");
            CHECK(root.link_at(lookupflags::none, "renamed", root, "twin") == err::success);
            CHECK(readlink(root, "twin") == "dir/file");
            CHECK(root.link_at(lookupflags::none, "dir/file", root, "self") == err::exist);
            CHECK(root.link_at(lookupflags::none, "self", root, "self2") == err::success);
            // Where one is made.
            CHECK(root.symlink_at("x", "dir") == err::exist);
            CHECK(root.symlink_at("x", "dir/") == err::exist);
            CHECK(root.symlink_at("x", "missing") == err::exist);
            CHECK(root.symlink_at("x", "missing/") == err::exist);
            CHECK(root.symlink_at("x", "new/") == err::noent);
            CHECK(root.symlink_at("", "new") == err::noent);
            CHECK(root.symlink_at("/", "new") == err::perm);
            CHECK(root.symlink_at("/etc/passwd", "new") == err::perm);
            CHECK(root.symlink_at(std::string_view("a\0b", 3), "new") == err::inval);
            CHECK(root.create_directory_at("self") == err::exist);
            // None leads out, and creating one that would is harmless.
            CHECK(root.symlink_at("..", "out") == err::success);
            CHECK(root.symlink_at("dir/../../outside", "far") == err::success);
            CHECK(root.symlink_at("../..", "dir/out") == err::success);
            for (const char* path : {"out", "out/", "out/x", "out/..", "far", "dir/out", "dir/out/x", "to_dir/out/x"}) {
                CAPTURE(path);
                CHECK(opening(root, path, plain(oflags::none, follow)) == err::perm);
                CHECK(opening(root, path, writing(oflags::none)) == err::perm);
                CHECK(opening(root, path, writing()) != err::success);
                CHECK(why(root.stat_at(path, follow)) == err::perm);
                CHECK(root.set_times_at(path, follow, 0, 0, fstflags::mtim) == err::perm);
            }
            for (const char* path : {"out/x", "dir/out/x", "to_dir/out/x"}) {
                CAPTURE(path);
                CHECK(root.create_directory_at(path) == err::perm);
                CHECK(root.remove_directory_at(path) == err::perm);
                CHECK(root.unlink_file_at(path) == err::perm);
                CHECK(root.rename_at(path, root, "x") == err::perm);
                CHECK(root.rename_at("missing", root, path) == err::perm);
                CHECK(root.link_at(lookupflags::none, path, root, "x") == err::perm);
                CHECK(root.link_at(lookupflags::none, "missing", root, path) == err::perm);
                CHECK(root.symlink_at("x", path) == err::perm);
                CHECK(why(root.readlink_at(path, {})) == err::perm);
            }
            CHECK(readlink(root, "out") == "..");
        },
        needs::symbolic_links);
}

TEST_CASE("file systems: forty links and one more") {
    each_writable(
        [](node& root) {
            put(root, "l0", "end");
            for (int i = 1; i <= 41; ++i)
                REQUIRE(root.symlink_at("l" + std::to_string(i - 1), "l" + std::to_string(i)) == err::success);
            CHECK(get(root, "l40") == "end");
            CHECK(opening(root, "l41", reading()) == err::loop);
            REQUIRE(root.create_directory_at("d0") == err::success);
            for (int i = 1; i <= 41; ++i)
                REQUIRE(root.symlink_at("d" + std::to_string(i - 1), "d" + std::to_string(i)) == err::success);
            CHECK(opening(root, "d40/x") == err::noent);
            CHECK(opening(root, "d41/x") == err::loop);
            // A path that grows beyond measure with each link.
            const std::string long_part(200, '.');
            REQUIRE(root.symlink_at("grow/" + std::string(3000, '/') + "grow", "grow") == err::success);
            CHECK(opening(root, "grow", reading()) != err::success);
        },
        needs::symbolic_links);
}

TEST_CASE("file systems: times") {
    each_writable([](node& root) {
        // In steps of 100 ns: some file systems know no smaller ones.
        put(root, "file", "x");
        const auto file = must_open(root, "file", writing(oflags::none));
        const auto first = *file->stat();
        CHECK(first.mtim != 0);
        CHECK(file->set_times(0, first.mtim - 100, fstflags::mtim) == err::success);
        CHECK(file->stat()->mtim == first.mtim - 100);
        CHECK(file->stat()->atim == first.atim);
        CHECK(file->set_times(12'345'678'900, 700, fstflags::atim | fstflags::mtim) == err::success);
        CHECK((file->stat()->atim == 12'345'678'900 && file->stat()->mtim == 700));
        CHECK(file->set_times(1, 1, fstflags::mtim_now) == err::success);
        CHECK((file->stat()->atim == 12'345'678'900 && file->stat()->mtim >= first.mtim - 1'000'000'000));
        CHECK(file->set_times(1, 1, fstflags::none) == err::success);
        CHECK(file->stat()->atim == 12'345'678'900);
        for (const auto both : {fstflags::atim | fstflags::atim_now, fstflags::mtim | fstflags::mtim_now}) {
            CHECK(file->set_times(1, 1, both) == err::inval);
            CHECK(root.set_times(1, 1, both) == err::inval);
            CHECK(root.set_times_at("file", lookupflags::none, 1, 1, both) == err::inval);
        }
        CHECK(file->stat()->atim == 12'345'678'900);
        CHECK(root.set_times_at("file", lookupflags::none, 0, 500, fstflags::mtim) == err::success);
        CHECK(root.stat_at("file", lookupflags::none)->mtim == 500);
        CHECK(root.set_times_at("file/", lookupflags::none, 0, 500, fstflags::mtim) == err::notdir);
        CHECK(root.set_times_at("missing", lookupflags::none, 0, 500, fstflags::mtim) == err::noent);
        CHECK(root.set_times(300, 400, fstflags::atim | fstflags::mtim) == err::success);
        CHECK((root.stat()->atim == 300 && root.stat()->mtim == 400));
    });
}

TEST_CASE("file systems: symbolic links have times and entries of their own") {
    each_writable(
        [](node& root) {
            put(root, "file", "x");
            REQUIRE(root.symlink_at("file", "link") == err::success);
            CHECK(root.set_times_at("file", lookupflags::none, 0, 5, fstflags::mtim) == err::success);
            CHECK(root.set_times_at("link", lookupflags::none, 0, 6, fstflags::mtim) == err::success);
            CHECK(root.stat_at("file", lookupflags::none)->mtim == 5);
            CHECK(root.stat_at("link", lookupflags::none)->mtim == 6);
            CHECK(root.set_times_at("link", lookupflags::symlink_follow, 0, 8, fstflags::mtim) == err::success);
            CHECK(root.stat_at("file", lookupflags::none)->mtim == 8);
            CHECK(root.stat_at("link", lookupflags::none)->mtim == 6);
            for (const auto& e : list(root))
                if (e.name == "link") {
                    CHECK(e.type == filetype::symbolic_link);
                    CHECK(e.ino == root.stat_at("link", lookupflags::none)->ino);
                }
            CHECK(list(root).size() == 4);
        },
        needs::symbolic_links);
}

TEST_CASE("file systems: allocate and advise") {
    each_writable([](node& root) {
        const auto file = must_open(root, "file", writing());
        CHECK(file->allocate(0, 0) == err::inval);
        CHECK(file->allocate(0, filesize(-1)) == err::inval);
        CHECK(file->allocate(filesize(-1), 1) == err::inval);
        CHECK(file->allocate((filesize(1) << 63) - 10, 100) == err::fbig);
        if (const auto done = file->allocate(0, 100); done != err::notsup) {
            CHECK(done == err::success);
            CHECK(file->stat()->size == 100);
            CHECK(file->allocate(10, 10) == err::success);
            CHECK(file->stat()->size == 100);
            CHECK(file->allocate(90, 20) == err::success);
            CHECK(file->stat()->size == 110);
        }
        for (int i = 0; i <= 5; ++i) CHECK(file->advise(0, 100, advice(i)) == err::success);
        CHECK(file->advise(0, 100, advice(6)) == err::inval);
        CHECK(file->advise(0, filesize(-1), advice::normal) == err::inval);
    });
}

TEST_CASE("file systems: reading directories") {
    each_writable([](node& root) {
        const auto empty = list(root);
        REQUIRE(empty.size() == 2);
        CHECK((empty[0].name == "." || empty[1].name == "."));
        CHECK((empty[0].name == ".." || empty[1].name == ".."));
        put(root, "file", "x");
        REQUIRE(root.create_directory_at("dir") == err::success);
        std::set<std::string> seen;
        for (const auto& e : list(root)) {
            seen.insert(e.name);
            if (e.name == "..") CHECK(e.ino == 0);
            else CHECK(e.ino == root.stat_at(e.name, lookupflags::none)->ino);
            CHECK(e.type == (e.name == "file" ? filetype::regular_file : filetype::directory));
        }
        CHECK(seen == std::set<std::string>{".", "..", "file", "dir"});
        // Every cookie leads to the entries behind it.
        const auto all = list(root);
        for (std::size_t i = 0; i < all.size(); ++i) {
            const auto rest = list(root, all[i].next);
            REQUIRE(rest.size() == all.size() - i - 1);
            for (std::size_t k = 0; k < rest.size(); ++k) CHECK(rest[k].name == all[i + 1 + k].name);
        }
        CHECK(list(root, dircookie(-1)).empty());
        CHECK(list(root, 1'000'000).empty());
        // What was not taken comes again.
        CHECK(list(root, 0, 0).empty());
        CHECK(list(root, 0, 2).size() == 2);
        CHECK(list(root, all[1].next, 0).empty());
        CHECK(list(root, all[1].next)[0].name == all[2].name);
    });
}

TEST_CASE("file systems: directories that change while they are read") {
    each_writable([](node& root) {
        constexpr int count = 300;
        for (int i = 0; i < count; ++i) put(root, "file." + std::to_string(i));
        std::size_t total = 0;
        dircookie at = 0;
        for (;;) {
            const auto some = list(root, at, 7);
            if (some.empty()) break;
            total += some.size();
            at = some.back().next;
        }
        CHECK(total == count + 2);
        // Everything is removed a few at a time, as `rm -r` does.
        at = 0;
        for (;;) {
            const auto some = list(root, at, 7);
            if (some.empty()) break;
            at = some.back().next;
            for (const auto& e : some)
                if (e.name[0] != '.') CHECK(root.unlink_file_at(e.name) == err::success);
        }
        CHECK(list(root).size() == 2);
    });
}

TEST_CASE("file systems: nodes outlive their directory's node") {
    each_writable([](node& root) {
        REQUIRE(root.create_directory_at("dir") == err::success);
        node_owner file;
        {
            const auto dir = must_open(root, "dir", plain(oflags::directory));
            file = must_open(*dir, "file", writing());
        }
        const node_owner shared = file;
        CHECK(*write(*shared, "still here") == 10);
        CHECK(get(root, "dir/file") == "still here");
    });
}

TEST_CASE("file systems: one does not rename into another") {
    std::vector<node_owner> roots;
    auto one = memory_filesystem::make(), two = memory_filesystem::make();
    REQUIRE((one && two));
    roots.push_back(one->root());
    roots.push_back(two->root());
    const scratch here;
    roots.push_back(*open_host_directory(here.path().string().c_str()));
    for (std::size_t i = 0; i < roots.size(); ++i)
        for (std::size_t k = 0; k < roots.size(); ++k)
            if (i != k) {
                put(*roots[i], "file", "x");
                CHECK(roots[i]->rename_at("file", *roots[k], "new") == err::xdev);
                CHECK(roots[i]->link_at(lookupflags::none, "file", *roots[k], "new") == err::xdev);
            }
}
