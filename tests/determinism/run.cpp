// SPDX-License-Identifier: MIT
// Ten thousand ticks of mod.wat give these hashes, on every machine and whatever happens in between; and what was saved
// on one machine goes on with them on any other.
//
//   determinism FOLDER            plays and compares with FOLDER/hashes.txt and FOLDER/saved.bin
//   determinism FOLDER --write    plays straight and writes them; on x86-64, from a build without machine code
#include "play.hpp"

#include "../files.hpp"

#include <cstdio>
#include <cstring>
#include <fstream>

#if TESSERA_NATIVE
#include "native/profile.hpp"
#else
#include "../engine.hpp"
#endif

namespace {

using determinism::bytes;
using tessera::u32;
using tessera::u64;

#if TESSERA_NATIVE
constexpr tessera::features profile = native_game_profile;
#else
constexpr tessera::features profile = engines::metered;
#endif
using player = determinism::player<profile>;

unsigned passed = 0, failed = 0;
void check(bool holds, const char* what) {
    ++(holds ? passed : failed);
    if (!holds) std::printf("FAILED: %s\n", what);
}
bool went_well(const player& p) {
    if (!p.error.empty()) std::printf("%s\n", p.error.c_str());
    return p.error.empty();
}
player make(const std::string& folder) {
    const auto text = read_file((folder + "/mod.wat").c_str());
    return player({reinterpret_cast<const char*>(text.data()), text.size()}, [](tessera::store<profile>& s) {
#if TESSERA_NATIVE
        // Each store is another kind: what one has saved goes on in one that compiles at once, later, or nothing.
        static u32 stores = 0;
        constexpr u32 thresholds[] = {0, 1, 1000};
        if (const u32 kind = stores++ % 4; kind < 3)
            static_cast<void>(tessera::enable_native(s, {.threshold = thresholds[kind]}));
#else
        static_cast<void>(s);
#endif
    });
}
/// The number of the first hash that differs, -1 if none does.
int difference(const std::vector<u64>& a, const std::vector<u64>& b) {
    for (std::size_t i = 0; i < a.size() || i < b.size(); ++i)
        if (i >= a.size() || i >= b.size() || a[i] != b[i]) return int(i);
    return -1;
}

int write(const std::string& folder) {
    player p = make(folder);
    p.play(determinism::memory_at, false);
    const u64 memory = p.memory_hash();
    p.play(determinism::saved_at, false);
    const bytes saved = p.save();
    p.play(determinism::ticks, false);
    if (!went_well(p)) return 1;
    std::ofstream(folder + "/saved.bin", std::ios::binary)
        .write(reinterpret_cast<const char*>(saved.data()), std::streamsize(saved.size()));
    std::ofstream list(folder + "/hashes.txt", std::ios::binary);
    list << "# The state after every hundredth tick; written by `determinism FOLDER --write`.\n"
         << "# The memory alone after " << determinism::memory_at << ".\nmemory " << std::hex << memory << "\n";
    for (u64 h : p.hashes) list << h << "\n";
    return list.good() ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    const std::string folder = argv[1];
#if !TESSERA_NATIVE
    faults::no_reserve = true; // that of a heap takes an emulator a tenth of a second
#endif
    if (argc > 2) return std::strcmp(argv[2], "--write") == 0 ? write(folder) : 2;

    const std::vector<u64> expected = determinism::read_expectation(folder + "/hashes.txt").states;
    check(expected.size() == determinism::ticks / determinism::every, "hashes.txt has a hash for each hundred ticks");

    player p = make(folder);
    p.play(determinism::ticks, true);
    check(went_well(p), "ten thousand ticks with saves and rollbacks");
    const int at = difference(p.hashes, expected);
    if (at >= 0) std::printf("another state after tick %u\n", (u32(at) + 1) * determinism::every);
    check(at < 0, "their hashes are those of hashes.txt");
    check(p.saves > 30 && (p.taken_back > 5 || !player::takes_back) && p.slices > 2 * determinism::ticks,
          "there was enough in between");
    std::printf("%u slices, %u saves, %u rollbacks\n", p.slices, p.saves, p.taken_back);

    player q = make(folder);
    const auto saved = read_file((folder + "/saved.bin").c_str());
    q.restore({reinterpret_cast<const tessera::u8*>(saved.data()),
               reinterpret_cast<const tessera::u8*>(saved.data()) + saved.size()},
              determinism::saved_at);
    check(went_well(q) && q.save() == bytes(reinterpret_cast<const tessera::u8*>(saved.data()),
                                            reinterpret_cast<const tessera::u8*>(saved.data()) + saved.size()),
          "what was saved on x86-64 is restored, and saved again the same");
    q.play(determinism::ticks, false);
    const std::size_t first = determinism::saved_at / determinism::every;
    check(went_well(q) && expected.size() > first &&
              q.hashes == std::vector<u64>(expected.begin() + std::ptrdiff_t(first), expected.end()),
          "and goes on with the same hashes");
    std::printf("%u passed, %u failed, 0 skipped\n", passed, failed);
    return failed != 0;
}
