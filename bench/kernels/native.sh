#!/bin/sh
# SPDX-License-Identifier: MIT
# Compiles every kernel of this folder for this machine, as a command: NAME WORK SEED prints the result.
#
#   native.sh FOLDER    writes the commands FOLDER/NAME
#   native.sh --check   compiles elsewhere and fails if a result is not that of kernels.txt, for the small work
#
# CC names another compiler, CFLAGS other flags than -O2. Multiplications and additions stay apart, as they
# are in WebAssembly.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

if [ $# -ne 1 ]; then
    echo "usage: native.sh FOLDER | --check" >&2
    exit 2
fi
cc=$(command -v "${CC:-cc}" || true)
if [ -z "$cc" ]; then
    echo "skipped: ${CC:-cc} is not here"
    [ "$1" = --check ]
    exit
fi

if [ "$1" = --check ]; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
else
    mkdir -p "$1"
    folder=$1
fi
for source in "$here"/*.c; do
    name=$(basename "$source" .c)
    # shellcheck disable=SC2086 # the flags are words
    "$cc" -std=c11 ${CFLAGS:--O2} -ffp-contract=off -fno-math-errno "$source" "$here/../native.c" -lm -o "$folder/$name"
done
[ "$1" = --check ] || exit 0

wrong=0
while read -r name _ _ seed _ small expected; do
    case $name in '' | '#'*) continue ;; esac
    result=$("$folder/$name" "$small" "$seed")
    if [ "$result" != "$expected" ]; then
        echo "$name: $result instead of $expected"
        wrong=1
    fi
done <"$here/kernels.txt"
[ $wrong = 0 ] && echo "every kernel computes the same here"
exit $wrong
