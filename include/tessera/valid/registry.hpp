// SPDX-License-Identifier: MIT
/// @file registry.hpp
/// One id for each type, however many modules define it (spec: valid/matching, Defined Types).
#pragma once

#include <tessera/syntax/module.hpp>
#include <tessera/valid/subtype.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::valid {

/// Recursion groups without duplicates. A type's id is its index in `types()`. Two types get the
/// same id exactly if they are equal: same place in recursion groups of the same structure, where
/// references to other groups are compared by id. Works for one module and for a whole store.
class type_registry {
public:
    type_registry() noexcept = default;
    explicit type_registry(const allocator* from) noexcept : types_(from), slots_(from) {}

    /// All types by id; their references to types are ids too.
    const type_section& types() const noexcept { return types_; }
    type_space space() const noexcept { return {&types_, nullptr}; }
    u32 size() const noexcept { return types_.size(); }

    /// Adds the types of a module, whose indices must be valid, and sets `ids` to the id of each.
    /// False: memory is out (or there are more than 2^23 types).
    [[nodiscard]] bool add(const type_section& module, vec<u32>& ids) noexcept {
        ids.clear();
        if (!ids.resize(module.size())) return false;
        for (u32 group = 0; group < module.size(); group += module[group].group_size)
            if (!add_group(module, group, ids)) return false;
        return true;
    }
    /// Finds or adds a final function type whose references are abstract. False: memory is out.
    [[nodiscard]] bool intern_func(view<val_type> params, view<val_type> results, u32& id) noexcept {
        type_section one;
        vec<u32> ids;
        if (!one.defs.push_back({}) || !one.values.append(params.data(), params.size()) ||
            !one.values.append(results.data(), results.size()))
            return false;
        one.defs[0].params = u32(params.size());
        one.defs[0].results = u32(results.size());
        if (!add(one, ids)) return false;
        id = ids[0];
        return true;
    }

    /// True if type `sub` is `super` or one of its sub types.
    bool matches(u32 sub, u32 super) const noexcept { return space().matches(sub, super); }
    /// The same for value types, heap types by id.
    bool matches(val_type sub, val_type super) const noexcept { return valid::matches(space(), sub, super); }

private:
    static constexpr u32 empty = no_index;

    /// A group of a section as hashing and comparing see it: references inside are relative.
    struct view {
        const type_section& types;
        u32 first;
        u32 size;
        const u32* ids; ///< null: indices are ids
        u32 ref(u32 index) const noexcept {
            return index - first < size ? (index - first) | local_bit : ids ? ids[index] : index;
        }
        u32 word(val_type t) const noexcept {
            if (!t.is_ref() || !t.heap().is_index()) return t.bits;
            const u32 to = ref(t.heap().index());
            // Byte codes are below 0x80: the bit tells references inside the group apart.
            return val_type::ref(heap_type::index(to & ~local_bit), t.is_nullable()).bits | (to & local_bit ? 0x80 : 0);
        }
        u32 super(const type_def& d) const noexcept { return d.super == no_index ? no_index : ref(d.super); }
    };
    static constexpr u32 local_bit = 0x80000000;

    static u64 mix(u64 hash, u32 word) noexcept {
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        return hash ^ hash >> 29;
    }
    u32 hash_of(const view& v) const noexcept {
        u64 h = mix(seed_, v.size);
        for (u32 i = v.first; i < v.first + v.size; ++i) {
            const type_def& d = v.types[i];
            h = mix(h, u32(d.form) | (d.final_ ? 4 : 0));
            h = mix(mix(mix(h, v.super(d)), d.params), d.results);
            if (d.form == composite::func) {
                for (val_type t : v.types.params(i)) h = mix(h, v.word(t));
                for (val_type t : v.types.results(i)) h = mix(h, v.word(t));
            } else {
                for (const field_type& f : v.types.fields_of(i)) h = mix(mix(h, v.word(f.type)), f.mutable_);
            }
        }
        return u32(h >> 32);
    }
    static bool equal(const view& a, const view& b) noexcept {
        if (a.size != b.size) return false;
        for (u32 i = 0; i < a.size; ++i) {
            const u32 x = a.first + i, y = b.first + i;
            const type_def &d = a.types[x], &e = b.types[y];
            if (d.form != e.form || d.final_ != e.final_ || d.params != e.params || d.results != e.results ||
                a.super(d) != b.super(e))
                return false;
            if (d.form == composite::func) {
                const val_type *p = a.types.values.data() + d.first, *q = b.types.values.data() + e.first;
                for (u32 k = 0; k < d.params + d.results; ++k)
                    if (a.word(p[k]) != b.word(q[k])) return false;
            } else {
                const field_type *p = a.types.fields.data() + d.first, *q = b.types.fields.data() + e.first;
                for (u32 k = 0; k < d.params; ++k)
                    if (a.word(p[k].type) != b.word(q[k].type) || p[k].mutable_ != q[k].mutable_) return false;
            }
        }
        return true;
    }

    bool add_group(const type_section& module, u32 group, vec<u32>& ids) noexcept {
        const view fresh{module, group, module[group].group_size, ids.data()};
        if (!make_room()) return false;
        const u32 hash = hash_of(fresh);
        std::size_t slot = hash & (slots_.size() - 1);
        for (; slots_[slot].group != empty; slot = (slot + 1) & (slots_.size() - 1)) {
            const u32 known = slots_[slot].group;
            if (slots_[slot].hash == hash && equal(fresh, {types_, known, types_[known].group_size, nullptr})) {
                for (u32 i = 0; i < fresh.size; ++i) ids[group + i] = known + i;
                return true;
            }
        }
        const u32 at = types_.size();
        if (!append(fresh)) {
            types_.defs.truncate(at);
            return false;
        }
        slots_[slot] = {hash, at};
        ++groups_;
        for (u32 i = 0; i < fresh.size; ++i) ids[group + i] = at + i;
        return true;
    }
    bool append(const view& v) noexcept {
        const u32 at = types_.size();
        if (u64(at) + v.size > heap_type::abstract_bit) return false;
        const auto id = [&](u32 index) { return index - v.first < v.size ? index - v.first + at : v.ids[index]; };
        const auto stored = [&](val_type t) {
            return t.is_ref() && t.heap().is_index()
                       ? val_type::ref(heap_type::index(id(t.heap().index())), t.is_nullable())
                       : t;
        };
        for (u32 i = v.first; i < v.first + v.size; ++i) {
            type_def d = v.types[i];
            if (d.super != no_index) d.super = id(d.super);
            d.group = at;
            if (d.form == composite::func) {
                const val_type* from = v.types.values.data() + d.first;
                d.first = u32(types_.values.size());
                for (u32 k = 0; k < d.params + d.results; ++k)
                    if (!types_.values.push_back(stored(from[k]))) return false;
            } else {
                const field_type* from = v.types.fields.data() + d.first;
                d.first = u32(types_.fields.size());
                for (u32 k = 0; k < d.params; ++k)
                    if (!types_.fields.push_back({stored(from[k].type), from[k].mutable_})) return false;
            }
            if (!types_.defs.push_back(d)) return false;
        }
        return true;
    }
    /// Keeps the table at most half full, so that a search ends.
    bool make_room() noexcept {
        if ((groups_ + 1) * 2 <= slots_.size()) return true;
        vec<entry> bigger(slots_.from());
        if (!bigger.resize(slots_.empty() ? 16 : slots_.size() * 2)) return false;
        // A number no module can know, lest one be made whose types all fall into one slot.
        if (slots_.empty()) seed_ = u64(reinterpret_cast<std::uintptr_t>(bigger.data()));
        for (const entry& e : slots_) {
            if (e.group == empty) continue;
            std::size_t slot = e.hash & (bigger.size() - 1);
            while (bigger[slot].group != empty) slot = (slot + 1) & (bigger.size() - 1);
            bigger[slot] = e;
        }
        slots_ = std::move(bigger);
        return true;
    }

    struct entry {
        u32 hash = 0;
        u32 group = empty; ///< id of the group's first type
    };
    type_section types_;
    vec<entry> slots_;
    std::size_t groups_ = 0;
    u64 seed_ = 0;
};

} // namespace tessera::valid
TESSERA_SMALL_END
