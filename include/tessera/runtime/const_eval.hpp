// SPDX-License-Identifier: MIT
/// @file runtime/const_eval.hpp
/// Evaluating constant expressions (spec: valid/instructions, Constant Expressions).
#pragma once

#include <tessera/binary/instruction.hpp>
#include <tessera/num/sem.hpp>
#include <tessera/runtime/store_data.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::runtime {

/// A value as it lies in slots.
struct slot_pair {
    u64 low = 0, high = 0;
    bool traced = false; ///< a reference that may be one to an object
};

/// Evaluates the constant expressions of one instance. They were validated, so only memory can be
/// missing, or room in the heap.
class const_evaluator {
public:
    explicit const_evaluator(const instance_data& instance) noexcept : instance_(instance) {}

    /// Evaluates `e`. False: memory is out.
    [[nodiscard]] bool evaluate(const const_expr& e, slot_pair& out) noexcept {
        const u8* base = instance_.module().bytes.data();
        cursor in(base + e.code.begin, base + e.code.end);
        return evaluate(in, out);
    }
    /// Evaluates the expression at `in` and passes it, with its `end`. False: memory is out.
    [[nodiscard]] bool evaluate(cursor& in, slot_pair& out) noexcept {
        stack_.clear();
        binary::immediate_reader reader(instance_.module().bytes.data(), in, everything);
        binary::instruction i;
        for (;;) {
            i.code = next_op(reader);
            if (i.code == op::end) break;
            i.immediate = row(i.code).immediate;
            if (!reader.immediates(i) || !step(i)) return false;
        }
        in.seek(reader.at());
        if (stack_.empty()) return false;
        out = stack_.back();
        return true;
    }

private:
    // What can stand in a constant expression, by its bytes.
    static constexpr op allowed_[] = {op::end,
                                      op::i32_const,
                                      op::i64_const,
                                      op::f32_const,
                                      op::f64_const,
                                      op::v128_const,
                                      op::ref_null,
                                      op::ref_func,
                                      op::global_get,
                                      op::i32_add,
                                      op::i32_sub,
                                      op::i32_mul,
                                      op::i64_add,
                                      op::i64_sub,
                                      op::i64_mul,
                                      op::struct_new,
                                      op::struct_new_default,
                                      op::array_new,
                                      op::array_new_default,
                                      op::array_new_fixed,
                                      op::ref_i31,
                                      op::any_convert_extern,
                                      op::extern_convert_any};

    static op next_op(binary::immediate_reader& reader) noexcept {
        u8 first = 0;
        u32 code = 0;
        if (!reader.byte(first)) return op::end;
        const bool prefixed = first >= 0xfb;
        if (prefixed && !reader.leb_u32(code)) return op::end;
        for (op o : allowed_)
            if (row(o).prefix == (prefixed ? first : 0) && row(o).code == (prefixed ? code : first)) return o;
        return op::end;
    }

    bool push(u64 low, u64 high = 0, bool traced = false) noexcept { return stack_.push_back({low, high, traced}); }

    bool step(binary::instruction& i) noexcept {
        switch (i.immediate) {
        case imm::i32_const: return push(u32(i.value));
        case imm::i64_const:
        case imm::f32_const:
        case imm::f64_const: return push(i.value);
        case imm::v128_const: {
            u64 low = 0, high = 0;
            return i.list.fixed(low) && i.list.fixed(high) && push(low, high);
        }
        case imm::heap: return push(0);
        case imm::func: return push(store_data::ref_of(*instance_.funcs[i.index]));
        case imm::global: {
            const global_data& g = *instance_.globals[i.index];
            return push(g.cell[0], g.type.type.is_vector() ? g.cell[1] : 0,
                        is_traced(instance_.store->types.space(), g.type.type));
        }
        case imm::type:
        case imm::type_count: return make(i);
        default:
            if (i.code == op::any_convert_extern || i.code == op::extern_convert_any) return true; // the same bits
            if (i.code == op::ref_i31) return stack_.back().low = u32(stack_.back().low << 1 | 1), true;
            return compute<op::i32_add, op::i32_sub, op::i32_mul>(i.code, u32{}) ||
                   compute<op::i64_add, op::i64_sub, op::i64_mul>(i.code, u64{});
        }
    }
    /// Structures and arrays. What the stack refers to stays alive meanwhile.
    TESSERA_NOINLINE bool make(const binary::instruction& i) noexcept {
        store_data& s = *instance_.store;
        const u32 type = instance_.unit->type_ids[i.index];
        const auto fields = instance_.module().types.fields_of(i.index);
        u32 length = i.code == op::array_new_fixed ? i.index2 : 0;
        if (!s.engine->make_object || !s.heap.layouts.add(type)) return false;
        for (const slot_pair& v : stack_)
            if (v.traced && !s.temporaries.push_back(u32(v.low))) return s.temporaries.clear(), false;
        if (i.code == op::array_new || i.code == op::array_new_default) {
            length = u32(stack_.back().low);
            stack_.pop_back();
        }
        const std::size_t n = i.code == op::struct_new        ? fields.size()
                              : i.code == op::array_new       ? 1
                              : i.code == op::array_new_fixed ? length
                                                              : 0;
        vec<u64> slots;
        bool fine = true;
        for (std::size_t k = 0; k < n; ++k) {
            const slot_pair& v = stack_[stack_.size() - n + k];
            const val_type t = fields[i.code == op::struct_new ? k : 0].type;
            fine = fine && slots.push_back(v.low) && (!t.is_vector() || slots.push_back(v.high));
        }
        u32 made = 0;
        fine = fine && s.engine->make_object(s, i.code, type, length, slots.data(), made) == trap::none;
        s.temporaries.clear();
        if (!fine) return false;
        stack_.truncate(stack_.size() - n);
        return push(made, 0, true);
    }
    // Both operands are of type T; the table knows what the instruction means.
    template <op... O, class T>
    bool compute(op code, T) noexcept {
        if (stack_.size() < 2) return false;
        const T b = T(stack_.back().low), a = T(stack_[stack_.size() - 2].low);
        T r = 0;
        if (!((code == O && (r = num::sem<O>::eval(a, b), true)) || ...)) return false;
        stack_.pop_back();
        stack_.back().low = r;
        return true;
    }

    const instance_data& instance_;
    vec<slot_pair> stack_;
};

} // namespace tessera::runtime
TESSERA_SMALL_END
