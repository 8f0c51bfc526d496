#!/bin/sh
# SPDX-License-Identifier: MIT
# Compiles lines.c to lines4.wasm and lines5.wasm beside it, which are checked in. Needs clang 14 and its wasm-ld.
set -eu
cd "$(dirname "$0")"
for version in 4 5; do
    object=$(mktemp)
    clang --target=wasm32 -O0 -std=c11 -ffreestanding -nostdlib -gdwarf-$version -fdebug-compilation-dir=guests -c lines.c -o "$object"
    wasm-ld --no-entry "$object" -o lines$version.wasm
    rm "$object"
done
