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

#include "../equal.hpp"
#include "../files.hpp"

#include <tessera/binary/decode.hpp>
#include <tessera/binary/encode.hpp>
#include <tessera/text/printer.hpp>
#include <tessera/text/script.hpp>

#include <filesystem>

namespace {

using tessera::everything;
using tessera::module_owner;
using tessera::u8;
using tessera::vec;

unsigned passed = 0, failed = 0, skipped = 0, same_bytes = 0;
bool show = false;

std::string described(const tessera::error& e) {
    std::string text = std::to_string(e.line()) + ":" + std::to_string(e.column()) + ": " + std::string(e.message());
    return e.detail().empty() ? text : text + ": " + std::string(e.detail());
}
tessera::result<module_owner> decode(const vec<u8>& bytes) {
    vec<u8> copy;
    if (!copy.assign({bytes.data(), bytes.size()})) return tessera::error(tessera::msg::out_of_memory);
    return tessera::binary::decode<everything>(std::move(copy));
}

/// The errors that are found, empty for none.
std::string encode_again(const module_owner& m) {
    auto bytes = tessera::binary::encode(*m);
    if (!bytes) return "not encoded: " + described(bytes.error());
    auto again = decode(*bytes);
    if (!again) return "encoded is malformed: " + described(again.error());
    if (std::string d = difference(*m, **again); !d.empty()) return "encoded differs in " + d;
    if (m->has_data_count != (*again)->has_data_count) return "encoded differs in its data count section";
    auto second = tessera::binary::encode(**again);
    if (!second) return "not encoded again: " + described(second.error());
    if (!std::equal(bytes->begin(), bytes->end(), second->begin(), second->end())) return "encoded again differs in its bytes";
    same_bytes += std::equal(bytes->begin(), bytes->end(), m->bytes.begin(), m->bytes.end());
    return {};
}
std::string print_again(const module_owner& m, tessera::print_options options) {
    auto text = tessera::text::print(*m, options);
    if (!text) return "not printed: " + described(text.error());
    const std::string_view source(text->data(), text->size());
    if (show) std::fwrite(source.data(), 1, source.size(), stdout);
    auto parsed = tessera::text::parse(source);
    if (!parsed) return "printed is malformed: " + described(parsed.error()) + "\n" + std::string(source.substr(0, 4000));
    auto again = decode(parsed->bytes);
    if (!again) return "parsed is malformed: " + described(again.error());
    if (std::string d = difference(*m, **again); !d.empty())
        return "printed differs in " + d + "\n" + std::string(source.substr(0, 4000));
    auto second = tessera::text::print(**again, options);
    if (!second) return "not printed again: " + described(second.error());
    if (!std::equal(text->begin(), text->end(), second->begin(), second->end())) return "printed again differs";
    return {};
}

void count(const std::string& where, const std::string& problem) {
    if (problem.empty()) {
        ++passed;
        return;
    }
    ++failed;
    std::printf("%s: %s\n", where.c_str(), problem.c_str());
}
void check(const std::string& where, const vec<u8>& bytes) {
    auto m = decode(bytes);
    tessera::error why(tessera::msg::unexpected_end);
    tessera::module_limits limits;
    if (!m || !tessera::binary::bodies_well_formed<everything>(**m, limits, why)) return;
    count(where, encode_again(*m));
    for (const bool folded : {false, true})
        for (const bool names : {true, false})
            count(where + (folded ? " folded" : " flat") + (names ? "" : " without names"), print_again(*m, {.folded = folded, .names = names}));
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
        return parsed ? check(path, parsed->bytes) : count(path, described(parsed.error()));
    }
    auto script = tessera::text::parse_script(source);
    if (!script) return count(path, described(script.error()));
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
