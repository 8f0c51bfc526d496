// SPDX-License-Identifier: MIT
// Waiting: poll_oneoff, and that every wait ends with an interruption.
#include "wasi/guest.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#else
#include <unistd.h>
#endif

using namespace wasi_guest;
using err = wasi::error_number;
using wasi::eventtype;

namespace {

constexpr u64 ms = 1'000'000;

#if defined(_WIN32)
int open_pipe(int* ends) { return _pipe(ends, 4096, _O_BINARY); }
int write_to(int to, const char* text, unsigned n) { return _write(to, text, n); }
void close_one(int one) { _close(one); }
#else
int open_pipe(int* ends) { return pipe(ends); }
ssize_t write_to(int to, const char* text, unsigned n) { return write(to, text, n); }
void close_one(int one) { close(one); }
#endif

void subscribe_clock(guest& g, u32 index, u64 user, u32 clock, u64 timeout, u16 flags = 0) {
    const u64 at = 8192 + 48 * u64{index};
    g.put<u64>(at, user);
    g.put<u64>(at + 8, 0);
    g.put<u32>(at + 16, clock);
    g.put<u64>(at + 24, timeout);
    g.put<u64>(at + 32, 0);
    g.put<u64>(at + 40, flags);
}
void subscribe_fd(guest& g, u32 index, u64 user, eventtype what, u32 number) {
    const u64 at = 8192 + 48 * u64{index};
    g.put<u64>(at, user);
    g.put<u64>(at + 8, u64(what));
    g.put<u32>(at + 16, number);
}
struct event {
    u64 user;
    err error;
    eventtype type;
    u64 nbytes;
    u16 flags;
};
event event_at(const guest& g, u32 index) {
    const u64 at = 4096 + 32 * u64{index};
    return {g.get<u64>(at), err(g.get<u16>(at + 8)), eventtype(g.get<u8>(at + 10)), g.get<u64>(at + 16),
            g.get<u16>(at + 24)};
}
/// How many events came, or -1.
int poll(guest& g, u32 n) {
    const auto e = g("poll_oneoff", 8192, 4096, n, 0);
    g.last = e.value_or(err::canceled);
    return e == err::success ? int(g.get<u32>(0)) : -1;
}
u64 ms_of(auto f) {
    const auto begin = std::chrono::steady_clock::now();
    f();
    return u64(std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin).count());
}

} // namespace

TEST_CASE("preview1: clocks of the host are waited for") {
    wasi::context c;
    guest g{c.clocks(wasi::real_clocks())};
    int events = 0;
    subscribe_clock(g, 0, 7, 1, 30 * ms);
    subscribe_clock(g, 1, 8, 1, 100'000 * ms);
    CHECK(ms_of([&] { events = poll(g, 2); }) >= 29);
    CHECK(events == 1);
    CHECK(
        (event_at(g, 0).user == 7 && event_at(g, 0).type == eventtype::clock && event_at(g, 0).error == err::success));
    // Absolute times, and such that have passed.
    CHECK(g("clock_time_get", 0, 0, 8) == err::success);
    subscribe_clock(g, 0, 1, 0, g.get<u64>(8) + 20 * ms, 1);
    CHECK(ms_of([&] { events = poll(g, 1); }) >= 19);
    CHECK(events == 1);
    subscribe_clock(g, 0, 1, 0, 5, 1);
    subscribe_clock(g, 1, 2, 1, 0);
    CHECK(poll(g, 2) == 2);
    CHECK((event_at(g, 0).user == 1 && event_at(g, 1).user == 2));
    // One that there is not is an event at once.
    subscribe_clock(g, 0, 1, 9, 100'000 * ms);
    CHECK(poll(g, 1) == 1);
    CHECK(event_at(g, 0).error == err::inval);
}

TEST_CASE("preview1: where time stands still, sleeping takes none") {
    guest g{wasi::context()};
    int events = 0;
    subscribe_clock(g, 0, 1, 1, 3'600'000 * ms);
    subscribe_clock(g, 1, 2, 1, 60'000 * ms);
    CHECK(ms_of([&] { events = poll(g, 2); }) < 2000);
    CHECK(events == 1);
    CHECK(event_at(g, 0).user == 2);
    CHECK(g("clock_time_get", 1, 0, 8) == err::success);
    CHECK(g.get<u64>(8) == 60'000 * ms);
    CHECK(poll(g, 1) == 1);
    CHECK(g("clock_time_get", 0, 0, 8) == err::success);
    CHECK(g.get<u64>(8) == 3'660'000 * ms);
    // Never is far away, and comes.
    subscribe_clock(g, 0, 1, 1, ~u64{0});
    CHECK(poll(g, 1) == 1);

    wasi::context script;
    guest told{script.clocks(wasi::scripted_clocks([](wasi::clockid) { return 5; }))};
    subscribe_clock(told, 0, 1, 1, 3'600'000 * ms);
    CHECK(poll(told, 1) == 1);
}

TEST_CASE("preview1: subscriptions that are none") {
    guest g{wasi::context()};
    CHECK((poll(g, 0) == -1 && g.last == err::inval));
    CHECK((poll(g, 4097) == -1 && g.last == err::inval));
    subscribe_fd(g, 0, 1, eventtype(3), 0);
    CHECK((poll(g, 1) == -1 && g.last == err::inval));
    subscribe_clock(g, 0, 1, 1, 0, 2);
    CHECK((poll(g, 1) == -1 && g.last == err::inval));
    // A descriptor that is not open, or not for that, is an event; the others are told as well.
    subscribe_fd(g, 0, 1, eventtype::fd_read, 99);
    subscribe_fd(g, 1, 2, eventtype::fd_write, 0);
    subscribe_fd(g, 2, 3, eventtype::fd_read, 0);
    subscribe_fd(g, 3, 4, eventtype::fd_write, 1);
    CHECK(poll(g, 4) == 4);
    CHECK(event_at(g, 0).error == err::badf);
    CHECK(event_at(g, 1).error == err::notcapable);
    CHECK((event_at(g, 2).error == err::success && event_at(g, 2).type == eventtype::fd_read));
    CHECK((event_at(g, 3).error == err::success && event_at(g, 3).user == 4));
}

TEST_CASE("preview1: pipes of the host are waited for") {
    int ends[2];
    REQUIRE(open_pipe(ends) == 0);
    wasi::context c;
    guest g{c.clocks(wasi::real_clocks()).standard_input(wasi::host_stream(ends[0]))};
    subscribe_fd(g, 0, 1, eventtype::fd_read, 0);
    subscribe_clock(g, 1, 2, 1, 20 * ms);
    CHECK(poll(g, 2) == 1);
    CHECK(event_at(g, 0).user == 2);
    std::thread writer([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        CHECK(write_to(ends[1], "abc", 3) == 3);
    });
    subscribe_clock(g, 1, 2, 1, 100'000 * ms);
    CHECK(poll(g, 2) == 1);
    CHECK((event_at(g, 0).user == 1 && event_at(g, 0).nbytes == 3));
    CHECK(g.read(0, 10) == "abc");
    writer.join();
    // A read that has to wait, then the end.
    std::thread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        CHECK(write_to(ends[1], "de", 2) == 2);
        close_one(ends[1]);
    });
    CHECK(g.read(0, 10) == "de");
    later.join();
    CHECK(g.read(0, 10).empty());
    CHECK(g.last == err::success);
    CHECK(poll(g, 2) == 1);
    CHECK((event_at(g, 0).user == 1 && event_at(g, 0).flags == 1)); // hung up
    close_one(ends[0]);
}

TEST_CASE("preview1: each wait ends with an interruption") {
    int in[2], full[2];
    REQUIRE((open_pipe(in) == 0 && open_pipe(full) == 0));
    wasi::context c;
    c.clocks(wasi::real_clocks()).standard_input(wasi::host_stream(in[0])).standard_output(wasi::host_stream(full[1]));
    guest g{c};
    const auto interrupted = [&](auto f) {
        std::thread other([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            g.process.store().interrupt();
        });
        CHECK(ms_of([&] { f(); }) < 5000);
        other.join();
        CHECK(g.why.why() == trap::interrupted);
        g.why = error(msg::out_of_memory);
    };
    interrupted([&] { CHECK(g.read(0, 10).empty()); });
    interrupted([&] {
        subscribe_clock(g, 0, 1, 1, 100'000 * ms);
        CHECK(poll(g, 1) == -1);
    });
    interrupted([&] {
        subscribe_fd(g, 0, 1, eventtype::fd_read, 0);
        CHECK(poll(g, 1) == -1);
    });
#if !defined(_WIN32) // where writing waits for good
    // The pipe takes some, and then no more.
    interrupted([&] {
        const std::string much(30000, 'x');
        for (int i = 0; i < 1000; ++i)
            if (g.write(1, much) < 0) break;
    });
#endif
    // A wait that never begins.
    g.process.store().interrupt();
    CHECK(g.read(0, 10).empty());
    CHECK(g.why.why() == trap::interrupted);
    for (int one : {in[0], in[1], full[0], full[1]}) close_one(one);
}
