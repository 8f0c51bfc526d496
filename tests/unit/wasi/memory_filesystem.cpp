// SPDX-License-Identifier: MIT
// What the host does with a file system in memory: put and get files, bound it, set its clock, share it.
#include "filesystems.hpp"

#include <thread>

using namespace filesystems;

namespace {

memory_filesystem must_make(u64 max_bytes = u64(64) << 20) {
    auto made = memory_filesystem::make(max_bytes);
    REQUIRE(made);
    return *made;
}
std::string text_of(const memory_filesystem& m, std::string_view path) {
    const auto content = m.get(path);
    return content ? std::string(reinterpret_cast<const char*>(content->data()), content->size())
                   : "error " + std::to_string(int(content.error()));
}

} // namespace

TEST_CASE("memory: the host puts and gets files") {
    auto m = must_make();
    const auto root = m.root();
    CHECK(m.used() == 0);
    CHECK(m.put("a/b/file", "text") == err::success);
    CHECK(text_of(m, "a/b/file") == "text");
    CHECK(get(*root, "a/b/file") == "text");
    CHECK(m.put("a/b/file", "other") == err::success);
    CHECK(text_of(m, "a/./b/../b/file") == "other");
    CHECK(m.put("a/b", "x") == err::isdir);
    CHECK(m.put("a/b/file/c", "x") == err::notdir);
    CHECK(m.put("/x", "x") == err::perm);
    CHECK(m.put("../x", "x") == err::perm);
    CHECK(m.put("", "x") == err::noent);
    CHECK(text_of(m, "a/b") == "error " + std::to_string(int(err::isdir)));
    CHECK(text_of(m, "missing") == "error " + std::to_string(int(err::noent)));
    CHECK(m.make_directory("c/d/e") == err::success);
    CHECK(m.make_directory("c/d/e") == err::success);
    CHECK(m.make_directory("a/b/file") == err::exist);
    CHECK(type_at(*root, "c/d/e") == filetype::directory);
    CHECK(m.put("empty", "") == err::success);
    CHECK(text_of(m, "empty").empty());
    put(*root, "a/from_guest", "hello");
    CHECK(text_of(m, "a/from_guest") == "hello");
    const std::vector<u8> bytes{0, 1, 255};
    CHECK(m.put("bytes", view<u8>(bytes)) == err::success);
    CHECK(text_of(m, "bytes") == std::string("\0\1\xff", 3));
}

TEST_CASE("memory: no more than the host allows") {
    auto m = must_make(100'000);
    const auto root = m.root();
    const auto file = must_open(*root, "file", writing());
    const auto overhead = m.used();
    CHECK(overhead > 0);
    const std::string block(1000, 'x');
    std::size_t total = 0;
    for (;;) {
        const auto n = write(*file, block);
        if (!n) {
            CHECK(n.error() == err::nospc);
            break;
        }
        total += *n;
        REQUIRE(total < 1'000'000);
    }
    CHECK(total >= 90'000);
    CHECK(m.used() <= 100'000);
    CHECK(file->stat()->size == total);
    CHECK(file->set_size(99'999'999) == err::fbig);
    CHECK(file->allocate(0, 99'999) == err::nospc);
    CHECK(why(pwrite(*file, "x", 50'000'000)) == err::fbig);
    CHECK(file->stat()->size == total);
    // Names and directories count as well.
    int made = 0;
    while (root->create_directory_at("d" + std::to_string(made)) == err::success) ++made;
    CHECK(made < 1000);
    CHECK(root->create_directory_at("one_more") == err::nospc);
    CHECK(opening(*root, "one_more", writing()) == err::nospc);
    CHECK(root->symlink_at("x", "one_more") == err::nospc);
    CHECK(m.put("one_more", "x") == err::nospc);
    CHECK(m.used() <= 100'000);
    // All of it comes back.
    for (int i = 0; i < made; ++i) CHECK(root->remove_directory_at("d" + std::to_string(i)) == err::success);
    CHECK(file->set_size(0) == err::success);
    CHECK(m.used() == overhead);
    CHECK(m.put("big", std::string(80'000, 'y')) == err::success);
    CHECK(m.put("second", std::string(80'000, 'y')) == err::nospc);
    CHECK(opening(*root, "second") == err::noent); // nothing is left of it
    CHECK(root->unlink_file_at("big") == err::success);
    CHECK(root->unlink_file_at("file") == err::success);
    CHECK(m.used() > 0); // it is open
    CHECK(*write(*file, "still") == 5);
}

TEST_CASE("memory: what was removed is given back when it is closed") {
    auto m = must_make();
    const auto root = m.root();
    {
        const auto file = must_open(*root, "file", writing());
        CHECK(*write(*file, std::string(100'000, 'x')) == 100'000);
        REQUIRE(root->create_directory_at("dir") == err::success);
        const auto dir = must_open(*root, "dir", plain(oflags::directory));
        CHECK(root->unlink_file_at("file") == err::success);
        CHECK(root->remove_directory_at("dir") == err::success);
        CHECK(m.used() > 100'000);
    }
    CHECK(m.used() == 0);
    // Replaced by a new name.
    put(*root, "a", "x");
    const auto before = m.used();
    put(*root, "b", std::string(1000, 'y'));
    CHECK(root->rename_at("a", *root, "b") == err::success);
    CHECK(m.used() == before);
    CHECK(get(*root, "b") == "x");
}

TEST_CASE("memory: it lives as long as somebody uses it") {
    node_owner file;
    {
        auto m = must_make();
        file = must_open(*m.root(), "file", writing());
        const memory_filesystem copy = m;
        CHECK(*write(*file, "x") == 1);
        CHECK(text_of(copy, "file") == "x");
    }
    CHECK(*write(*file, "yz") == 2);
    CHECK(pread(*file, 0) == "xyz");
}

TEST_CASE("memory: times come from the host's clock") {
    auto m = must_make();
    timestamp now = 1000;
    m.set_clock([](void* at) { return *static_cast<timestamp*>(at); }, &now);
    const auto root = m.root();
    const auto file = must_open(*root, "file", writing());
    const auto made = *file->stat();
    CHECK((made.atim == 1000 && made.mtim == 1000 && made.ctim == 1000));
    CHECK(root->stat()->mtim == 1000);
    now = 2000;
    CHECK(*write(*file, "x") == 1);
    CHECK((file->stat()->atim == 1000 && file->stat()->mtim == 2000 && file->stat()->ctim == 2000));
    now = 3000;
    CHECK(pread(*file, 0) == "x");
    CHECK((file->stat()->atim == 3000 && file->stat()->mtim == 2000));
    now = 4000;
    CHECK(file->set_times(7, 0, fstflags::atim | fstflags::mtim_now) == err::success);
    CHECK((file->stat()->atim == 7 && file->stat()->mtim == 4000 && file->stat()->ctim == 4000));
    now = 5000;
    CHECK(root->unlink_file_at("file") == err::success);
    CHECK((root->stat()->mtim == 5000 && file->stat()->ctim == 5000));
}

TEST_CASE("memory: a directory of many names") {
    auto m = must_make();
    const auto root = m.root();
    constexpr int count = 20'000;
    for (int i = 0; i < count; ++i) REQUIRE(m.put("name" + std::to_string(i), "") == err::success);
    CHECK(list(*root).size() == count + 2);
    for (int i = 0; i < count; i += 2) REQUIRE(root->unlink_file_at("name" + std::to_string(i)) == err::success);
    for (int i = 0; i < count; ++i)
        REQUIRE((opening(*root, "name" + std::to_string(i)) == err::success) == (i % 2 == 1));
    CHECK(list(*root).size() == count / 2 + 2);
    for (int i = 1; i < count; i += 2) REQUIRE(root->unlink_file_at("name" + std::to_string(i)) == err::success);
    CHECK(list(*root).size() == 2);
    // The same name again and again.
    for (int i = 0; i < count; ++i) {
        REQUIRE(root->create_directory_at("again") == err::success);
        REQUIRE(root->remove_directory_at("again") == err::success);
    }
    CHECK(m.used() < 10'000);
}

TEST_CASE("memory: a deep tree is made and ended") {
    auto m = must_make();
    node_owner at = m.root();
    for (int i = 0; i < 50'000; ++i) {
        REQUIRE(at->create_directory_at("d") == err::success);
        at = must_open(*at, "d", plain(oflags::directory));
    }
    put(*at, "file", "deep");
    CHECK(get(*at, "file") == "deep");
}

TEST_CASE("memory: threads") {
    auto m = must_make();
    const auto root = m.root();
    const auto log = must_open(*root, "log", writing(oflags::creat, fdflags::append));
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            const std::string mine = "t" + std::to_string(t), other = "t" + std::to_string((t + 1) % 4);
            for (int i = 0; i < 300; ++i) {
                static_cast<void>(write(*log, "0123456789"));
                static_cast<void>(root->create_directory_at(mine));
                static_cast<void>(root->open_at(mine + "/file", writing()));
                static_cast<void>(root->rename_at(other, *root, mine + "/stolen"));
                static_cast<void>(root->rename_at(mine, *root, other));
                static_cast<void>(root->symlink_at(other, "link"));
                static_cast<void>(root->stat_at("link/file", lookupflags::symlink_follow));
                static_cast<void>(root->unlink_file_at("link"));
                static_cast<void>(root->unlink_file_at(other + "/file"));
                static_cast<void>(root->remove_directory_at(other + "/stolen"));
                names n;
                static_cast<void>(root->readdir(0, n));
            }
        });
    for (auto& t : threads) t.join();
    CHECK(log->stat()->size == 12'000);
}
