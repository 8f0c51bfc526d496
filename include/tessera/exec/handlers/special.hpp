// SPDX-License-Identifier: MIT
/// @file handlers/special.hpp
/// Instructions with a function of their own, on operands in consecutive slots: memory.grow, bulk
/// operations, tables, ref.func, wide arithmetic (spec: exec/instructions). All are safepoints.
#pragma once

#include <tessera/exec/access.hpp>
#include <tessera/runtime/aggregate.hpp>

namespace tessera::inline TESSERA_ABI::exec {

/// Operands of a special instruction and where its results go: slots from `at` on.
struct special_call {
    context& ctx;
    u8* at;
    u32 index;
    u32 index2;

    u64 get(unsigned n) const noexcept { return get_slot<u64>(at + 8 * n); }
    u64* slots(unsigned n) const noexcept { return reinterpret_cast<u64*>(at + 8 * n); }
    runtime::store_data& store() const noexcept { return *ctx.store; }
    u32 element_slots() const noexcept { return runtime::fields_of(store(), index)[0].type.slots(); }
    void put(u64 v, unsigned n = 0) const noexcept { put_slot<u64>(at + 8 * n, v); }
    runtime::instance_data& instance() const noexcept { return *ctx.instance; }
    runtime::memory_data& memory(u32 i) const noexcept { return *ctx.instance->memories[i]; }
    runtime::table_data& table(u32 i) const noexcept { return *ctx.instance->tables[i]; }
};

/// True for the instructions that run as `family::special`.
constexpr bool is_special(op o) noexcept {
    switch (o) {
    case op::memory_size:
    case op::memory_grow:
    case op::memory_fill:
    case op::memory_copy:
    case op::memory_init:
    case op::data_drop:
    case op::table_get:
    case op::table_set:
    case op::table_size:
    case op::table_grow:
    case op::table_fill:
    case op::table_copy:
    case op::table_init:
    case op::elem_drop:
    case op::ref_func:
    case op::array_fill:
    case op::array_copy:
    case op::array_init_data:
    case op::array_init_elem: return true;
    default: return is_allocation(o) || row(o).type.result_count == 2; // or wide arithmetic
    }
}

/// A new object; `index` is its type by the store's id.
template <op O>
trap allocate(const special_call& x, u32& made) noexcept {
    runtime::store_data& s = x.store();
    if constexpr (O == op::struct_new) return runtime::new_struct(s, x.index, x.slots(0), made);
    else if constexpr (O == op::struct_new_default) return runtime::new_struct(s, x.index, nullptr, made);
    else if constexpr (O == op::array_new)
        return runtime::new_array(s, x.index, u32(x.get(x.element_slots())), x.slots(0), made);
    else if constexpr (O == op::array_new_default) return runtime::new_array(s, x.index, u32(x.get(0)), nullptr, made);
    else if constexpr (O == op::array_new_fixed) return runtime::new_array_of(s, x.index, x.index2, x.slots(0), made);
    else if constexpr (O == op::array_new_data)
        return runtime::new_array_data(s, x.index, x.instance().datas[x.index2], u32(x.get(0)), u32(x.get(1)), made);
    else return runtime::new_array_elem(s, x.index, x.instance().elems[x.index2], u32(x.get(0)), u32(x.get(1)), made);
}

/// Does `O`; one overload set by constant, so that only the instructions of a build are compiled. The
/// members of a special_call come one by one: in registers, and no address of a handler's variable is
/// known elsewhere, which would keep the handler from jumping to the next.
template <op O>
TESSERA_NOINLINE trap do_special(context& ctx, u8* at, u32 index, u32 index2) noexcept {
    const special_call x{ctx, at, index, index2};
    constexpr u64 minus_one_32 = 0xffff'ffff;
    if constexpr (O == op::memory_size) {
        x.put(x.memory(x.index).pages());
    } else if constexpr (O == op::memory_grow) {
        runtime::memory_data& m = x.memory(x.index);
        u64 old = 0;
        const bool grown = m.grow(x.get(0), old);
        x.put(grown ? old : m.type.limits.is64 ? ~u64{0} : minus_one_32);
    } else if constexpr (O == op::memory_fill) {
        return runtime::fill(x.memory(x.index), x.get(0), u8(x.get(1)), x.get(2));
    } else if constexpr (O == op::memory_copy) {
        return runtime::copy(x.memory(x.index), x.get(0), x.memory(x.index2), x.get(1), x.get(2));
    } else if constexpr (O == op::memory_init) {
        return runtime::init(x.memory(x.index2), x.get(0), x.instance().datas[x.index], x.get(1), x.get(2));
    } else if constexpr (O == op::data_drop) {
        x.instance().drop_data(x.index);
    } else if constexpr (O == op::table_get) {
        const runtime::table_data& t = x.table(x.index);
        if (x.get(0) >= t.size) return trap::out_of_bounds_table;
        x.put(t.items[x.get(0)]);
    } else if constexpr (O == op::table_set) {
        runtime::table_data& t = x.table(x.index);
        if (x.get(0) >= t.size) return trap::out_of_bounds_table;
        t.items[x.get(0)] = u32(x.get(1));
    } else if constexpr (O == op::table_size) {
        x.put(x.table(x.index).size);
    } else if constexpr (O == op::table_grow) {
        runtime::table_data& t = x.table(x.index);
        u64 old = 0;
        const bool grown = t.grow(x.get(1), u32(x.get(0)), old);
        x.put(grown ? old : t.type.limits.is64 ? ~u64{0} : minus_one_32);
    } else if constexpr (O == op::table_fill) {
        return runtime::fill(x.table(x.index), x.get(0), u32(x.get(1)), x.get(2));
    } else if constexpr (O == op::table_copy) {
        return runtime::copy(x.table(x.index), x.get(0), x.table(x.index2), x.get(1), x.get(2));
    } else if constexpr (O == op::table_init) {
        return runtime::init(x.table(x.index2), x.get(0), x.instance().elems[x.index], x.get(1), x.get(2));
    } else if constexpr (O == op::elem_drop) {
        x.instance().drop_elem(x.index);
    } else if constexpr (is_allocation(O)) {
        u32 made = 0;
        const trap why = allocate<O>(x, made);
        if (why != trap::none) return why;
        x.put(made);
    } else if constexpr (O == op::array_fill) {
        return runtime::array_fill(x.store(), u32(x.get(0)), u32(x.get(1)), x.slots(2),
                                   u32(x.get(2 + x.element_slots())));
    } else if constexpr (O == op::array_copy) {
        return runtime::array_copy(x.store(), u32(x.get(0)), u32(x.get(1)), u32(x.get(2)), u32(x.get(3)),
                                   u32(x.get(4)));
    } else if constexpr (O == op::array_init_data) {
        return runtime::array_init_data(x.store(), u32(x.get(0)), u32(x.get(1)), x.instance().datas[x.index2],
                                        u32(x.get(2)), u32(x.get(3)));
    } else if constexpr (O == op::array_init_elem) {
        return runtime::array_init_elem(x.store(), u32(x.get(0)), u32(x.get(1)), x.instance().elems[x.index2],
                                        u32(x.get(2)), u32(x.get(3)));
    } else if constexpr (O == op::ref_func) {
        x.put(runtime::store_data::ref_of(*x.instance().funcs[x.index]));
    } else {
        using traits = num::traits_of<O>;
        const num::pair128 r = [&]<std::size_t... I>(std::index_sequence<I...>) {
            return num::sem<O>::eval(typename traits::template arg<I>(x.get(I))...);
        }
        (std::make_index_sequence<traits::arity>{});
        x.put(r.low, 0);
        x.put(r.high, 1);
    }
    return trap::none;
}

/// What a special instruction costs in fuel beyond being an instruction: one for each 64 bytes or 8
/// entries it goes over. `operands` are its operands before it ran.
template <op O>
TESSERA_INLINE u64 length_cost(const special_call& x) noexcept {
    if constexpr (O == op::memory_fill || O == op::memory_copy || O == op::memory_init) return x.get(2) >> 6;
    else if constexpr (O == op::table_fill || O == op::table_copy || O == op::table_init) return x.get(2) >> 3;
    else if constexpr (O == op::table_grow) return x.get(1) >> 3;
    else if constexpr (O == op::array_new) return u32(x.get(x.element_slots())) >> 3;
    else if constexpr (O == op::array_new_default) return u32(x.get(0)) >> 3;
    else if constexpr (O == op::array_new_data || O == op::array_new_elem) return u32(x.get(1)) >> 3;
    else if constexpr (O == op::array_fill) return u32(x.get(2 + x.element_slots())) >> 3;
    else if constexpr (O == op::array_copy) return u32(x.get(4)) >> 3;
    else if constexpr (O == op::array_init_data || O == op::array_init_elem) return u32(x.get(3)) >> 3;
    else return 0;
}

/// Marks what memory.fill, copy or init has written to.
template <op O>
TESSERA_NOINLINE void mark_special(context& ctx, u8* at, u32 index, u32 index2) noexcept {
    const special_call x{ctx, at, index, index2};
    const runtime::memory_data& to = x.memory(O == op::memory_init ? index2 : index);
    static_cast<marking_context&>(ctx).dirty->mark_range(to.base + x.get(0), x.get(2));
}

template <u64 Id>
struct action<family::special, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        const special_call call{*s.ctx, c::slot(s, c::template word<0>(s)), c::template word<1>(s),
                                c::template word<2>(s)};
        [[maybe_unused]] const u64 cost = (c::v.flags & flag::fuel) != 0 ? length_cost<c::v.code>(call) : 0;
        if constexpr (is_allocation(c::v.code)) { // where the collector begins to look at frames
            s.ctx->stop_pc = s.pc;
            s.ctx->fp = s.fp;
        }
        const trap why = do_special<c::v.code>(call.ctx, call.at, call.index, call.index2);
        if constexpr (is_allocation(c::v.code))
            if (TESSERA_UNLIKELY(why == trap::out_of_memory)) return c::pause(s, why, s.pc);
        if (TESSERA_UNLIKELY(why != trap::none)) return c::raise(s, why);
        if constexpr ((c::v.flags & flag::marks) != 0)
            mark_special<c::v.code>(call.ctx, call.at, call.index, call.index2);
        if constexpr (c::v.code == op::memory_grow) {
            s.ctx->refresh();
            s.mem = s.ctx->mem;
        }
        const u8* const next = s.pc + c::l.size;
        if constexpr ((c::v.flags & flag::fuel) != 0) {
            s.ctx->fuel -= i64(cost);
            if (TESSERA_UNLIKELY(s.ctx->fuel < 0)) return c::pause(s, trap::out_of_fuel, next);
        }
        s.pc = next;
    }
};

} // namespace tessera::exec
