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

std::vector<engines::vector_access> engines::vector_accesses() {
    using namespace tessera;
    std::vector<vector_access> all;
    for (u16 i = 0; i < op_count; ++i) {
        const op_row& r = op_table[i];
        const bool of_lane = r.immediate == imm::memarg_lane;
        if (r.prefix != 0xfd || natural_align[i] + (r.immediate == imm::memarg || of_lane) == 0) continue;
        all.push_back({std::string(r.text), 1u << natural_align[i], r.type.result_count == 0, of_lane ? " 1" : ""});
    }
    return all;
}
