// SPDX-License-Identifier: MIT
// The part of the runner that depends on the features of a build: `whole` with everything, or
// `toggled` with SPEC_FEATURES where SPEC_TOGGLE is defined; SPEC_WITHOUT is what it is without.

#include "engine.hpp"

namespace {

using namespace tessera;

#ifdef SPEC_TOGGLE
constexpr features built = SPEC_FEATURES;
#ifdef SPEC_WITHOUT
constexpr std::string_view without = name(feature::SPEC_WITHOUT);
#else
constexpr std::string_view without;
#endif
#else
constexpr features built = everything;
#endif

template <spec::profile P>
result<tessera::module> parse(std::span<const u8> bytes) {
    return tessera::module::parse<features{spec::features_of(P).bits & built.bits}>(bytes);
}
result<tessera::module> load(spec::profile p, std::span<const u8> bytes) {
    switch (p) {
    case spec::profile::legacy: return parse<spec::profile::legacy>(bytes);
    case spec::profile::threads: return parse<spec::profile::threads>(bytes);
    case spec::profile::latest: return parse<spec::profile::latest>(bytes);
    default: return parse<spec::profile::core>(bytes);
    }
}
template <features F>
basic_store make_store() {
    store<F> s;
    if constexpr (F[feature::fuel]) static_cast<void>(s.add_fuel(~u64{0})); // what is wrong with a store its user sees
    return s;
}

} // namespace

#ifdef SPEC_TOGGLE
const spec::engine spec::toggled_engine{built, &load, &make_store<built>, without};
#else
const spec::engine spec::whole_engine{built, &load, &make_store<built>, {}};
#endif
