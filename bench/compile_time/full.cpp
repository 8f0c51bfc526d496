// SPDX-License-Identifier: MIT
// What a program that uses all of tessera compiles once: both formats in and out, a store with its engine,
// host functions, calls. FEATURES is the build.

#include <tessera/tessera.hpp>

namespace {
using namespace tessera;
constexpr features built = FEATURES;
}

result<module> read(std::span<const u8> bytes) { return module::parse<built>(bytes); }
result<module> read(std::string_view text) { return module::parse_text<built>(text); }
result<vec<char>> print(const module& m) { return m.to_text(); }
result<vec<u8>> write(const module& m) { return m.to_binary(); }

int run(const module& m) {
    imports env;
    env.define("env", "tick", [] {});
    env.define("env", "hypot2", [](double x, double y) { return x * x + y * y; });
    store<built> s;
    auto made = s.instantiate(m, env);
    if (!made) return 1;
    auto add = made->get<int(int, int)>("add");
    if (!add) return 2;
    auto sum = (*add)(2, 40);
    return sum ? *sum : 3;
}
