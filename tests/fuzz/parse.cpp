// SPDX-License-Identifier: MIT
// Fuzzes decoding and validation: any bytes are a module or an error that says where.

#include "module_mutator.hpp"
#include "require.hpp"

#include <tessera/module.hpp>

namespace {

using fuzz::require;

/// Small limits, so that reaching them is part of what is tried.
constexpr tessera::module_limits tight{.types = 12,
                                       .imports = 8,
                                       .exports = 8,
                                       .functions = 16,
                                       .tables = 2,
                                       .memories = 2,
                                       .globals = 6,
                                       .tags = 2,
                                       .elem_segments = 4,
                                       .elem_items = 16,
                                       .data_segments = 3,
                                       .function_size = 512,
                                       .locals = 40,
                                       .params = 6,
                                       .results = 3,
                                       .fields = 4,
                                       .br_table = 8};

void check(const tessera::error& e, std::size_t size) {
    require(!e.message().empty());
    require(e.offset() == tessera::error::no_offset || e.offset() <= size);
    require(e.kind() == tessera::kind::malformed || e.kind() == tessera::kind::invalid ||
            e.kind() == tessera::kind::exhaustion);
}
/// Reads all that a module says of itself.
std::size_t read(const tessera::module& m) {
    std::size_t n = m.name().size();
    for (const auto& i : m.imports()) n += i.module.size() + i.name.size() + i.type.func.params.size();
    for (const auto& e : m.exports()) n += e.name.size() + e.type.func.results.size();
    for (const auto& c : m.custom_sections()) n += c.name.size() + c.bytes.size();
    for (tessera::u32 f = 0; f < m.functions(); ++f) n += m.function_name(f).size() + m.function_type(f).params.size();
    return n;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span<const tessera::u8> bytes(data, size);
    auto all = tessera::module::parse<tessera::everything>(bytes);
    if (all) require(read(*all) < ~std::size_t{0} && tessera::everything.contains(all->features_used()));
    else check(all.error(), size);

    auto first = tessera::module::borrow<tessera::wasm_1_0>(bytes);
    if (first)
        require(all && tessera::wasm_1_0.contains(first->features_used()) &&
                first->features_used() == all->features_used());
    else check(first.error(), size);

    auto small = tessera::module::borrow<tessera::everything>(bytes, tight);
    if (small) require(all && small->functions() == all->functions());
    else check(small.error(), size);
    return 0;
}
