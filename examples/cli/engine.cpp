// SPDX-License-Identifier: MIT
// The bodies of the library, compiled once; all other files of the command see declarations. Scripts are run here,
// since what reads them is not among the declarations.
#include "engine.hpp"

#include "report.hpp"
#include "wast.hpp"

#include "../../tests/spec/runner.hpp"

TESSERA_INSTANTIATE(cli::built);

namespace {

/// One engine has to do: what the profile of a script leaves out is refused by looking at what a module uses.
template <bool Lazy>
tessera::result<tessera::module> load(spec::profile p, std::span<const tessera::u8> bytes) {
    auto made = Lazy ? tessera::module::parse_lazily<cli::built>(bytes) : tessera::module::parse<cli::built>(bytes);
    if (!made) return made;
    const auto missing = spec::features_of(p).first_missing(made->features_used());
    if (missing != tessera::feature::count_) return tessera::error(tessera::msg::feature_off, name(missing));
    return made;
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
