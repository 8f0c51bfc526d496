// SPDX-License-Identifier: MIT
// mandelbrot4.c with vectors: build.sh gives the compiler the flag for programs of this name.
#include "mandelbrot4.c"
