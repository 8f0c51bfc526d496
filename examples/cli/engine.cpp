// SPDX-License-Identifier: MIT
// The bodies of the library, compiled once; all other files of the command see declarations. Scripts are run here,
// since what reads them is not among the declarations.
#include "engine.hpp"

#include "report.hpp"
#include "wast.hpp"

#include "../../tests/spec/runner.hpp"

TESSERA_INSTANTIATE(cli::built);

namespace {

/// What a script of a profile expects to be refused depends on the decoder and the validator alone.
template <spec::profile P, bool Lazy>
tessera::result<tessera::module> parse(std::span<const tessera::u8> bytes) {
    constexpr tessera::features allowed = spec::features_of(P);
    if constexpr (Lazy) return tessera::module::parse_lazily<allowed>(bytes);
    else return tessera::module::parse<allowed>(bytes);
}
template <bool Lazy>
tessera::result<tessera::module> load(spec::profile p, std::span<const tessera::u8> bytes) {
    switch (p) {
    case spec::profile::legacy: return parse<spec::profile::legacy, Lazy>(bytes);
    case spec::profile::threads: return parse<spec::profile::threads, Lazy>(bytes);
    case spec::profile::latest: return parse<spec::profile::latest, Lazy>(bytes);
    default: return parse<spec::profile::core, Lazy>(bytes);
    }
}
tessera::basic_store make_store() {
    cli::store s;
    static_cast<void>(s.add_fuel(~tessera::u64{0})); // what is wrong with a store its user sees
    return s;
}
const spec::engine whole{tessera::everything, &load<false>, &load<true>, &make_store, {}};

} // namespace

cli::script_counts cli::run_script(const std::string& path, std::string_view text, bool quiet) {
    auto script = tessera::text::parse_script(text);
    if (!script) {
        report({path}, script.error());
        return {0, 1};
    }
    const spec::outcome out = spec::runner(whole, whole, *script, path, quiet).run();
    return {out.passed, out.failed + out.skipped};
}
