// SPDX-License-Identifier: MIT
// What it costs to find out which functions are hot and to compile them: programs that end after about 10 ms, in a
// store that compiles by the defaults of native_options and in one that only interprets.
//   tier_up [MILLISECONDS [KERNEL ...]]
// For each kernel the work is made as large as fits into the time; then stores take turns, each of them new. What
// counts is processor time, from making the store to the result, the median of the runs. Ends with 1 where the first
// takes more than 1.05 times what the other takes.
#include <tessera/native.hpp>

#include <files.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "kernels.hpp"

namespace {

using tessera::u32;

constexpr tessera::features profile = tessera::wasm_3_0 + tessera::feature::native;

struct measurement {
    double seconds = 0;
    u32 result = 0;
    tessera::native_counters counters;
};

measurement run(const tessera::module& mod, u32 work, u32 seed, bool compiled) {
    const std::clock_t before = std::clock();
    tessera::store<profile> store;
    if (compiled && !tessera::enable_native(store)) std::exit(2);
    auto instance = store.instantiate(mod);
    if (!instance) std::exit(2);
    auto function = instance->get<u32(u32, u32)>("run");
    if (!function) std::exit(2);
    const auto result = (*function)(work, seed);
    if (!result) std::exit(2);
    return {double(std::clock() - before) / CLOCKS_PER_SEC, *result, tessera::native_counters_of(store)};
}

double median(std::vector<double> times) {
    const auto middle = times.begin() + std::ptrdiff_t(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    return *middle;
}

} // namespace

int main(int argc, char** argv) {
    const double limit = argc > 1 ? std::strtod(argv[1], nullptr) / 1000 : 0.01;
    const std::vector<std::string> names(argv + (argc > 2 ? 2 : argc), argv + argc);
    constexpr int runs = 31;
    int slow = 0;
    for (const kernel& k : read_kernels(TESSERA_KERNELS)) {
        if (!names.empty() && std::find(names.begin(), names.end(), k.name) == names.end()) continue;
        const auto bytes = read_file((TESSERA_KERNELS "/" + k.name + ".wasm").c_str());
        auto mod = tessera::module::parse<profile>(bytes);
        if (!mod) return 2;
        u32 most = 1, work = 1; // the largest power of two, then what still fits beside it
        while (most < k.work && run(*mod, most * 2, k.seed, false).seconds <= limit) most *= 2;
        work = most;
        for (u32 step = most / 2; step > 0 && step * 32 > most; step /= 2)
            if (run(*mod, work + step, k.seed, false).seconds <= limit) work += step;
        std::vector<double> times[2];
        tessera::native_counters counters;
        u32 results[2] = {};
        for (int n = 0; n < 2 * runs; ++n) {
            const measurement m = run(*mod, work, k.seed, n % 2 != 0);
            times[n % 2].push_back(m.seconds);
            results[n % 2] = m.result;
            if (n % 2) counters = m.counters;
        }
        if (results[0] != results[1]) return std::printf("%s: wrong result\n", k.name.c_str()), 1;
        const double interpreted = median(times[0]), compiled = median(times[1]);
        const bool too_slow = compiled > 1.05 * interpreted;
        slow += too_slow ? 1 : 0;
        std::printf("%-16s work %9u: %6.2f ms interpreted, %5.2f times that with tier-up (%llu functions, %.2f ms)%s\n",
                    k.name.c_str(), work, 1e3 * interpreted, compiled / interpreted,
                    static_cast<unsigned long long>(counters.functions), double(counters.nanoseconds) / 1e6,
                    too_slow ? " TOO SLOW" : "");
        std::fflush(stdout);
    }
    return slow != 0;
}
