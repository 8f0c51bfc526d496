// SPDX-License-Identifier: MIT
// Writes modules and reads them again, in both formats.
//
//   roundtrip_run [--print] path…     .wast: every module of the script; .wasm, .wat: the module; a
//                                     folder: all such files in it
//
// For each module: encoding what was decoded gives an equal module, encoding that gives the same bytes;
// printing in each form gives a text from which an equal module is parsed, and which that module prints
// again. What is malformed is no module and not counted; what is invalid is one. The last line is
// "N passed, N failed, N skipped", the result 0 if nothing failed. --print shows the texts instead.

#include "../files.hpp"
#include "again.hpp"

#include <tessera/text/script.hpp>

#include <filesystem>

namespace {

using tessera::everything;
using tessera::u8;
using tessera::vec;

unsigned passed = 0, failed = 0, skipped = 0, same_bytes = 0;
bool show = false;

void count(const std::string& where, const std::string& problem) {
    if (problem.empty()) {
        ++passed;
        return;
    }
    ++failed;
    std::printf("%s: %s\n", where.c_str(), problem.c_str());
}
void check(const std::string& where, const vec<u8>& bytes) {
    auto m = roundtrip::decode(bytes);
    tessera::error why(tessera::msg::unexpected_end);
    tessera::module_limits limits;
    if (!m || !tessera::binary::bodies_well_formed<everything>(**m, limits, why)) return;
    count(where, roundtrip::encode_again(*m));
    auto encoded = tessera::binary::encode(**m);
    same_bytes += encoded && std::equal(encoded->begin(), encoded->end(), (*m)->bytes.begin(), (*m)->bytes.end());
    for (const bool folded : {false, true})
        for (const bool names : {true, false}) {
            const tessera::print_options options{.folded = folded, .names = names};
            count(where + (folded ? " folded" : " flat") + (names ? "" : " without names"),
                  roundtrip::print_again(*m, options));
            if (!show) continue;
            if (auto text = tessera::text::print(**m, options)) std::fwrite(text->data(), 1, text->size(), stdout);
        }
}
void check_file(const std::string& path) {
    const auto content = read_file(path.c_str());
    const std::string_view source(reinterpret_cast<const char*>(content.data()), content.size());
    if (content.empty()) return count(path, "cannot be read");
    if (path.ends_with(".wasm")) {
        vec<u8> bytes;
        if (!bytes.append(reinterpret_cast<const u8*>(content.data()), content.size())) return count(path, "memory");
        return check(path, bytes);
    }
    if (path.ends_with(".wat")) {
        auto parsed = tessera::text::parse(source);
        return parsed ? check(path, parsed->bytes) : count(path, roundtrip::described(parsed.error()));
    }
    auto script = tessera::text::parse_script(source);
    if (!script) return count(path, roundtrip::described(script.error()));
    for (const auto& c : script->commands)
        if (c.module != tessera::no_index && script->modules[c.module].content)
            check(path + ":" + std::to_string(c.line), script->modules[c.module].content->bytes);
}

void check_path(const std::string& path) {
    std::error_code none;
    if (!std::filesystem::is_directory(path, none)) return check_file(path);
    std::vector<std::string> files;
    for (std::filesystem::recursive_directory_iterator it(path, none), end; it != end; it.increment(none))
        if (const auto kind = it->path().extension(); kind == ".wast" || kind == ".wasm" || kind == ".wat")
            files.push_back(it->path().generic_string());
    std::sort(files.begin(), files.end());
    for (const std::string& file : files) check_file(file);
}

} // namespace

int main(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        if (std::string_view(argv[i]) == "--print") show = true;
        else check_path(argv[i]);
    }
    if (passed + failed == 0) ++skipped; // nothing but malformed modules
    std::printf("%u modules came out byte for byte\n", same_bytes);
    std::printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed != 0;
}
