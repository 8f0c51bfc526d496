// SPDX-License-Identifier: MIT
// Where a branch hint puts the parts of an if. That they do the same as without one is tested in exec/.
#include <tessera/tessera.hpp>

#include <doctest/doctest.h>

#include <string>

namespace branch_hints_lowered {
namespace {

using namespace tessera;

constexpr features profile = latest;
constexpr runtime::engine none{}; // nothing runs

/// The nodes of the one function of the module in `text`.
exec::function_ir lowered(const std::string& text) {
    const auto m = module::parse_text<profile>(text);
    REQUIRE(m);
    basic_store store(none, profile, {});
    REQUIRE(store.instantiate(*m));
    exec::function_ir ir;
    REQUIRE(exec::lowering<profile>(ir, *store.data()->units[0]).run(0));
    return ir;
}

enum class part : u8 { addition, multiplication, neither };

/// What comes before the branch at the end of the first part.
part before_branch(const std::string& text) {
    part at = part::addition;
    const exec::function_ir ir = lowered(text);
    for (const exec::node& n : ir.nodes) {
        if (n.v.fam == exec::family::br) return at;
        if (n.v.fam == exec::family::binary && n.v.code == op::i32_mul) at = part::multiplication;
    }
    return part::neither;
}

TEST_CASE("where a hint says that the first part of an if is likely, it ends without a branch") {
    const std::string before = "(module (func (export \"f\") (param i32) (result i32) ",
                      after = "(if (local.get 0) (then (local.set 0 (i32.add (local.get 0) (i32.const 5))))"
                              "(else (local.set 0 (i32.mul (local.get 0) (i32.const 3))))) (local.get 0)))";
    CHECK(before_branch(before + after) == part::addition);
    CHECK(before_branch(before + "(@metadata.code.branch_hint \"\\00\") " + after) == part::addition);
    CHECK(before_branch(before + "(@metadata.code.branch_hint \"\\01\") " + after) == part::multiplication);
}

} // namespace
} // namespace branch_hints_lowered
