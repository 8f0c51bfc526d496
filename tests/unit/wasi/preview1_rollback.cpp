// SPDX-License-Identifier: MIT
// What functions of preview 1 write to a guest's memory is undone by going back.
#include "wasi/guest.hpp"

#include <tessera/save.hpp>

#include <doctest/doctest.h>

using namespace wasi_guest;
using err = wasi::error_number;

TEST_CASE("preview1: going back undoes what each function has written") {
    auto tree = wasi::memory_filesystem::make(u64{1} << 20);
    REQUIRE(tree);
    REQUIRE(tree->put("file", "what is in the file") == err::success);
    wasi::context c;
    c.argument("program").variable("A", "1").preopen("/", tree->root());
    imports env;
    REQUIRE(wasi::preview1(env, c));
    const auto mod = module::parse_text<engines::metered>(wasi_guest::text());
    REQUIRE(mod);
    store<engines::metered> s;
    REQUIRE(s.add_fuel(1'000'000'000));
    const auto in = s.instantiate(*mod, env);
    REQUIRE(in);
    const memory m = *in->get<memory>("memory");
    const auto call = [&](std::string_view name, std::initializer_list<u64> raw) {
        const auto f = in->get<func>(name);
        REQUIRE(f);
        const auto types = f->type().params;
        REQUIRE(types.size() == raw.size());
        value args[10], out[1];
        for (std::size_t i = 0; i < types.size(); ++i)
            args[i] = types[i] == t_i64 ? value::i64(raw.begin()[i]) : value::i32(u32(raw.begin()[i]));
        const auto done = f->call({args, types.size()}, {out, 1});
        REQUIRE_MESSAGE(done, done.error().message());
        return err(u16(out[0].bits));
    };
    const auto content = [&] {
        const auto all = m.peek(0, m.size());
        return std::string(reinterpret_cast<const char*>(all->data()), all->size());
    };
    // Every byte is one that no function writes, but for what they are told by.
    for (u8& b : m.bytes()) b = 0xa5;
    REQUIRE(m.write(100, std::string_view("file")));
    REQUIRE(m.write(110, std::string_view("link")));
    REQUIRE(call("path_symlink", {100, 4, 3, 110, 4}) == err::success);
    REQUIRE(call("path_open", {3, 0, 100, 4, 0, u64(wasi::rights::all), 0, 0, 200}) == err::success);
    const u32 file = *m.load<u32>(200);
    constexpr u32 out = 0x11ffc, more = 0x14000; // across two pages, and far from all else
    REQUIRE(m.store<u32>(0x100, out));           // an iovec that is read into, one that is written from
    REQUIRE(m.store<u32>(0x104, 8));
    REQUIRE(m.store<u32>(0x110, 100));
    REQUIRE(m.store<u32>(0x114, 4));
    for (u32 i = 0; i < 48; ++i) REQUIRE(m.store<u8>(0x200 + i, 0)); // a subscription: a clock, at once

    const struct {
        std::string_view name;
        std::initializer_list<u64> arguments;
    } calls[] = {
        {"args_get", {out, more}},
        {"args_sizes_get", {out, more}},
        {"environ_get", {out, more}},
        {"environ_sizes_get", {out, more}},
        {"clock_res_get", {0, out}},
        {"clock_time_get", {0, 0, out}},
        {"fd_fdstat_get", {file, out}},
        {"fd_filestat_get", {file, out}},
        {"fd_read", {file, 0x100, 1, more}},
        {"fd_pread", {file, 0x100, 1, 3, more}},
        {"fd_write", {file, 0x110, 1, out}},
        {"fd_pwrite", {file, 0x110, 1, 3, out}},
        {"fd_prestat_get", {3, out}},
        {"fd_prestat_dir_name", {3, out, 1}},
        {"fd_readdir", {3, out, 100, 0, more}},
        {"fd_seek", {file, 2, 0, out}},
        {"fd_tell", {file, out}},
        {"path_filestat_get", {3, 0, 100, 4, out}},
        {"path_open", {3, 0, 100, 4, 0, u64(wasi::rights::all), 0, 0, out}},
        {"path_readlink", {3, 110, 4, out, 8, more}},
        {"poll_oneoff", {0x200, out, 1, more}},
        {"random_get", {out, 50}},
    };
    rollback<engines::metered> ring(s, 2);
    for (const auto& one : calls) {
        CAPTURE(one.name);
        const auto state = ring.take();
        REQUIRE_MESSAGE(state, state.error().detail());
        const std::string before = content();
        CHECK(call(one.name, one.arguments) == err::success);
        const std::string after = content();
        CHECK(after != before);
        REQUIRE(ring.go_back(*state));
        CHECK(content() == before);
    }
}
