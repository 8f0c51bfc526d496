// SPDX-License-Identifier: MIT
/// @file surroundings.hpp
/// What machine code knows of the engine around it: where things are in a context, and code that all functions share.
///
/// Machine code is entered like any handler, from a cell whose handler it is, and leaves by going to the handler of a
/// cell. In between it calls itself on the native stack. All it has there are return addresses: before each call the
/// frames are as the interpreter has them, return cells included. So it can leave from any depth by forgetting that
/// stack, and the interpreter goes on with the frames.
#pragma once

#include <tessera/exec/context.hpp>
#include <tessera/native/host_call.hpp>

namespace tessera::inline TESSERA_ABI::native {

/// Distances in bytes within exec::context.
struct context_layout {
    i32 memory_size, stack_end, globals, imported_globals, funcs, fuel, interrupt, stop_cells, enter_cells;
    i32 memories, memory_bytes, memory_base;
    i32 tables, records, instance, table_size, table_items, record_type, record_instance, record_index;
    i32 heap;
    runtime::object_heap::places in_heap;
    i32 record_frame, memory_guarded, pc, hot_cells;
    i32 callee, delta, return_pc, link, why, paused, stop_pc, native_stack, native_limit, scratch, fp, mem, memory,
        store, store_funcs;
    i32 record_host, host_invoke, who, failure, failed_cells, dirty, marks;

    context_layout(const exec::context& c, const runtime::store_data& s) noexcept {
        const auto at = [&](const auto& member) {
            return i32(reinterpret_cast<const u8*>(&member) - reinterpret_cast<const u8*>(&c));
        };
        memory_size = at(c.memory_size), stack_end = at(c.stack_end);
        globals = at(c.globals), imported_globals = at(c.imported_globals), funcs = at(c.funcs);
        fuel = at(c.fuel), interrupt = at(c.interrupt);
        stop_cells = at(c.stop_cells), enter_cells = at(c.enter_cells), memories = at(c.native.memories);
        pc = at(c.pc), hot_cells = at(c.native.hot_cells);
        callee = at(c.call.callee), delta = at(c.call.delta), return_pc = at(c.call.return_pc), link = at(c.call.link);
        why = at(c.why), paused = at(c.paused), stop_pc = at(c.stop_pc);
        tables = at(c.tables), records = at(c.records), instance = at(c.instance);
        const runtime::table_data table;
        const runtime::func_record record;
        const auto within = [](const auto& whole, const auto& member) {
            return i32(reinterpret_cast<const u8*>(&member) - reinterpret_cast<const u8*>(&whole));
        };
        table_size = within(table, table.size), table_items = within(table, table.items);
        memory_bytes = within(c.no_memory, c.no_memory.size), memory_base = within(c.no_memory, c.no_memory.base);
        memory_guarded = within(c.no_memory, c.no_memory.guarded);
        record_type = within(record, record.type_id), record_instance = within(record, record.instance);
        record_index = within(record, record.index);
        heap = at(c.heap), in_heap = s.heap.where();
        record_frame = within(record, record.frame_slots);
        fp = at(c.fp), mem = at(c.mem), memory = at(c.memory), store = at(c.store);
        record_host = within(record, record.host), who = at(c.who), failure = at(c.failure);
        failed_cells = at(c.failed_cells);
        const runtime::host_function host;
        host_invoke = within(host, host.invoke);
        static_assert(
            std::is_standard_layout_v<vec<runtime::func_record*>>); // so it begins with a pointer to its elements
        store_funcs = within(s, s.funcs);
        const exec::marking_context marking;
        dirty = within(static_cast<const exec::context&>(marking), marking.dirty);
        const runtime::dirty_pages pages;
        marks = within(pages, pages.marked);
        native_stack = at(c.native.stack), native_limit = at(c.native.limit), scratch = at(c.native.scratch);
    }
};

/// Addresses of what all functions share. What comes with a cell has it in r8.
struct shared_code {
    const u8* meaning = nullptr; ///< see emitter
    const u8* enter = nullptr;   ///< from the interpreter: to the code in r10
    const u8* callee = nullptr;  ///< a call of function eax, frame at rdi, return cell r8, link r9, by the interpreter
    const u8* trap = nullptr;    ///< a trap, in eax, at the cell
    const u8* pause = nullptr;   ///< a pause because of eax, to go on at the cell
    const u8* leave = nullptr;   ///< the interpreter goes on at the cell
    const u8* growth = nullptr;  ///< see surroundings
    const u8* failure = nullptr; ///< a call of the host has failed: see put_failure
    /// As `enter`, to code that wants memory 0 to be guarded. If it is not, to the hot cell: see exec::native_hook.
    const u8* enter_guarded = nullptr;
    const u8* special = nullptr; ///< does the instruction, number ecx, of the cell at rdx; eax is 0 if it has not
    const u8* note = nullptr;    ///< see heap_places
};

/// The shared code, in one piece; `labels` are where the parts begin, in the order of shared_code.
class shared_code_maker : public integer_emitter {
public:
    std::array<u32, 11> labels{};

    void make(const context_layout& at) noexcept {
        for (u32& l : labels) l = new_label();
        const u32 go = new_label(); // to the cell at rcx
        bind(labels[0]);
        put_call_of_meaning(*this, at.scratch);

        bind(labels[1]);
        // push rbx, rbp, r12 … r15; mov rbp, rcx; mov rdi, rsi; mov rsi, rdx
        put(assembler().raw(0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57).made, {});
        move(gp::rbp, gp::rcx);
        move(gp::rdi, gp::rsi);
        move(gp::rsi, gp::rdx);
        set_field(at.native_stack, gp::rsp);
        move(gp::rcx, gp::rsp);
        fill_db(stubs::alus[1][u8(stubs::alu::sub)].i, number(gp::rcx), native_stack_bytes);
        set_field(at.native_limit, gp::rcx);
        move(gp::rax, gp::r10);
        put(stubs::call_rax, {});
        // Back from a function whose header is rax bytes from the frame: return as the interpreter does.
        put(assembler().rx({0, 0x8b, true}, gp::rcx, gp::rdi, gp::rax, 0).made, {});
        put(assembler().raw(0x48, 0x2b, 0x7c, 0x07, 0x08).made, {}); // sub rdi, [rdi + rax + 8]
        jump(go);

        bind(labels[2]);
        get_field(gp::rcx, at.funcs);
        put(assembler().rx({0, 0x8b, true}, gp::rax, gp::rcx, gp::rax, 3).made, {});
        set_field(at.callee, gp::rax);
        set_field(at.delta, gp::r9);
        set_field(at.return_pc, gp::r8);
        set_field(at.link, gp::r9);
        fill_db(stubs::alus[1][u8(stubs::alu::sub)].r, number(gp::rdi), number(gp::r9));
        get_field(gp::rcx, at.enter_cells);
        jump(go);

        const u32 stop = new_label();
        bind(labels[4]);
        two(assembler().m({0, 0xc6}, 0, context_register, stubs::B).imm8(1).made, 0, 0, u32(at.paused));
        bind(labels[3]);
        bind(stop);
        two(assembler().rm({0, 0x88}, gp::rax, context_register, stubs::B).made, 0, 0, u32(at.why));
        set_field(at.stop_pc, gp::r8);
        get_field(gp::rcx, at.stop_cells);
        jump(go);

        bind(labels[5]);
        move(gp::rcx, gp::r8);
        bind(go);
        move(gp::rdx, gp::rsi);
        move(gp::rsi, gp::rdi);
        move(gp::rdi, gp::rcx);
        move(gp::rcx, gp::rbp);
        get_field(gp::rsp, at.native_stack);
        // pop r15 … r12, rbp, rbx; jmp [rdi]
        put(assembler().raw(0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xff, 0x27).made, {});
        bind(labels[6]);
        put_call_of_growth(*this);
        bind(labels[7]);
        put_failure(at, go);

        bind(labels[8]);
        two(assembler().rm({0, 0x8b, true}, gp::r11, gp::rcx, stubs::B).made, 0, 0, u32(at.memory));
        two(assembler().m({0, 0x80}, 7, gp::r11, stubs::B).imm8(0).made, 0, 0, u32(at.memory_guarded));
        jump_if(cond::ne, labels[1]);
        two(assembler().rm({0, 0x89, true}, gp::rdi, gp::rcx, stubs::B).made, 0, 0, u32(at.pc));
        two(assembler().rm({0, 0x8b, true}, gp::rdi, gp::rcx, stubs::B).made, 0, 0, u32(at.hot_cells));
        put(assembler().raw(0xff, 0x27).made, {}); // jmp [rdi]
        bind(labels[9]);
        put_call_of_special(*this);
        bind(labels[10]);
        put_note(at);
        resolve();
    }

private:
    /// To the heap's log, which is emptied if it is full.
    void put_note(const context_layout& at) noexcept {
        const u32 full = new_label(), done = new_label(), empty = new_label();
        put(assembler().raw(0x50, 0x51, 0x52).made, {}); // push rax, rcx, rdx
        get_field(gp::rdx, at.heap);
        two(stubs::field_load, number(gp::rcx), number(gp::rdx), u64(at.in_heap.log_next));
        fill_db(stubs::alus[1][u8(stubs::alu::sub)].r, number(gp::rcx), number(gp::rdx));
        fill_db(stubs::alus[1][u8(stubs::alu::cmp)].i, number(gp::rcx), u64(at.in_heap.log_end));
        jump_if(cond::e, full);
        get_field(gp::rax, at.scratch);
        put(assembler().rx({0, 0x89}, gp::rax, gp::rcx, gp::rdx, 0).made, {}); // mov [rcx + rdx], eax
        two(assembler().rm({0, 0x83, true}, gp::rax, gp::rdx, stubs::B).imm8(4).made, 0, 0, u64(at.in_heap.log_next));
        bind(done);
        put(assembler().raw(0x5a, 0x59, 0x58, 0xc3).made, {}); // pop rdx, rcx, rax; ret
        bind(full);
        put(assembler().raw(0xe8).place().made, {}, empty); // call
        jump(done);
        bind(empty);
        put_call_of_note(*this, at.scratch);
    }
    /// Behind a call of the host that failed: the function is in r12, its slots are at r13, memory 0 is at rsi.
    void put_failure(const context_layout& at, u32 go) noexcept {
        move(gp::rdi, context_register);
        move(gp::rsi, gp::r12);
        move(gp::rdx, gp::r13);
        set_field(at.mem, memory_register);
        put(stubs::align_stack, {});
        fill_d(stubs::move_imm64, number(gp::rax), u64(reinterpret_cast<std::uintptr_t>(&fail_call)));
        put(stubs::call_rax, {});
        get_field(frame_register, at.fp);
        get_field(memory_register, at.mem);
        get_field(gp::rcx, at.failed_cells);
        jump(go);
    }
    void move(gp to, gp from_register) noexcept { one(stubs::move[1].r, number(to), number(from_register)); }
    void set_field(i32 field, gp r) noexcept {
        two(stubs::field_store, number(r), number(context_register), u64(field));
    }
    void get_field(gp r, i32 field) noexcept {
        two(stubs::field_load, number(r), number(context_register), u64(field));
    }
};

} // namespace tessera::native
