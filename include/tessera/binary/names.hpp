// SPDX-License-Identifier: MIT
/// @file binary/names.hpp
/// All names of a name section (spec: appendix, Custom Sections; the kinds from `label` on are the
/// extended name section's). Decoding a module reads only those that backtraces need.
#pragma once

#include <tessera/syntax/module.hpp>
#include <tessera/util/cursor.hpp>
#include <tessera/util/partition.hpp>
#include <tessera/util/utf8.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::binary {

/// What has a name, by the ids of the subsections.
enum class name_kind : u8 { module_, func, local, label, type, table, memory, global, elem, data, field, tag, count_ };
inline constexpr std::size_t name_kinds = std::size_t(name_kind::count_);

/// True for what is counted within something else: locals and labels in functions, fields in types.
constexpr bool is_owned(name_kind k) noexcept {
    return k == name_kind::local || k == name_kind::label || k == name_kind::field;
}

/// An entry of the name section. A label's index counts the block instructions of its function.
struct name_entry {
    u32 index = 0;
    std::string_view name;
    u32 owner = 0; ///< the function or type it belongs to; 0 where there is no such thing
};

/// The names of a module, by kind, each list in the order of (owner, index), every pair once.
class module_names {
public:
    std::string_view module_name;
    vec<name_entry> of[name_kinds];
    u32 section = no_index; ///< index in `customs` of the section they come from

    /// Reads the first name section of `m`. What is broken, empty or out of order is left out; an
    /// index may be one that nothing has. False: memory is out.
    [[nodiscard]] bool read(const module_data& m) noexcept {
        for (u32 i = 0; i < m.customs.size(); ++i) {
            const custom_def& c = m.customs[i];
            if (c.name != "name") continue;
            section = i;
            return subsections(cursor(m.bytes.data() + c.bytes.begin, m.bytes.data() + c.bytes.end));
        }
        return true;
    }
    /// The names of what belongs to `owner`.
    view<name_entry> owned_by(name_kind k, u32 owner) const noexcept {
        const vec<name_entry>& list = of[u8(k)];
        const name_entry* from = first_not_before(list, {owner, 0});
        const name_entry* to = from;
        while (to != list.end() && to->owner == owner) ++to;
        return {from, std::size_t(to - from)};
    }
    /// The name of the thing with that index and owner; empty if it has none.
    std::string_view find(name_kind k, u32 index, u32 owner = 0) const noexcept {
        const vec<name_entry>& list = of[u8(k)];
        const name_entry* at = first_not_before(list, {owner, index});
        return at != list.end() && at->owner == owner && at->index == index ? at->name : std::string_view();
    }

private:
    struct place {
        u32 owner, index;
        bool is_after(const name_entry& e) const noexcept {
            return e.owner < owner || (e.owner == owner && e.index < index);
        }
    };
    static const name_entry* first_not_before(const vec<name_entry>& list, place p) noexcept {
        return list.data() + partition(list.size(), [&](std::size_t i) { return p.is_after(list[i]); });
    }
    bool subsections(cursor in) noexcept {
        u8 id = 0;
        u32 size = 0;
        while (in.byte(id) && in.leb_u32(size) && size <= in.left()) {
            cursor part(in.at(), in.at() + size);
            in.seek(part.end());
            if (id == 0) static_cast<void>(name(part, module_name));
            else if (id < name_kinds && !(is_owned(name_kind(id)) ? indirect(part, id) : map(part, id, 0)))
                return false;
        }
        return true;
    }
    bool indirect(cursor& in, u8 id) noexcept {
        u32 count = 0, owner = 0;
        if (!in.leb_u32(count)) return true;
        for (; count > 0 && in.leb_u32(owner); --count)
            if (!map(in, id, owner)) return false;
        return true;
    }
    bool map(cursor& in, u8 id, u32 owner) noexcept {
        u32 count = 0;
        if (!in.leb_u32(count)) return true;
        vec<name_entry>& list = of[id];
        name_entry e;
        e.owner = owner;
        for (; count > 0 && in.leb_u32(e.index) && name(in, e.name); --count)
            if (!e.name.empty() && (list.empty() || place{owner, e.index}.is_after(list.back())) && !list.push_back(e))
                return false;
        if (count > 0) in.seek(in.end()); // the rest cannot be read
        return true;
    }
    static bool name(cursor& in, std::string_view& out) noexcept {
        u32 size = 0;
        if (!in.leb_u32(size) || size > in.left()) return false;
        out = {reinterpret_cast<const char*>(in.at()), size};
        in.seek(in.at() + size);
        if (!is_utf8(out)) out = {};
        return true;
    }
};

} // namespace tessera::binary
TESSERA_SMALL_END
