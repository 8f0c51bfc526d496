// SPDX-License-Identifier: MIT
/// @file native/emit_object.hpp
/// Structures, arrays and casts from stubs (spec: exec/instructions, Reference and Aggregate Instructions). What they
/// do is what handlers/aggregate.hpp does.
#pragma once

#include <tessera/native/emit_atomic.hpp>
#include <tessera/native/object_stubs.hpp>
#include <tessera/runtime/heap.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::native {

/// Where machine code finds the heap: distances in bytes from what rbp points at, then from the heap.
struct heap_places {
    i32 heap = 0; ///< pointer to the heap
    runtime::object_heap::places in;
    /// Notes the reference in the context's scratch, which is overwritten while marking goes on. Leaves all registers
    /// alone.
    const u8* note = nullptr;
};

class object_emitter : public atomic_emitter {
public:
    object_emitter(const surroundings& around, const heap_places& heap) noexcept
        : atomic_emitter(around), heap_(heap) {}

    /// d = the field of `a` that is `offset` bytes behind its beginning, by the load `o`.
    void struct_get(op o, place a, u32 offset, place d) noexcept {
        const u64 object = object_in(a, trap::null_structure);
        heap_base(gp::rcx);
        load_by(stubs::field_loads[u16(o) - u16(op::i32_load)], o, object, offset, d);
    }
    /// The field becomes `b`, by the store `o`; `traced`: it is a reference that the collector follows.
    void struct_set(op o, place a, u32 offset, place b, bool traced) noexcept {
        const bool floats = is_float(row(o).type.params[1]);
        u64 value = floats ? value_in(o, b, gp::rdx) : 0; // which may need rax for a moment
        const u64 object = object_in(a, trap::null_structure);
        heap_base(gp::rcx);
        if (traced) note_overwritten(stubs::field_loads[0], object, offset, gp::rdx);
        if (!floats) value = value_in(o, b, gp::rdx);
        two(stubs::field_stores[u16(o) - u16(op::i32_store)], value, object, offset);
    }
    void array_get(op o, place a, place b, place d) noexcept {
        const u64 index = element_of(a, b);
        load_by(stubs::element_loads[u16(o) - u16(op::i32_load)], o, index, runtime::object_header, d);
    }
    void array_set(op o, place a, place b, place c, bool traced) noexcept {
        const u64 index = element_of(a, b);
        if (traced) note_overwritten(stubs::element_loads[0], index, runtime::object_header, gp::rax);
        const u64 value = value_in(o, c, gp::rax);
        two(stubs::element_stores[u16(o) - u16(op::i32_store)], value, index, runtime::object_header);
    }
    void array_len(place a, place d) noexcept {
        const u64 array = object_in(a, trap::null_array);
        heap_base(gp::rcx);
        load_by(stubs::field_loads[0], op::i32_load, array, 4, d);
    }
    void null_check(place a, trap why) noexcept { static_cast<void>(object_in(a, why)); }

    /// True for casts that are done here: those to types of functions have to look at functions.
    static constexpr bool has_cast_code(heap_type h, bool of_objects) noexcept { return !h.is_index() || of_objects; }
    /// d = whether `a` is of type `h`, by the store's ids; `depth`: how many super types it has.
    void ref_test(place a, heap_type h, u32 depth, bool nullable, place d) noexcept {
        const u32 no = new_label(), yes = new_label(), over = new_label();
        check_type(a, h, depth, nullable ? yes : no, yes, no);
        bind(yes);
        set_register(number(gp::rax), 1, false);
        jump(over);
        bind(no);
        set_register(number(gp::rax), 0, false);
        bind(over);
        store(d, number(gp::rax));
    }
    void ref_cast(place a, heap_type h, u32 depth, bool nullable) noexcept {
        const u32 yes = new_label(), no = exit_for(trap::cast_failure);
        check_type(a, h, depth, nullable ? yes : no, yes, no);
        bind(yes);
    }
    /// rax = a new object with a header, rcx = the base of the heap; its fields are set next. To `slow` if no cell of
    /// the class, of so many bytes, is at hand.
    void take_cell(u32 cls, u32 bytes, u32 header, u32 slow) noexcept {
        const u64 span = u64(heap_.in.spans) + cls * sizeof(runtime::object_heap::span);
        heap_to(gp::rcx);
        two(stubs::field_load32, number(gp::rax), number(gp::rcx), span);
        two(stubs::compare_field[0], number(gp::rax), number(gp::rcx), span + 4);
        jump_if(cond::e, slow);
        fillings v;
        v[from::a] = i64(gp::rcx), v[from::b] = i64(span), v[from::c] = bytes;
        put(stubs::field_add32, v);
        two(stubs::field_load, number(gp::rcx), number(gp::rcx), u64(heap_.in.base));
        two(stubs::set_words, 0, 0, 0, header);
    }
    /// The field of the new object that is `offset` bytes behind its beginning becomes what is in `slot`.
    void set_field_of_new(u32 offset, u32 log2, u32 slot) noexcept {
        constexpr op stores[] = {op::i32_store8, op::i32_store16, op::i32_store, op::i64_store};
        fill_d(stubs::move[log2 == 3].m, number(gp::rdx), slot);
        two(stubs::field_stores[u16(stores[log2]) - u16(op::i32_store)], number(gp::rdx), number(gp::rax), offset);
    }
    /// 8 bytes of the new object are 0.
    void clear_of_new(u32 offset) noexcept { two(stubs::set_words, 0, 0, offset); }
    void give_new(u32 slot) noexcept { fill_d(stubs::store_slot, slot, number(gp::rax)); }

    /// What is done aside, once the rest is there.
    void emit_notes() noexcept {
        for (const note& n : notes_) {
            bind(n.label);
            two(*n.load, number(n.scratch), n.a, n.offset);
            two(stubs::field_store, number(n.scratch), number(context_register), u64(around().scratch));
            fill_d(stubs::move_imm64, number(n.scratch), u64(reinterpret_cast<std::uintptr_t>(heap_.note)));
            fill_d(stubs::call_register, number(n.scratch));
            jump(n.back);
        }
        notes_.clear();
    }

private:
    void heap_to(gp r) noexcept { two(stubs::field_load, number(r), number(context_register), u64(heap_.heap)); }
    void heap_base(gp r) noexcept {
        heap_to(r);
        two(stubs::field_load, number(r), number(r), u64(heap_.in.base));
    }
    /// The register with the reference `a`, which is not null, else it is a trap; rax if it has to be fetched.
    u64 object_in(place a, trap null) noexcept {
        const u64 object = in_register(a, false, gp::rax);
        one(stubs::test[0], 0, object);
        jump_if(cond::e, exit_for(null));
        return object;
    }
    /// rcx = the array `a`; the register with the index `b`, which is in it: rdx if it has to be fetched.
    u64 element_of(place a, place b) noexcept {
        const u64 array = object_in(a, trap::null_array);
        heap_base(gp::rcx);
        one(stubs::object_address, 0, array);
        const u64 index = in_register(b, false, gp::rdx);
        two(stubs::compare_field[0], index, number(gp::rcx), 4);
        jump_if(cond::ae, exit_for(trap::out_of_bounds_array));
        return index;
    }
    void load_by(const stub& s, op o, u64 a, u32 offset, place d) noexcept {
        const char letter = row(o).type.results[0];
        const u64 to = d.is_reg() ? d.value : is_float(letter) ? first_float : number(gp::rax);
        two(s, to, a, offset);
        if (is_float(letter)) store_float(d, to, letter == 'd');
        else store(d, to);
    }
    /// The register with what the store `o` stores.
    u64 value_in(op o, place p, gp scratch) noexcept {
        const char letter = row(o).type.params[1];
        return is_float(letter) ? in_float(p, letter == 'd', second_float) : in_register(p, letter == 'l', scratch);
    }
    /// What the stub loads is about to be overwritten.
    void note_overwritten(const stub& load, u64 a, u32 offset, gp scratch) noexcept {
        heap_to(scratch);
        fillings v;
        v[from::a] = i64(scratch), v[from::b] = heap_.in.marking;
        const note n{new_label(), new_label(), &load, a, offset, scratch};
        put(stubs::check_field, v, n.label);
        bind(n.back);
        if (!notes_.push_back(n)) failed_ = true;
    }
    void check_type(place a, heap_type h, u32 depth, u32 null, u32 yes, u32 no) noexcept {
        move_to(number(gp::rax), a, false);
        one(stubs::test[0], 0, number(gp::rax));
        jump_if(cond::e, null);
        const auto test_low = [&](u8 bits, cond c) {
            fill_db(stubs::test_low, 0, bits);
            jump_if(c, no);
        };
        const auto compare = [&](const stub& s, i32 at, u32 with, cond c, u32 label) {
            fillings v;
            v[from::b] = at, v[from::c] = with;
            put(s, v);
            jump_if(c, label);
        };
        const auto header = [&] {
            test_low(3, cond::ne);
            heap_to(gp::rcx);
            two(stubs::field_load, number(gp::rdx), number(gp::rcx), u64(heap_.in.base));
            put(stubs::header_of_object, {});
        };
        const auto type = [&] {
            fill_db(stubs::type_of_header, 0, sizeof(runtime::object_type));
            fill_db(stubs::add_pointer, 0, u64(heap_.in.types));
        };
        if (h.is_index()) {
            header();
            fill_db(stubs::alus[0][u8(stubs::alu::cmp)].i, number(gp::rax), runtime::object_heap::header_of(h.index()));
            jump_if(cond::e, yes);
            type();
            compare(stubs::compare_type, offsetof(runtime::object_type, depth), depth, cond::be, no);
            two(stubs::field_load32, number(gp::rax), number(gp::rax), offsetof(runtime::object_type, supers));
            two(stubs::field_load, number(gp::rcx), number(gp::rcx), u64(heap_.in.words));
            return compare(stubs::compare_super, i32(4 * depth), h.index(), cond::ne, no);
        }
        switch (h.byte_code()) {
        case tessera::code::i31: return test_low(1, cond::e);
        case tessera::code::eq:
            fill_db(stubs::alus_imm8[0][u8(stubs::alu::and_)], number(gp::rax), 3);
            fill_db(stubs::alus_imm8[0][u8(stubs::alu::cmp)], number(gp::rax), 2);
            return jump_if(cond::e, no);
        case tessera::code::struct_:
        case tessera::code::array: {
            const auto form = h.byte_code() == tessera::code::array ? composite::array : composite::struct_;
            header();
            type();
            return compare(stubs::compare_form, offsetof(runtime::object_type, form), u32(form), cond::ne, no);
        }
        case tessera::code::none:
        case tessera::code::nofunc:
        case tessera::code::noextern:
        case tessera::code::noexn: return jump(no);
        default: return;
        }
    }
    struct note {
        u32 label, back;
        const stub* load;
        u64 a;
        u32 offset;
        gp scratch;
    };
    vec<note> notes_;
    const heap_places heap_;
};

} // namespace tessera::native
TESSERA_SMALL_END
