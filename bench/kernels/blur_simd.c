// SPDX-License-Identifier: MIT
// blur.c with vectors: build.sh gives the compiler the flag for programs of this name.
#include "blur.c"
