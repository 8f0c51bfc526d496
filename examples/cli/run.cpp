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
    if (!function) return done;
    if (int bad = g.arguments(*function, arguments)) return bad;
    std::vector<tessera::value> results(function->type().results.size());
    if (auto ok = function->call(arguments, results); !ok) return g.ended(ok.error());
    for (const tessera::value& v : results) std::printf("%s\n", to_text(v).c_str());
    return done;
}
