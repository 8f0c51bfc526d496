// SPDX-License-Identifier: MIT
// spec_run: the suite's scripts on the whole engine, or with SPEC_TOGGLE on one that lacks something.

#include "engine.hpp"

int main(int argc, char** argv) {
#ifdef SPEC_TOGGLE
    return spec::run(spec::whole_engine, spec::toggled_engine, argc, argv);
#else
    return spec::run(spec::whole_engine, spec::whole_engine, argc, argv);
#endif
}
