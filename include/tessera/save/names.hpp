// SPDX-License-Identifier: MIT
/// @file save/names.hpp
/// What things of a store are called where it is saved: names that another store can have, too.
#pragma once

#include <tessera/runtime/store_data.hpp>

namespace tessera::inline TESSERA_ABI::saving {

/// A function or a type by where it stands: in an instance, or in a module.
struct place_name {
    u32 where = no_index; ///< the number of the instance or the module; no_index: it has no name
    u32 index = 0;
};

/// Numbers for references to objects, in the order in which they are first asked for.
class object_numbers {
public:
    /// The number of an object. False in `ok`: memory is out.
    u32 number(u32 reference, bool& ok) noexcept {
        if (2 * (order_.size() + 1) > table_.size() && !widen()) return ok = false, 0;
        entry& e = place(table_, reference);
        if (e.reference == 0) {
            e = {reference, u32(order_.size())};
            if (!order_.push_back(reference)) e = {}, ok = false;
        }
        return e.number;
    }
    /// All of them; grows while numbers are given.
    const vec<u32>& order() const noexcept { return order_; }

private:
    struct entry {
        u32 reference = 0; ///< 0: none
        u32 number = 0;
    };
    static entry& place(vec<entry>& table, u32 reference) noexcept {
        std::size_t i = std::size_t(u64(reference) * 0x9e3779b97f4a7c15u >> 20) & (table.size() - 1);
        while (table[i].reference != 0 && table[i].reference != reference) i = (i + 1) & (table.size() - 1);
        return table[i];
    }
    bool widen() noexcept {
        vec<entry> wider;
        if (!wider.resize(table_.empty() ? 64 : 2 * table_.size())) return false;
        for (const entry& e : table_)
            if (e.reference != 0) place(wider, e.reference) = e;
        table_ = std::move(wider);
        return true;
    }
    vec<entry> table_; ///< open addressing, at most half full
    vec<u32> order_;
};

/// The names of a store's modules, functions and types.
class store_names {
public:
    /// False: memory is out.
    [[nodiscard]] bool make(const runtime::store_data& s) noexcept {
        if (!funcs_.resize(s.funcs.size()) || !types_.resize(s.types.size())) return false;
        for (const runtime::instance_data* i : s.instances) {
            if (module_of(*i) == no_index && !add_module(i->unit)) return false;
            for (u32 f = 0; f < i->funcs.size(); ++f)
                if (place_name& n = funcs_[i->funcs[f]->self]; n.where == no_index) n = {i->self, f};
        }
        return true;
    }
    view<const runtime::code_unit*> modules() const noexcept { return {modules_.data(), modules_.size()}; }
    /// The number of an instance's module.
    u32 module_of(const runtime::instance_data& i) const noexcept {
        for (u32 n = 0; n < modules_.size(); ++n)
            if (modules_[n] == i.unit) return n;
        for (u32 n = 0; n < modules_.size(); ++n) // one that was parsed twice
            if (is_same(modules_[n]->module->bytes, i.module().bytes)) return n;
        return no_index;
    }
    place_name func(u32 place) const noexcept { return funcs_[place]; }
    place_name type(u32 id) const noexcept { return id < types_.size() ? types_[id] : place_name(); }

private:
    static bool is_same(std::span<const u8> a, std::span<const u8> b) noexcept {
        return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
    }
    bool add_module(const runtime::code_unit* u) noexcept {
        const u32 number = u32(modules_.size());
        for (u32 t = 0; t < u->type_ids.size(); ++t)
            if (place_name& n = types_[u->type_ids[t]]; n.where == no_index) n = {number, t};
        return modules_.push_back(u);
    }
    vec<const runtime::code_unit*> modules_;
    vec<place_name> funcs_; ///< by place in store_data::funcs
    vec<place_name> types_; ///< by the store's id
};

/// True for references to functions, which are named in another way than those to objects.
inline bool is_func_reference(const valid::type_space& types, val_type t) noexcept {
    return t.is_ref() && valid::top_of(types, t.heap()) == code::func;
}

} // namespace tessera::saving
