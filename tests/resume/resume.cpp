// SPDX-License-Identifier: MIT
// One step of a call that moves from process to process: run.py drives it. What it prints is for that.
//
//   resume WASM WORK SEED               run(WORK, SEED) of the module, straight: "done RESULT COST"
//   resume WASM WORK SEED STATE FUEL    the same with so much fuel: "suspended", and STATE is written; or "done RESULT
//   LEFT" resume WASM on STATE FUEL           goes on from STATE with so much more
//
// With machine code, N before all of these is native_options::threshold; -1 is none.
#if TESSERA_NATIVE
#include "native/profile.hpp"
#else
#include "../engine.hpp"
#endif

#include "../files.hpp"

#include <tessera/save.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace {

using tessera::u64;
using tessera::value;
#if TESSERA_NATIVE
constexpr tessera::features profile = native_game_profile;
#else
constexpr tessera::features profile = engines::metered;
#endif
using store = tessera::store<profile>;

int fail(const char* what, const tessera::error& e) {
    std::printf("%s: %s %s\n", what, e.message().data(), e.detail().data());
    return 1;
}
value number(const char* text) { return value::i32(tessera::u32(std::strtoul(text, nullptr, 10))); }

/// Runs with what fuel there is; says what came of it.
int go(store& s, tessera::execution& call, const char* state) {
    const auto ran = call.resume();
    if (call.done()) {
        value result[1];
        if (auto ok = call.results(result); !ok) return fail("results", ok.error());
        std::printf("done %lu %llu\n", static_cast<unsigned long>(result[0].bits),
                    static_cast<unsigned long long>(s.fuel()));
        return 0;
    }
    if (!call.paused()) return fail("run", ran.error());
    tessera::execution* const calls[] = {&call};
    const auto bytes = tessera::save(s, calls);
    if (!bytes) return fail("save", bytes.error());
    std::ofstream file(state, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes->data()), std::streamsize(bytes->size()));
    if (!file.good()) return std::printf("%s cannot be written\n", state), 1;
    std::printf("suspended\n");
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    store s;
#if TESSERA_NATIVE
    if (argc < 2) return 2;
    const int threshold = std::atoi(argv[1]);
    if (threshold >= 0)
        if (auto ok = tessera::enable_native(s, {.threshold = tessera::u32(threshold), .all = true}); !ok)
            return fail("enable_native", ok.error());
    ++argv, --argc;
#endif
    if (argc < 4 || argc > 6) return 2;
    const auto content = read_file(argv[1]);
    auto mod = tessera::module::parse<profile>(content);
    if (!mod) return fail(argv[1], mod.error());
    if (std::strcmp(argv[2], "on") == 0) {
        if (argc != 5) return 2;
        const auto bytes = read_file(argv[3]);
        auto made = tessera::restore(s, {reinterpret_cast<const tessera::u8*>(bytes.data()), bytes.size()}, {&*mod, 1});
        if (!made) return fail("restore", made.error());
        if (made->calls.size() != 1) return std::printf("there is no call\n"), 1;
        static_cast<void>(s.add_fuel(std::strtoull(argv[4], nullptr, 10)));
        return go(s, made->calls[0], argv[3]);
    }
    constexpr u64 plenty = u64{1} << 60;
    static_cast<void>(s.add_fuel(argc == 6 ? std::strtoull(argv[5], nullptr, 10) : plenty));
    auto instance = s.instantiate(*mod);
    if (!instance) return fail("instantiate", instance.error());
    auto run = instance->get<tessera::func>("run");
    if (!run) return fail("run", run.error());
    const value args[] = {number(argv[2]), number(argv[3])};
    if (argc == 6) {
        auto call = run->start(args);
        return call ? go(s, *call, argv[4]) : fail("start", call.error());
    }
    value result[1];
    if (auto ok = run->call(args, result); !ok) return fail("run", ok.error());
    std::printf("done %lu %llu\n", static_cast<unsigned long>(result[0].bits),
                static_cast<unsigned long long>(plenty - s.fuel()));
    return 0;
}
