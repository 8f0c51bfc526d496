// SPDX-License-Identifier: MIT
// Prints what check.py needs to know of the headers: features, instructions, handler families and
// flags, and the builds of toggles.def.

#include <tessera/exec/variant.hpp>

#include <cstdio>

namespace {

using namespace tessera;

struct toggle {
    const char* name;
    features built;
};
#define TOGGLE(name, ...) {#name, __VA_ARGS__},
constexpr toggle toggles[] = {
#include "toggles.def"
};
#undef TOGGLE

constexpr const char* op_names[] = {
#define OP(id, ...) #id,
#include <tessera/syntax/opcodes.def>
#undef OP
};

// The families' names; check.py finds it out if one is missing or in a wrong place.
constexpr const char* families[] = {
    "unary",
    "binary",
    "move",
    "constant",
    "select",
    "load",
    "load_indexed",
    "store",
    "load_wide",
    "store_wide",
    "global_get",
    "global_set",
    "br",
    "br_compare",
    "latch",
    "br_table",
    "call",
    "call_lazy",
    "call_record",
    "call_indirect",
    "call_ref",
    "return_",
    "return_call",
    "return_call_lazy",
    "return_call_record",
    "return_call_indirect",
    "return_call_ref",
    "special",
    "zero_range",
    "move_range",
    "move_wide",
    "select_range",
    "entry",
    "unreachable",
    "null_check",
    "leave",
    "stop",
    "enter",
    "link",
    "restore",
    "grow_stack",
    "probe",
};
static_assert(sizeof families / sizeof *families == std::size_t(exec::family::count_));
#define SAME(name) static_assert(std::string_view(families[std::size_t(exec::family::name)]) == #name)
SAME(unary);
SAME(call_ref);
SAME(return_call_ref);
SAME(special);
SAME(null_check);
SAME(probe);
#undef SAME

} // namespace

int main() {
    for (unsigned f = 0; f < unsigned(feature::count_); ++f)
        std::printf("feature %u %.*s\n", f, int(feature_table[f].name.size()), feature_table[f].name.data());
    for (u16 i = 0; i < op_count; ++i) {
        // What the instruction needs is asked of the table feature by feature: every set without one of them lacks it.
        std::printf("op %u %s prefix=%u code=%u executed=%d poly=%d needs=", unsigned(i), op_names[i],
                    unsigned(op_table[i].prefix), unsigned(op_table[i].code), int(op_table[i].executed),
                    int(op_table[i].type.poly));
        std::printf("%u", unsigned(op_table[i].needs));
        for (unsigned f = 1; f < unsigned(feature::count_); ++f) {
            features without{everything.bits & ~(u64{1} << f)};
            if (feature(f) != op_table[i].needs && !has(without, op(i))) std::printf(",%u", f);
        }
        std::printf("\n");
    }
    for (std::size_t i = 0; i < sizeof families / sizeof *families; ++i)
        std::printf("family %u %s\n", unsigned(i), families[i]);
    std::printf("flag fuel %u\nflag interruption %u\nflag deterministic %u\n", unsigned(exec::flag::fuel),
                unsigned(exec::flag::interrupt), unsigned(exec::flag::canonical));
    constexpr features options = features{} + feature::fuel + feature::interruption + feature::deterministic;
    std::printf("options %llu\n", static_cast<unsigned long long>(options.bits & ~features{}.bits));
    for (const toggle& t : toggles)
        std::printf("toggle %s %llu\n", t.name, static_cast<unsigned long long>(t.built.bits));
}
