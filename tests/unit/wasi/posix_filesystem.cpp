// SPDX-License-Identifier: MIT
// What only a directory of a POSIX host can hold: pipes, devices, links that the host made, permissions.
#if !defined(_WIN32)
#include "filesystems.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <csignal>
#include <thread>

using namespace filesystems;

namespace {

/// Calls `test(root, directory)` for both ways to resolve paths.
template <class F>
void both_ways(F&& test) {
    for (const bool kernel : {true, false}) {
        const scratch here;
        std::filesystem::create_directory(here.path() / "top");
        auto root = open_host_directory((here / "top").c_str(), {kernel});
        REQUIRE(root);
        INFO((kernel ? "by the kernel" : "by hand"));
        test(**root, here);
    }
}

} // namespace

TEST_CASE("posix: opening the host's directory") {
    const scratch here;
    write_host(here / "file", "x");
    CHECK(why(open_host_directory((here / "missing").c_str())) == err::noent);
    CHECK(why(open_host_directory((here / "file").c_str())) == err::notdir);
    CHECK(why(open_host_directory("")) == err::noent);
    std::filesystem::create_directory_symlink(here.path(), here.path() / "link"); // the host may use links
    CHECK(why(open_host_directory((here / "link").c_str())) == err::success);
}

TEST_CASE("posix: links of the host that lead out are refused") {
    both_ways([](node& root, const scratch& here) {
        write_host(here / "secret", "secret");
        std::filesystem::create_directory(here.path() / "outside");
        write_host(here / "outside/secret", "secret");
        const auto link = [&](const std::string& target, const char* name) {
            std::filesystem::create_symlink(target, here.path() / "top" / name);
        };
        link(here / "secret", "absolute");
        link("/", "root");
        link("../secret", "up");
        link("../outside", "outside");
        link("/proc/self/root", "magic");
        link("/proc/self/cwd", "magic2");
        link("..", "parent");
        link("../top/inside", "back"); // it leads out on the way
        link("./././../top", "itself");
        write_host(here / "top/inside", "inside");
        constexpr auto follow = lookupflags::symlink_follow;
        for (const char* path : {"absolute",      "root",       "up",    "outside",   "outside/secret", "outside/",
                                 "root/",         "root/etc",   "magic", "magic/etc", "magic2/x",       "parent",
                                 "parent/secret", "parent/top", "back",  "itself",    "itself/inside",  "up/",
                                 "absolute/",     "absolute/."}) {
            CAPTURE(path);
            CHECK(opening(root, path, reading()) == err::perm);
            CHECK(opening(root, path, writing()) != err::success);
            CHECK(opening(root, path, writing(oflags::creat | oflags::trunc)) != err::success);
            CHECK(why(root.stat_at(path, follow)) == err::perm);
            CHECK(root.set_times_at(path, follow, 0, 0, fstflags::mtim) == err::perm);
        }
        for (const char* path : {"outside/", "root/", "up/", "absolute/", "parent/"}) {
            // With the slash the system would follow; it is not asked to.
            CAPTURE(path);
            CHECK(why(root.stat_at(path, lookupflags::none)) == err::perm);
            CHECK(opening(root, path) == err::perm);
            CHECK(root.set_times_at(path, lookupflags::none, 0, 0, fstflags::mtim) == err::perm);
            CHECK(root.link_at(lookupflags::none, path, root, "x") == err::notdir);
            CHECK(root.rename_at(path, root, "x") == err::notdir);
            CHECK(root.remove_directory_at(path) == err::notdir);
            CHECK(root.unlink_file_at(path) == err::notdir);
            CHECK(root.create_directory_at(path) == err::exist);
            CHECK(root.symlink_at("x", path) == err::exist);
            CHECK(why(root.readlink_at(path, {})) == err::inval);
        }
        for (const char* path : {"outside/new", "root/new", "parent/new", "magic/new"}) {
            CAPTURE(path);
            CHECK(opening(root, path, writing()) == err::perm);
            CHECK(root.create_directory_at(path) == err::perm);
            CHECK(root.symlink_at("x", path) == err::perm);
            CHECK(root.rename_at("inside", root, path) == err::perm);
            CHECK(root.link_at(lookupflags::none, "inside", root, path) == err::perm);
        }
        CHECK(root.unlink_file_at("outside/secret") == err::perm);
        CHECK(root.remove_directory_at("parent/outside") == err::perm);
        CHECK(root.rename_at("outside/secret", root, "mine") == err::perm);
        CHECK(root.link_at(lookupflags::none, "outside/secret", root, "mine") == err::perm);
        CHECK(readlink(root, "outside/secret") == "error " + std::to_string(int(err::perm)));
        CHECK(read_host(here / "secret") == "secret");
        CHECK(read_host(here / "outside/secret") == "secret");
        CHECK(std::filesystem::directory_iterator(here.path() / "outside") != std::filesystem::directory_iterator{});
        // A hard link to a link is the link, and leads out no more than it.
        CHECK(root.link_at(lookupflags::none, "up", root, "again") == err::success);
        CHECK(opening(root, "again", reading()) == err::perm);
        // A link is content to be read.
        CHECK(readlink(root, "up") == "../secret");
    });
}

TEST_CASE("posix: moving a link does not make it lead out") {
    both_ways([](node& root, const scratch& here) {
        write_host(here / "secret", "secret");
        REQUIRE(root.create_directory_at("a") == err::success);
        REQUIRE(root.create_directory_at("a/b") == err::success);
        REQUIRE(root.symlink_at("../../secret", "a/b/link") == err::success); // within, there
        CHECK(opening(root, "a/b/link", reading()) == err::noent);
        CHECK(root.rename_at("a/b/link", root, "a/link") == err::success);
        CHECK(opening(root, "a/link", reading()) == err::perm);
        CHECK(root.rename_at("a/link", root, "link") == err::success);
        CHECK(opening(root, "link", reading()) == err::perm);
        REQUIRE(root.symlink_at("../../secret", "a/b/link") == err::success);
        CHECK(root.rename_at("a/b", root, "b") == err::success); // with the directory around it
        CHECK(opening(root, "b/link", reading()) == err::perm);
    });
}

TEST_CASE("posix: a hard link that the host made is a file like any other") {
    both_ways([](node& root, const scratch& here) {
        write_host(here / "shared", "given");
        std::filesystem::create_hard_link(here.path() / "shared", here.path() / "top/shared");
        CHECK(get(root, "shared") == "given");
    });
}

TEST_CASE("posix: between two directories of the host") {
    const scratch here;
    std::filesystem::create_directory(here.path() / "a");
    std::filesystem::create_directory(here.path() / "b");
    const auto a = open_host_directory((here / "a").c_str());
    const auto b = open_host_directory((here / "b").c_str(), {false});
    REQUIRE((a && b));
    put(**a, "file", "x");
    CHECK((*a)->rename_at("file", **b, "moved") == err::success);
    CHECK(get(**b, "moved") == "x");
    CHECK((*b)->link_at(lookupflags::none, "moved", **a, "link") == err::success);
    CHECK(get(**a, "link") == "x");
    CHECK((*b)->rename_at("moved", **a, "../moved") == err::perm);
    CHECK((*b)->rename_at("../a/link", **a, "moved") == err::perm);
}

TEST_CASE("posix: nothing waits for the other end of a pipe") {
    both_ways([](node& root, const scratch& here) {
        REQUIRE(::mkfifo((here / "top/pipe").c_str(), 0600) == 0);
        auto only_write = writing(oflags::none);
        only_write.read = false;
        CHECK(opening(root, "pipe", only_write) == err::nxio); // nobody reads
        const auto reader = must_open(root, "pipe", reading());
        CHECK(reader->type() == filetype::unknown);
        CHECK(type_at(root, "pipe") == filetype::unknown);
        const auto writer = must_open(root, "pipe", only_write);
        CHECK(read(*reader) == "error " + std::to_string(int(err::again)));
        CHECK_FALSE(reader->poll(eventtype::fd_read)->ready);
        CHECK(writer->poll(eventtype::fd_write)->ready);
        CHECK(reader->native_handle().handle >= 0);
        CHECK(*write(*writer, "through") == 7);
        CHECK(reader->poll(eventtype::fd_read)->ready);
        CHECK(reader->poll(eventtype::fd_read)->nbytes == 7);
        CHECK(read(*reader, 4) == "thro");
        CHECK(read(*reader) == "ugh");
        // Until it is full.
        std::size_t total = 0;
        const std::string much(10'000, 'x');
        for (;;) {
            const auto n = write(*writer, much);
            if (!n) {
                CHECK(n.error() == err::again);
                break;
            }
            total += *n;
            REQUIRE(total < 100'000'000);
        }
        CHECK_FALSE(writer->poll(eventtype::fd_write)->ready);
        CHECK(why(reader->seek(0, whence::cur)) == err::spipe);
        CHECK(pread(*reader, 0) == "error " + std::to_string(int(err::spipe)));
        CHECK(why(pwrite(*writer, "x", 0)) == err::spipe);
        CHECK(writer->set_size(0) == err::inval);
        CHECK(reader->advise(0, 0, advice::normal) == err::spipe);
        CHECK(writer->sync() == err::success);
        CHECK(reader->stat()->type == filetype::unknown);
    });
}

TEST_CASE("posix: sockets and devices") {
    both_ways([](node& root, const scratch& here) {
        ::sockaddr_un name{};
        name.sun_family = AF_UNIX;
        const auto path = here / "top/sock";
        REQUIRE(path.size() < sizeof name.sun_path);
        path.copy(name.sun_path, path.size());
        const int s = ::socket(AF_UNIX, SOCK_STREAM, 0);
        REQUIRE(::bind(s, reinterpret_cast<::sockaddr*>(&name), sizeof name) == 0);
        CHECK(type_at(root, "sock") == filetype::socket_stream);
        CHECK(opening(root, "sock", reading()) == err::nxio);
        for (const auto& e : list(root))
            if (e.name == "sock") CHECK(e.type == filetype::socket_stream);
        CHECK(root.unlink_file_at("sock") == err::success);
        ::close(s);
    });
    // A device, where the host has given one.
    const auto dev = open_host_directory("/dev");
    REQUIRE(dev);
    const auto null = must_open(**dev, "null", writing(oflags::none));
    CHECK(null->type() == filetype::character_device);
    CHECK(*write(*null, "gone") == 4);
    CHECK(read(*null) == "");
    CHECK(why(null->seek(0, whence::cur)) == err::spipe);
    const auto zero = must_open(**dev, "zero", reading());
    CHECK(read(*zero, 3) == std::string(3, '\0'));
}

TEST_CASE("posix: descriptors that the host has open") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    auto reader = adopt_descriptor(ends[0]), writer = adopt_descriptor(ends[1]);
    REQUIRE((reader && writer));
    CHECK((*reader)->flags() == fdflags::none);
    CHECK(read(**reader) == "error " + std::to_string(int(err::again))); // although it was opened to wait
    CHECK(why(write(**reader, "x")) == err::badf);
    CHECK(*write(**writer, "hello") == 5);
    CHECK(read(**reader) == "hello");
    CHECK((*reader)->set_flags(fdflags::nonblock) == err::success);
    *writer = node_owner();
    CHECK((*reader)->poll(eventtype::fd_read)->hangup);
    CHECK((*reader)->poll(eventtype::fd_read)->ready);
    CHECK(read(**reader) == "");
    REQUIRE(::pipe(ends) == 0);
    writer = adopt_descriptor(ends[1]);
    ::close(ends[0]);
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    CHECK(why(write(**writer, "x")) == err::pipe);
    std::signal(SIGPIPE, before);
    CHECK(why(adopt_descriptor(-1)) == err::badf);
    const int dir = ::open("/", O_RDONLY | O_DIRECTORY);
    CHECK(why(adopt_descriptor(dir)) == err::isdir);
    CHECK(::close(dir) == 0);
}

TEST_CASE("posix: files that are synchronised keep being so") {
    both_ways([](node& root, const scratch&) {
        const auto file = must_open(root, "file", writing(oflags::creat, fdflags::append | fdflags::sync));
        CHECK(file->flags() == (fdflags::append | fdflags::sync));
        CHECK(file->set_flags(fdflags::sync) == err::success);
        CHECK(file->set_flags(fdflags::none) == err::notsup);
        CHECK(file->flags() == fdflags::sync);
        CHECK(opening(root, "other", writing(oflags::creat, fdflags::dsync | fdflags::rsync)) == err::success);
    });
}

TEST_CASE("posix: deep paths") {
    both_ways([](node& root, const scratch&) {
        // As deep as a path can be; the hundreds of directories are not left open.
        std::string path, up;
        for (int i = 0; i < 400; ++i) {
            path += i ? "/d" : "d";
            up += "/..";
            REQUIRE(root.create_directory_at(path) == err::success);
        }
        put(root, path + "/file", "deep");
        CHECK(get(root, path + "/file") == "deep");
        CHECK(opening(root, path + up, plain(oflags::directory)) == err::success);
        CHECK(opening(root, path + up + "/..", plain(oflags::directory)) == err::perm);
        const int lowest = ::open("/dev/null", O_RDONLY);
        CHECK(lowest < 100);
        ::close(lowest);
    });
}

TEST_CASE("posix: names that are not text") {
    both_ways([](node& root, const scratch& here) {
        put(root, "\xff\xfe", "bytes");
        CHECK(read_host(here / "top/\xff\xfe") == "bytes");
        CHECK(get(root, "\xff\xfe") == "bytes");
    });
}

TEST_CASE("posix: permissions are the host's") {
    if (::geteuid() == 0) {
        MESSAGE("not tested: the superuser may do everything");
        return;
    }
    both_ways([](node& root, const scratch& here) {
        put(root, "file", "x");
        REQUIRE(root.create_directory_at("dir") == err::success);
        put(root, "dir/file", "x");
        REQUIRE(::chmod((here / "top/file").c_str(), 0) == 0);
        REQUIRE(::chmod((here / "top/dir").c_str(), 0) == 0);
        CHECK(opening(root, "file", reading()) == err::acces);
        CHECK(opening(root, "dir") == err::acces);
        CHECK(opening(root, "dir/file") == err::acces);
        REQUIRE(::chmod((here / "top/dir").c_str(), 0100) == 0); // to pass, not to list
        CHECK(get(root, "dir/file") == "x");
        REQUIRE(::chmod((here / "top/dir").c_str(), 0700) == 0);
    });
}

TEST_CASE("posix: a position is one for all threads") {
    const scratch here;
    const auto root = open_host_directory(here.path().c_str());
    REQUIRE(root);
    const auto file = must_open(**root, "file", writing());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 250; ++i) static_cast<void>(write(*file, "0123456789"));
        });
    for (auto& t : threads) t.join();
    CHECK(file->stat()->size == 10'000);
}
#endif
