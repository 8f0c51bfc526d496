// SPDX-License-Identifier: MIT
/// @file ir.hpp
/// The linear form between wasm and cells: one node an operation, operands by slot, labels by number.
#pragma once

#include <tessera/exec/variant.hpp>
#include <tessera/runtime/catch_table.hpp>
#include <tessera/syntax/types.hpp>

namespace tessera::inline TESSERA_ABI::exec {

/// Functions can be lowered to slot form, too, which machine code is made from; see runtime::code_form.
inline constexpr bool has_slot_form = TESSERA_NATIVE;

/// One operation. Its handler is `v` with the build's flags.
struct node {
    variant v;
    u32 offset = 0;           ///< of the wasm instruction, in the module's bytes
    u32 label = no_index;     ///< branch target
    u32 safepoint = no_index; ///< its number, for a node where the collector may look at the frame
    u32 words[5] = {};        ///< as shape_of says; the cost of a safepoint is added when encoding
    u64 operands[4] = {};     ///< slot numbers or immediates; 3 is the destination
    u64 wide = 0;
};

/// How many slots operand `k` of `n` takes.
constexpr u32 operand_slots(const node& n, unsigned k) noexcept { return operand_class(n.v, k) == cls::v128 ? 2 : 1; }

/// True if control can come from such a node to the next one.
constexpr bool goes_on(family f) noexcept {
    switch (f) {
    case family::br:
    case family::br_table:
    case family::return_:
    case family::unreachable:
    case family::throw_:
    case family::return_call:
    case family::return_call_lazy:
    case family::return_call_record:
    case family::return_call_indirect:
    case family::return_call_ref: return false;
    default: return true;
    }
}

/// A place to branch to.
struct label_def {
    u32 node = no_index;    ///< index of the node it stands before, no_index while unknown
    u32 cost = 0;           ///< fuel of the loop's body, for a loop
    u32 landing = no_index; ///< where a call goes on that was stopped on its way here; no_index for `node`
#if TESSERA_NATIVE
    u32 height = 0; ///< one more than the highest slot that holds a value there
#endif
};

/// A loop: its body is the nodes from `begin` to `end`, in the order in which loops begin.
struct loop_def {
    u32 label = no_index;
    u32 begin = 0;
    u32 end = 0;
    u32 parent = no_index; ///< the loop around it
};

/// A function as nodes.
struct function_ir {
    vec<node> nodes;
    vec<label_def> labels;
    vec<loop_def> loops;
    runtime::catch_table catches; ///< places are labels
    vec<u32> catch_loops;         ///< by clause: the innermost loop around where it goes on
    vec<u32> targets;             ///< labels of br_tables: `words[0] + 1` from `words[1]` on
    u32 frame_slots = 0;          ///< slots of the frame
    u32 header = 0;               ///< slot of the return address
    u32 cost = 0;                 ///< fuel of an entry
    u32 scratch = 0;              ///< two slots for each of four operands beyond `most_slot`, 0 where none are needed
#if TESSERA_NATIVE
    u32 first_temp = 0;        ///< slot of the lowest temporary; locals are below
    vec<u32> reference_locals; ///< slots; listed in slot form only
#endif

    void clear() noexcept {
        nodes.clear();
        labels.clear();
        loops.clear();
        catches.clear();
        catch_loops.clear();
        targets.clear();
        frame_slots = header = cost = scratch = 0;
#if TESSERA_NATIVE
        first_temp = 0;
        reference_locals.clear();
#endif
    }
};

} // namespace tessera::exec
