// SPDX-License-Identifier: MIT
#include "run.hpp"

#include "values.hpp"

#include <cstdio>

int cli::run(const run_options& options) {
    guest g(options);
    std::optional<tessera::func> function;
    std::vector<tessera::value> arguments;
    if (int bad = g.prepare()) return bad;
    if (int bad = g.instantiate()) return bad;
    if (int bad = g.find(function)) return bad;
    if (!function) return g.ended({});
    if (int bad = g.arguments(*function, arguments)) return bad;
    std::vector<tessera::value> results(function->type().results.size());
    const auto call = function->call(arguments, results);
    if (!call) return g.ended(call);
    for (const tessera::value& v : results) std::printf("%s\n", to_text(v).c_str());
    return g.ended(call);
}
