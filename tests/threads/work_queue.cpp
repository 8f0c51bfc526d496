// SPDX-License-Identifier: MIT
// Guests on eight threads, half of which put work into a queue (work_queue.wat) and half of which take it, round after
// round. A sum that is wrong is a race, and a round that does not end is a wake-up that was lost: both fail.
//
//   work_queue WAT [--seconds N]
#include "../engine.hpp"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../files.hpp"

namespace {

using namespace tessera;

constexpr features built = engines::plain;
constexpr unsigned pairs = 4;
constexpr u32 work = 500;
constexpr u64 sum_of_round = u64{pairs} * work * (work + 1) / 2;
/// A round takes milliseconds; with a sanitizer on a busy machine a second.
constexpr auto patience = std::chrono::seconds(60);

struct guest {
    store<built> own;
    instance in;
    std::thread thread;
    bool failed = false;
};

bool start_all(const shared_memory& memory, const module& mod, std::vector<std::unique_ptr<guest>>& all) {
    imports env;
    env.define("env", "memory", memory);
    for (unsigned i = 0; i < 2 * pairs; ++i) {
        all.push_back(std::make_unique<guest>());
        auto made = all.back()->own.instantiate(mod, env);
        if (!made) return std::printf("not instantiated: %s\n", made.error().message().data()), false;
        all.back()->in = *made;
    }
    return true;
}
/// One round; false if the sum is wrong or it does not end.
bool round(const shared_memory& memory, std::vector<std::unique_ptr<guest>>& all) {
    static_cast<void>(memory.atomic_store<u64>(24, 0));
    static_cast<void>(memory.atomic_store<u32>(32, 0));
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i]->thread = std::thread([&one = *all[i], i] {
            const value n = value::i32(work);
            one.failed = !one.in.call(i % 2 ? "consume" : "produce", {&n, i % 2 ? 0u : 1u}, {});
        });
    const auto begin = std::chrono::steady_clock::now();
    while (*memory.atomic_load<u32>(32) != all.size() && std::chrono::steady_clock::now() - begin < patience)
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    const bool ended = *memory.atomic_load<u32>(32) == all.size();
    bool failed = false;
    for (const auto& one : all) {
        if (!ended) one->own.interrupt();
        one->thread.join();
        failed = failed || one->failed;
    }
    const u64 sum = *memory.atomic_load<u64>(24);
    if (!ended)
        std::printf("a round did not end: lock %u, taken %u, put %u\n", *memory.load<u32>(0), *memory.load<u32>(16),
                    *memory.load<u32>(20));
    else if (failed) std::printf("a guest failed\n");
    else if (sum != sum_of_round) std::printf("a sum is %llu\n", static_cast<unsigned long long>(sum));
    return ended && !failed && sum == sum_of_round;
}

} // namespace

int main(int argc, char** argv) {
    const char* path = argc > 1 ? argv[1] : "";
    double seconds = 3;
    for (int i = 2; i + 1 < argc; ++i)
        if (std::strcmp(argv[i], "--seconds") == 0) seconds = std::atof(argv[i + 1]);
    const auto text = read_file(path);
    auto mod = module::parse_text<built>({reinterpret_cast<const char*>(text.data()), text.size()});
    if (!mod) return std::printf("%s: %s\n", path, mod.error().message().data()), 1;
    auto memory = shared_memory::make({{1, 1, true, false}});
    if (!memory) return std::printf("no memory\n"), 1;

    std::vector<std::unique_ptr<guest>> all;
    if (!start_all(*memory, *mod, all)) return 1;
    const auto begin = std::chrono::steady_clock::now();
    const std::chrono::duration<double> wanted(seconds);
    unsigned long long rounds = 0;
    do {
        if (!round(*memory, all)) return 1;
        ++rounds;
    } while (std::chrono::steady_clock::now() - begin < wanted);
    std::printf("%llu rounds of %u threads, %llu pieces of work, no wrong sum, no lost wake-up\n", rounds, 2 * pairs,
                rounds * pairs * work);
}
