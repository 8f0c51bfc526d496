// SPDX-License-Identifier: MIT
#include <tessera/syntax/error.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace tessera;

TEST_CASE("error: what it says") {
    const error plain(msg::unknown_export);
    CHECK(plain.kind() == kind::usage);
    CHECK(plain.message() == "unknown export");
    CHECK(plain.detail().empty());
    CHECK(plain.offset() == error::no_offset);
    CHECK((plain.line() == 0 && plain.column() == 0));
    CHECK(plain.why() == trap::none);
    CHECK(plain.frames().empty());
    CHECK(plain.frames_left_out() == 0);
    CHECK(plain.is(msg::unknown_export));
    CHECK(!plain.is(msg::unknown_import));

    error placed(msg::type_mismatch, "i32", 17);
    CHECK(placed.detail() == "i32");
    CHECK(placed.offset() == 17);
    placed.set_offset(18).set_position(3, 4).set_detail("other");
    CHECK((placed.offset() == 18 && placed.line() == 3 && placed.column() == 4));
    CHECK(placed.detail() == "other");
    placed = plain;
    CHECK(placed.is(msg::unknown_export));
    CHECK(placed.detail().empty());
}

TEST_CASE("error: the code of an exit") {
    CHECK(error(msg::unknown_export).exit_code() == 0);
    const error e = error::exit(33);
    CHECK((e.kind() == kind::exit && e.exit_code() == 33 && e.is(msg::exited)));
    error copy(trap::unreachable);
    copy = e;
    CHECK((copy.kind() == kind::exit && copy.exit_code() == 33 && copy.why() == trap::none));
    CHECK(error::exit(134, msg::raised).is(msg::raised));
}

TEST_CASE("error: every trap has its text and its kind") {
    CHECK(error(trap::unreachable).message() == "unreachable");
    CHECK(error(trap::out_of_bounds_memory).message() == "out of bounds memory access");
    CHECK(error(trap::uncaught_exception).kind() == kind::exception);
    for (u8 t = 1; t < u8(trap::count_); ++t) {
        const error e{trap(t)};
        CHECK(e.why() == trap(t));
        CHECK(!e.message().empty());
        CHECK((e.kind() == kind::trap) == (trap(t) < trap::stack_exhausted));
    }
}

TEST_CASE("error: a detail that is too long is cut, and ends with NUL") {
    const std::string longest(74, 'x');
    for (const std::size_t n : {std::size_t{0}, std::size_t{73}, std::size_t{74}, std::size_t{75}, std::size_t{500}}) {
        const error e(msg::unknown_import, std::string(n, 'x'));
        CHECK(e.detail() == longest.substr(0, n < 74 ? n : 74));
        CHECK(e.detail().data()[e.detail().size()] == 0);
    }
}

TEST_CASE("error: copies share a backtrace, the last one ends it") {
    auto* trace = create<backtrace>();
    REQUIRE(trace);
    REQUIRE(trace->frames.push_back({7, 8, 9, 10, "name"}));
    trace->left_out = 2;
    error other(trap::host);
    {
        error first(trap::unreachable);
        first.set_trace(trace);
        const error second = first;
        CHECK(trace->owners == 2);
        other = second;
        CHECK(trace->owners == 3);
    }
    CHECK(trace->owners == 1);
    const error& self = other;
    other = self;
    CHECK(trace->owners == 1);
    REQUIRE(other.frames().size() == 1);
    CHECK(other.frames()[0].func == 7);
    CHECK(std::string_view(other.frames()[0].name) == "name");
    CHECK(other.frames_left_out() == 2);
    other.set_trace(nullptr); // ends it; a leak or a second end is the sanitizer's to find
    CHECK(other.frames().empty());
}
