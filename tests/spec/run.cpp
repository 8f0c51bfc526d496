// SPDX-License-Identifier: MIT
// Runs scripts of the specification's test suite.
//
//   spec_run [--manifest spec-manifest.json] [--mutant] [--quiet] [--collect] file.wast…
//
// Every command is run and counted, and a line says what came of each file; the last line is
// "N passed, N failed, N skipped", and the result 0 if nothing failed. Skipped is what needs a module with a
// feature that the engine lacks; the lines before say which. --manifest also
// compares the numbers of commands by kind. --mutant changes what one assertion of each file expects, and
// demands that the file then fails: proof that the comparison is one. --collect has the store collect garbage at every
// allocation. An engine that lacks features must refuse
// the modules that need them and name one of those.

#include "manifest.hpp"
#include "runner.hpp"

namespace {

bool read_all(const char* path, std::string& out) {
    std::FILE* file = std::fopen(path, "rb");
    if (!file) return false;
    char block[16384];
    while (const std::size_t n = std::fread(block, 1, sizeof block, file)) out.append(block, n);
    const bool fine = std::ferror(file) == 0;
    std::fclose(file);
    return fine;
}

/// Makes assertion `c` expect something else.
void change(tessera::text::script& script, tessera::text::command& c) {
    using tessera::text::command_kind;
    using tessera::text::pattern_kind;
    if (c.kind == command_kind::assert_malformed || c.kind == command_kind::assert_invalid) {
        c.kind = c.kind == command_kind::assert_invalid ? command_kind::assert_malformed : command_kind::assert_invalid;
    } else if (c.kind != command_kind::assert_return) {
        c.expected = "what no error says";
    } else if (c.results.count == 0) {
        c.kind = command_kind::assert_trap;
        c.expected = "unreachable";
    } else {
        auto& p = script.patterns[c.results.first];
        p = {};
        p.kind = pattern_kind::i64; // of a value that no test has, or not even of the type
        p.low = 0x5bd1e995a1b2c3d4;
    }
}

/// Runs the file twice, the second time with one of the assertions changed that passed the first time.
spec::outcome mutant(const spec::engine& whole, const spec::engine& tested, tessera::text::script& script,
                     const std::string& path) {
    spec::outcome total;
    const spec::outcome before = spec::runner(whole, tested, script, path, true).run();
    if (before.assertions.empty()) {
        total.skipped = 1;
        ++total.reasons["no assertion that could be changed"];
        return total;
    }
    std::size_t pick = path.size() * 7919 % before.assertions.size(); // any one, the same each time
    auto& c = script.commands[before.assertions[pick]];
    change(script, c);
    const spec::outcome after = spec::runner(whole, tested, script, path, true).run();
    if (after.failed == before.failed + 1) total.passed = 1;
    else {
        total.failed = 1;
        std::printf("%s:%u: changed, and %u instead of %u commands failed\n", path.c_str(), c.line, after.failed,
                    before.failed + 1);
    }
    return total;
}

} // namespace

int spec::run(const engine& whole, const engine& tested, int argc, char** argv) {
    bool mutants = false, quiet = false;
    std::string manifest;
    std::vector<std::string> paths;
    for (int i = 1; i < argc; ++i) {
        const std::string_view a = argv[i];
        if (a == "--mutant") mutants = true;
        else if (a == "--quiet") quiet = true;
        else if (a == "--collect") spec::collect_always = true;
        else if (a == "--guard") spec::guard_pages = true;
        else if (a == "--sse") // and no AVX
            spec::avx = false;
        else if (a == "--threshold" && i + 1 < argc)
            spec::threshold = tessera::u32(std::strtoul(argv[++i], nullptr, 10));
        else if (a == "--manifest" && i + 1 < argc) {
            if (!read_all(argv[++i], manifest)) return std::printf("cannot read %s\n", argv[i]), 2;
        } else paths.emplace_back(a);
    }
    if (paths.empty())
        return std::printf("usage: %s [--manifest file] [--mutant] [--quiet] [--collect] file.wast...\n", argv[0]), 2;

    spec::outcome total;
    for (const std::string& path : paths) {
        std::string source;
        if (!read_all(path.c_str(), source)) {
            std::printf("cannot read %s\n", path.c_str());
            ++total.failed;
            continue;
        }
        auto script = tessera::text::parse_script(source);
        if (!script) {
            const auto& e = script.error();
            std::printf("%s:%u:%u: %s %s\n", path.c_str(), e.line(), e.column(), e.message().data(), e.detail().data());
            ++total.failed;
            continue;
        }
        if (!manifest.empty()) {
            spec::counts theirs;
            if (!spec::manifest_counts(manifest, path, theirs)) {
                std::printf("%s: not in the manifest\n", path.c_str());
                ++total.failed;
            } else if (!spec::compare_counts(path, spec::count_commands(*script, source), theirs)) {
                ++total.failed;
            }
        }
        const spec::outcome one =
            mutants ? mutant(whole, tested, *script, path) : spec::runner(whole, tested, *script, path, quiet).run();
        if (!quiet) {
            std::printf("script %s: %u passed %u failed %u skipped\n", path.c_str(), one.passed, one.failed,
                        one.skipped);
            std::fflush(stdout); // should the next one crash, it is known which
        }
        total += one;
    }
    if (const std::string needs = "needs " + std::string(tested.without);
        needs != "needs " && total.reasons.count(needs) == 0) {
        std::printf("no module was refused because it %s\n", needs.c_str());
        ++total.failed;
    }
    for (const auto& [reason, n] : total.reasons) std::printf("skipped %u: %s\n", n, reason.c_str());
    std::printf("%u passed, %u failed, %u skipped\n", total.passed, total.failed, total.skipped);
    return total.failed != 0;
}
