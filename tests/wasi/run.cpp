// SPDX-License-Identifier: MIT
// Runs one program of wasi-testsuite and compares what it does with what its description says, which CMake has read.
//
//   wasi_run PROGRAM [--arg TEXT]... [--env NAME VALUE]... [--root DIRECTORY SCRATCH] [--exit N] [--stdout TEXT]
//            [--threads N]
//
// The directory is copied to SCRATCH, which the guest gets as "/". Standard input blocks.
#include "engine.hpp"

#include "../files.hpp"

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>

#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#else
#include <unistd.h>
#endif

namespace {

using namespace tessera;

bool open_pipe(int (&ends)[2]) {
#if defined(_WIN32)
    return _pipe(ends, 4096, _O_BINARY) == 0;
#else
    return pipe(ends) == 0;
#endif
}
/// Copies a folder whose files may be read-only; the copies are not. std::filesystem::copy fails under MinGW.
void copy_tree(const std::filesystem::path& from, const std::filesystem::path& to) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    fs::remove_all(to, ignored);
    fs::create_directories(to, ignored);
    for (const auto& one : fs::directory_iterator(from)) {
        const fs::path copy = to / one.path().filename();
        if (one.is_directory()) {
            copy_tree(one.path(), copy);
        } else {
            fs::copy_file(one.path(), copy, ignored);
            fs::permissions(copy, fs::perms::owner_all, fs::perm_options::add, ignored);
        }
    }
}
int fail(const char* what, const error& why) {
    std::printf("%s: %s %s (exit code %u)\n", what, why.message().data(), why.detail().data(), why.exit_code());
    for (const trace_frame& f : why.frames()) std::printf("  in %s, offset 0x%x\n", f.name, f.offset);
    return 1;
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) return std::puts("usage: wasi_run PROGRAM [options]"), 2;
    const std::string program = argv[1];
    u32 expected = 0;
    const char* expected_output = nullptr;
    int ends[2];
    if (!open_pipe(ends)) return 2;
    vec<char> output;
    wasi::limits limits;
    wasi::context guest;
    guest.argument(program.substr(program.rfind('/') + 1));
    guest.standard_input(wasi::host_stream(ends[0]));
    guest.standard_output(wasi::buffer_output(output));
    guest.standard_error(wasi::host_stream(2));
    guest.clocks(wasi::real_clocks()).random(wasi::system_random());
    for (int i = 2; i < argc; ++i) {
        const auto is = [&](const char* name, int values) {
            return std::strcmp(argv[i], name) == 0 && i + values < argc;
        };
        if (is("--arg", 1)) {
            guest.argument(argv[++i]);
        } else if (is("--env", 2)) {
            guest.variable(argv[i + 1], argv[i + 2]);
            i += 2;
        } else if (is("--root", 2)) {
            copy_tree(argv[i + 1], argv[i + 2]);
            auto directory = wasi::host_directory(argv[i + 2]);
            if (!directory) return std::printf("cannot open %s\n", argv[i + 2]), 2;
            guest.preopen("/", std::move(*directory));
            i += 2;
        } else if (is("--exit", 1)) {
            expected = u32(std::strtoul(argv[++i], nullptr, 10));
        } else if (is("--stdout", 1)) {
            expected_output = argv[++i];
        } else if (is("--threads", 1)) {
            limits.threads = u32(std::strtoul(argv[++i], nullptr, 10));
        } else {
            return std::printf("unknown option %s\n", argv[i]), 2;
        }
    }
    guest.limit(limits);

    const auto bytes = read_file(argv[1]);
    if (bytes.empty()) return std::printf("cannot read %s\n", argv[1]), 2;
    auto mod = module::parse<wasi_profile>(bytes);
    if (!mod) return fail("not a module", mod.error());
    wasi::process<wasi_profile> process(guest);
    const auto code = process.run(*mod);
    if (!code) return fail("failed", code.error());
    const std::string_view said(output.data(), output.size());
    if (*code != expected || (expected_output && said != expected_output)) {
        std::printf("exit code %u, expected %u; output:\n%.*s\n", *code, expected, int(said.size()), said.data());
        return 1;
    }
}
