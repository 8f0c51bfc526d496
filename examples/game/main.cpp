// SPDX-License-Identifier: MIT
// A game in the terminal: a hundred mods in three languages share each frame, one of them never ends, one traps, one is
// reloaded in flight. Two play it, each on a machine of their own that guesses what the other does; one game is saved
// and goes on elsewhere. In the end all three have come to the same state.
//
//     game FOLDER     plays, with the mods of the folder
//     game --c        prints the interface of mods in C
//     game --script   prints it in AssemblyScript
#define TESSERA_GAME 1
#define TESSERA_SAVE 1
#include "../report.hpp"
#include "peer.hpp"

namespace {

constexpr int reload_at = 36, save_at = 48, frames = 72;
constexpr meadow::script players = {{
    "rrrrrrrrrrrrddddrrrruuuuuuuullllllllllddddddddrrrrrr--rrrrrruuuullllllll",
    "lllllluuuuuulllllldddddddddddddrrrrrrrrrrrruuuuuuuulllll----ddddllllllll",
}};

tessera::result<void> play(const std::string& folder) {
    meadow::peer ann(folder, 0, players), bob(folder, 1, players);
    for (meadow::peer* p : {&ann, &bob}) {
        if (auto ok = p->w.begin(); !ok) return ok;
        while (p->w.here.frame < save_at) {
            if (auto ok = p->frame(); !ok) return ok;
            // Making an instance forgets the states of before, so no key may be missing.
            if (p->w.here.frame != reload_at) continue;
            if (auto ok = p->settle(); !ok) return ok;
            if (auto ok = p->w.reload("comet.wat", "comet2.wat"); !ok) return ok;
            p->w.here.log.push_back("comet.wat is comet2.wat now");
        }
        if (auto ok = p->settle(); !ok) return ok;
    }
    std::printf("%s", ann.w.here.picture().c_str());
    for (const std::string& line : ann.w.here.log) std::printf("%s\n", line.c_str());
    std::printf("caught: A %d, B %d\n", ann.w.here.caught[0], ann.w.here.caught[1]);

    // Somebody else goes on from what was saved, and knows all keys.
    const auto bytes = tessera::save(ann.w.store);
    if (!bytes) return bytes.error();
    meadow::world third(folder);
    if (auto ok = third.load(ann.w, *bytes); !ok) return ok;
    while (third.here.frame < frames) {
        const int f = third.here.frame;
        if (auto ok = third.frame({players.at(0, f), players.at(1, f)}); !ok) return ok;
    }
    for (meadow::peer* p : {&ann, &bob}) {
        while (p->w.here.frame < frames)
            if (auto ok = p->frame(); !ok) return ok;
        if (auto ok = p->settle(); !ok) return ok;
    }

    const auto a = tessera::state_hash(ann.w.store), b = tessera::state_hash(bob.w.store),
               c = tessera::state_hash(third.store);
    for (const auto* hash : {&a, &b, &c})
        if (!*hash) return hash->error();
    std::printf(
        "\nAfter %d frames of %d instructions, of which A guessed %d wrong and B %d and played %d and %d again:\n",
        frames, int(meadow::world::budget), ann.wrong, bob.wrong, ann.again, bob.again);
    ann.w.report();
    std::printf("A, B and the world that was loaded are %s: %016llx\n",
                *a == *b && *a == *c ? "the same" : "not the same", static_cast<unsigned long long>(*a));
    return {};
}

/// The interface in C or in AssemblyScript.
tessera::result<void> print(bool in_c) {
    meadow::scene none;
    meadow::offer offered(none);
    const auto text = in_c ? offered.api.c_header() : offered.api.assembly_script();
    if (!text) return text.error();
    std::printf("%.*s", int(text->size()), text->data());
    return {};
}

} // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc > 1 ? argv[1] : "examples/game/mods";
    const auto ok = what == "--c" || what == "--script" ? print(what == "--c") : play(std::string(what));
    return ok ? 0 : report(ok.error());
}
