#!/bin/sh
# SPDX-License-Identifier: MIT
# Compiles every kernel of this folder, NAME.c to NAME.wasm beside it.
#
#   build.sh            writes the modules
#   build.sh --check    compiles again elsewhere and fails if a module differs
#
# The modules are checked in; clang 14 and its linker give them byte for byte. Compiler and linker are
# called apart: clang, where it links and finds wasm-opt on the PATH, runs that too.
# CLANG and WASM_LD name other programs. All but bulk and those with vectors, *_simd, keep to WebAssembly 1.0.
set -eu
cd "$(dirname "$0")"

version=14
clang=${CLANG:-$(command -v clang-$version || command -v clang || true)}
linker=${WASM_LD:-$(command -v wasm-ld-$version || command -v wasm-ld || true)}
check=no
[ "${1:-}" = --check ] && check=yes
if [ -z "$clang" ] || [ -z "$linker" ] || ! "$clang" --version | grep -q "version $version\."; then
    echo "skipped: clang $version and its wasm-ld are not here"
    [ $check = yes ]
    exit
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
stale=
for source in *.c; do
    name=${source%.c}
    features=
    case $name in
    bulk) features=-mbulk-memory ;;
    *_simd) features=-msimd128 ;;
    esac
    # shellcheck disable=SC2086 # none or one
    "$clang" --target=wasm32 $features -O2 -std=c11 -ffreestanding -fno-builtin -nostdlib -Wall -Wextra -c "$source" -o "$folder/$name.o"
    "$linker" --no-entry --export=run --strip-all -z stack-size=16384 "$folder/$name.o" -o "$folder/$name.wasm"
    if [ $check = no ]; then
        cp "$folder/$name.wasm" "$name.wasm"
        echo "$name.wasm: $(wc -c <"$name.wasm") bytes"
    elif ! cmp -s "$folder/$name.wasm" "$name.wasm"; then
        stale="$stale $name.wasm"
    fi
done
if [ -n "$stale" ]; then
    echo "not what the sources give:$stale"
    exit 1
fi
[ $check = no ] || echo "every kernel is what its source gives"
