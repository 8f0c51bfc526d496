// SPDX-License-Identifier: MIT
// A view through which nothing can be changed, over each kind of file system.
#include "filesystems.hpp"

#include <tessera/wasi/read_only.hpp>

using namespace filesystems;

TEST_CASE("read only: everything is read as it is") {
    each_writable(
        [](node& base) {
            put(base, "file", "text");
            REQUIRE(base.create_directory_at("dir") == err::success);
            put(base, "dir/file", "deep");
            REQUIRE(base.symlink_at("dir/file", "link") == err::success);
            REQUIRE(base.symlink_at("..", "out") == err::success);
            const auto view = read_only(must_open(base, ".", plain(oflags::directory)));
            REQUIRE(view);
            node& root = *view;
            CHECK(root.type() == filetype::directory);
            CHECK(root.stat()->ino == base.stat()->ino);
            CHECK(get(root, "file") == "text");
            CHECK(get(root, "dir/file") == "deep");
            CHECK(get(root, "link") == "deep");
            CHECK(opening(root, "link") == err::loop);
            CHECK(readlink(root, "link") == "dir/file");
            CHECK(list(root).size() == 6);
            CHECK(type_at(root, "dir") == filetype::directory);
            CHECK(opening(root, "missing") == err::noent);
            CHECK(opening(root, "out/x") == err::perm);
            CHECK(opening(root, "../x") == err::perm);
            CHECK(opening(root, "file", plain(oflags::directory)) == err::notdir);
            const auto file = must_open(root, "file", reading());
            CHECK(file->type() == filetype::regular_file);
            CHECK(read(*file) == "text");
            CHECK(*file->seek(1, whence::set) == 1);
            CHECK(read(*file) == "ext");
            CHECK(pread(*file, 2) == "xt");
            CHECK(file->stat()->size == 4);
            CHECK(file->poll(eventtype::fd_read)->ready);
            CHECK(file->advise(0, 4, advice::normal) == err::success);
            CHECK(file->sync() == err::success);
            CHECK(file->datasync() == err::success);
            CHECK(file->set_flags(fdflags::nonblock) == err::success);
            CHECK(file->flags() == fdflags::nonblock);
            // Whoever may, changes it, and that is seen.
            put(base, "file", "changed");
            CHECK(get(root, "file") == "changed");
            const auto dir = must_open(root, "dir", plain(oflags::directory));
            CHECK(get(*dir, "file") == "deep");
            CHECK(opening(*dir, "../file") == err::perm);
        },
        needs::symbolic_links);
}

TEST_CASE("read only: nothing is changed") {
    each_writable(
        [](node& base) {
            put(base, "file", "text");
            REQUIRE(base.create_directory_at("dir") == err::success);
            REQUIRE(base.symlink_at("file", "link") == err::success);
            REQUIRE(base.set_times_at("file", lookupflags::none, 5, 5, fstflags::atim | fstflags::mtim) ==
                    err::success);
            const auto view = read_only(must_open(base, ".", plain(oflags::directory)));
            node& root = *view;
            const auto dir = must_open(root, "dir", writing(oflags::directory));
            const auto listed = list(base).size();
            CHECK(opening(root, "file", writing(oflags::none)) == err::rofs);
            CHECK(opening(root, "link", writing(oflags::none)) == err::rofs);
            CHECK(opening(root, "file", plain(oflags::trunc)) == err::rofs);
            CHECK(opening(root, "new", writing()) == err::rofs);
            CHECK(opening(root, "new", plain(oflags::creat)) == err::rofs);
            CHECK(opening(root, "file", plain(oflags::creat)) == err::success); // nothing to be made
            CHECK(opening(root, "file", plain(oflags::creat | oflags::excl)) == err::exist);
            CHECK(opening(root, "link", plain(oflags::creat | oflags::excl)) == err::exist);
            CHECK(opening(root, "new", plain(oflags::creat | oflags::excl)) == err::rofs);
            CHECK(opening(root, "dir", writing(oflags::none)) == err::isdir);
            CHECK(opening(root, "dir", plain(oflags::creat)) == err::isdir);
            CHECK(opening(root, "dir", plain(oflags::creat | oflags::directory)) == err::inval);
            CHECK(opening(*dir, "x", writing()) == err::rofs);
            CHECK(root.create_directory_at("new") == err::rofs);
            CHECK(root.remove_directory_at("dir") == err::rofs);
            CHECK(root.unlink_file_at("file") == err::rofs);
            CHECK(root.rename_at("file", root, "new") == err::rofs);
            CHECK(root.rename_at("file", *dir, "new") == err::rofs);
            CHECK(root.link_at(lookupflags::none, "file", root, "new") == err::rofs);
            CHECK(root.link_at(lookupflags::symlink_follow, "file", root, "new") == err::inval);
            CHECK(root.symlink_at("file", "new") == err::rofs);
            CHECK(root.set_times(1, 1, fstflags::mtim) == err::rofs);
            CHECK(root.set_times(1, 1, fstflags::mtim | fstflags::mtim_now) == err::inval);
            CHECK(root.set_times_at("file", lookupflags::none, 1, 1, fstflags::mtim) == err::rofs);
            CHECK(root.set_times_at("missing", lookupflags::none, 1, 1, fstflags::mtim) == err::noent);
            CHECK(root.set_times_at("file", lookupflags::none, 1, 1, fstflags::atim | fstflags::atim_now) ==
                  err::inval);
            const auto file = must_open(root, "file", reading());
            CHECK(why(write(*file, "x")) == err::badf);
            CHECK(why(pwrite(*file, "x", 0)) == err::badf);
            CHECK(file->set_size(0) == err::badf);
            CHECK(file->allocate(0, 10) == err::badf);
            CHECK(file->set_times(1, 1, fstflags::mtim) == err::rofs);
            CHECK(file->set_times(1, 1, fstflags::mtim | fstflags::mtim_now) == err::inval);
            // Not from it into the file system that it shows, nor back, nor out of what it shows.
            CHECK(root.rename_at("file", base, "new") == err::xdev);
            CHECK(base.rename_at("file", root, "new") == err::xdev);
            CHECK(root.link_at(lookupflags::none, "file", base, "new") == err::xdev);
            CHECK(base.link_at(lookupflags::none, "file", root, "new") == err::xdev);
            CHECK(root.rename_at("file", *file, "new") == err::notdir);
            for (const char* path : {"../x", "/x", "dir/../../x"}) {
                CHECK(root.create_directory_at(path) == err::perm);
                CHECK(root.unlink_file_at(path) == err::perm);
                CHECK(opening(root, path, writing()) == err::perm);
            }
            CHECK(list(base).size() == listed);
            CHECK(get(base, "file") == "text");
            CHECK(base.stat_at("file", lookupflags::none)->mtim == 5);
        },
        needs::symbolic_links);
}
