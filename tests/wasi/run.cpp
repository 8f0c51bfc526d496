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

#include <unistd.h>

namespace {

using namespace tessera;

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
    if (pipe(ends) != 0) return 2;
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
            std::error_code ignored;
            std::filesystem::remove_all(argv[i + 2], ignored);
            std::filesystem::create_directories(argv[i + 2]);
            std::filesystem::copy(argv[i + 1], argv[i + 2], std::filesystem::copy_options::recursive);
            for (const auto& one :
                 std::filesystem::recursive_directory_iterator(argv[i + 2])) // the suite's may be read-only
                std::filesystem::permissions(one.path(), std::filesystem::perms::owner_all,
                                             std::filesystem::perm_options::add);
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
