// SPDX-License-Identifier: MIT
// spec_plain: the suite's scripts on an engine whose functions run in plain mode, every instruction watched.

#include "engine.hpp"

#include <cstdio>

int main(int argc, char** argv) {
    const int failed = spec::run(spec::toggled_engine, spec::toggled_engine, argc, argv);
    std::printf("%llu instructions were watched\n", static_cast<unsigned long long>(spec::watched));
    return failed || spec::watched == 0;
}
