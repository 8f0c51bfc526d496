// SPDX-License-Identifier: MIT
// Makes what the fuzzers start from.
//
//   fuzz_seeds FOLDER path…     .wast, .wat, .wasm: that file; a folder: all such files in it
//
// FOLDER/binary gets the bytes of every module, FOLDER/text the texts: modules, and scripts cut into
// pieces of whole commands, FOLDER/host programs for the host fuzzer: numbers at random, the same each
// time. Random modules, as tests/diff runs them, are among the first. A file is named by a hash of its content, so
// nothing is there twice. FOLDER/text.dict is a dictionary of the format's keywords. The last lines say how many there
// are.

#include "../diff/generator.hpp"
#include "../files.hpp"

#include <tessera/binary/decode.hpp>
#include <tessera/text/printer.hpp>
#include <tessera/text/script.hpp>

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>

namespace {

constexpr std::size_t piece_size = 2048;

std::filesystem::path folder;
unsigned failed = 0, binaries = 0, texts = 0, programs = 0;

void write(const std::filesystem::path& to, std::string_view content) {
    std::FILE* const file = std::fopen(to.string().c_str(), "wb");
    if (!file || std::fwrite(content.data(), 1, content.size(), file) != content.size()) {
        ++failed;
        std::printf("%s: cannot be written\n", to.string().c_str());
    }
    if (file) std::fclose(file);
}
void keep(const char* kind, unsigned& count, std::string_view content) {
    char name[17];
    std::snprintf(name, sizeof name, "%016llx",
                  static_cast<unsigned long long>(std::hash<std::string_view>()(content)));
    const std::filesystem::path to = folder / kind / name;
    std::error_code none;
    if (std::filesystem::exists(to, none)) return;
    write(to, content);
    ++count;
}
void keep_bytes(std::span<const tessera::u8> bytes) {
    keep("binary", binaries, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

/// Where each line begins.
std::vector<std::size_t> lines_of(std::string_view source) {
    std::vector<std::size_t> lines{0};
    for (std::size_t i = 0; i < source.size(); ++i)
        if (source[i] == '\n' || (source[i] == '\r' && source.substr(i + 1, 1) != "\n")) lines.push_back(i + 1);
    return lines;
}
/// The modules of a script, and its commands in pieces.
void script(std::string_view source) {
    auto parsed = tessera::text::parse_script(source);
    if (!parsed) return keep("text", texts, source);
    const std::vector<std::size_t> lines = lines_of(source);
    const auto place = [&](std::size_t c) {
        if (c >= parsed->commands.size()) return source.size();
        return lines[parsed->commands[c].line - 1] + parsed->commands[c].column - 1;
    };
    std::size_t begin = 0;
    for (std::size_t c = 0; c < parsed->commands.size();) {
        const auto& command = parsed->commands[c];
        const std::size_t next = command.end ? command.end : c + 1; // a thread's commands stay with it
        const std::string_view alone = source.substr(place(c), place(next) - place(c));
        if (command.kind == tessera::text::command_kind::module_) keep("text", texts, alone);
        if (place(next) - begin > piece_size || next >= parsed->commands.size()) {
            keep("text", texts, source.substr(begin, place(next) - begin));
            begin = place(next);
        }
        c = next;
    }
    for (const auto& m : parsed->modules)
        if (m.content) keep_bytes({m.content->bytes.data(), m.content->bytes.size()});
}
/// The text of a module that others wrote as bytes.
void print(std::span<const tessera::u8> bytes) {
    auto m = tessera::binary::decode_borrowed<tessera::everything>(bytes);
    if (!m) return;
    auto text = tessera::text::print(**m, {.folded = bytes.size() % 2 == 0, .most_characters = 1 << 16});
    if (text) keep("text", texts, {text->data(), text->size()});
}

void file(const std::string& path) {
    const auto content = read_file(path.c_str());
    const std::span<const tessera::u8> bytes(reinterpret_cast<const tessera::u8*>(content.data()), content.size());
    if (path.ends_with(".wasm")) return keep_bytes(bytes), print(bytes);
    script({reinterpret_cast<const char*>(content.data()), content.size()});
}
void path(const std::string& from) {
    std::error_code none;
    if (!std::filesystem::is_directory(from, none)) return file(from);
    for (std::filesystem::recursive_directory_iterator it(from, none), end; it != end; it.increment(none))
        if (const auto kind = it->path().extension(); kind == ".wast" || kind == ".wasm" || kind == ".wat")
            file(it->path().generic_string());
}

void host_programs() {
    std::mt19937 random;
    for (std::size_t size = 32; size < 1024; size += 4) {
        std::string numbers(size, 0);
        for (char& c : numbers) c = char(random());
        keep("host", programs, numbers);
    }
}
void random_modules() {
    for (tessera::u64 seed = 1; seed <= 150; ++seed)
        for (const auto& m : diff::generate(seed, {.size = 20}).modules) keep_bytes(m.wasm);
}
void dictionary() {
    std::string words;
    for (tessera::u32 w = 0; w < tessera::u32(tessera::text::word::count_); ++w)
        words += "\"" + std::string(tessera::text::text_of(tessera::text::word(w))) + "\"\n";
    for (const char* more : {"(;", ";)", ";;", "(@", "$a", "inf", "nan:0x", "0x1p", "\\\\u{", "\\\"", "\\\\00"})
        words += "\"" + std::string(more) + "\"\n";
    write(folder / "text.dict", words);
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    folder = argv[1];
    std::error_code none;
    for (const char* kind : {"binary", "text", "host"}) {
        std::filesystem::remove_all(folder / kind, none);
        std::filesystem::create_directories(folder / kind, none);
    }
    dictionary();
    host_programs();
    random_modules();
    for (int i = 2; i < argc; ++i) path(argv[i]);
    std::printf("%u binary seeds, %u text seeds\n", binaries, texts);
    std::printf("%u passed, %u failed, 0 skipped\n", binaries && texts ? 1 : 0, failed);
    return failed != 0 || !binaries || !texts;
}
