// SPDX-License-Identifier: MIT
/// @file body_generator.hpp
/// The body of a random function: statements that leave the stack as it was, expressions that leave
/// one value.
#pragma once

#include "body_writer.hpp"
#include "heap.hpp"
#include "instructions.hpp"

namespace diff {

/// Which pieces of a program are left out; by their number.
using omitted = std::vector<bool>;

class body_generator : public body_writer {
public:
    body_generator(module_plan& m, const signature& s, random& r, const omitted& without, u32& pieces, u32 size)
        : body_writer(m, r), type_(s), without_(without), pieces_(pieces), budget_(int(size)) {}

    bytes run() {
        for (val_type t : type_.params) add_local(t, true);
        if (r_.below(400) == 0)
            locals_.insert(locals_.end(), 33'000, tessera::t_v128); // the others' slots are beyond 16 bits
        for (u32 n = 2 + r_.below(5); n--;) add_local(any_type(), true);
        for (val_type t : all_types) add_local(t, true);
        labels_.push_back({type_.results, false});
        gas_check();
        const bool again = r_.chance(85);
        if (again) begin(op::loop, {}, {});
        for (u32 n = 1 + r_.below(6); n--;) statement(4);
        if (again) go_round();
        values(type_.results, 3);
        emit(op::end);
        bytes out;
        std::vector<std::pair<u32, val_type>> groups;
        for (u32 i = u32(type_.params.size()); i < locals_.size(); ++i) {
            if (groups.empty() || groups.back().second != locals_[i]) groups.push_back({0, locals_[i]});
            ++groups.back().first;
        }
        put_leb(out, groups.size());
        for (auto [n, t] : groups) put_leb(out, n), put_type(out, t);
        out.insert(out.end(), code_.begin(), code_.end());
        return out;
    }

private:
    // ---- expressions -----------------------------------------------------------------------------------------------

    void expression(val_type t, int depth) {
        const u32 piece = pieces_++;
        const std::size_t start = code_.size();
        --budget_;
        if (depth <= 0 || budget_ <= 0) leaf(t);
        else if (t.is_number()) number(t, depth - 1);
        else other(t, depth - 1);
        if (r_.chance(4)) statement(depth - 1); // a value that waits while something else happens
        if (piece < without_.size() && without_[piece]) {
            code_.resize(start);
            if (t == tessera::t_v128) return emit(op::local_get, first_local(t));
            if (is_object(t)) return default_object(t);
            if (t == tessera::t_i32) return i32_const(0);
            if (t == tessera::t_i64) return i64_const(0);
            emit(t == tessera::t_f32 ? op::f32_const : t == tessera::t_f64 ? op::f64_const : op::ref_null);
            if (t.is_number()) return put_fixed(code_, 0, t == tessera::t_f32 ? 4 : 8);
            put_heap(t);
        }
    }
    void leaf(val_type t) {
        if (t == tessera::t_exnref) return constant(t); // no local has that type
        if (is_object(t)) return default_object(t);
        if (r_.chance(65)) emit(op::local_get, local_of(t, false));
        else if (const u32 g = global_of(t); g != no_index && r_.chance(15)) emit(op::global_get, g);
        else constant(t);
    }
    void leaf_or_expression(val_type t, int depth) {
        if (r_.chance(60)) leaf(t);
        else expression(t, depth);
    }
    void values(const types& list, int depth) {
        for (val_type t : list) expression(t, depth);
    }

    void number(val_type t, int depth) {
        const instruction_set& set = instruction_set::get();
        const unsigned k = kind(t);
        switch (r_.below(32)) {
        default: return binary(r_.chance(70) ? r_.of(set.hot[k]) : r_.of(set.binary[k]), depth);
        case 0:
        case 1: return unary(r_.of(set.unary[k]), depth);
        case 2:
        case 3:
        case 4:
        case 5: return load(t, depth);
        case 6:
        case 7: return t == tessera::t_i32 ? condition(depth) : leaf(t);
        case 8:
        case 9:
        case 10:
        case 11: return leaf(t);
        case 12:
        case 13: expression(t, depth); return emit(op::local_tee, local_of(t, true));
        case 14:
        case 15: return structured(t, depth);
        case 16:
            if (r_.chance(50)) {
                const op o = r_.of(set.extracts[k]);
                expression(tessera::t_v128, depth);
                emit(o);
                return code_.push_back(u8(r_.below(128 / lane_bits(o))));
            }
            return chosen(t, depth);
        case 17:
        case 18: return call_for(t, depth);
        case 19:
            if (t != tessera::t_i32) return leaf(t);
            switch (r_.below(4)) {
            case 0: return emit(op::table_size, 0);
            case 1:
                expression(r_.chance(50) ? tessera::t_funcref : t_ref0, depth);
                i32_const(r_.below(3));
                return emit(op::table_grow, 0);
            default: return memory_size_or_grow(t, depth);
            }
        case 20:
            if (t != tessera::t_i64) return leaf(t);
            if (r_.chance(50)) return memory_size_or_grow(t, depth);
            for (int i = 0; i < 2; ++i) expression(t, depth);
            emit(r_.chance(50) ? op::i64_mul_wide_s : op::i64_mul_wide_u);
            return consume(t, depth);
        case 21: return number_of_object(t, depth);
        case 22:
            if (t != tessera::t_i32 && t != tessera::t_i64) return leaf(t);
            return atomic(r_.of(set.atomics[k]), depth);
        }
    }
    /// Of a memory whose addresses are of type `t`.
    void memory_size_or_grow(val_type t, int depth) {
        const bool wide = t == tessera::t_i64;
        u32 memory = any_memory();
        if (m_.memories[memory].is64 != wide) memory = 0;
        if (m_.memories[memory].is64 != wide) return leaf_or_expression(t, depth);
        if (r_.chance(70)) return emit(op::memory_size, memory);
        if (wide) i64_const(r_.below(2));
        else i32_const(r_.chance(80) ? r_.below(2) : u32(r_.next()));
        emit(op::memory_grow, memory);
    }
    void unary(op o, int depth) {
        const std::string_view name = tessera::row(o).text;
        // A truncation that traps ends the program too early to be of use.
        const bool traps = name.find(".trunc_f") != name.npos;
        expression(type_of(tessera::row(o).type.params[0]), depth);
        if (traps && r_.chance(90))
            for (u16 i = 0; i < tessera::op_count; ++i)
                if (const std::string_view sat = tessera::op_table[i].text; sat.find(".trunc_sat_f") == 3 &&
                                                                            sat.substr(0, 3) == name.substr(0, 3) &&
                                                                            sat.substr(14) == name.substr(10))
                    o = op(i);
        emit(o);
    }
    void binary(op o, int depth) {
        const tessera::op_row& r = tessera::row(o);
        expression(type_of(r.type.params[0]), depth);
        if (r_.chance(5)) statement(depth);
        const val_type second = type_of(r.type.params[1]);
        if (r_.chance(30)) constant(second);
        else expression(second, depth);
        const bool divides = r.text.find(".div_") != r.text.npos || r.text.find(".rem_") != r.text.npos;
        if (divides && r_.chance(95)) {
            if (second == tessera::t_i32) i32_const(7), emit(op::i32_and), i32_const(1), emit(op::i32_or);
            else i64_const(7), emit(op::i64_and), i64_const(1), emit(op::i64_or);
        }
        emit(o);
    }
    void condition(int depth) {
        const instruction_set& set = instruction_set::get();
        --budget_;
        switch (r_.below(12)) {
        case 0: condition(depth - 1); return emit(op::i32_eqz);
        case 1: expression(tessera::t_i32, depth); return emit(op::i32_eqz);
        case 2: expression(tessera::t_i64, depth); return emit(op::i64_eqz);
        case 3: expression(r_.chance(50) ? tessera::t_funcref : t_ref0, depth); return emit(op::ref_is_null);
        case 4: return expression(tessera::t_i32, depth);
        case 5: leaf(tessera::t_i32), i32_const(1 + r_.below(15)); return emit(op::i32_and);
        default: return binary(r_.of(set.compares[r_.chance(60) ? 0 : r_.below(4)]), depth);
        }
    }
    /// Blocks, loops and ifs that give a value.
    void structured(val_type t, int depth) {
        switch (r_.below(4)) {
        case 0:
            condition(depth);
            begin(op::if_, {}, {t});
            if (r_.chance(30)) statement(depth);
            expression(t, depth);
            emit(op::else_);
            expression(t, depth);
            if (r_.chance(15)) leave(depth);
            return end();
        case 1:
            begin(op::loop, {}, {t});
            if (r_.chance(60)) statement(depth);
            if (r_.chance(40)) {
                gas_check();
                condition(depth);
                emit(op::br_if, 0);
            }
            expression(t, depth);
            return end();
        default:
            begin(op::block, {}, {t});
            if (r_.chance(40)) statement(depth);
            expression(t, depth);
            if (r_.chance(70)) {
                condition(depth);
                emit(op::br_if, 0);
                if (r_.chance(50)) rework(t, depth);
            }
            if (r_.chance(15)) leave(depth);
            return end();
        }
    }
    /// Computes with the value of type `t` on top.
    void rework(val_type t, int depth) {
        if (!t.is_number() || r_.chance(20)) {
            consume(t, depth);
            return expression(t, depth);
        }
        expression(t, depth);
        emit(r_.of(instruction_set::get().hot[kind(t)]));
    }
    void chosen(val_type t, int depth) {
        expression(t, depth);
        expression(t, depth);
        condition(depth);
        if (!t.is_ref() && r_.chance(60)) return emit(op::select);
        emit(op::select_t, 1);
        put_type(code_, t);
    }
    void other(val_type t, int depth) {
        if (t == tessera::t_exnref) return leaf(t);
        if (is_object(t)) return cast_to(t, depth);
        if (t == tessera::t_anyref && r_.chance(60)) return any_reference(depth);
        if (t == tessera::t_v128 && r_.chance(60)) return vector(depth);
        if (t == tessera::t_funcref && r_.chance(10)) return static_cast<void>(read_object(t, depth));
        switch (r_.below(10)) {
        case 0:
        case 1: return structured(t, depth);
        case 2: return chosen(t, depth);
        case 3: return call_for(t, depth);
        case 4: expression(t, depth); return emit(op::local_tee, local_of(t, true));
        case 5:
        case 6:
            if (t == tessera::t_funcref) {
                if (r_.chance(60)) return emit(op::ref_func, r_.below(u32(m_.funcs.size())));
                leaf(tessera::t_i32), i32_const(7), emit(op::i32_and);
                return emit(op::table_get, 0);
            }
            if (t == t_ref0) {
                if (const u32 f = func_of_type(0); f != no_index && r_.chance(80)) return emit(op::ref_func, f);
                begin(op::block, {}, {t}); // (ref 0) where it is not null
                expression(t, depth);
                emit(op::br_on_non_null, 0);
                constant(t);
                return end();
            }
            return leaf(t);
        default: return t == tessera::t_v128 ? vector(depth) : leaf(t);
        }
    }
    void vector(int depth) {
        const instruction_set& set = instruction_set::get();
        const val_type t = tessera::t_v128;
        switch (r_.below(16)) {
        default: return binary(r_.chance(60) ? r_.of(set.hot[4]) : r_.of(set.binary[4]), depth);
        case 9: return number_of_object(t, depth);
        case 10: {
            const op o = r_.of(set.nan_makers);
            values(types(tessera::row(o).type.param_count, t), depth);
            return emit(o);
        }
        case 11: return lane_access(r_.of(set.lane_loads), depth);
        case 0:
        case 1: return unary(r_.of(set.unary[4]), depth);
        case 2:
        case 3: return load(t, depth);
        case 4: emit(op::v128_const); return put_lanes(256);
        case 5: values({t, t}, depth), emit(op::i8x16_shuffle); return put_lanes(32);
        case 6: values({t, t, t}, depth); return emit(r_.of(set.ternary));
        case 7: {
            const op o = r_.of(set.replaces);
            values({t, type_of(tessera::row(o).type.params[1])}, depth);
            emit(o);
            return code_.push_back(u8(r_.below(128 / lane_bits(o))));
        }
        case 8: return leaf(t);
        }
    }
    void put_lanes(u32 below) {
        for (int i = 0; i < 16; ++i) code_.push_back(u8(r_.below(below)));
    }

    // ---- memories and tables; see memory_generator.hpp --------------------------------------------------------------

    void address(int depth);
    u32 any_memory();
    void memory_address(u32 memory, int depth);
    void access(op o, u32 memory);
    void load(val_type t, int depth);
    void store(int depth);
    void lane_access(op o, int depth);
    void atomic(op o, int depth);
    void bulk(int depth);

    // ---- structures and arrays; see aggregate_generator.hpp --------------------------------------------------------

    static constexpr u32 first_array = 4;
    u32 any_shape() { return r_.below(u32(heap_shapes().size())); }
    val_type object_type(u32 shape) const {
        return val_type::ref(tessera::heap_type::index(m_.first_shape + shape), false);
    }
    /// True for the types of references that are not null: labels of casts take them.
    static bool is_object(val_type t) { return t.is_ref() && !t.is_nullable(); }
    void default_object(val_type t);
    void new_object(u32 shape, int depth);
    void cast_to(val_type t, int depth);
    void element_index();
    bool read_object(val_type t, int depth);
    void number_of_object(val_type t, int depth);
    void any_reference(int depth);
    void change_object(int depth);

    // ---- calls -----------------------------------------------------------------------------------------------------

    u32 func_of_type(u32 type) {
        std::vector<u32> found;
        for (u32 i = 0; i < m_.funcs.size(); ++i)
            if (m_.funcs[i].type == type) found.push_back(i);
        return found.empty() ? no_index : r_.of(found);
    }
    /// Calls a function of type `type`, in one of the ways there are.
    void call_type(u32 type, int depth, bool tail) {
        const signature s = m_.types[type];
        values(s.params, depth);
        const u32 f = func_of_type(type);
        const u32 way = r_.below(10);
        if (way < 6 && f != no_index) return emit(tail ? op::return_call : op::call, f);
        if (way < 9 || f == no_index) {
            if (r_.chance(80)) {
                // Slots of the table that are likely to hold a function of the type.
                i32_const(table_slot_of(type));
            } else {
                leaf(tessera::t_i32), i32_const(7), emit(op::i32_and);
            }
            return emit(tail ? op::return_call_indirect : op::call_indirect, type, 0);
        }
        if (type == 0 && r_.chance(40)) expression(t_ref0, depth);
        else emit(op::ref_func, f);
        emit(tail ? op::return_call_ref : op::call_ref, type);
    }
    u32 table_slot_of(u32 type) {
        std::vector<u32> found;
        for (u32 i = 0; i < m_.elem.size(); ++i)
            if (m_.funcs[m_.elem[i]].type == type) found.push_back(i + m_.elem_at);
        return found.empty() ? r_.below(m_.table_max) : r_.of(found);
    }
    void call_for(val_type t, int depth) {
        std::vector<u32> found;
        for (const func_plan& f : m_.funcs)
            for (val_type given : m_.types[f.type].results)
                if (given == t) {
                    found.push_back(f.type);
                    break;
                }
        if (found.empty()) return leaf(t);
        const u32 type = r_.of(found);
        call_type(type, depth, false);
        const types given = m_.types[type].results;
        // The value that is wanted is the first of its type; what is above it goes, what is below it too.
        std::size_t at = given.size();
        while (given[--at] != t) consume(given[at], depth);
        if (at == 0) return;
        const u32 kept = local_of(t, true);
        emit(op::local_set, kept);
        while (at-- > 0) emit(op::drop);
        emit(op::local_get, kept);
    }

    // ---- statements ------------------------------------------------------------------------------------------------

    void statement(int depth) {
        const u32 piece = pieces_++;
        const std::size_t start = code_.size();
        --budget_;
        if (budget_ > 0 && depth > 0) any_statement(depth - 1);
        else if (budget_ > -20) simple(0);
        if (piece < without_.size() && without_[piece]) code_.resize(start);
    }
    void statements(u32 most, int depth) {
        for (u32 n = r_.below(most + 1); n--;) statement(depth);
    }
    void simple(int depth) {
        const val_type t = any_type();
        if (const u32 g = global_of(t); g != no_index && r_.chance(15)) {
            expression(t, depth);
            return emit(op::global_set, g);
        }
        expression(t, depth);
        emit(op::local_set, local_of(t, true));
    }
    void consume(val_type t, int) {
        if (t == tessera::t_exnref || is_object(t) || r_.chance(20)) return emit(op::drop);
        if (const u32 g = global_of(t); g != no_index && r_.chance(15)) return emit(op::global_set, g);
        emit(op::local_set, local_of(t, true));
    }
    void consume_all(const types& list, int depth) {
        for (std::size_t i = list.size(); i-- > 0;) consume(list[i], depth);
    }
    types some_types(u32 most) {
        types list;
        for (u32 n = r_.below(most + 1); n--;) list.push_back(any_type());
        return list;
    }
    /// Makes `want` of the values `have` on the stack.
    void reshape(const types& have, const types& want, int depth) {
        std::size_t same = 0;
        while (same < have.size() && same < want.size() && have[same] == want[same]) ++same;
        if (same > 0 && r_.chance(40)) same = r_.below(u32(same) + 1);
        for (std::size_t i = have.size(); i-- > same;) consume(have[i], depth);
        if (same > 0 && r_.chance(50)) rework(have[same - 1], depth);
        for (std::size_t i = same; i < want.size(); ++i) expression(want[i], depth);
    }
    /// Ends a loop that goes round while global 0 is not used up.
    void go_round() {
        emit(op::global_get, 0);
        emit_block(op::if_, {}, {});
        take_gas();
        emit(op::br, 1);
        emit(op::end);
        end();
    }
    void take_gas() {
        emit(op::global_get, 0);
        i32_const(1);
        emit(op::i32_sub);
        emit(op::global_set, 0);
    }
    /// Ends the function where global 0 is used up, else takes one off it.
    void gas_check() {
        emit(op::global_get, 0);
        emit(op::i32_eqz);
        emit_block(op::if_, {}, {});
        for (val_type t : type_.results) {
            if (t == tessera::t_v128) emit(op::local_get, first_local(t));
            else constant(t);
        }
        emit(op::return_);
        emit(op::end);
        take_gas();
    }

    types thrown_by(u32 tag) const { return m_.types[m_.tags[tag].type].params; }
    void throw_one(int depth) {
        const u32 tag = r_.below(u32(m_.tags.size()));
        values(thrown_by(tag), depth);
        emit(op::throw_, tag);
    }
    /// A try_table in the block its last clause goes to; see try_generator.hpp.
    void guarded(int depth);
    /// A way out of the current block that always goes; what follows is dead.
    void leave(int depth) {
        const u32 to = any_label();
        switch (r_.below(13)) {
        case 0: emit(op::unreachable); break;
        case 6: throw_one(depth); break;
        case 1:
        case 2:
        case 3: {
            std::vector<u32> found;
            for (const func_plan& f : m_.funcs)
                if (m_.types[f.type].results == type_.results) found.push_back(f.type);
            if (found.empty()) {
                values(type_.results, depth);
                emit(op::return_);
            } else {
                call_type(r_.of(found), depth, true);
            }
            break;
        }
        case 4:
        case 5:
            values(type_.results, depth);
            emit(op::return_);
            break;
        default:
            if (label_at(to).back) gas_check();
            values(label_at(to).takes, depth);
            emit(op::br, to);
        }
        if (r_.chance(20)) {
            i32_const(1);
            emit_block(op::if_, {}, {});
            emit(op::nop);
            emit(op::end);
        }
    }
    void any_statement(int depth) {
        switch (r_.below(40)) {
        default: return simple(depth);
        case 0:
        case 1:
        case 2:
        case 3: return store(depth);
        case 4:
        case 5:
        case 6: { // if
            condition(depth);
            begin(op::if_, {}, {});
            statements(2, depth);
            if (r_.chance(35)) leave(depth);
            if (r_.chance(50)) {
                emit(op::else_);
                statements(2, depth);
                if (r_.chance(10)) leave(depth);
            }
            return end();
        }
        case 7:
        case 8: { // block with ways out
            begin(op::block, {}, {});
            statements(2, depth);
            condition(depth);
            emit(op::br_if, 0);
            statements(2, depth);
            if (r_.chance(10)) leave(depth);
            return end();
        }
        case 9:
        case 10:
        case 11:
        case 12: return counting(depth);
        case 13: { // loop until a condition
            begin(op::loop, {}, {});
            gas_check();
            statements(2, depth);
            condition(depth);
            emit(op::br_if, 0);
            return end();
        }
        case 14:
        case 15:
        case 16: { // br_if anywhere
            const u32 to = any_label();
            const types takes = label_at(to).takes;
            if (label_at(to).back) gas_check();
            values(takes, depth);
            condition(depth);
            emit(op::br_if, to);
            return consume_all(takes, depth);
        }
        case 17:
        case 18: return table_of_branches(depth);
        case 19:
        case 20:
        case 21: { // block with parameters and results
            const types in = some_types(3), out = r_.chance(30) ? in : some_types(3);
            values(in, depth);
            const u32 which = r_.below(3);
            if (which == 0) {
                condition(depth);
                begin(op::if_, in, out);
                reshape(in, out, depth);
                if (r_.chance(20)) leave(depth);
                if (in != out || r_.chance(60)) {
                    emit(op::else_);
                    reshape(in, out, depth);
                }
            } else {
                begin(which == 1 ? op::loop : op::block, in, out);
                if (which == 1 && r_.chance(50)) { // round again with other values
                    reshape(in, in, depth);
                    gas_check();
                    condition(depth);
                    emit(op::br_if, 0);
                }
                reshape(in, out, depth);
                if (which == 2 && r_.chance(50)) {
                    condition(depth);
                    emit(op::br_if, 0);
                    reshape(out, out, depth);
                }
                if (r_.chance(15)) leave(depth);
            }
            end();
            return consume_all(out, depth);
        }
        case 22:
        case 23:
        case 24: { // call
            const u32 type = m_.funcs[r_.below(u32(m_.funcs.size()))].type;
            call_type(type, depth, false);
            return consume_all(types(m_.types[type].results), depth);
        }
        case 25: return bulk(depth);
        case 26: { // wide arithmetic
            const bool four = r_.chance(60);
            for (int i = 0; i < (four ? 4 : 2); ++i) expression(tessera::t_i64, depth);
            const bool first = r_.chance(50);
            emit(four ? first ? op::i64_add128 : op::i64_sub128 : first ? op::i64_mul_wide_s : op::i64_mul_wide_u);
            return consume_all({tessera::t_i64, tessera::t_i64}, depth);
        }
        case 27: { // references and branches
            begin(op::block, {}, {});
            expression(t_ref0, depth);
            emit(op::br_on_null, 0);
            if (r_.chance(60)) {
                emit(op::local_set, local_of(t_ref0, true));
            } else {
                const u32 kept = local_of(t_ref0, true);
                emit(op::local_set, kept);
                expression(tessera::t_i32, depth);
                emit(op::local_get, kept);
                emit(op::ref_as_non_null);
                emit(op::call_ref, 0);
                emit(op::drop);
            }
            return end();
        }
        case 28:
            if (r_.chance(10)) emit(op::nop);
            expression(any_type(), depth);
            return emit(op::drop);
        case 29:
        case 30:
        case 31: return guarded(depth);
        case 32:
        case 33: return change_object(depth);
        case 35: return lane_access(r_.of(instruction_set::get().lane_stores), depth);
        case 34: return atomic(r_.of(instruction_set::get().atomic_stores), depth);
        }
    }
    /// for (i = a; i < b; i += c), written in the ways compilers do.
    void counting(int depth) {
        const bool wide = r_.chance(25);
        const val_type t = wide ? tessera::t_i64 : tessera::t_i32;
        static const std::vector<i64> steps{1, 1, 1, 2, 4, 8, -1, -1, -3};
        const i64 step = r_.of(steps), from = i64(r_.below(20)) - 5;
        const i64 rounds = 1 + r_.below(5), limit = from + step * rounds;
        const u32 counter = add_local(t, false);
        const u32 bound = r_.chance(30) ? add_local(t, false) : no_index;
        const auto number_of = [&](i64 v) { wide ? i64_const(u64(v)) : i32_const(u32(v)); };
        number_of(from), emit(op::local_set, counter);
        if (bound != no_index) number_of(limit), emit(op::local_set, bound);
        const types carried = r_.chance(30) ? some_types(2) : types();
        values(carried, depth);
        begin(op::loop, carried, carried);
        reshape(carried, carried, depth);
        statements(3, depth);
        const u32 shape = r_.below(12);
        const auto advance = [&] {
            emit(op::local_get, counter);
            if (step < 0 && r_.chance(50)) number_of(-step), emit(wide ? op::i64_sub : op::i32_sub);
            else number_of(step), emit(wide ? op::i64_add : op::i32_add);
        };
        const auto the_limit = [&] { bound != no_index ? emit(op::local_get, bound) : number_of(limit); };
        const op less = wide ? op::i64_lt_s : op::i32_lt_s, more = wide ? op::i64_gt_s : op::i32_gt_s;
        advance();
        switch (shape) {
        case 0:
        case 5:
            emit(op::local_tee, counter);
            the_limit();
            emit(step > 0 ? less : more);
            break;
        case 1:
        case 6:
            emit(op::local_set, counter);
            the_limit();
            emit(op::local_get, counter);
            emit(step > 0 ? more : less);
            break;
        case 4: // never goes round
            emit(op::local_set, counter);
            emit(op::local_get, counter);
            emit(op::local_get, counter);
            emit(r_.chance(50) ? less : more);
            break;
        case 2:
        case 7:
            emit(op::local_tee, counter);
            the_limit();
            emit(wide ? op::i64_eq : op::i32_eq);
            emit(op::i32_eqz);
            break;
        case 3: // the comparison sees the counter before it changes
            emit(op::local_get, counter);
            number_of(limit - step);
            emit(wide ? op::i64_ne : op::i32_ne);
            emit(op::local_set, add_local(tessera::t_i32, true));
            emit(op::local_set, counter);
            emit(op::local_get, u32(locals_.size()) - 1);
            break;
        default:
            emit(op::local_set, counter);
            emit(op::local_get, counter);
            the_limit();
            emit(r_.chance(50) ? wide ? op::i64_ne : op::i32_ne : step > 0 ? less : more);
        }
        emit(op::br_if, 0);
        end();
        consume_all(carried, depth);
    }
    /// Nested blocks with a br_table inside.
    void table_of_branches(int depth) {
        const types given = r_.chance(50) ? types() : some_types(2);
        const u32 blocks = 1 + r_.below(4);
        for (u32 i = 0; i < blocks; ++i) {
            begin(op::block, {}, given);
            if (i + 1 < blocks && r_.chance(25) && budget_ > 0) { // values below the label
                const val_type t = any_type();
                leaf(t);
                below_.push_back(t);
            } else {
                below_.push_back(tessera::t_bottom);
            }
        }
        std::vector<u32> fit;
        bool back = false;
        for (u32 d = 0; d < labels_.size(); ++d)
            if (label_at(d).takes == given) fit.push_back(d);
        std::vector<u32> targets;
        for (u32 n = 1 + r_.below(6); n--;) targets.push_back(r_.of(fit));
        for (u32 d : targets) back = back || label_at(d).back;
        if (back) gas_check();
        values(given, depth);
        leaf_or_expression(tessera::t_i32, depth);
        if (r_.chance(80)) i32_const(7), emit(op::i32_and);
        emit(op::br_table, targets.size() - 1);
        for (u32 d : targets) put_leb(code_, d);
        for (u32 i = 0; i < blocks; ++i) {
            end();
            below_.pop_back();
            // Inside the next block: its value below, if any, then `given`.
            if (i + 1 == blocks) break;
            const val_type under = below_.back();
            if (under != tessera::t_bottom) {
                consume_all(given, depth);
                consume(under, depth);
                statements(1, depth);
                values(given, depth);
            } else {
                if (r_.chance(60)) statements(1, depth);
                if (r_.chance(40)) reshape(given, given, depth);
            }
        }
        consume_all(given, depth);
    }
    const signature type_;
    const omitted& without_;
    u32& pieces_;
    int budget_;
    types below_;
};

} // namespace diff
