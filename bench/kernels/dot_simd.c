// SPDX-License-Identifier: MIT
// dot.c with vectors: build.sh gives the compiler the flag for programs of this name.
#include "dot.c"
