// SPDX-License-Identifier: MIT
// A build of the engine that scripts are run with. Only engine.cpp depends on its features, so that a
// build with fewer of them costs no more than that file.
#pragma once

#include <tessera/tessera.hpp>

#include <atomic>

namespace spec {

/// What a file may use. The suite's core files expect what is not in 3.0 to be refused.
enum class profile { core, latest, legacy, threads };

/// The proposal's scripts are copies from before 3.0: one table, one memory. Here threads come with
/// reference types, which allow several tables; for these scripts alone that bit is taken out.
inline constexpr tessera::features threads_as_proposed{
    (tessera::wasm_2_0 + tessera::feature::threads).bits &
    ~(tessera::u64{1} << unsigned(tessera::feature::reference_types))};

constexpr tessera::features features_of(profile p) {
    switch (p) {
    case profile::legacy: return tessera::everything;
    case profile::threads: return threads_as_proposed;
    case profile::latest: return tessera::latest;
    default: return tessera::wasm_3_0;
    }
}

struct engine {
    tessera::features built;
    /// Parses a module with what both the profile and this engine have.
    tessera::result<tessera::module> (*load)(profile, std::span<const tessera::u8>);
    /// The same with the function bodies left for later.
    tessera::result<tessera::module> (*load_lazily)(profile, std::span<const tessera::u8>);
    tessera::basic_store (*make_store)();
    /// The feature that this build is about not having; some module must be refused for it. Empty: none.
    std::string_view without;
};

/// How many instructions were watched; only in a build with feature::tracing, where functions run in plain mode.
inline std::atomic<tessera::u64> watched{0};

/// native_options::threshold; only in a build whose functions become machine code.
inline tessera::u32 threshold = 0;
/// native_options::guard_pages; in the same builds.
inline bool guard_pages = false;
/// native_options::avx
inline bool avx = true;

extern const engine whole_engine; ///< everything that can be decoded
#ifdef SPEC_TOGGLE
extern const engine toggled_engine; ///< what SPEC_FEATURES and SPEC_WITHOUT say
#endif

/// Runs the scripts that the arguments name on `tested`; a module that `whole` takes and `tested`
/// refuses for a feature it lacks is skipped. The program's result; see run.cpp.
int run(const engine& whole, const engine& tested, int argc, char** argv);

} // namespace spec
