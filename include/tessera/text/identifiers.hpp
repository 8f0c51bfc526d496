// SPDX-License-Identifier: MIT
/// @file identifiers.hpp
/// From the names of a name section to identifiers, which differ from each other (spec: text/values,
/// Identifiers).
#pragma once

#include <tessera/text/names.hpp>

#include <charconv>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

/// How something is called in the text.
struct identifier {
    std::string_view shown; ///< without the `$`; empty: it has no identifier
    std::string_view name;  ///< of the name section
    /// True if something else has the name, so that the name has to be written beside the identifier.
    bool is_renamed() const noexcept { return shown.size() != name.size(); }
};

/// The identifiers of a module, and of one function's locals at a time.
class identifiers {
public:
    /// Makes those of the module's index spaces and of fields. False: memory is out.
    [[nodiscard]] bool make(const module_data& m, const binary::module_names& names) noexcept {
        using binary::name_kind;
        static constexpr name_kind kinds[module_spaces] = {name_kind::type,   name_kind::func,   name_kind::table,
                                                           name_kind::memory, name_kind::global, name_kind::tag,
                                                           name_kind::elem,   name_kind::data};
        const std::size_t sizes[] = {m.types.size(),   m.funcs.size(), m.tables.size(), m.memories.size(),
                                     m.globals.size(), m.tags.size(),  m.elems.size(),  m.datas.size()};
        for (std::size_t s = 0; s < module_spaces; ++s)
            if (!fill(spaces_[s], 0, sizes[s], names.of[u8(kinds[s])])) return false;
        return fields(m, names);
    }
    /// Makes those of a function with `count` locals. False: memory is out.
    [[nodiscard]] bool make_locals(const binary::module_names& names, u32 func, u32 count) noexcept {
        spaces_[u8(space::local)].clear();
        return fill(spaces_[u8(space::local)], 0, count, names.owned_by(binary::name_kind::local, func));
    }
    /// What the thing with that index is called. `space::field`: index in type_section::fields.
    identifier of(space s, u32 index) const noexcept {
        const vec<identifier>& list = spaces_[u8(s)];
        return index < list.size() ? list[index] : identifier();
    }
    /// False if a name was for something that is not there.
    bool all_used() const noexcept { return all_used_; }

private:
    [[nodiscard]] bool fields(const module_data& m, const binary::module_names& names) noexcept {
        const auto& list = names.of[u8(binary::name_kind::field)];
        if (!list.empty() && !spaces_[u8(space::field)].resize(m.types.fields.size())) return false;
        for (std::size_t i = 0; i < list.size();) {
            const u32 type = list[i].owner;
            const std::size_t first = i;
            while (i < list.size() && list[i].owner == type) ++i;
            if (type >= m.types.size() || m.types[type].form != composite::struct_) all_used_ = false;
            else if (!fill(spaces_[u8(space::field)], m.types[type].first, m.types[type].params,
                           {list.data() + first, i - first}))
                return false;
        }
        return true;
    }
    /// The things are numbers `first` to `first + count` of `to`.
    [[nodiscard]] bool fill(vec<identifier>& to, u32 first, std::size_t count, view<named> names) noexcept {
        taken_.clear();
        bool fresh = false;
        std::size_t used = names.size();
        while (used > 0 && names[used - 1].index >= count) --used;
        if (used < names.size()) all_used_ = false;
        names = names.first(used);
        if (names.empty()) return true;
        const std::size_t size = first + std::size_t(names.back().index) + 1;
        if (to.size() < size && !to.resize(size)) return false;
        for (const named& n : names)
            if (!taken_.add(n.name, n.index, fresh)) return false;
        for (const named& n : names) {
            identifier& id = to[first + n.index];
            id = {n.name, n.name};
            if (*taken_.find(n.name) != n.index && !rename(id, n.index)) return false;
        }
        return true;
    }
    /// Appends the index until nothing else is called so.
    [[nodiscard]] bool rename(identifier& id, u32 index) noexcept {
        scratch_.clear();
        if (!scratch_.append(id.name.data(), id.name.size())) return false;
        for (bool fresh = false; !fresh;) {
            char buffer[10];
            const auto end = std::to_chars(buffer, buffer + sizeof buffer, index).ptr;
            if (!scratch_.push_back('#') || !scratch_.append(buffer, std::size_t(end - buffer))) return false;
            const std::string_view tried(scratch_.data(), scratch_.size());
            if (taken_.find(tried)) continue;
            if (!arena_.copy(tried, id.shown) || !taken_.add(id.shown, index, fresh)) return false;
        }
        return true;
    }

    vec<identifier> spaces_[11]; ///< by `space`
    name_map taken_;
    vec<char> scratch_;
    arena arena_;
    bool all_used_ = true;
};

} // namespace tessera::text
TESSERA_SMALL_END
