// SPDX-License-Identifier: MIT
// spec_run: the suite's scripts on the whole engine, or with SPEC_TOGGLE on one that lacks something.

#include "engine.hpp"

#include <cstdio>

int main(int argc, char** argv) {
#ifdef SPEC_TOGGLE
    const int failed = spec::run(spec::whole_engine, spec::toggled_engine, argc, argv);
    if (!spec::toggled_engine.built[tessera::feature::tracing]) return failed;
    std::printf("%llu instructions were watched\n", static_cast<unsigned long long>(spec::watched));
    return failed || spec::watched == 0;
#else
    return spec::run(spec::whole_engine, spec::whole_engine, argc, argv);
#endif
}
