// SPDX-License-Identifier: MIT
#define TESSERA_IMPLEMENTATION
#include "engine.hpp"

TESSERA_INSTANTIATE(engines::metered);
#if !defined(TEST_ENGINE_METERED_ONLY)
TESSERA_INSTANTIATE(engines::plain);
#endif

tessera::result<tessera::vec<tessera::u8>> engines::assembled(std::string_view text) {
    auto made = tessera::text::parse(text);
    if (!made) return made.error();
    return std::move(made->bytes);
}
