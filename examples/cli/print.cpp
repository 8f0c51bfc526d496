// SPDX-License-Identifier: MIT
#include "print.hpp"

#include "report.hpp"

int cli::print(const print_options& options) {
    const auto module = load(options.file, options.allowed);
    if (!module) return failed;
    tessera::print_options how;
    how.folded = options.folded;
    how.names = options.names;
    const auto text = module->to_text(how);
    if (!text) return report({options.file, &*module}, text.error());
    return write_file(options.output, {text->data(), text->size()}) ? done : failed;
}
