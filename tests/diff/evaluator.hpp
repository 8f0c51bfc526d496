// SPDX-License-Identifier: MIT
/// @file evaluator.hpp
/// A reference evaluator, simple on purpose: it walks the bytes of a function with a stack of values
/// and one of blocks, as the specification describes execution. It shares the reader of instructions
/// and the meanings of num/ with the library, and nothing of exec/ or runtime/.
#pragma once

#include "heap.hpp"

#include <tessera/num/apply.hpp>

#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>

namespace diff {

using tessera::trap;

/// What the host function `tick` gives.
inline u32 tick(u32 count, u32 x) { return x * 31 + count; }

/// Where the body of each function is: the code section, read by hand.
inline std::vector<std::pair<u32, u32>> find_code(const module_plan& m) {
    std::vector<std::pair<u32, u32>> code(m.funcs.size());
    const u8* const base = m.wasm.data();
    tessera::cursor in(base + 8, base + m.wasm.size());
    u8 id = 0;
    u32 size = 0, n = 0;
    while (in.byte(id) && in.leb_u32(size) && id != 10)
        if (!in.skip(size)) return code;
    if (!in.leb_u32(n)) return code;
    for (std::size_t i = 0; i < code.size(); ++i) {
        if (m.funcs[i].host || m.funcs[i].source != no_index || !in.leb_u32(size)) continue;
        code[i] = {u32(in.at() - base), u32(in.at() - base) + size};
        if (!in.skip(size)) break;
    }
    return code;
}

/// F: the features the bytes are read with, and whether NaNs are canonical.
template <tessera::features F>
class evaluator {
public:
    /// How far a call may go before the program is given up.
    static constexpr u64 most_steps = 400'000;

    explicit evaluator(const program& p) : p_(p) {
        for (u32 i = 0; i < 2; ++i) instantiate(i);
        for (u32 i = 0; i < 2; ++i)
            for (std::size_t k = 0; k < p.modules[i].elem.size(); ++k)
                (*in_[i].table)[p.modules[i].elem_at + k] = in_[i].funcs[p.modules[i].elem[k]] + 1;
    }

    struct memory {
        bytes data;
        u32 max = 0;
        bool is64 = false;
    };
    using table = std::vector<u32>; ///< functions' numbers plus one
    struct instance {
        const module_plan* plan = nullptr;
        std::vector<u32> funcs; ///< by index: the number
        std::vector<std::shared_ptr<cell>> globals;
        std::vector<std::shared_ptr<memory>> memories;
        std::vector<u32> tags; ///< by index: the number
        std::shared_ptr<diff::evaluator<F>::table> table;
        std::vector<std::pair<u32, u32>> code; ///< by index: where the body is
        bool data_dropped = false, elem_dropped = false;
    };

    /// Calls a function; `values` are the arguments, then the results. trap::count_: given up.
    trap call(u32 module, u32 func, std::vector<cell>& values) {
        steps_ = 0;
        leaked_ = false;
        const trap why = run(in_[module].funcs[func], values);
        return leaked_ || steps_ > most_steps ? trap::count_ : why;
    }
    const instance& at(u32 module) const { return in_[module]; }
    instance& at(u32 module) { return in_[module]; }
    /// An exception: the number of its tag, its values.
    struct exception {
        u32 tag = 0;
        std::vector<cell> values;
    };
    /// The one that the last call ended with, if its trap was that.
    const exception& thrown() const { return exceptions_[thrown_]; }
    /// What the calls so far have cost.
    u64 fuel() const { return fuel_; }
    /// How often each instruction was executed, in all programs.
    static inline std::array<u64, tessera::op_count> executed{};

private:
    struct function {
        instance* in;
        u32 index;
    };
    struct control {
        op kind;
        u32 height;                                ///< of the stack below the parameters
        u32 takes;                                 ///< values a branch takes along
        u32 start;                                 ///< first byte of the body
        u32 after;                                 ///< first byte behind the block
        u32 cost;                                  ///< of going round once
        tessera::cursor clauses{nullptr, nullptr}; ///< of a try_table
        u32 clause_count = 0;
    };
    struct extent {
        u32 else_at = 0; ///< behind `else`; 0: none
        u32 after = 0;
        u32 cost = 0;
    };
    using reader = tessera::binary::instruction_reader<F>;

    void instantiate(u32 which) {
        const module_plan& plan = p_.modules[which];
        instance& self = in_[which];
        self.plan = &plan;
        for (u32 i = 0; i < plan.funcs.size(); ++i) {
            const func_plan& f = plan.funcs[i];
            if (f.source != no_index) {
                self.funcs.push_back(in_[0].funcs[f.source]);
                continue;
            }
            self.funcs.push_back(u32(funcs_.size()));
            funcs_.push_back({&self, i});
        }
        for (const global_plan& g : plan.globals)
            self.globals.push_back(g.source != no_index ? in_[0].globals[g.source] : std::make_shared<cell>(g.init));
        for (const memory_plan& m : plan.memories) {
            if (m.source != no_index) self.memories.push_back(in_[0].memories[m.source]);
            else
                self.memories.push_back(
                    std::make_shared<memory>(memory{bytes(std::size_t(m.min) << 16), m.max, m.is64}));
        }
        for (const tag_plan& t : plan.tags) self.tags.push_back(t.source != no_index ? in_[0].tags[t.source] : tags_++);
        self.table = plan.own_table ? std::make_shared<table>(plan.table_min) : in_[0].table;
        self.code = find_code(plan);
    }
    /// Where the blocks of a function end and what a round of them costs, by the offset of their first byte.
    struct body {
        std::map<u32, extent> blocks;
        std::vector<val_type> locals;
        u32 start = 0;
        u32 cost = 0;
    };
    const body& body_of(u32 number) {
        if (const auto found = bodies_.find(number); found != bodies_.end()) return found->second;
        body& b = bodies_[number];
        const function f = funcs_[number];
        const u8* const base = f.in->plan->wasm.data();
        const auto [from, to] = f.in->code[f.index];
        reader in(base, tessera::cursor(base + from, base + to));
        for (val_type t : f.in->plan->types[f.in->plan->funcs[f.index].type].params) b.locals.push_back(t);
        u32 groups = 0, n = 0;
        val_type t;
        if (!in.leb_u32(groups)) return b;
        while (groups--)
            if (in.leb_u32(n) && in.type(t)) b.locals.insert(b.locals.end(), n, t);
        b.start = in.offset();
        std::vector<std::pair<u32, u32>> open; // offset of the block, instructions before its body
        tessera::binary::instruction i;
        while (in.next(i)) {
            ++b.cost;
            if (i.immediate == tessera::imm::block || i.immediate == tessera::imm::try_table)
                open.push_back({i.offset, b.cost});
            if (i.code == op::else_) b.blocks[open.back().first].else_at = in.offset();
            if (i.code == op::end) {
                if (open.empty()) break;
                b.blocks[open.back().first].after = in.offset();
                b.blocks[open.back().first].cost = b.cost - open.back().second;
                open.pop_back();
            }
        }
        return b;
    }

    // ---- calls -----------------------------------------------------------------------------------------------------

    trap run(u32 number, std::vector<cell>& values) {
        for (;;) {
            const function f = funcs_[number];
            if (f.in->plan->funcs[f.index].host) {
                values[0] = {tick(ticks_++, u32(values[0].low)), 0};
                return trap::none;
            }
            tail_ = no_index;
            const trap why = step_through(f, body_of(number), values);
            if (why != trap::none) return why;
            if (tail_ == no_index) return trap::none;
            number = tail_;
        }
    }
    const signature& type_of(u32 number) const {
        const function f = funcs_[number];
        return f.in->plan->types[f.in->plan->funcs[f.index].type];
    }
    static bool is_nan(val_type t, u64 bits) {
        return t == tessera::t_f32 ? std::isnan(std::bit_cast<f32>(u32(bits)))
                                   : t == tessera::t_f64 && std::isnan(std::bit_cast<f64>(bits));
    }
    static val_type letter_type(char c) {
        return c == 'i'   ? tessera::t_i32
               : c == 'l' ? tessera::t_i64
               : c == 'f' ? tessera::t_f32
               : c == 'd' ? tessera::t_f64
                          : tessera::t_v128;
    }

    trap step_through(const function f, const body& b, std::vector<cell>& values) {
        instance& self = *f.in;
        const module_plan& plan = *self.plan;
        const u8* const base = plan.wasm.data();
        const u8* const code_end = base + self.code[f.index].second;
        const signature& type = plan.types[plan.funcs[f.index].type];
        std::vector<cell> locals = std::move(values), stack;
        locals.resize(b.locals.size());
        std::vector<control> blocks{{op::block, 0, u32(type.results.size()), 0, 0, 0}};
        reader in(base, tessera::cursor(base + b.start, code_end));
        tessera::binary::instruction i;
        fuel_ += b.cost;

        const auto pop = [&] {
            const cell c = stack.back();
            stack.pop_back();
            return c;
        };
        const auto pop32 = [&] { return u32(pop().low); };
        const auto push = [&](u64 v, u64 high = 0) { stack.push_back({v, high}); };
        const auto go = [&](u32 offset) { in.restart(tessera::cursor(base + offset, code_end)); };
        const auto take = [&](std::size_t n) {
            std::vector<cell> top(stack.end() - std::ptrdiff_t(n), stack.end());
            stack.resize(stack.size() - n);
            return top;
        };
        const auto finish = [&] {
            values = take(type.results.size());
            return trap::none;
        };
        /// True if the branch leaves the function.
        const auto branch = [&](u32 depth) {
            if (depth + 1 == blocks.size()) return true;
            const control c = blocks[blocks.size() - 1 - depth];
            const std::vector<cell> kept = take(c.takes);
            stack.resize(c.height);
            stack.insert(stack.end(), kept.begin(), kept.end());
            blocks.resize(blocks.size() - depth);
            if (c.kind == op::loop) {
                fuel_ += c.cost;
                go(c.start);
            } else {
                blocks.pop_back();
                go(c.after);
            }
            return false;
        };
        /// The innermost clause for exception `thrown_` catches it. False: there is none in this function.
        const auto caught = [&](bool& leaves) {
            const exception& x = exceptions_[thrown_];
            for (std::size_t n = blocks.size(); n-- > 1;) {
                tessera::cursor clauses = blocks[n].clauses;
                for (u32 k = blocks[n].clause_count; k--;) {
                    using tessera::binary::catch_kind;
                    const auto clause = reader::next_catch(clauses);
                    const bool by_tag = clause.kind < catch_kind::all;
                    if (by_tag && self.tags[clause.tag] != x.tag) continue;
                    if (by_tag) stack.insert(stack.end(), x.values.begin(), x.values.end());
                    if (clause.kind == catch_kind::tag_ref || clause.kind == catch_kind::all_ref) push(thrown_ + 1);
                    blocks.resize(n);
                    leaves = branch(clause.label);
                    return true;
                }
            }
            return false;
        };

        while (in.next(i)) {
            if (++steps_ > most_steps || leaked_) return trap::count_;
            ++executed[u16(i.code)];
            const tessera::op_row& row = tessera::row(i.code);
            switch (i.code) {
            case op::unreachable: return trap::unreachable;
            case op::nop: break;
            case op::throw_:
            case op::throw_ref: {
                if (i.code == op::throw_) {
                    thrown_ = u32(exceptions_.size());
                    exceptions_.push_back(
                        {self.tags[i.index], take(plan.types[plan.tags[i.index].type].params.size())});
                } else {
                    if (stack.back().low == 0) return trap::null_exception;
                    thrown_ = pop32() - 1;
                }
                bool leaves = false;
                if (!caught(leaves)) return trap::uncaught_exception;
                if (leaves) return finish();
                break;
            }
            case op::block:
            case op::loop:
            case op::try_table:
            case op::if_: {
                const extent x = b.blocks.at(i.offset);
                const u32 condition = i.code == op::if_ ? pop32() : 1;
                u32 params = 0, results = 0;
                if (i.block_type != no_index)
                    params = u32(plan.types[i.block_type].params.size()),
                    results = u32(plan.types[i.block_type].results.size());
                else results = i.type == tessera::t_bottom ? 0 : 1;
                blocks.push_back({i.code, u32(stack.size()) - params, i.code == op::loop ? params : results,
                                  in.offset(), x.after, x.cost});
                if (i.code == op::try_table) blocks.back().clauses = i.list, blocks.back().clause_count = i.list_count;
                if (condition == 0) {
                    if (x.else_at) {
                        go(x.else_at);
                    } else {
                        blocks.pop_back();
                        go(x.after);
                    }
                }
                break;
            }
            case op::else_:
                go(blocks.back().after);
                blocks.pop_back();
                break;
            case op::end:
                if (blocks.size() == 1) return finish();
                blocks.pop_back();
                break;
            case op::br:
                if (branch(i.index)) return finish();
                break;
            case op::br_if:
                if (pop32() != 0 && branch(i.index)) return finish();
                break;
            case op::br_table: {
                const u32 at = pop32();
                u32 depth = 0;
                for (u32 k = 0; k <= (at < i.list_count ? at : i.list_count); ++k) depth = reader::next_label(i.list);
                if (branch(depth)) return finish();
                break;
            }
            case op::br_on_null:
                if (stack.back().low == 0) {
                    stack.pop_back();
                    if (branch(i.index)) return finish();
                }
                break;
            case op::br_on_cast:
            case op::br_on_cast_fail:
                if (heap_.is_of(stack.back(), i.type2, plan) == (i.code == op::br_on_cast) && branch(i.index))
                    return finish();
                break;
            case op::br_on_non_null:
                if (stack.back().low == 0) stack.pop_back();
                else if (branch(i.index)) return finish();
                break;
            case op::return_: return finish();
            case op::call:
            case op::return_call:
            case op::call_ref:
            case op::return_call_ref:
            case op::call_indirect:
            case op::return_call_indirect: {
                u32 number = 0;
                if (i.immediate == tessera::imm::func) {
                    number = self.funcs[i.index];
                } else {
                    u64 reference = pop().low;
                    const bool indirect = i.immediate == tessera::imm::call_indirect;
                    if (indirect) {
                        if (u32(reference) >= self.table->size()) return trap::undefined_element;
                        reference = (*self.table)[u32(reference)];
                    }
                    if (reference == 0) return indirect ? trap::uninitialized_element : trap::null_function;
                    number = u32(reference) - 1;
                    if (!(type_of(number) == plan.types[i.index])) return trap::indirect_call_type;
                }
                std::vector<cell> args = take(type_of(number).params.size());
                if (i.code == op::return_call || i.code == op::return_call_ref || i.code == op::return_call_indirect) {
                    values = std::move(args);
                    tail_ = number;
                    return trap::none;
                }
                const trap why = run(number, args);
                tail_ = no_index;
                bool leaves = false;
                if (why == trap::uncaught_exception && caught(leaves)) {
                    if (leaves) return finish();
                    break;
                }
                if (why != trap::none) return why;
                stack.insert(stack.end(), args.begin(), args.end());
                break;
            }
            case op::drop: stack.pop_back(); break;
            case op::select:
            case op::select_t: {
                const u32 condition = pop32();
                const cell second = pop();
                if (condition == 0) stack.back() = second;
                break;
            }
            case op::local_get: stack.push_back(locals[i.index]); break;
            case op::local_set: locals[i.index] = pop(); break;
            case op::local_tee: locals[i.index] = stack.back(); break;
            case op::global_get: stack.push_back(*self.globals[i.index]); break;
            case op::global_set: *self.globals[i.index] = pop(); break;
            case op::i32_const:
            case op::f32_const: push(u32(i.value)); break;
            case op::i64_const:
            case op::f64_const: push(i.value); break;
            case op::ref_null: push(0); break;
            case op::ref_func: push(self.funcs[i.index] + 1); break;
            case op::ref_is_null: push(pop().low == 0 ? 1 : 0); break;
            case op::ref_eq: push(pop().low == pop().low ? 1 : 0); break;
            case op::ref_as_non_null:
                if (stack.back().low == 0) return trap::null_reference;
                break;
            default: {
                u64 cost = 0;
                const trap why = row.prefix == 0xfb ? heap_.run(plan, segments_of(self), i, stack, cost)
                                 : row.immediate == tessera::imm::none ? numeric(i.code, stack)
                                                                       : object(self, i, stack);
                if (why != trap::none) return why;
                fuel_ += cost;
            }
            }
        }
        return trap::count_;
    }

    static heap_evaluator::segments segments_of(const instance& self) {
        heap_evaluator::segments s;
        if (!self.data_dropped) s.data = self.plan->data;
        if (!self.elem_dropped)
            for (u32 f : self.plan->passive_elem) s.elem.push_back({self.funcs[f] + 1, 0});
        return s;
    }

    // ---- instructions ----------------------------------------------------------------------------------------------

    trap numeric(op o, std::vector<cell>& stack) {
        const tessera::op_type& t = tessera::row(o).type;
        u64 args[6] = {}, results[2] = {};
        bool open = false; // an operand is a NaN of unknown bits
        if (tessera::row(o).prefix == 0xfd) return vector(o, stack);
        for (unsigned k = t.param_count; k-- > 0; stack.pop_back()) {
            args[k] = stack.back().low;
            if (stack.back().high == 0 || !is_nan(letter_type(t.params[k]), args[k])) continue;
            const bool sign_only = o == op::f32_copysign || o == op::f64_copysign;
            if (sign_only ? k == 1 : o == op::i32_reinterpret_f32 || o == op::i64_reinterpret_f64) leaked_ = true;
            open = open || k == 0;
        }
        const trap why = tessera::num::apply(o, args, results);
        if (why != trap::none) return why;
        for (unsigned k = 0; k < t.result_count; ++k) {
            const val_type type = letter_type(t.results[k]);
            u64 high = 0;
            if (is_nan(type, results[k])) {
                const bool bitwise = o == op::f32_neg || o == op::f32_abs || o == op::f32_copysign ||
                                     o == op::f64_neg || o == op::f64_abs || o == op::f64_copysign ||
                                     o == op::f32_reinterpret_i32 || o == op::f64_reinterpret_i64;
                if (bitwise) high = open ? 1 : 0;
                else if constexpr (F[tessera::feature::deterministic])
                    results[k] = type == tessera::t_f32 ? 0x7fc00000 : 0x7ff8000000000000;
                else high = 1;
            }
            stack.push_back({results[k], high});
        }
        return trap::none;
    }

    /// An instruction on vectors. Of a NaN that it makes bits are open, which lanes have no note of.
    trap vector(op o, std::vector<cell>& stack) {
        const tessera::op_type& t = tessera::row(o).type;
        u64 args[6] = {}, results[2] = {};
        unsigned at = 0;
        for (unsigned k = 0; k < t.param_count; ++k) {
            const cell& c = stack[stack.size() - t.param_count + k];
            args[at++] = c.low;
            if (t.params[k] == 'v') args[at++] = c.high;
            else if (c.high && is_nan(letter_type(t.params[k]), c.low)) leaked_ = true;
        }
        stack.resize(stack.size() - t.param_count);
        static_cast<void>(tessera::num::apply(o, args, results));
        stack.push_back({results[0], t.results[0] == 'v' ? results[1] : 0});
        if (!tessera::num::picks_nan(o)) return trap::none;
        const u32 bits = lane_bits(o);
        for (u32 lane = 0; lane < 128; lane += bits) {
            if (!is_nan(bits == 32 ? tessera::t_f32 : tessera::t_f64, part_of(stack.back(), lane, bits))) continue;
            if constexpr (F[tessera::feature::deterministic])
                put_part(stack.back(), lane, bits, bits == 32 ? 0x7fc00000 : 0x7ff8000000000000);
            else leaked_ = true;
        }
        return trap::none;
    }
    /// The lane of `bits` bits that begins at bit `at`.
    static u64 part_of(const cell& c, unsigned at, unsigned bits) {
        const u64 half = (at < 64 ? c.low : c.high) >> at % 64;
        return bits == 64 ? half : half & ((u64{1} << bits) - 1);
    }
    static void put_part(cell& c, unsigned at, unsigned bits, u64 value) {
        u64& half = at < 64 ? c.low : c.high;
        const u64 all = bits == 64 ? ~u64{0} : (u64{1} << bits) - 1;
        half = (half & ~(all << at % 64)) | (value & all) << at % 64;
    }
    /// What a load of a vector makes of the `size` bytes in `read`, by its name.
    static cell loaded(std::string_view name, const cell& read, unsigned size) {
        cell c = read;
        if (name.ends_with("_splat")) {
            for (unsigned at = 0; at < 128; at += 8 * size) put_part(c, at, 8 * size, read.low);
        } else if (const std::size_t x = name.find('x'); x != name.npos) {
            const unsigned bits = 64u / unsigned(name[x + 1] - '0'), unused = 64 - bits;
            for (unsigned at = 0; at < 64; at += bits) {
                const u64 lane = part_of(read, at, bits);
                put_part(c, 2 * at, 2 * bits, name.ends_with("_s") ? u64(i64(lane << unused) >> unused) : lane);
            }
        }
        return c;
    }

    /// What a read-modify-write instruction of that name makes of `old`, in the lower bits.
    static u64 updated(std::string_view name, u64 old, u64 operand) {
        const auto does = [&](std::string_view what) { return name.find(what) != name.npos; };
        return does(".add")   ? old + operand
               : does(".sub") ? old - operand
               : does(".and") ? old & operand
               : does(".or")  ? old | operand
               : does(".xor") ? old ^ operand
                              : operand;
    }

    trap object(instance& self, const tessera::binary::instruction& i, std::vector<cell>& stack) {
        const auto pop = [&] {
            const u64 v = stack.back().low;
            stack.pop_back();
            return v;
        };
        const tessera::op_row& row = tessera::row(i.code);
        if (i.code == op::v128_const || i.code == op::i8x16_shuffle) {
            tessera::cursor in = i.list;
            cell which{};
            if (!in.fixed(which.low) || !in.fixed(which.high)) return trap::unreachable;
            if (i.code == op::v128_const) return stack.push_back(which), trap::none;
            const cell b = stack.back(), a = stack[stack.size() - 2];
            stack.pop_back();
            for (unsigned k = 0; k < 16; ++k) {
                const u64 from = part_of(which, 8 * k, 8);
                put_part(stack.back(), 8 * k, 8, part_of(from < 16 ? a : b, unsigned(from % 16 * 8), 8));
            }
            return trap::none;
        }
        if (i.immediate == tessera::imm::lane) {
            const u32 bits = lane_bits(i.code), unused = 64 - bits;
            const cell last = stack.back();
            stack.pop_back();
            if (row.type.param_count == 1) {
                const u64 lane = part_of(last, bits * i.lane, bits);
                stack.push_back({row.text.ends_with("_s") ? u32(i64(lane << unused) >> unused) : lane, 0});
            } else {
                if (last.high && is_nan(letter_type(row.type.params[1]), last.low)) leaked_ = true;
                put_part(stack.back(), bits * i.lane, bits, last.low);
            }
            return trap::none;
        }
        if (i.immediate == tessera::imm::memarg || i.immediate == tessera::imm::memarg_lane) {
            memory& m = *self.memories[i.index];
            const u64 size = u64{1} << tessera::natural_align[u16(i.code)];
            const bool stores = row.type.result_count == 0, atomic = tessera::is_atomic_row(row);
            cell value{}, second{};
            if (row.type.param_count == 3) second = stack.back(), stack.pop_back();
            if (row.type.param_count > 1) value = stack.back(), stack.pop_back();
            const u64 address = pop(), at = address + i.value;
            if (at < address || at > m.data.size() || size > m.data.size() - at) return trap::out_of_bounds_memory;
            if (atomic && at % size != 0) return trap::unaligned_atomic;
            if (i.code == op::memory_atomic_notify) return stack.push_back({}), trap::none; // nobody waits
            if (i.immediate == tessera::imm::memarg_lane) {
                const unsigned bits = unsigned(8 * size);
                if (stores) {
                    value = {part_of(value, bits * i.lane, bits), 0};
                } else {
                    u64 lane = 0;
                    for (u64 k = 0; k < size; ++k) lane |= u64(m.data[at + k]) << (8 * k);
                    put_part(value, bits * i.lane, bits, lane);
                    return stack.push_back(value), trap::none;
                }
            }
            if (stores) {
                if (value.high && is_nan(letter_type(row.type.params[1]), value.low)) leaked_ = true;
                for (u64 k = 0; k < size; ++k) m.data[at + k] = u8((k < 8 ? value.low : value.high) >> (8 * (k % 8)));
                return trap::none;
            }
            if (row.type.results[0] == 'v') {
                cell read{};
                for (u64 k = 0; k < size; ++k) (k < 8 ? read.low : read.high) |= u64(m.data[at + k]) << (8 * (k % 8));
                stack.push_back(loaded(row.text, read, unsigned(size)));
                return trap::none;
            }
            u64 v = 0;
            for (u64 k = 0; k < size; ++k) v |= u64(m.data[at + k]) << (8 * k);
            if (row.text.ends_with("_s")) {
                const unsigned unused = unsigned(64 - 8 * size);
                v = u64(i64(v << unused) >> unused);
            }
            if (atomic && row.type.param_count > 1) {
                const u64 all = ~u64{0} >> (64 - 8 * size);
                const u64 now = row.type.param_count == 3 ? v == (value.low & all) ? second.low : v
                                                          : updated(row.text, v, value.low);
                for (u64 k = 0; k < size; ++k) m.data[at + k] = u8(now >> (8 * k));
            }
            stack.push_back({row.type.results[0] == 'i' ? u32(v) : v, 0});
            return trap::none;
        }
        table& t = *self.table;
        switch (i.code) {
        case op::atomic_fence: return trap::none;
        case op::memory_size: stack.push_back({self.memories[i.index]->data.size() >> 16, 0}); return trap::none;
        case op::memory_grow: {
            memory& m = *self.memories[i.index];
            const u64 delta = pop(), old = m.data.size() >> 16;
            const bool fits = delta <= m.max - old;
            if (fits) m.data.resize((old + delta) << 16);
            stack.push_back({fits ? old : m.is64 ? ~u64{0} : 0xffffffff, 0});
            return trap::none;
        }
        case op::memory_fill: {
            const u64 n = pop(), v = pop(), d = pop();
            bytes& m = self.memories[i.index]->data;
            if (n > m.size() || d > m.size() - n) return trap::out_of_bounds_memory;
            std::fill_n(m.begin() + std::ptrdiff_t(d), n, u8(v));
            fuel_ += n >> 6;
            return trap::none;
        }
        case op::memory_copy: {
            const u64 n = pop(), s = pop(), d = pop();
            bytes &to = self.memories[i.index]->data, &from = self.memories[i.index2]->data;
            if (n > to.size() || d > to.size() - n || n > from.size() || s > from.size() - n)
                return trap::out_of_bounds_memory;
            std::memmove(to.data() + d, from.data() + s, n);
            fuel_ += n >> 6;
            return trap::none;
        }
        case op::memory_init: {
            const u64 n = pop(), s = pop(), d = pop();
            bytes& m = self.memories[i.index2]->data;
            const std::size_t size = self.data_dropped ? 0 : self.plan->data.size();
            if (n > m.size() || d > m.size() - n || n > size || s > size - n) return trap::out_of_bounds_memory;
            if (n) std::memcpy(m.data() + d, self.plan->data.data() + s, n);
            fuel_ += n >> 6;
            return trap::none;
        }
        case op::data_drop: self.data_dropped = true; return trap::none;
        case op::elem_drop: self.elem_dropped = true; return trap::none;
        case op::table_get:
            if (stack.back().low >= t.size()) return trap::out_of_bounds_table;
            stack.back().low = t[stack.back().low];
            return trap::none;
        case op::table_set: {
            const u64 v = pop(), at = pop();
            if (at >= t.size()) return trap::out_of_bounds_table;
            t[at] = u32(v);
            return trap::none;
        }
        case op::table_size: stack.push_back({t.size(), 0}); return trap::none;
        case op::table_grow: {
            const u64 delta = pop(), v = pop(), old = t.size();
            const bool fits = delta <= self.plan->table_max - old;
            if (fits) t.resize(old + delta, u32(v));
            stack.push_back({fits ? old : 0xffffffff, 0});
            fuel_ += delta >> 3;
            return trap::none;
        }
        case op::table_fill: {
            const u64 n = pop(), v = pop(), d = pop();
            if (n > t.size() || d > t.size() - n) return trap::out_of_bounds_table;
            std::fill_n(t.begin() + std::ptrdiff_t(d), n, u32(v));
            fuel_ += n >> 3;
            return trap::none;
        }
        case op::table_copy: {
            const u64 n = pop(), s = pop(), d = pop();
            if (n > t.size() || d > t.size() - n || s > t.size() - n) return trap::out_of_bounds_table;
            std::memmove(t.data() + d, t.data() + s, 4 * n);
            fuel_ += n >> 3;
            return trap::none;
        }
        case op::table_init: {
            const u64 n = pop(), s = pop(), d = pop();
            const std::size_t size = self.elem_dropped ? 0 : self.plan->passive_elem.size();
            if (n > t.size() || d > t.size() - n || n > size || s > size - n) return trap::out_of_bounds_table;
            for (u64 k = 0; k < n; ++k) t[d + k] = self.funcs[self.plan->passive_elem[s + k]] + 1;
            fuel_ += n >> 3;
            return trap::none;
        }
        default: leaked_ = true; return trap::none; // nothing else is generated
        }
    }

    const program& p_;
    instance in_[2];
    std::vector<function> funcs_;
    std::map<u32, body> bodies_;
    u32 tail_ = no_index; ///< the function that a tail call goes to
    heap_evaluator heap_;
    std::vector<exception> exceptions_; ///< a reference is an index in here plus one
    u32 thrown_ = 0;                    ///< the latest
    u32 tags_ = 0;
    u32 ticks_ = 0;
    u64 steps_ = 0;
    u64 fuel_ = 0;
    bool leaked_ = false; ///< a NaN whose bits the specification leaves open became visible as bits
};

} // namespace diff
