// SPDX-License-Identifier: MIT
/// @file registers.hpp
/// Which values of a function are in registers: those used most, by loop depth, of those that cross labels; then,
/// between labels, what fits beside them. Time is linear in the size of the function and the depth of its loops.
///
/// The frame is only written where it must be right: before the registers are lost. `dirty` says what has to be.
#pragma once

#include <tessera/native/webs.hpp>
#include <tessera/runtime/link.hpp>

#include <algorithm>
#include <array>

namespace tessera::inline TESSERA_ABI::native {

/// Values that cross labels, as bits; those of integer registers and of the others apart.
struct value_set {
    u64 of[2] = {};
    constexpr value_set operator|(const value_set& o) const noexcept { return {{of[0] | o.of[0], of[1] | o.of[1]}}; }
    constexpr value_set operator&(const value_set& o) const noexcept { return {{of[0] & o.of[0], of[1] & o.of[1]}}; }
    constexpr value_set without(const value_set& o) const noexcept { return {{of[0] & ~o.of[0], of[1] & ~o.of[1]}}; }
    constexpr void add(unsigned file, u8 bit) noexcept { of[file] |= u64{1} << bit; }
    friend constexpr bool operator==(const value_set&, const value_set&) noexcept = default;
};

inline constexpr u8 integer_registers[] = {8, 9, 10, 11, 3, 12, 13, 14, 15};
inline constexpr u8 float_registers[] = {4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 2, 3}; // some stubs need 2 and 3

class register_assigner {
public:
    static constexpr u32 nothing = no_index;

    register_assigner(const exec::function_ir& ir, const module_data& m, web_finder& found) noexcept
        : ir_(ir), module_(m), found_(found) {}

    /// By node, of values that have a register: what is needed before it and after it, and what of the former the frame
    /// does not have.
    vec<value_set> live_in, live_out, dirty;
    /// By registers (see file_of) and bit.
    std::array<vec<u32>, 2> chosen;

    /// `handlers`: labels where exceptions are caught.
    [[nodiscard]] bool run(view<effect> effects, view<u32> handlers) noexcept {
        effects_ = effects;
        handlers_ = handlers;
        const std::size_t nodes = ir_.nodes.size();
        if (!live_in.resize(nodes) || !live_out.resize(nodes) || !dirty.resize(nodes)) return false;
        if (!choose() || !find_live()) return false;
        colour();
        if (!give_to_others()) return false;
        return find_dirty();
    }
    const web& value(unsigned file, u32 bit) const noexcept { return found_.webs[chosen[file][bit]]; }
    /// True if a float or a vector is ever in register `r`.
    bool uses_float(u8 r) const noexcept { return (used_floats_ >> r & 1) != 0; }
    /// Calls `f(web)` for each value of `s`.
    template <class Function>
    void each(const value_set& s, Function f) const noexcept {
        for (unsigned file = 0; file < 2; ++file)
            for (u64 bits = s.of[file]; bits; bits &= bits - 1) f(value(file, u32(std::countr_zero(bits))));
    }
    static bool has(const value_set& s, const web& w) noexcept {
        return w.bit != web::none && (s.of[file_of(w.kind)] >> w.bit & 1) != 0;
    }
    /// Those that can lie on the operand stack from slot `from` on.
    value_set temps(u32 from, u32 to = no_index) const noexcept {
        value_set s;
        for (unsigned file = 0; file < 2; ++file)
            for (u32 bit = 0; bit < chosen[file].size(); ++bit) {
                const u32 slot = value(file, bit).slot;
                if (slot >= ir_.first_temp && slot >= from && slot < to) s.add(file, u8(bit));
            }
        return s;
    }

    /// The values that node `i` writes.
    value_set written(u32 i) const noexcept {
        const exec::node& n = ir_.nodes[i];
        value_set s;
        add(s, of(4 * std::size_t(i) + 3));
        if (n.v.fam == exec::family::zero_range)
            for (u32 slot = n.words[0]; slot < n.words[0] + n.words[1]; ++slot)
                for (const bank b : banks)
                    if (const u32 w = found_.joined(slot, b); w != nothing) add(s, &found_.webs[w]);
        return s;
    }

private:
    const web* of(std::size_t operand) const noexcept {
        const u32 w = found_.operand[operand];
        return w == nothing ? nullptr : &found_.webs[w];
    }
    static void add(value_set& s, const web* w) noexcept {
        if (w && w->bit != web::none) s.add(file_of(w->kind), w->bit);
    }
    bool keeps_registers(u32 i) const noexcept {
        return effects_[i] == effect::plain || effects_[i] == effect::safepoint;
    }
    u64 weight_at(u32 i) const noexcept { return u64{1} << 3 * (found_.depth[i] < 10 ? found_.depth[i] : 10); }

    /// The heaviest values that cross labels: as many as there are bits.
    [[nodiscard]] bool choose() noexcept {
        for (auto& c : chosen) c.clear();
        for (u32 w = 0; w < found_.webs.size(); ++w) {
            const web& x = found_.webs[w];
            const bool own = x.joined && found_.joined(x.slot, x.kind) == w;
            if (own && !x.memory && x.weight != 0 && !chosen[file_of(x.kind)].push_back(w)) return false;
        }
        for (auto& c : chosen) {
            const auto heavier = [&](u32 a, u32 b) {
                const u64 x = found_.webs[a].weight, y = found_.webs[b].weight;
                return x != y ? x > y : a < b;
            };
            if (c.size() > 64) {
                std::nth_element(c.begin(), c.begin() + 64, c.end(), heavier);
                c.truncate(64);
            }
            for (u32 bit = 0; bit < c.size(); ++bit) found_.webs[c[bit]].bit = u8(bit);
        }
        return true;
    }
    value_set read(u32 i) const noexcept {
        value_set s;
        for (unsigned k = 0; k < 3; ++k) add(s, of(4 * std::size_t(i) + k));
        const exec::node& n = ir_.nodes[i];
        if (effects_[i] == effect::call) {
            const u32 at = n.words[0] / 8; // of the arguments
            if (!exec::goes_on(n.v.fam)) s = s | temps(n.words[0]);
            else if (n.v.fam == exec::family::call_indirect || n.v.fam == exec::family::call_ref) s = s | temps(at);
            else s = s | temps(at, at + runtime::slots_of(module_.types.params(module_.funcs[n.words[1]].type)));
            // The collector looks for references in all of them.
            if (exec::goes_on(n.v.fam) && (module_.used[feature::gc] || module_.used[feature::exceptions]))
                s = s | temps(0, at);
        } else if (n.v.fam == exec::family::struct_new) {
            s = s | temps(0, n.words[0] + u32(u16(n.v.code)));
        } else if (effects_[i] != effect::plain) {
            s = s | temps(0);
        }
        return s;
    }
    template <class Function>
    void each_target(const exec::node& n, Function f) const noexcept {
        if (n.label != no_index) f(n.label);
        if (n.v.fam == exec::family::br_table)
            for (u32 t = 0; t <= n.words[0]; ++t) f(ir_.targets[n.words[1] + t]);
    }
    [[nodiscard]] bool find_live() noexcept {
        vec<value_set> at;
        if (!at.resize(ir_.labels.size())) return false;
        for (bool again = true; again;) {
            again = false;
            value_set live;
            for (u32 i = u32(ir_.nodes.size()); i--;) {
                const exec::node& n = ir_.nodes[i];
                if (!exec::goes_on(n.v.fam)) live = {};
                each_target(n, [&](u32 l) { live = live | at[l]; });
                if (effects_[i] != effect::plain) // whatever may throw
                    for (const u32 l : handlers_) live = live | at[l];
                const value_set out = written(i);
                // Locals that are not needed yet are not made 0; what is written else is, needed or not.
                live_out[i] = n.v.fam == exec::family::zero_range ? live : live | out;
                live = live.without(out) | read(i);
                live_in[i] = live;
                for (u32 l = found_.label_at[i]; l != nothing; l = found_.label_next[l])
                    if (!((at[l] | live) == at[l])) at[l] = at[l] | live, again = true;
            }
        }
        return true;
    }

    /// Gives registers, heaviest first, to values that do not live at the same time as others that have them.
    void colour() noexcept {
        std::array<std::array<u64, 64>, 2> beside{};
        std::array<std::array<i64, 64>, 2> worth{};
        const auto meet = [&](const value_set& some, const value_set& all) {
            for (unsigned b = 0; b < 2; ++b)
                for (u64 bits = some.of[b]; bits; bits &= bits - 1) {
                    const int bit = std::countr_zero(bits);
                    beside[b][unsigned(bit)] |= all.of[b];
                    for (u64 others = all.of[b]; others; others &= others - 1)
                        beside[b][unsigned(std::countr_zero(others))] |= u64{1} << bit;
                }
        };
        for (unsigned b = 0; b < 2; ++b)
            for (u32 bit = 0; bit < chosen[b].size(); ++bit)
                worth[b][bit] = i64(found_.webs[chosen[b][bit]].weight & (~u64{0} >> 8));
        if (!live_in.empty()) meet(live_in[0], live_in[0]);
        for (u32 i = 0; i < ir_.nodes.size(); ++i) {
            if (const value_set w = written(i) & live_out[i]; !(w == value_set{})) meet(w, live_out[i]);
            if (keeps_registers(i)) continue;
            const value_set across = live_in[i] & live_out[i];
            for (unsigned b = 0; b < 2; ++b)
                for (u64 bits = across.of[b]; bits; bits &= bits - 1)
                    worth[b][unsigned(std::countr_zero(bits))] -= 2 * i64(weight_at(i));
        }
        for (unsigned b = 0; b < 2; ++b) {
            vec<u32>& all = chosen[b];
            std::array<u8, 64> order{};
            for (u8 i = 0; i < all.size(); ++i) order[i] = i;
            std::sort(order.begin(), order.begin() + all.size(),
                      [&](u8 x, u8 y) { return worth[b][x] != worth[b][y] ? worth[b][x] > worth[b][y] : x < y; });
            for (std::size_t k = 0; k < all.size(); ++k) {
                const u8 bit = order[k];
                if (worth[b][bit] <= 0) break;
                for (u32 r = 0; r < registers(b).size(); ++r)
                    if ((holders_[b][r] & beside[b][bit]) == 0) {
                        holders_[b][r] |= u64{1} << bit;
                        found_.webs[all[bit]].reg = registers(b)[r];
                        if (b == 1) used_floats_ |= 1u << registers(b)[r];
                        break;
                    }
            }
        }
        // Who has no register is of no more interest.
        value_set with;
        for (unsigned b = 0; b < 2; ++b)
            for (u64 h : holders_[b]) with.of[b] |= h;
        with_ = with;
        each(with, [&](const web& w) {
            if (w.copied) copied_.add(file_of(w.kind), w.bit);
        });
        for (u32 i = 0; i < ir_.nodes.size(); ++i) {
            live_in[i] = live_in[i] & with;
            live_out[i] = live_out[i] & with;
        }
    }
    static view<u8> registers(unsigned b) noexcept {
        return b == 0 ? view<u8>(integer_registers, sizeof integer_registers)
                      : view<u8>(float_registers, sizeof float_registers);
    }

    /// Values that live between two labels, in the order in which they are made.
    [[nodiscard]] bool give_to_others() noexcept {
        constexpr u32 most = 256; // nodes
        std::array<std::array<u32, 16>, 2> until{};
        for (web& w : found_.webs) {
            if (w.joined || w.memory || w.last <= w.first || w.last - w.first > most) continue;
            if (is_constant(ir_.nodes[w.first])) continue; // it is made where it is used
            const unsigned b = file_of(w.kind);
            u64 busy = 0;
            for (u32 i = w.first; i < w.last; ++i) busy |= live_out[i].of[b];
            for (u32 r = 0; r < registers(b).size(); ++r)
                if (until[b][r] <= w.first && (holders_[b][r] & busy) == 0) {
                    until[b][r] = w.last;
                    w.reg = registers(b)[r];
                    if (b == 1) used_floats_ |= 1u << w.reg;
                    break;
                }
        }
        return true;
    }

    [[nodiscard]] bool find_dirty() noexcept {
        vec<value_set> at;
        if (!at.resize(ir_.labels.size())) return false;
        for (bool again = true; again;) {
            again = false;
            value_set d;
            for (u32 i = 0; i < ir_.nodes.size(); ++i) {
                const exec::node& n = ir_.nodes[i];
                for (u32 l = found_.label_at[i]; l != nothing; l = found_.label_next[l]) {
                    d = d | at[l];
                    d = d.without(temps(ir_.labels[l].height)); // nothing lies there
                }
                dirty[i] = d;
                if (!keeps_registers(i)) d = {};
                if (location(n, 3) == exec::loc::slot) {
                    // Whatever lay in the slot, or reached into it, is gone; a vector takes two.
                    const u32 slot = u32(operand_of(n, 3));
                    const bool two = class_of_operand(module_, n, 3) == exec::cls::v128;
                    const auto gone = [&](u32 s, bank b) {
                        value_set one;
                        if (const u32 w = found_.joined(s, b); w != nothing) add(one, &found_.webs[w]);
                        d = d.without(one);
                    };
                    for (u32 s = slot; s <= slot + (two ? 1u : 0u); ++s)
                        for (const bank b : banks) gone(s, b);
                    if (slot > 0) gone(slot - 1, bank::vector);
                }
                const bool by_cell = effects_[i] == effect::leave;
                if (!by_cell) d = d | (written(i) & with_).without(copied_);
                each_target(n, [&](u32 l) {
                    if (!((at[l] | d) == at[l])) at[l] = at[l] | d, again = true;
                });
                if (!exec::goes_on(n.v.fam)) d = {};
            }
        }
        return true;
    }

    const exec::function_ir& ir_;
    const module_data& module_;
    web_finder& found_;
    view<effect> effects_;
    view<u32> handlers_;
    std::array<std::array<u64, 16>, 2> holders_{}; ///< by file and register: the values that have it
    value_set with_, copied_;
    u32 used_floats_ = 0; ///< bit by register
};

} // namespace tessera::native
