// SPDX-License-Identifier: MIT
// Runs programs of wasi-testsuite and compares what they do with what their descriptions say, which CMake has read.
//
//   wasi_run PROGRAM [OPTION]... [--next PROGRAM [OPTION]...]...
//
// where an option is one of
//
//   --arg TEXT, --env NAME VALUE
//   --root DIRECTORY SCRATCH       the directory is copied to SCRATCH, which the guest gets as "/"
//   --exit N, --stdout TEXT        what is expected: exit code 0 and any output where nothing is said
//   --threads N                    how many it may start
//   --left-out REASON              it has to fail, and counts as skipped
//
// Standard input blocks. Built with WASI_NATIVE, all functions become machine code when they are first called.
#ifdef WASI_NATIVE
#include "../native/profile.hpp"
#else
#include "../engine.hpp"
#endif

#include "../files.hpp"

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#else
#include <unistd.h>
#endif

namespace {

using namespace tessera;

#ifdef WASI_NATIVE
constexpr features profile = native_profile;
void equip(store<profile>& s, void* refused) noexcept {
    const native_options all{.threshold = 0, .all = true};
    if (!s.add_fuel(~u64{0} >> 2) || !enable_native(s, all)) *static_cast<bool*>(refused) = true;
}
#else
constexpr features profile = engines::plain;
#endif

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
/// What is wanted of one program.
struct task {
    const char* program = nullptr;
    std::vector<const char*> arguments;
    std::vector<std::pair<const char*, const char*>> variables;
    const char* root = nullptr;
    const char* scratch = nullptr;
    u32 code = 0;
    const char* output = nullptr;
    u32 threads = 0;
    const char* left_out = nullptr;
};
u32 number(const char* text) { return u32(std::strtoul(text, nullptr, 10)); }

/// The tasks of a command line; empty where it is wrong.
std::vector<task> tasks_of(int argc, char** argv) {
    std::vector<task> all(1);
    for (int i = 1; i < argc; ++i) {
        task& t = all.back();
        const auto is = [&](const char* name, int values) {
            return std::strcmp(argv[i], name) == 0 && i + values < argc;
        };
        if (!t.program) {
            t.program = argv[i];
        } else if (is("--next", 1)) {
            all.emplace_back();
        } else if (is("--arg", 1)) {
            t.arguments.push_back(argv[++i]);
        } else if (is("--env", 2)) {
            t.variables.emplace_back(argv[i + 1], argv[i + 2]);
            i += 2;
        } else if (is("--root", 2)) {
            t.root = argv[++i];
            t.scratch = argv[++i];
        } else if (is("--exit", 1)) {
            t.code = number(argv[++i]);
        } else if (is("--stdout", 1)) {
            t.output = argv[++i];
        } else if (is("--threads", 1)) {
            t.threads = number(argv[++i]);
        } else if (is("--left-out", 1)) {
            t.left_out = argv[++i];
        } else {
            std::printf("unknown option %s\n", argv[i]);
            return {};
        }
    }
    if (!all.back().program) all.clear();
    return all;
}

bool fail(const char* what, const error& why) {
    std::printf("%s: %s %s (exit code %u)\n", what, why.message().data(), why.detail().data(), why.exit_code());
    for (const trace_frame& f : why.frames()) std::printf("  in %s, offset 0x%x\n", f.name, f.offset);
    return false;
}
bool run(const task& t, int input) {
    const std::string program = t.program;
    vec<char> output;
    wasi::limits limits;
    limits.threads = t.threads;
    wasi::context guest;
    guest.limit(limits).argument(program.substr(program.rfind('/') + 1));
    for (const char* text : t.arguments) guest.argument(text);
    for (const auto& [name, value] : t.variables) guest.variable(name, value);
    guest.standard_input(wasi::host_stream(input));
    guest.standard_output(wasi::buffer_output(output));
    guest.standard_error(wasi::host_stream(2));
    guest.clocks(wasi::real_clocks()).random(wasi::system_random());
    if (t.root) {
        copy_tree(t.root, t.scratch);
        auto directory = wasi::host_directory(t.scratch);
        if (!directory) return std::printf("cannot open %s\n", t.scratch), false;
        guest.preopen("/", std::move(*directory));
    }

    const auto bytes = read_file(t.program);
    if (bytes.empty()) return std::printf("cannot read %s\n", t.program), false;
    auto mod = module::parse<profile>(bytes);
    if (!mod) return fail("not a module", mod.error());
    wasi::process<profile> process(guest);
#ifdef WASI_NATIVE
    bool refused = false; // threads start after main has, and are gone before this is
    equip(process.store(), &refused);
    process.each_store(equip, &refused);
#endif
    const auto code = process.run(*mod);
    if (!code) return fail("failed", code.error());
#ifdef WASI_NATIVE
    if (refused || native_counters_of(process.store()).functions == 0) return std::puts("no machine code"), false;
#endif
    const std::string_view said(output.data(), output.size());
    if (*code == t.code && (!t.output || said == t.output)) return true;
    std::printf("exit code %u, expected %u; output:\n%.*s\n", *code, t.code, int(said.size()), said.data());
    return false;
}

} // namespace

int main(int argc, char** argv) {
    const auto tasks = tasks_of(argc, argv);
    int ends[2];
    if (tasks.empty() || !open_pipe(ends)) return std::puts("usage: wasi_run PROGRAM [options]"), 2;
    unsigned passed = 0, failed = 0, skipped = 0;
    for (const task& t : tasks) {
        const bool right = run(t, ends[0]);
        if (t.left_out && !right) {
            std::printf("skipped 1: %s\n", t.left_out);
            ++skipped;
        } else if (right && !t.left_out) {
            ++passed;
        } else {
            std::printf("that was %s%s\n", t.program, right ? ", which is said to fail" : "");
            ++failed;
        }
    }
    std::printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed != 0;
}
