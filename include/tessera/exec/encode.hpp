// SPDX-License-Identifier: MIT
/// @file exec/encode.hpp
/// From nodes to cells: sizes first, then handlers, operands and distances.
#pragma once

#include <tessera/exec/builder.hpp>
#include <tessera/exec/dispatch.hpp>
#include <tessera/runtime/unit.hpp>

namespace tessera::inline TESSERA_ABI::exec {

/// Which wasm instruction a cell comes from.
struct cell_origin {
    u32 cell;   ///< byte offset of the cell in its function's code
    u32 offset; ///< byte offset of the instruction in the module
};

template <features F>
class encoder {
public:
    explicit encoder(const function_ir& ir) noexcept : ir_(ir) {}

    /// Writes the function's cells into `out`, from where `unit` releases them. False: memory is out.
    [[nodiscard]] bool run(const runtime::code_unit& unit, runtime::func_code& out) noexcept {
        if (!measure()) return false;
        const u32 size = positions_.back();
        u8* const cells = static_cast<u8*>(allocate_in(unit.from, unit.room_of(size)));
        if (!cells) return false;
        for (u32 i = 0; i < ir_.nodes.size(); ++i) write(cells, i);
        out = {cells, size, ir_.frame_slots, ir_.header};
        return true;
    }
    /// What the function catches, with places in the cells that `run` wrote in place of labels.
    void resolve(runtime::catch_table& table) const noexcept {
        for (runtime::catch_region& r : table.regions) {
            r.begin = position_of(r.begin);
            r.end = position_of(r.end);
        }
        for (runtime::catch_clause& c : table.clauses) {
            const label_def& to = ir_.labels[c.target];
            c.target = positions_[to.node];
            c.landing = positions_[to.landing == no_index ? to.node : to.landing];
            c.cost = to.cost;
        }
    }
    /// Lists where each cell comes from, in order. False: memory is out.
    [[nodiscard]] bool origins(vec<cell_origin>& out) noexcept {
        if (!measure()) return false;
        out.clear();
        for (u32 i = 0; i < ir_.nodes.size(); ++i)
            if (!out.push_back({positions_[i], ir_.nodes[i].offset})) return false;
        return true;
    }

private:
    static constexpr model m = model_of(F);
    static constexpr variant wide_move{family::move_wide, 0, op::nop, {}};
    static constexpr u32 wide_move_size = layout_of(wide_move).size;

    bool measure() noexcept {
        positions_.clear();
        if (!positions_.reserve(ir_.nodes.size() + 1)) return false;
        u32 at = 0;
        for (u32 i = 0; i < ir_.nodes.size(); ++i) {
            if (!positions_.push_back(at)) return false;
            at += size_of(i);
        }
        return positions_.push_back(at);
    }
    variant variant_of(u32 i) const noexcept {
        const node& n = ir_.nodes[i];
        const bool back = n.label != no_index && ir_.labels[n.label].node <= i;
        variant v = n.v;
        v.flags = u8(v.flags | flags_of(m, v, back));
        const bool computes = v.fam == family::unary || v.fam == family::binary || v.fam == family::shuffle;
        if (TESSERA_TAIL_CALLS && computes && num::has_instruction(v.code) && instructions_)
            v.flags |= flag::instruction;
        return v;
    }
    static bool skipped(const variant& v) noexcept { return v.fam == family::entry && !m.fuel && !m.interrupt; }
    static bool is_wide(const node& n, unsigned k) noexcept {
        return n.v.at[k] == loc::slot && n.operands[k] > most_slot;
    }
    u32 size_of(u32 i) const noexcept {
        const variant v = variant_of(i);
        if (skipped(v)) return 0;
        const node& n = ir_.nodes[i];
        u32 size = layout_of(v).size;
        if (v.fam == family::br_table) size += (4 * (n.words[0] + 1) + 7) & ~7u;
        for (unsigned k = 0; k < 4; ++k)
            if (is_wide(n, k)) size += wide_move_size * operand_slots(n, k);
        return size;
    }

    void write(u8* cells, u32 i) noexcept {
        const variant v = variant_of(i);
        if (skipped(v)) return;
        node n = ir_.nodes[i];
        u8* at = cells + positions_[i];
        for (unsigned k = 0; k < 3; ++k)
            if (is_wide(n, k)) {
                const u32 scratch = ir_.scratch + 2 * k;
                for (u32 half = 0; half < operand_slots(n, k); ++half)
                    at = write_wide_move(at, scratch + half, n.operands[k] + half);
                n.operands[k] = scratch;
            }
        const u64 result = is_wide(n, 3) ? n.operands[3] : no_index;
        const u32 result_scratch = ir_.scratch + 6;
        if (result != no_index) n.operands[3] = result_scratch;
        u8* const end = write_cell(at, v, n);
        if (v.fam == family::br_table) {
            u8* const table = at + layout_of(v).size;
            for (u32 k = 0; k <= n.words[0]; ++k)
                store_native<i32>(table + 4 * k, i32(i64(position_of(ir_.targets[n.words[1] + k])) - (at - cells)));
        } else if (n.label != no_index) {
            const layout l = layout_of(v);
            store_native<i32>(at + l.target, i32(i64(position_of(n.label)) - (at - cells)));
            if ((v.flags & (flag::fuel | flag::interrupt)) != 0) {
                const label_def& to = ir_.labels[n.label];
                const unsigned word = shape_of(v.fam, v.flags).words - ((v.flags & flag::fuel) != 0 ? 2u : 1u);
                const u32 landing = to.landing == no_index ? to.node : to.landing;
                store_native<i32>(at + l.words + 4 * word, i32(i64(positions_[landing]) - (at - cells)));
            }
        }
        if (result == no_index) return;
        at = end;
        for (u32 half = 0; half < operand_slots(n, 3); ++half)
            at = write_wide_move(at, u32(result) + half, result_scratch + half);
    }
    u32 position_of(u32 label) const noexcept { return positions_[ir_.labels[label].node]; }

    static u8* write_wide_move(u8* at, u32 to, u64 from) noexcept {
        node n;
        n.v = wide_move;
        n.words[0] = to;
        n.words[1] = u32(from);
        store_native(at, dispatch<F>::find(n.v));
        constexpr layout l = layout_of(wide_move);
        store_native<u32>(at + l.words, n.words[0]);
        store_native<u32>(at + l.words + 4, n.words[1]);
        return at + l.size;
    }
    u8* write_cell(u8* at, const variant& v, const node& n) const noexcept {
        const layout l = layout_of(v);
        const shape s = shape_of(v.fam, v.flags);
        store_native<u64>(at, 0);
        store_native(at, dispatch<F>::find(v));
        for (unsigned k = 0; k < 4; ++k) {
            if (names_slot(v.fam, v.at[k], k)) store_native<u16>(at + l.at[k], u16(n.operands[k]));
            else if (v.at[k] == loc::imm && operand_class(v, k) == cls::f64)
                store_native<u64>(at + l.at[k], n.operands[k]);
            else if (v.at[k] == loc::imm) store_native<u32>(at + l.at[k], u32(n.operands[k]));
        }
        for (unsigned k = 0; k < s.words; ++k) store_native<u32>(at + l.words + 4 * k, n.words[k]);
        if (s.wides) store_native<u64>(at + l.wides, n.wide);
        if ((v.flags & flag::fuel) != 0 && s.words) {
            if (v.fam == family::entry) store_native<u32>(at + l.words, ir_.cost);
            else if (n.label != no_index)
                store_native<u32>(at + l.words + 4u * (s.words - 1u), ir_.labels[n.label].cost);
        }
        return at + l.size;
    }

    const function_ir& ir_;
    const bool instructions_ = num::processor_has_instructions();
    vec<u32> positions_; ///< by node, and the end
};

} // namespace tessera::exec
