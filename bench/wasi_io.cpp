// SPDX-License-Identifier: MIT
// Copies 100 MB in pieces of 64 KiB, file to file and pipe to pipe, through fd_read and fd_write of a guest and by the
// same loop without one, in turns; prints the times and their ratios. Pipes have a thread at the other end.
//
//   bench_wasi_io [FOLDER] [MEGABYTES]
#include <tessera/tessera.hpp>
#include <tessera/wasi.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace {

using namespace tessera;

constexpr features profile = wasm_3_0;

constexpr const char* guest = R"((module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (func (export "_start") (local $n i32)
    (loop $next
      (i32.store (i32.const 0) (i32.const 65536))
      (i32.store (i32.const 4) (i32.const 65536))
      (if (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (then (call $exit (i32.const 1))))
      (if (i32.eqz (i32.load (i32.const 8))) (then (return)))
      (local.set $n (i32.load (i32.const 8)))
      (loop $rest
        (i32.store (i32.const 4) (local.get $n))
        (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)) (then (call $exit (i32.const 2))))
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.load (i32.const 12))))
        (br_if $rest (local.tee $n (i32.sub (local.get $n) (i32.load (i32.const 12))))))
      (br $next))))
)";

double seconds_of(auto f) {
    const auto begin = std::chrono::steady_clock::now();
    f();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}
bool native(int in, int out) {
    static char piece[65536];
    for (;;) {
        const ssize_t n = read(in, piece, sizeof piece);
        if (n <= 0) return n == 0;
        if (write(out, piece, std::size_t(n)) != n) return false;
    }
}
bool by_guest(const module& m, int in, int out) {
    wasi::context c;
    wasi::process<profile> p(c.standard_input(wasi::host_stream(in)).standard_output(wasi::host_stream(out)));
    const auto code = p.run(m);
    return code && *code == 0;
}

/// Medians of both ways, in turns. `copy(guest)` is false where something went wrong.
bool compare(const char* what, auto copy) {
    std::vector<double> times[2];
    for (int round = 0; round < 11; ++round)
        for (int which = 0; which < 2; ++which) {
            bool ok = false;
            times[which].push_back(seconds_of([&] { ok = copy(which == 1); }));
            if (!ok) return std::puts("ERROR OCCURRED"), false;
        }
    for (auto& t : times) std::sort(t.begin(), t.end());
    std::printf("%s: native %.1f ms, guest %.1f ms, ratio %.2f (medians of %zu)\n", what, times[0][5] * 1e3,
                times[1][5] * 1e3, times[1][5] / times[0][5], times[0].size());
    return true;
}
bool from_pipe_to_pipe(const module& m, std::size_t bytes, bool with_guest) {
    int in[2], out[2];
    if (pipe(in) != 0 || pipe(out) != 0) return false;
    std::thread feeder([&] {
        const std::vector<char> piece(65536, 'x');
        for (std::size_t n = 0; n < bytes;) {
            const ssize_t one = write(in[1], piece.data(), std::min(piece.size(), bytes - n));
            if (one <= 0) break;
            n += std::size_t(one);
        }
        close(in[1]);
    });
    std::size_t taken = 0;
    std::thread taker([&] {
        std::vector<char> piece(65536);
        for (ssize_t n; (n = read(out[0], piece.data(), piece.size())) > 0;) taken += std::size_t(n);
    });
    const bool ok = with_guest ? by_guest(m, in[0], out[1]) : native(in[0], out[1]);
    close(out[1]);
    close(in[0]);
    feeder.join();
    taker.join();
    close(out[0]);
    return ok && taken == bytes;
}

} // namespace

int main(int argc, char** argv) {
    const std::string folder = argc > 1 ? argv[1] : "/tmp";
    const std::size_t megabytes = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 100;
    const std::string from = folder + "/tessera_wasi_io_in", to = folder + "/tessera_wasi_io_out";
    const int in = open(from.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
    const int out = open(to.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
    const std::vector<char> block(1'000'000, 'x');
    for (std::size_t i = 0; i < megabytes; ++i)
        if (write(in, block.data(), block.size()) != ssize_t(block.size())) return std::puts("cannot write"), 1;
    const auto m = module::parse_text<profile>(guest);
    if (!m) return std::puts(m.error().message().data()), 1;
    const std::size_t bytes = megabytes * 1'000'000;
    const bool ok = compare("files",
                            [&](bool with_guest) {
                                if (lseek(in, 0, SEEK_SET) != 0 || lseek(out, 0, SEEK_SET) != 0) return false;
                                return (with_guest ? by_guest(*m, in, out) : native(in, out)) &&
                                       lseek(out, 0, SEEK_CUR) == off_t(bytes);
                            }) &&
                    compare("pipes", [&](bool with_guest) { return from_pipe_to_pipe(*m, bytes, with_guest); });
    close(in), close(out);
    unlink(from.c_str()), unlink(to.c_str());
    return ok ? 0 : 1;
}
