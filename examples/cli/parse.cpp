// SPDX-License-Identifier: MIT
#include "parse.hpp"

#include "report.hpp"

namespace {

/// Beside the text, unless that comes from standard input.
std::string beside(const std::string& file) {
    constexpr std::string_view text = ".wat", binary = ".wasm";
    if (file == "-") return file;
    std::string name(file, 0, file.size() - (file.ends_with(text) ? text.size() : 0));
    return name.append(binary);
}

} // namespace

int cli::parse(const parse_options& options) {
    const std::string output = options.output.empty() ? beside(options.file) : options.output;
    const auto module = load(options.file, options.allowed);
    if (!module) return failed;
    const auto bytes = module->bytes();
    return write_file(output, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}) ? done : failed;
}
