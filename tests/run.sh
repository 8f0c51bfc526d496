#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what is missing, builds the combinations that matter and runs their tests. Closes with
# `N passed, N failed, N skipped`, which counts the assertions of all of them.
#
#   bash tests/run.sh             every combination below
#   bash tests/run.sh default     only these presets
#
# JOBS: processes at a time (all cores). TESSERA_SUITES: where spec-testsuite/ is.
set -u
cd "$(dirname "$0")/.." || exit 1
jobs=${JOBS:-$(nproc 2>/dev/null || echo 2)}
logs=build/logs
rm -rf "$logs" && mkdir -p "$logs" || exit 1

# ---- what has to be there ------------------------------------------------------------------------

missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
need g++ g++
need clang++ clang
need cmake cmake
need ninja ninja-build
need python3 python3
[ -e /usr/include/doctest/doctest.h ] || [ -e /usr/local/include/doctest/doctest.h ] || missing+=(doctest-dev)
[ -e /usr/include/benchmark/benchmark.h ] || [ -e /usr/local/include/benchmark/benchmark.h ] || missing+=(libbenchmark-dev)
required=${#missing[@]}
# Without these a test is skipped, and says so.
need npm npm
need wasm-ld lld
[ -e /usr/include/CLI/CLI.hpp ] || missing+=(libcli11-dev)
need tmux tmux
[ -e /usr/include/wasm32-wasi ] || missing+=(wasi-libc)
[ -e /usr/lib/llvm-14/lib/clang/14.0.6/lib/wasi ] || missing+=(libclang-rt-14-dev-wasm32)
[ -e /usr/lib/llvm-14/lib/wasm32-wasi ] || missing+=(libc++-14-dev-wasm32 libc++abi-14-dev-wasm32)
[ -x /usr/bin/rustc ] || missing+=(rustc)
[ -e /usr/lib/rustlib/wasm32-wasi ] || missing+=(libstd-rust-dev-wasm32)
need meson meson
need pkg-config pkg-config
need clang-format clang-format
need clang-tidy clang-tidy
need gcovr gcovr
[ -e /usr/lib/python3/dist-packages/clang/cindex.py ] || missing+=(python3-clang-14)
need aarch64-linux-gnu-g++ g++-aarch64-linux-gnu
need arm-linux-gnueabihf-g++ g++-arm-linux-gnueabihf
need s390x-linux-gnu-g++ g++-s390x-linux-gnu
need i686-linux-gnu-g++ g++-i686-linux-gnu
need qemu-arm-static qemu-user-static
need x86_64-w64-mingw32-g++-posix g++-mingw-w64-x86-64-posix
[ -x /usr/lib/wine/wine64 ] || need wine64 wine64
python3 -c 'import yaml' 2>/dev/null || missing+=(python3-yaml)
[ -e /usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.fuzzer-x86_64.a ] || missing+=(libclang-rt-14-dev)
if [ ${#missing[@]} -gt 0 ]; then
    install=(apt-get install -y --no-install-recommends "${missing[@]}")
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "please install: ${missing[*]}"
    elif [ "$(id -u)" = 0 ]; then
        { apt-get update && DEBIAN_FRONTEND=noninteractive "${install[@]}"; } >"$logs/install.log" 2>&1
    elif sudo -n true 2>/dev/null; then
        { sudo -n apt-get update && sudo -n DEBIAN_FRONTEND=noninteractive "${install[@]}"; } >"$logs/install.log" 2>&1
    else
        echo "please run: sudo ${install[*]}"
    fi || { echo "could not install: ${missing[*]}"; tail -n 5 "$logs/install.log"; }
    for program in g++ clang++ cmake ninja python3; do
        if [ "$required" -gt 0 ] && ! command -v $program >/dev/null 2>&1; then
            echo "$program is needed and is not there"
            echo "0 passed, 1 failed, 0 skipped"
            exit 1
        fi
    done
fi

# ---- the combinations ----------------------------------------------------------------------------

# preset PRESET OPTIONS [arguments of ctest]: configures, builds and tests one preset of CMakePresets.json.
preset() {
    local name=$1 options=$2 started=$SECONDS
    shift 2
    echo "== $name: $(sed -n "/\"name\": \"$name\"/{n;s/.*\"displayName\": \"\(.*\)\",/\1/p;q}" CMakePresets.json)"
    # shellcheck disable=SC2086
    if cmake --preset "$name" $options >"$logs/$name.configure.log" 2>&1; then
        grep 'tessera: ' "$logs/$name.configure.log"
    else
        echo "   configuration failed"; tail -n 30 "$logs/$name.configure.log"; return
    fi
    if ! cmake --build --preset "$name" -j "$jobs" -- -k 0 >"$logs/$name.build.log" 2>&1; then
        echo "   build failed"; grep -E -A5 'error|FAILED' "$logs/$name.build.log" | head -n 60
        echo "$name: build failed" >"$logs/$name.failed"
    fi
    echo "   built in $((SECONDS - started)) s"
    started=$SECONDS
    ctest --test-dir "build/$name" -j "$jobs" "$@" --output-junit "$PWD/$logs/$name.xml" \
        --test-output-size-passed 1000000 --test-output-size-failed 1000000 >"$logs/$name.test.log" 2>&1
    echo "   tested in $((SECONDS - started)) s"
}

# cross PRESET PROGRAM...: the bounded run of a preset for another machine, where its compiler and emulator are there.
cross() {
    local name=$1 program
    shift
    for program; do
        command -v "$program" >/dev/null 2>&1 || [ -x "/usr/lib/wine/$program" ] && continue
        echo "== $name: $program is not there"
        if [ "${CI:-}" = true ]; then echo "$name: no $program" >"$logs/$name.failed"; else echo "no $program" >"$logs/$name.skipped"; fi
        return
    done
    preset "$name" "-DTESSERA_SLICE=ON -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=0"
}

# Of the builds with some features, those that differ most; the preset by itself has them all.
toggles="no_reference_types;no_simd;no_gc;no_threads;wasm_1_0;deterministic;fuel;tracing;native"
wanted=${*:-default single loop-asan-ubsan tsan no-exceptions toggles fuzz aarch64 armhf s390x i686 mingw mingw-clang}
for name in $wanted; do
    case $name in
    default) preset "$name" -DTESSERA_BUILD_BENCH=ON ;;
    single) preset "$name" "-DTESSERA_BUILD_EXAMPLES=OFF -DTESSERA_WITHOUT=wasi;debug -DTESSERA_TEST_FOLDERS=allocation;compile_fail;guests;real" ;;
    loop-asan-ubsan) preset "$name" "" -LE package ;;
    no-exceptions) preset "$name" "-DTESSERA_WITHOUT=wasi;debug" -LE package ;;
    tsan) preset "$name" "" -R '^unit/unit_(threads|wasi)$|^threads/|^spec/.*threads/|^wasi/wasi-threads/|suite-not-found' ;;
    toggles) preset "$name" "-DTESSERA_TOGGLES=$toggles" -L toggles ;;
    fuzz) preset "$name" "-DTESSERA_FUZZ_SECONDS=10" -L '^fuzz$' ;;
    fuzz-coverage) preset "$name" "" -L '^fuzz$' ;;
    aarch64) cross "$name" aarch64-linux-gnu-g++ qemu-aarch64-static ;;
    armhf) cross "$name" arm-linux-gnueabihf-g++ qemu-arm-static ;;
    s390x) cross "$name" s390x-linux-gnu-g++ qemu-s390x-static ;;
    i686) cross "$name" i686-linux-gnu-g++ qemu-i386-static ;;
    mingw | mingw-clang) cross "$name" x86_64-w64-mingw32-g++-posix wine64 ;;
    *) preset "$name" "" ;;
    esac
done

echo "took $((SECONDS / 60)) min $((SECONDS % 60)) s"
# shellcheck disable=SC2086
python3 tests/summary.py "$logs" $wanted
