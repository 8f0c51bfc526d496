// SPDX-License-Identifier: MIT
// A game runs a mod, compiled from guests/mod.c: sixty frames of walkers it did not write, then a
// crash it survives.
//
//     02_host_function [folder of the guests]
#include <tessera/tessera.hpp>

#include "../tests/files.hpp"
#include "report.hpp"

#include <string>
#include <string_view>

namespace {

constexpr tessera::features profile = tessera::wasm_2_0;

/// What the game offers to mods.
struct game {
    static constexpr int width = 40, height = 12;
    int entities = 0;
    tessera::u32 seed = 2026;
    std::string screen = std::string(width * height, '.');
    int drawn = 0;

    void offer(tessera::imports& env) {
        // A lambda's own signature is the WebAssembly signature.
        env.define("env", "spawn", [this](tessera::i32) { return entities++; });
        env.define("env", "random", [this] { return seed = seed * 1664525u + 1013904223u; });
        // A result<> lets the game refuse; the guest's call ends there.
        env.define("env", "draw", [this](tessera::f32 x, tessera::f32 y, tessera::i32 id) -> tessera::result<void> {
            if (!(x >= 0 && x < width && y >= 0 && y < height)) return tessera::trap::host;
            screen[std::size_t(int(y) * width + int(x))] = char('a' + id % 26);
            ++drawn;
            return {};
        });
        // A std::string_view takes two parameters, pointer and length, checked against the caller's memory.
        env.define("env", "say", [](std::string_view text) { std::printf("%.*s\n", int(text.size()), text.data()); });
    }
};

} // namespace

int main(int argc, char** argv) {
    const std::string folder = argc > 1 ? argv[1] : "examples/guests";
    const auto bytes = read_file((folder + "/mod.wasm").c_str());
    auto mod = tessera::module::parse<profile>(bytes);
    if (!mod) return report(mod.error());

    game game;
    tessera::imports env;
    game.offer(env);
    tessera::store<profile> store;
    auto instance = store.instantiate(*mod, env);
    if (!instance) return report(instance.error());

    auto init = instance->get<tessera::i32(tessera::i32)>("init");
    if (!init) return report(init.error());
    auto walkers = (*init)(20);
    if (!walkers) return report(walkers.error());

    auto frame = instance->get<void(tessera::f32)>("frame"); // looked up and checked once, called often
    if (!frame) return report(frame.error());
    for (int i = 0; i < 60; ++i) {
        game.screen.assign(game.screen.size(), '.');
        if (auto ok = (*frame)(1.0f / 60); !ok) return report(ok.error());
    }
    for (int y = 0; y < game.height; ++y) std::printf("%.*s\n", game.width, &game.screen[std::size_t(y * game.width)]);
    std::printf("%d walkers, %d drawings\n", *walkers, game.drawn);

    auto crash = instance->get<tessera::f32()>("crash");
    if (!crash) return report(crash.error());
    if (auto ok = (*crash)(); !ok) report(ok.error());
    if (auto ok = (*frame)(1.0f / 60); ok) std::printf("and the game goes on\n");
}
