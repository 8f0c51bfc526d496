// SPDX-License-Identifier: MIT
/// @file builder.hpp
/// Makes nodes out of operations on the operand stack: folds constants, chooses operand locations,
/// puts results into accumulators, joins an operation with the one before it.
///
/// Accumulators. A temporary is made by one node and used by one later node. If both lie in one basic
/// block, with no safepoint and no other use of the register between, the value travels in the
/// accumulator of its class: both nodes are changed from slot to accumulator. The intervals of a
/// stack machine nest, so deciding at each use, innermost first, finds the shortest ones.
#pragma once

#include <tessera/exec/ir.hpp>
#include <tessera/exec/operand_stack.hpp>
#include <tessera/num/apply.hpp>
#include <tessera/runtime/object_layout.hpp>

namespace tessera::inline TESSERA_ABI::exec {

/// The class of a value type.
constexpr cls class_of(val_type t) noexcept {
    return t == t_i64 ? cls::i64 : t == t_f32 ? cls::f32 : t == t_f64 ? cls::f64 : t == t_v128 ? cls::v128 : cls::i32;
}
constexpr val_type type_of_letter(char letter) noexcept {
    return letter == 'i' ? t_i32 : letter == 'l' ? t_i64 : letter == 'f' ? t_f32 : letter == 'd' ? t_f64 : t_v128;
}
/// The highest slot number an operand can name; beyond it, values take a detour.
inline constexpr u64 most_slot = 0xffff;

/// The `code` of families over a class.
constexpr op class_code(cls c) noexcept { return op(u16(c)); }

/// Where in a function: while safepoint `number` runs, its operands still there if it makes an object; behind it,
/// its results there; at the beginning of loop `number`; at the function's entry.
enum class map_point : u8 { during, after, loop, start };
/// Asks lowering for the slots with references that may be ones to objects.
struct frame_map_request {
    map_point where = map_point::start;
    u32 number = 0;
    u32 params = 0; ///< of the function
    valid::type_space types;
    vec<u32> slots; ///< the answer
};

class builder {
public:
    /// `apply` is num::apply; named only where lowering is instantiated.
    using apply_function = trap (*)(op, const u64*, u64*) noexcept;
    builder(function_ir& ir, apply_function apply) noexcept : ir_(ir), apply_(apply) {}

protected:
    // ---- nodes -----------------------------------------------------------------------------------------------------

    /// Appends `n`; its index. Memory that is out is noted in `failed_`.
    TESSERA_NOINLINE u32 emit(const node& n) noexcept {
        if (!ir_.nodes.push_back(n)) return failed_ = true, u32(ir_.nodes.size()) - 1;
        ir_.nodes.back().offset = offset_;
        return u32(ir_.nodes.size()) - 1;
    }
    u32 position() const noexcept { return u32(ir_.nodes.size()); }
    /// A node that may stop, call or allocate: no accumulator lives across it.
    void emit_safepoint(const node& n) noexcept {
        emit(n);
        safepoint_ = position();
        if (!failed_) ir_.nodes.back().safepoint = safepoints_;
        note(map_point::during, safepoints_++);
    }
    /// After the results of a safepoint that a call can stop behind were pushed.
    void after_safepoint() noexcept { note(map_point::after, safepoints_ - 1); }
    /// Lists the references in the frame if it is here that they are wanted.
    void note(map_point where, u32 number) noexcept {
        if (TESSERA_UNLIKELY(map_ != nullptr) && map_->where == where && map_->number == number) list_references();
    }
    TESSERA_COLD void list_references() noexcept {
        map_->slots.clear();
        const auto add = [&](val_type t, u32 slot) {
            if (runtime::is_traced(map_->types, t) && !map_->slots.push_back(slot)) failed_ = true;
        };
        const std::size_t locals = map_->where == map_point::start ? map_->params : locals_.size();
        for (std::size_t i = 0; i < locals; ++i) add(locals_[i].type, locals_[i].slot);
        for (u32 i = 0; i < stack_.size(); ++i)
            if (stack_[i].how == held::temp) add(stack_[i].type, stack_[i].slot);
    }
    void start_block() noexcept { block_start_ = position(); }
    /// Drops the last node, which was joined into what comes next.
    node take_last() noexcept {
        const node n = ir_.nodes.back();
        ir_.nodes.pop_back();
        for (u32& use : last_use_) use = use < position() ? use : position();
        return n;
    }
    u32 new_label() noexcept {
        if (!ir_.labels.push_back({})) failed_ = true;
        return u32(ir_.labels.size()) - 1;
    }
    void bind_label(u32 label) noexcept {
        if (label < ir_.labels.size()) ir_.labels[label].node = position();
        note_height(label);
        start_block();
    }
    /// Counts how often control comes here: to the function's loop `number - 1`, or to the function if that is 0.
    void emit_tally([[maybe_unused]] u32 number) noexcept {
#if TESSERA_NATIVE
        if (!counts_) return;
        node n;
        n.v.fam = family::tally;
        n.words[1] = number;
        emit(n);
#endif
    }
    /// The stack is as it is at `label`.
    void note_height([[maybe_unused]] u32 label) noexcept {
#if TESSERA_NATIVE
        if (label < ir_.labels.size()) ir_.labels[label].height = stack_.next_slot();
#endif
    }
    /// The same for the label made last, if it is here.
    void note_height_here() noexcept {
        if constexpr (!has_slot_form) return;
        const u32 last = u32(ir_.labels.size()) - 1;
        if (!ir_.labels.empty() && ir_.labels[last].node == position()) note_height(last);
    }
    bool is_bound(u32 label) const noexcept { return ir_.labels[label].node != no_index; }

    // ---- operands --------------------------------------------------------------------------------------------------

    u32 local_slot(u32 local) const noexcept { return locals_[local].slot; }
    /// Where the value of `e` lies, if it is not a constant.
    u32 slot_of(const entry& e) const noexcept { return e.how == held::local ? local_slot(e.local) : e.slot; }

    static bool fits(cls c, u64 value) noexcept { return c != cls::i64 || i64(value) == i64(i32(u32(value))); }

    /// Writes a constant to a slot.
    TESSERA_NOINLINE void emit_constant(u32 slot, val_type t, u64 value) noexcept {
        node n;
        n.operands[3] = slot;
        if constexpr (has_slot_form) n.words[0] = 1 + u32(class_of(t)); // cells do without; machine code does not
        if (t != t_i64 && t != t_f64) {
            n.v = {family::move, 0, class_code(cls::i32), {loc::imm, loc::none, loc::none, loc::slot}};
            n.operands[0] = value;
        } else if (fits(cls::i64, value)) {
            n.v = {family::move, 0, class_code(cls::i64), {loc::imm, loc::none, loc::none, loc::slot}};
            n.operands[0] = value;
        } else {
            n.v = {family::constant, 0, op::nop, {loc::none, loc::none, loc::none, loc::slot}};
            n.wide = value;
        }
        emit(n);
    }
    /// Of values that take one slot, `c` matters to pins only: a slot is copied whole.
    TESSERA_NOINLINE void emit_move(u32 to, u32 from, u32 slots, cls c = cls::i64) noexcept {
        if (to == from) return;
        node n;
        if (slots == 1 || c == cls::v128) {
            n.v = {family::move, 0, class_code(c), {loc::slot, loc::none, loc::none, loc::slot}};
            n.operands[0] = from;
            n.operands[3] = to;
        } else {
            n.v = {family::move_range, 0, op::nop, {}};
            n.words[0] = to;
            n.words[1] = from;
            n.words[2] = slots;
        }
        emit(n);
    }
    /// In slot form an i32 is only ever copied as such.
    cls move_class(val_type t) const noexcept {
        return class_of(t) == cls::i32 && !slot_form_ ? cls::i64 : class_of(t);
    }
    void emit_vector_constant(u64 low, u64 high) noexcept {
        node n;
        n.v = {family::vector_constant, 0, op::nop, {}};
        n.words[0] = u32(low), n.words[1] = u32(low >> 32);
        n.words[2] = u32(high), n.words[3] = u32(high >> 32);
        emit_result(n, t_v128);
    }
    /// Copies the value of `e` to `slot`.
    void move_to(u32 slot, const entry& e) noexcept {
        if (e.how == held::constant) emit_constant(slot, e.type, e.value);
        else emit_move(slot, slot_of(e), e.type.slots(), move_class(e.type));
    }
    /// The entry as a temp in its own slot; for one that is popped already.
    void settle_popped(entry& e) noexcept {
        if (e.how != held::temp) {
            move_to(e.slot, e);
            e.def = no_index;
        }
        e.how = held::temp;
    }
    TESSERA_NOINLINE void settle(u32 i) noexcept {
        if (stack_[i].how == held::temp) return;
        move_to(stack_[i].slot, stack_[i]);
        stack_.settle(i);
    }
    /// Makes temps of the `n` topmost entries.
    TESSERA_NOINLINE void settle_top(u32 n) noexcept {
        for (u32 i = stack_.size(); n--;) settle(--i);
    }
    void settle_all() noexcept {
        for (u32 i = stack_.size(); i-- > stack_.settled();) settle(i);
        stack_.set_settled(stack_.size());
    }
    /// Before `local` changes: entries that hold it get copies.
    void settle_holders(u32 local) noexcept {
        for (u32 i = stack_.holder(local); i != no_index; i = stack_.holder(local)) settle(i);
    }

    /// Names `e` as operand `k` of `n`: a slot, or an immediate where the value fits.
    TESSERA_NOINLINE void name_operand(node& n, unsigned k, const entry& e) noexcept {
        if (e.how == held::constant && fits(operand_class(n.v, k), e.value)) {
            n.v.at[k] = loc::imm;
            n.operands[k] = e.value;
        } else {
            n.v.at[k] = loc::slot;
            n.operands[k] = e.how == held::constant ? e.slot : slot_of(e);
        }
    }
    /// Operand `k` of `n` is `e`, and must be a slot.
    void use_slot(node& n, unsigned k, entry& e) noexcept {
        if (e.how == held::constant) settle_popped(e);
        n.v.at[k] = loc::slot;
        n.operands[k] = slot_of(e);
    }
    /// Operand `k` of `n` is `e`; `n` must then exist with slots and immediates, or `e` is copied.
    TESSERA_NOINLINE void use(node& n, unsigned k, entry& e) noexcept {
        name_operand(n, k, e);
        if (e.how == held::constant && (n.v.at[k] != loc::imm || !exists(with_slots(n.v)))) use_slot(n, k, e);
    }
    /// `v` as it is asked for before operands that are not named yet are known.
    static variant with_slots(variant v) noexcept {
        const bool has_result =
            v.fam == family::unary || v.fam == family::binary || v.fam == family::select || v.fam == family::load;
        if (has_result) v.at[3] = loc::slot;
        const unsigned sources = v.fam == family::select                                                            ? 3
                                 : v.fam == family::binary || v.fam == family::br_compare || v.fam == family::store ? 2
                                                                                                                    : 1;
        for (unsigned k = 0; k < sources; ++k)
            if (v.at[k] == loc::none) v.at[k] = loc::slot;
        return v;
    }

    /// True if the value of `e` can come to the next node in the accumulator of its class.
    bool can_bind(const entry& e) const noexcept {
        if (slot_form_ || e.how != held::temp || e.def == no_index || e.def < block_start_ || e.def < safepoint_ ||
            e.def >= position())
            return false;
        const node& maker = ir_.nodes[e.def];
        if (maker.v.at[3] != loc::slot || maker.operands[3] != e.slot) return false;
        if (last_use_[register_of(operand_class(maker.v, 3))] > e.def) return false;
        variant v = maker.v;
        v.at[3] = loc::acc;
        return exists(v);
    }
    /// Operand `k` of `n`, the next node, takes the value of `e` from the accumulator if it can.
    TESSERA_NOINLINE bool bind(node& n, unsigned k, const entry& e) noexcept {
        if (!can_bind(e)) return false;
        variant v = n.v;
        v.at[k] = loc::acc;
        if (!exists(v)) return false;
        node& maker = ir_.nodes[e.def];
        n.v = v;
        maker.v.at[3] = loc::acc;
        last_use_[register_of(operand_class(maker.v, 3))] = position();
        return true;
    }

    /// Appends `n`, whose result of type `t` goes onto the stack.
    void emit_result(node& n, val_type t) noexcept {
        n.v.at[3] = loc::slot;
        n.operands[3] = stack_.next_slot();
        const u32 def = emit(n);
        push_temp(t, def);
    }
    TESSERA_NOINLINE void push_temp(val_type t, u32 def = no_index) noexcept {
        if (!stack_.push_temp(t, def)) failed_ = true;
    }
    void push_constant(val_type t, u64 value) noexcept {
        if (!stack_.push_constant(t, value)) failed_ = true;
    }
    void push_local(u32 local) noexcept {
        if (!stack_.push_local(locals_[local].type, local)) failed_ = true;
    }
    void push_temps(view<val_type> types) noexcept {
        for (val_type t : types) push_temp(t);
    }

    // ---- operations ------------------------------------------------------------------------------------------------

    void lower_unary(op o) noexcept {
        entry a = stack_.pop();
        const op_type& t = row(o).type;
        if (fold(o, &a, 1)) return;
        node n;
        n.v = {family::unary, 0, o, {}};
        use_slot(n, 0, a);
        n.v.at[3] = loc::slot;
        bind(n, 0, a);
        emit_result(n, type_of_letter(t.results[0]));
    }
    void lower_binary(op o) noexcept {
        entry args[2];
        args[1] = stack_.pop();
        args[0] = stack_.pop();
        if (fold(o, args, 2)) return;
        if (args[0].how == held::constant && detail::can_swap(o)) swap(o, args);
        // x - c is x + -c, which has more forms and joins with more.
        if (o == op::i32_sub && args[1].how == held::constant)
            o = op::i32_add, args[1].value = u32(0) - u32(args[1].value);
        node n;
        n.v = {family::binary, 0, o, {}};
        compare_or_compute(n, args);
        emit_result(n, type_of_letter(row(n.v.code).type.results[0]));
    }
    /// i32.eqz, i64.eqz, ref.is_null: the negation of a comparison, or a comparison with 0.
    void lower_eqz(val_type t) noexcept {
        if (const node* last = compare_just_made(stack_.top()))
            if (const op negated = num::negated_compare(last->v.code); negated != op::count_) {
                ir_.nodes.back().v.code = negated;
                return;
            }
        push_constant(t, 0);
        if (!failed_) lower_binary(t == t_i64 ? op::i64_eq : op::i32_eq);
    }
    /// Names both operands of a binary operation or comparison and binds what can be bound.
    void compare_or_compute(node& n, entry (&args)[2]) noexcept {
        n.v.at[3] = n.v.fam == family::binary ? loc::slot : loc::none;
        name_operand(n, 0, args[0]);
        name_operand(n, 1, args[1]);
        for (unsigned k = 0; k < 2; ++k) // a constant that is no immediate here
            if (args[k].how == held::constant && (n.v.at[k] == loc::slot || !exists(n.v))) use_slot(n, k, args[k]);
        const bool second = can_bind(args[1]);
        if (second && n.v.at[0] == loc::slot && detail::can_swap(n.v.code)) {
            swap(n.v.code, args);
            std::swap(n.operands[0], n.operands[1]);
            bind(n, 0, args[0]);
            return;
        }
        if (!(second && bind(n, 1, args[1]))) bind(n, 0, args[0]);
    }
    static void swap(op& o, entry (&args)[2]) noexcept {
        if (const op swapped = num::swapped_compare(o); swapped != op::count_) o = swapped;
        std::swap(args[0], args[1]);
    }
    /// Computes an operation on constants now; not if it traps, nor where the profile picks the NaN.
    bool fold(op o, const entry* args, unsigned count) noexcept {
        u64 slots[2];
        for (unsigned i = 0; i < count; ++i) {
            if (args[i].how != held::constant) return false;
            slots[i] = args[i].value;
        }
        if (apply_(o, slots, slots) != trap::none) return false;
        const val_type t = type_of_letter(row(o).type.results[0]);
        if (t == t_v128) return emit_vector_constant(slots[0], slots[1]), true;
        const bool nan =
            t == t_f32 ? num::is_nan(std::bit_cast<f32>(u32(slots[0]))) : num::is_nan(std::bit_cast<f64>(slots[0]));
        if (nan && num::picks_nan(o)) return false;
        push_constant(t, slots[0]);
        return true;
    }
    /// The last node, if it is an integer or float comparison whose result is `e` and nothing else uses it.
    const node* compare_just_made(const entry& e) const noexcept {
        if (e.how != held::temp || e.def == no_index || e.def < block_start_ || e.def + 1 != position()) return nullptr;
        const node& last = ir_.nodes[e.def];
        if (last.v.fam != family::binary || !num::is_compare(last.v.code)) return nullptr;
        return last.v.at[3] == loc::slot && last.operands[3] == e.slot ? &last : nullptr;
    }

    /// True if `n`, just taken, compares the result of what is now the last node, a comparison, with 0.
    bool tests_comparison(const node& n) const noexcept {
        if ((n.v.code != op::i32_eq && n.v.code != op::i32_ne) || n.v.at[0] != loc::acc || n.v.at[1] != loc::imm ||
            n.operands[1] != 0 || position() <= block_start_)
            return false;
        const variant& v = ir_.nodes.back().v;
        return v.fam == family::binary && num::is_compare(v.code) && v.at[3] == loc::acc;
    }

    /// A branch to `label` if `e`, which is popped, is not zero (`wanted`) or is zero (not).
    void emit_branch_if(entry e, bool wanted, u32 label) noexcept {
        node n;
        if (compare_just_made(e)) {
            n = take_last();
            if (tests_comparison(n)) {
                wanted = wanted == (n.v.code == op::i32_ne);
                n = take_last();
            }
            n.v.fam = family::br_compare;
            n.v.at[3] = loc::none;
            if (!wanted) {
                if (const op negated = num::negated_compare(n.v.code); negated != op::count_) n.v.code = negated;
                else n.v.flags |= flag::negated;
            }
            join_mask(n);
            join_latch(n, label);
        } else {
            n.v = {family::br_compare, 0, wanted ? op::i32_ne : op::i32_eq, {}};
            entry zero;
            zero.how = held::constant;
            zero.type = t_i32;
            if (e.how == held::constant) settle_popped(e);
            entry args[2] = {e, zero};
            compare_or_compute(n, args);
            join_mask(n);
            join_latch(n, label);
        }
        n.label = label;
        emit(n);
        start_block();
    }
    /// A branch on whether the last node, which masks bits, leaves none becomes one that masks by itself.
    void join_mask(node& n) noexcept {
        if ((n.v.code != op::i32_eq && n.v.code != op::i32_ne) || n.v.at[0] != loc::acc || n.v.at[1] != loc::imm ||
            n.operands[1] != 0 || position() <= block_start_)
            return;
        const node& mask = ir_.nodes.back();
        variant v = mask.v;
        if (v.fam != family::binary || v.code != op::i32_and || v.at[3] != loc::acc) return;
        v.fam = family::br_compare;
        v.at[3] = loc::none;
        if (!exists(v)) return;
        v.flags = n.v.code == op::i32_eq ? flag::negated : u8(0);
        n = take_last();
        n.v = v;
    }
    /// The end of a counting loop: `x += c` before `branch back if x op y` becomes one node.
    void join_latch(node& n, u32 label) noexcept {
        if (!is_bound(label) || position() <= block_start_ || (n.v.flags & flag::negated)) return;
        const node& add = ir_.nodes.back();
        if (add.v.fam != family::binary || (add.v.code != op::i32_add && add.v.code != op::i64_add)) return;
        if (class_of(row(add.v.code).type.params[0]) != class_of(row(n.v.code).type.params[0])) return;
        if (add.v.at[0] != loc::slot || add.v.at[1] != loc::imm || add.v.at[3] != loc::slot ||
            add.operands[0] != add.operands[3])
            return;
        const auto is_counter = [&](unsigned k) { return n.v.at[k] == loc::slot && n.operands[k] == add.operands[0]; };
        if (is_counter(1) && n.v.at[0] == loc::slot) {
            n.v.code = num::swapped_compare(n.v.code);
            std::swap(n.operands[0], n.operands[1]);
        }
        if (!is_counter(0) || is_counter(1) || n.operands[0] > most_slot)
            return; // a wide slot would have to be written back
        variant v = n.v;
        v.fam = family::latch;
        if (!exists(v)) return;
        n.v = v;
        n.words[0] = u32(add.operands[1]);
        take_last();
    }

    // ---- locals ----------------------------------------------------------------------------------------------------

    struct local_def {
        val_type type;
        u32 slot = 0;
    };

    void lower_local_set(u32 local, bool keep) noexcept {
        const entry e = stack_.pop();
        settle_holders(local);
        const u32 to = local_slot(local);
        if (!redirect(e, to) && !(e.how == held::local && e.local == local)) move_to(to, e);
        if (keep) push_local(local);
    }
    /// Lets the node that made `e` write to `slot` itself. Only if nothing since reads or writes it.
    TESSERA_NOINLINE bool redirect(const entry& e, u32 slot) noexcept {
        constexpr u32 away = 8; // not `far`, which <windows.h> defines
        if (e.how != held::temp || e.def == no_index || e.def < block_start_ || position() - e.def > away) return false;
        // What a call throws may be caught in this function, where the slot must have its old value.
        // A reference must be in its slot at a safepoint.
        if (e.def < safepoint_ && (e.type.is_ref() || !ir_.catches.regions.empty())) return false;
        node& maker = ir_.nodes[e.def];
        if (maker.v.at[3] != loc::slot || maker.operands[3] != e.slot) return false;
        const u32 slots = e.type.slots();
        for (u32 i = e.def + 1; i < position(); ++i) {
            const node& n = ir_.nodes[i];
            if (n.v.fam == family::move_range || n.v.fam == family::special || n.v.fam == family::atomic) return false;
            for (unsigned k = 0; k < 4; ++k)
                if (n.v.at[k] == loc::slot && n.operands[k] < slot + slots &&
                    slot < n.operands[k] + operand_slots(n, k))
                    return false;
        }
        maker.operands[3] = slot;
        return true;
    }

    function_ir& ir_;
    const apply_function apply_;
    operand_stack stack_;
    vec<local_def> locals_;
    u32 offset_ = 0;                    ///< of the current instruction
    u32 block_start_ = 0;               ///< first node of the current basic block
    u32 safepoint_ = 0;                 ///< first node after the last safepoint
    u32 last_use_[register_count] = {}; ///< by register: the node that used the accumulator last
    u32 safepoints_ = 0;                ///< how many there were
    frame_map_request* map_ = nullptr;
#if TESSERA_NATIVE
    bool slot_form_ = false; ///< see runtime::code_form::slots
    bool counts_ = false;    ///< see runtime::code_form::counted
#else
    static constexpr bool slot_form_ = false, counts_ = false;
#endif
    bool failed_ = false; ///< memory is out
};

} // namespace tessera::exec
