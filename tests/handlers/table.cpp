// SPDX-License-Identifier: MIT
// Prints the handlers that the build of the spec suite's runner must have: packed variant, family, instruction.
#include <tessera/exec/variants.hpp>

#include <cstdio>

namespace {

using namespace tessera;

constexpr const char* op_names[] = {
#define OP(id, ...) #id,
#include <tessera/syntax/opcodes.def>
#undef OP
};

/// The families whose handlers have work of their own to do out of line, or that no loop runs through.
constexpr bool is_slow(const exec::variant& v) noexcept {
    const bool is_cast = v.fam == exec::family::ref_test || v.fam == exec::family::ref_cast;
    if (is_cast && (v.flags & exec::flag::reference) == 0) return true; // to abstract types and functions
    switch (v.fam) {
    case exec::family::call_record: // calls the host
    case exec::family::special:
    case exec::family::atomic:
    case exec::family::out_of_bounds:
    case exec::family::zero_range:
    case exec::family::move_range:
    case exec::family::move_wide:
    case exec::family::return_call:
    case exec::family::return_call_record:
    case exec::family::return_call_indirect:
    case exec::family::return_call_ref:
    case exec::family::enter:
    case exec::family::indirect:
    case exec::family::link:
    case exec::family::restore:
    case exec::family::grow_stack:
    case exec::family::make_room:
    case exec::family::throw_:
    case exec::family::failed:
    case exec::family::land:
    case exec::family::probe:
    case exec::family::trace: return true;
    default: return false;
    }
}
/// What handlers with an instruction for it stand beside, for processors without one: bytes go by way of memory.
constexpr bool is_spare(const exec::variant& v) noexcept {
    const bool shuffles =
        v.code == op::i8x16_shuffle || v.code == op::i8x16_swizzle || v.code == op::i8x16_relaxed_swizzle;
    return shuffles && (v.flags & exec::flag::instruction) == 0;
}
const char* family_name(exec::family f) noexcept {
    switch (f) {
    case exec::family::unary: return "unary";
    case exec::family::binary: return "binary";
    case exec::family::ternary: return "ternary";
    case exec::family::shuffle: return "shuffle";
    case exec::family::pins: return "pins";
    case exec::family::replace_lane: return "replace_lane";
    case exec::family::load: return "load";
    case exec::family::load_wide: return "load_wide";
    case exec::family::store_wide: return "store_wide";
    case exec::family::call_record: return "call_record";
    case exec::family::struct_new: return "struct_new";
    case exec::family::struct_set: return "struct_set";
    case exec::family::array_set: return "array_set";
    case exec::family::ref_test: return "ref_test";
    case exec::family::ref_cast: return "ref_cast";
    case exec::family::call_indirect: return "call_indirect";
    case exec::family::call_ref: return "call_ref";
    case exec::family::return_: return "return";
    default: return "other";
    }
}

} // namespace

int main() {
    for (const u64 id : exec::variants<everything>) {
        const exec::variant v = exec::variant::unpack(id);
        char at[5] = {};
        for (unsigned k = 0; k < 4; ++k) at[k] = "-siap"[unsigned(v.at[k])];
        std::printf("%llu %s %s %s %s\n", static_cast<unsigned long long>(id),
                    is_slow(v) || is_spare(v) ? "slow" : "hot", family_name(v.fam), op_names[u16(v.code)], at);
    }
}
