// SPDX-License-Identifier: MIT
#include <tessera/num/sem.hpp>

#include <doctest/doctest.h>

#include <array>
#include <utility>

using namespace tessera;

namespace {
template <op O>
consteval bool asserted() {
    static_assert(num::agrees<O>, "opcodes.def: the row's signature disagrees with its meaning");
    return num::agrees<O>;
}
} // namespace

TEST_CASE("every row's signature is that of its meaning") {
    const auto all = []<std::size_t... I>(std::index_sequence<I...>) {
        return std::array<bool, op_count>{asserted<op(I)>()...};
    }
    (std::make_index_sequence<op_count>{});
    for (bool one : all) CHECK(one);
}

TEST_CASE("a row whose signature is another one does not agree") {
    CHECK_FALSE(num::detail::row_agrees(static_cast<const num::add<u32>*>(nullptr), row(op::i64_add)));
    CHECK(num::detail::row_agrees(static_cast<const num::add<u32>*>(nullptr), row(op::i32_add)));
}
