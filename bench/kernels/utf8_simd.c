// SPDX-License-Identifier: MIT
// utf8.c with vectors: build.sh gives the compiler the flag for programs of this name.
#include "utf8.c"
