// SPDX-License-Identifier: MIT
// What only a directory of a Windows host does.
#if defined(_WIN32)
#include "filesystems.hpp"

#include <tessera/wasi/read_only.hpp>

using namespace filesystems;

TEST_CASE("windows: opening the host's directory") {
    const scratch here;
    write_host(here / "file", "x");
    CHECK(why(open_host_directory((here / "missing").c_str())) == err::noent);
    CHECK(why(open_host_directory((here / "file").c_str())) == err::notdir);
    CHECK(why(open_host_directory("")) == err::noent);
    CHECK(why(open_host_directory("\xff")) == err::ilseq);
}

TEST_CASE("windows: names that mean something else there are refused") {
    const scratch here;
    std::filesystem::create_directories(here.path() / "top/dir");
    write_host(here / "secret", "secret");
    write_host(here / "top/file", "x");
    const auto opened = open_host_directory((here / "top").c_str());
    REQUIRE(opened);
    node& root = **opened;
    for (const char* path : {"..\\secret",
                             "dir\\..\\..\\secret",
                             "dir/..\\..\\secret",
                             "\\secret",
                             "C:",
                             "C:/secret",
                             "C:\\secret",
                             "file:stream",
                             "file::$DATA",
                             "dir:x",
                             "fil?",
                             "*",
                             "\"file\"",
                             "<file",
                             "file>",
                             "a|b",
                             "file.",
                             "file ",
                             "...",
                             ". .",
                             "dir ./x",
                             "dir./x",
                             "dir/.. /x",
                             "\\\\.\\pipe\\x",
                             "\\??\\C:\\x",
                             "a\x01"
                             "b"}) {
        CAPTURE(path);
        CHECK(opening(root, path, reading()) == err::inval);
        CHECK(opening(root, path, writing()) == err::inval);
        CHECK(why(root.stat_at(path, lookupflags::none)) == err::inval);
        CHECK(root.create_directory_at(path) == err::inval);
        CHECK(root.unlink_file_at(path) == err::inval);
        CHECK(root.remove_directory_at(path) == err::inval);
        CHECK(root.rename_at(path, root, "new") == err::inval);
        CHECK(root.rename_at("file", root, path) == err::inval);
        CHECK(root.link_at(lookupflags::none, "file", root, path) == err::inval);
        CHECK(root.symlink_at("file", path) == err::inval);
    }
    CHECK(opening(root, "\xff", reading()) == err::ilseq);
    CHECK(opening(root, "\xed\xa0\x80", writing()) == err::ilseq); // half of a pair
    // The names of devices are names like any other, relative to a directory.
    put(root, "nul", "not the device");
    CHECK(get(root, "nul") == "not the device");
    CHECK(root.unlink_file_at("nul") == err::success);
    CHECK(read_host(here / "secret") == "secret");
}

TEST_CASE("windows: names are Unicode, in either case") {
    const scratch here;
    const auto opened = open_host_directory((here / ".").c_str());
    REQUIRE(opened);
    node& root = **opened;
    const char* const name = "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xb1.txt"; // of two, three and four bytes
    put(root, name, "text");
    CHECK(get(root, name) == "text");
    CHECK(list(root).size() == 3);
    CHECK(list(root)[2].name == name);
    put(root, "Case", "one");
    CHECK(get(root, "cASE") == "one");
    CHECK(opening(root, "CASE", plain(oflags::creat | oflags::excl)) == err::exist);
}

TEST_CASE("windows: symbolic links are not made") {
    const scratch here;
    const auto opened = open_host_directory((here / ".").c_str());
    REQUIRE(opened);
    put(**opened, "file", "x");
    CHECK((*opened)->symlink_at("file", "link") == err::notsup);
    CHECK((*opened)->symlink_at("file", "file") == err::exist);
    CHECK((*opened)->symlink_at("/", "link") == err::perm);
    CHECK(readlink(**opened, "file") == "error " + std::to_string(int(err::inval)));
}

TEST_CASE("windows: a view of it is read only") {
    const scratch here;
    auto opened = open_host_directory((here / ".").c_str());
    REQUIRE(opened);
    put(**opened, "file", "x");
    const auto view = read_only(*opened);
    CHECK(get(*view, "file") == "x");
    CHECK(opening(*view, "file", writing(oflags::none)) == err::rofs);
    CHECK(opening(*view, "new", writing()) == err::rofs);
    CHECK(view->unlink_file_at("file") == err::rofs);
    CHECK(get(**opened, "file") == "x");
}

TEST_CASE("windows: a removed file that is open") {
    const scratch here;
    const auto opened = open_host_directory((here / ".").c_str());
    REQUIRE(opened);
    node& root = **opened;
    put(root, "file", "x");
    {
        const auto file = must_open(root, "file", reading());
        CHECK(root.unlink_file_at("file") == err::success);
        CHECK(read(*file) == "x");
    }
    CHECK(opening(root, "file") == err::noent); // at the latest when it is closed
}
#endif
