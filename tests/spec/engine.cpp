// SPDX-License-Identifier: MIT
// The part of the runner that depends on the features of a build: `whole` with everything, or
// `toggled` with SPEC_FEATURES where SPEC_TOGGLE is defined; SPEC_WITHOUT is what it is without.

#include "engine.hpp"

#ifdef SPEC_NATIVE // whose functions become machine code; other tests share these engines
#include "native/profile.hpp"
template const tessera::runtime::engine& tessera::runtime::engine_for<native_profile>() noexcept;
template const tessera::runtime::engine& tessera::runtime::engine_for<native_game_profile>() noexcept;
#endif

namespace {

using namespace tessera;

#ifdef SPEC_TOGGLE
constexpr features built = SPEC_FEATURES;
#ifdef SPEC_WITHOUT
constexpr std::string_view without = name(feature::SPEC_WITHOUT);
#else
constexpr std::string_view without;
#endif
#elif defined(SPEC_NATIVE)
constexpr features built = native_profile;
#else
constexpr features built = everything;
#endif

template <spec::profile P, bool Lazy>
result<tessera::module> parse(std::span<const u8> bytes) {
    constexpr features allowed{spec::features_of(P).bits & built.bits};
    if constexpr (Lazy) return tessera::module::parse_lazily<allowed>(bytes);
    else return tessera::module::parse<allowed>(bytes);
}
template <bool Lazy>
result<tessera::module> load(spec::profile p, std::span<const u8> bytes) {
    switch (p) {
    case spec::profile::legacy: return parse<spec::profile::legacy, Lazy>(bytes);
    case spec::profile::threads: return parse<spec::profile::threads, Lazy>(bytes);
    case spec::profile::latest: return parse<spec::profile::latest, Lazy>(bytes);
    default: return parse<spec::profile::core, Lazy>(bytes);
    }
}
template <features F>
basic_store make_store() {
    store<F> s;
#ifdef SPEC_NATIVE
    static_cast<void>(enable_native(
        s, {.threshold = spec::threshold, .all = true, .guard_pages = spec::guard_pages, .avx = spec::avx}));
#endif
    if constexpr (F[feature::tracing]) { // whoever looks on, functions are in plain mode
        static runtime::observer counter{[](runtime::observer&, void*) noexcept {
            spec::watched.fetch_add(1, std::memory_order_relaxed);
            return false;
        }};
        error why(msg::out_of_memory);
        if (s.data()) static_cast<void>(s.data()->engine->observe(*s.data(), &counter, why));
    }
    if constexpr (F[feature::fuel]) static_cast<void>(s.add_fuel(~u64{0})); // what is wrong with a store its user sees
    return s;
}

} // namespace

#ifdef SPEC_TOGGLE
const spec::engine spec::toggled_engine{built, &load<false>, &load<true>, &make_store<built>, without};
#else
const spec::engine spec::whole_engine{built, &load<false>, &load<true>, &make_store<built>, {}};
#endif
