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

struct family_row {
    exec::family number;
    const char* name;
};
#define FAMILY(name)                                                                                                   \
    { exec::family::name, #name }
constexpr family_row families[] = {
    FAMILY(unary),
    FAMILY(binary),
    FAMILY(move),
    FAMILY(constant),
    FAMILY(select),
    FAMILY(ternary),
    FAMILY(vector_constant),
    FAMILY(shuffle),
    FAMILY(extract_lane),
    FAMILY(replace_lane),
    FAMILY(load),
    FAMILY(load_indexed),
    FAMILY(store),
    FAMILY(load_wide),
    FAMILY(store_wide),
    FAMILY(global_get),
    FAMILY(global_set),
    FAMILY(imported_get),
    FAMILY(imported_set),
    FAMILY(br),
    FAMILY(br_compare),
    FAMILY(latch),
    FAMILY(br_table),
    FAMILY(call),
    FAMILY(call_lazy),
    FAMILY(call_record),
    FAMILY(call_indirect),
    FAMILY(call_ref),
    FAMILY(return_),
    FAMILY(return_call),
    FAMILY(return_call_lazy),
    FAMILY(return_call_record),
    FAMILY(return_call_indirect),
    FAMILY(return_call_ref),
    FAMILY(special),
    FAMILY(atomic),
    FAMILY(struct_new),
    FAMILY(struct_get),
    FAMILY(struct_set),
    FAMILY(array_get),
    FAMILY(array_set),
    FAMILY(array_len),
    FAMILY(ref_test),
    FAMILY(ref_cast),
    FAMILY(zero_range),
    FAMILY(zero_few),
    FAMILY(move_range),
    FAMILY(move_wide),
    FAMILY(entry),
    FAMILY(unreachable),
    FAMILY(throw_),
    FAMILY(null_check),
    FAMILY(leave),
    FAMILY(stop),
    FAMILY(enter),
    FAMILY(indirect),
    FAMILY(link),
    FAMILY(restore),
    FAMILY(grow_stack),
    FAMILY(out_of_bounds),
    FAMILY(make_room),
    FAMILY(failed),
    FAMILY(land),
    FAMILY(pins),
    FAMILY(probe),
    FAMILY(trace),
    FAMILY(tally),
    FAMILY(hot),
};
#undef FAMILY
static_assert(sizeof families / sizeof *families == std::size_t(exec::family::count_),
              "table.cpp: a family is missing");

} // namespace

int main() {
    for (unsigned f = 0; f < unsigned(feature::count_); ++f)
        std::printf("feature %u %.*s\n", f, int(feature_table[f].name.size()), feature_table[f].name.data());
    for (u16 i = 0; i < op_count; ++i) {
        std::printf("op %u %s prefix=%u code=%u poly=%d needs=", unsigned(i), op_names[i], unsigned(op_table[i].prefix),
                    unsigned(op_table[i].code), int(op_table[i].type.poly));
        std::printf("%u", unsigned(op_table[i].needs)); // and what else no set without it has
        for (unsigned f = 1; f < unsigned(feature::count_); ++f) {
            features without{everything.bits & ~(u64{1} << f)};
            if (feature(f) != op_table[i].needs && !has(without, op(i))) std::printf(",%u", f);
        }
        std::printf("\n");
    }
    for (const family_row& f : families) std::printf("family %u %s\n", unsigned(f.number), f.name);
    std::printf("vectors %u\n", unsigned(exec::cls::v128)); // the class that families over classes have
    std::printf("flag fuel %u\nflag interruption %u\nflag deterministic %u\nflag dirty-marks %u\n",
                unsigned(exec::flag::fuel), unsigned(exec::flag::interrupt), unsigned(exec::flag::canonical),
                unsigned(exec::flag::marks));
    constexpr features options = features{} + feature::fuel + feature::interruption + feature::deterministic +
                                 feature::tracing + feature::dirty_marks + feature::native;
    std::printf("options %llu\n", static_cast<unsigned long long>(options.bits & ~features{}.bits));
    for (const toggle& t : toggles)
        std::printf("toggle %s %llu\n", t.name, static_cast<unsigned long long>(t.built.bits));
}
