// SPDX-License-Identifier: MIT
// What standard streams and sockets can be.
#include "wasi/guest.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <thread>

#if !defined(_WIN32)
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#endif

using namespace wasi_guest;
using err = wasi::error_number;

TEST_CASE("preview1: streams of text, buffers and callbacks") {
    vec<char> out;
    std::string told;
    wasi::context c;
    c.standard_input(wasi::text_input("line one\nline two\n"));
    c.standard_output(wasi::buffer_output(out, 10));
    c.standard_error(wasi::output_to([&told](std::string_view t) { told += t; }));
    guest g{c};
    CHECK(g.read(0, 9) == "line one\n");
    g.iovec(16, 1024, 4);
    g.iovec(24, 2048, 100);
    CHECK(g("fd_read", 0, 16, 2, 8) == err::success);
    CHECK((g.get<u32>(8) == 9 && g.text_at(1024, 4) == "line" && g.text_at(2048, 5) == " two\n"));
    CHECK((g.read(0, 9).empty() && g.last == err::success));

    CHECK(g.write(1, "12345678") == 8);
    CHECK(g.write(1, "abcdef") == 2);
    CHECK((g.write(1, "more") == -1 && g.last == err::nospc));
    CHECK(g.write(1, "") == 0);
    CHECK(std::string_view(out.data(), out.size()) == "12345678ab");
    CHECK(g.write(2, "to a callback") == 13);
    CHECK(told == "to a callback");
    // Streams have no positions.
    CHECK(g("fd_seek", 1, 0, 0, 0) == err::spipe);
    CHECK(g("fd_tell", 0, 0) == err::spipe);
    CHECK(g("fd_filestat_get", 1, 0) == err::success);
    CHECK(g.get<u8>(16) == u8(wasi::filetype::unknown));
    CHECK(g("fd_readdir", 0, 0, 10, 0, 100) == err::notcapable);

    int left = 3;
    wasi::context from;
    guest h{from.standard_input(wasi::input_from([&left](std::span<char> to) {
        if (left-- <= 0) return std::size_t{0};
        to[0] = 'x';
        return std::size_t{1};
    }))};
    CHECK(h.read(0, 10) == "x");
    CHECK(h.read(0, 10) == "x");
    CHECK(h.read(0, 10) == "x");
    CHECK((h.read(0, 10).empty() && h.last == err::success));
    wasi::context liar;
    guest i{liar.standard_input(wasi::input_from([](std::span<char> to) { return to.size() + 100; }))};
    CHECK(i.read(0, 10).size() == 10);
}

#if !defined(_WIN32)
TEST_CASE("preview1: pipes of the host, and one that nobody reads") {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    wasi::context c;
    guest g{c.standard_output(wasi::host_stream(ends[1]))};
    CHECK(g.write(1, "through") == 7);
    char got[16] = {};
    CHECK(read(ends[0], got, sizeof got) == 7);
    CHECK(std::string_view(got, 7) == "through");
    CHECK(g("fd_filestat_get", 1, 0) == err::success);
    CHECK(g("fd_fdstat_set_flags", 1, u32(wasi::fdflags::nonblock)) == err::success);
    // Full: who does not want to wait is told.
    const std::string much(60000, 'x');
    i64 sum = 0;
    for (i64 n = 0; (n = g.write(1, much)) > 0;) sum += n;
    CHECK(g.last == err::again);
    CHECK(sum >= 4096);
    CHECK((fcntl(ends[1], F_GETFL) & O_NONBLOCK) == 0); // the host's own property of it
    close(ends[0]);
    // The signal that the system sends for this does not reach the host.
    CHECK((g.write(1, "nobody") == -1 && g.last == err::pipe));
    sigset_t pending;
    REQUIRE(sigpending(&pending) == 0);
    CHECK(sigismember(&pending, SIGPIPE) == 0);
    close(ends[1]);
    // No such descriptor is as no stream.
    wasi::context none;
    guest h{none.standard_input(wasi::host_stream(ends[1])).standard_output(wasi::host_stream(-1))};
    CHECK((h.read(0, 1).empty() && h.last == err::success));
    CHECK(h.write(1, "x") == 1);
}

TEST_CASE("preview1: a file as a stream has positions, a device is no terminal") {
    std::FILE* const file = std::tmpfile();
    REQUIRE(file);
    const int null = open("/dev/null", O_RDWR);
    wasi::context c;
    guest g{c.standard_input(wasi::host_stream(null)).standard_output(wasi::host_stream(fileno(file)))};
    CHECK(g.write(1, "abcdef") == 6);
    CHECK(g("fd_seek", 1, 2, 0, 0) == err::success);
    CHECK(g.write(1, "X") == 1);
    CHECK((g.read(1, 1).empty() && g.last == err::notcapable));
    char got[8] = {};
    CHECK(pread(fileno(file), got, sizeof got, 0) == 6);
    CHECK(std::string_view(got, 6) == "abXdef");
    CHECK(g("fd_fdstat_get", 0, 0) == err::success);
    CHECK(g.get<u8>(0) == u8(wasi::filetype::unknown));
    CHECK((g.read(0, 1).empty() && g.last == err::success));
    std::fclose(file);
    close(null);
}

TEST_CASE("preview1: a terminal") {
    const int screen = posix_openpt(O_RDWR | O_NOCTTY);
    if (screen < 0 || grantpt(screen) != 0 || unlockpt(screen) != 0) {
        MESSAGE("the system has no terminal to give");
        return;
    }
    const int terminal = open(ptsname(screen), O_RDWR | O_NOCTTY);
    REQUIRE(terminal >= 0);
    wasi::context c;
    guest g{c.standard_input(wasi::host_stream(terminal)).standard_output(wasi::host_stream(terminal))};
    CHECK(g("fd_fdstat_get", 0, 0) == err::success);
    CHECK(g.get<u8>(0) == u8(wasi::filetype::character_device));
    CHECK(g("fd_seek", 0, 0, 0, 0) == err::spipe);
    g.iovec(16, 1024, g.put(1024, "two "));
    g.iovec(24, 2048, g.put(2048, "pieces"));
    CHECK(g("fd_write", 1, 16, 2, 8) == err::success);
    CHECK(g.get<u32>(8) == 10);
    std::string shown;
    char got[32] = {};
    for (ssize_t n = 0; shown.size() < 10 && (n = read(screen, got, sizeof got)) > 0;)
        shown.append(got, std::size_t(n));
    CHECK(shown == "two pieces");
    CHECK(g("fd_fdstat_set_flags", 0, u32(wasi::fdflags::nonblock)) == err::success);
    CHECK((g.read(0, 100).empty() && g.last == err::again));
    CHECK(write(screen, "typed\n", 6) == 6);
    CHECK(g.read(0, 100) == "typed\n");
    close(terminal);
    close(screen);
}

TEST_CASE("preview1: a guest accepts and talks") {
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(listener >= 0);
    const std::string path = (std::filesystem::temp_directory_path() / ("tessera" + std::to_string(getpid()))).string();
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path.copy(name.sun_path, sizeof name.sun_path - 1);
    const auto* address = reinterpret_cast<const sockaddr*>(&name);
    REQUIRE(bind(listener, address, sizeof name) == 0);
    REQUIRE(listen(listener, 4) == 0);

    wasi::context c;
    guest g{c.listen(wasi::host_listener(listener))};
    CHECK(g("fd_fdstat_get", 3, 0) == err::success);
    CHECK(g.get<u8>(0) == u8(wasi::filetype::socket_stream));
    CHECK(g("fd_fdstat_set_flags", 3, u32(wasi::fdflags::nonblock)) == err::success);
    CHECK(g("sock_accept", 3, 0, 8) == err::again);
    CHECK(g("sock_accept", 3, 32, 8) == err::inval);
    CHECK(g("sock_accept", 3, 0, 0xffff'ffff) == err::fault);
    CHECK(g("sock_accept", 0, 0, 8) == err::notsock);
    CHECK(g("sock_accept", 9, 0, 8) == err::badf);
    CHECK(g("fd_fdstat_set_flags", 3, 0) == err::success);
    int client = -1;
    std::thread other([&] {
        client = socket(AF_UNIX, SOCK_STREAM, 0);
        CHECK(connect(client, address, sizeof name) == 0);
        CHECK(send(client, "hello", 5, 0) == 5);
    });
    CHECK(g("sock_accept", 3, 0, 8) == err::success); // it waits
    other.join();
    CHECK(g.get<u32>(8) == 4);
    g.iovec(16, 1024, 100);
    CHECK(g("sock_recv", 4, 16, 1, 1, 8, 12) == err::success); // peek
    CHECK(g.text_at(1024, g.get<u32>(8)) == "hello");
    CHECK(g("sock_recv", 4, 16, 1, 0, 8, 12) == err::success);
    CHECK((g.text_at(1024, g.get<u32>(8)) == "hello" && g.get<u16>(12) == 0));
    CHECK(g("sock_recv", 4, 16, 1, 3, 8, 12) == err::notsup);
    CHECK(g("sock_recv", 4, 16, 1, 4, 8, 12) == err::inval);
    CHECK(g("sock_recv", 0, 16, 1, 0, 8, 12) == err::notsock);
    g.iovec(16, 1024, g.put(1024, "answer"));
    CHECK(g("sock_send", 4, 16, 1, 0, 8) == err::success);
    CHECK(g("sock_send", 4, 16, 1, 1, 8) == err::inval);
    CHECK(g.write(4, "+more") == 5);
    char got[16] = {};
    CHECK(recv(client, got, sizeof got, MSG_WAITALL | MSG_DONTWAIT) == 11);
    CHECK(std::string_view(got, 11) == "answer+more");
    // All of it: what is sent in pieces, what is there where it must not wait, what came before the end.
    const auto receive_all = [&] {
        g.iovec(16, 1024, 4);
        g.iovec(24, 2048, 0);
        g.iovec(32, 2048, 5);
        if (g("sock_recv", 4, 16, 3, 2, 8, 12) != err::success) return std::string("error");
        const u32 n = g.get<u32>(8);
        return std::string(g.text_at(1024, std::min(n, 4u))) + std::string(g.text_at(2048, n - std::min(n, 4u)));
    };
    std::thread slow([&] {
        for (const char* piece : {"abc", "def", "ghi+"}) {
            CHECK(send(client, piece, std::strlen(piece), 0) == ssize_t(std::strlen(piece)));
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    });
    CHECK(receive_all() == "abcdefghi");
    slow.join();
    CHECK(g("fd_fdstat_set_flags", 4, u32(wasi::fdflags::nonblock)) == err::success);
    CHECK(receive_all() == "+");
    CHECK(g("sock_recv", 4, 16, 3, 2, 8, 12) == err::again);
    CHECK(g("fd_fdstat_set_flags", 4, 0) == err::success);
    // Many buffers are filled in turns, 64 at a time; looking takes one turn.
    std::string hundred;
    for (int i = 0; i < 100; ++i) hundred += char('!' + i % 90);
    CHECK(send(client, hundred.data(), 100, 0) == 100);
    for (u32 i = 0; i < 100; ++i) g.iovec(4096 + 8 * i, 2048 + i, 1);
    CHECK(g("sock_recv", 4, 4096, 100, 1, 8, 12) == err::success);
    CHECK(g.get<u32>(8) == 64);
    CHECK(g("sock_recv", 4, 4096, 100, 2, 8, 12) == err::success);
    CHECK(g.get<u32>(8) == 100);
    CHECK(g.text_at(2048, 100) == hundred);
    CHECK(g("sock_shutdown", 4, 0) == err::inval);
    CHECK(g("sock_shutdown", 0, 1) == err::notsock);
    CHECK(g("sock_shutdown", 4, 2) == err::success);
    CHECK(recv(client, got, sizeof got, 0) == 0);
    CHECK(send(client, "end", 3, 0) == 3);
    CHECK(shutdown(client, SHUT_WR) == 0);
    CHECK(receive_all() == "end");
    CHECK(receive_all().empty());
    close(client);
    CHECK((g.write(4, "gone") == -1 && g.last == err::pipe));
    CHECK(g("fd_close", 4) == err::success);
    close(listener);
    unlink(path.c_str());
}
#endif
