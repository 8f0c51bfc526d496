// SPDX-License-Identifier: MIT
/// @file binary/types.hpp
/// Decoding defined types and external types (spec: binary/types, from Composite Types on).
#pragma once

#include <tessera/binary/instruction.hpp>
#include <tessera/binary/limits.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::binary {

/// In type_def::super: more than one super type was given, which validation refuses.
inline constexpr u32 many_supers = no_index - 1;

/// Reads types into a module.
class type_reader : public immediate_reader {
public:
    type_reader(module_data& m, features allowed, const module_limits& limits) noexcept
        : immediate_reader(m.bytes.data(), cursor(m.bytes.data(), m.bytes.data() + m.bytes.size()), allowed), m_(m),
          limits_(limits) {}

protected:
    /// Fails with msg::limit_reached unless `n` is at most `most`.
    [[nodiscard]] bool within(u64 n, u64 most, const char* what) noexcept {
        return n <= most || fail(msg::limit_reached, in_.at(), what);
    }
    /// The length of a vector, of which `most` are allowed.
    [[nodiscard]] bool count(u32& n, u64 most, const char* what) noexcept {
        return leb_u32(n) && within(n, most, what);
    }
    /// How many elements of a vector of `n` to make room for: never more than there are bytes.
    std::size_t room(u32 n) const noexcept { return n < in_.left() ? n : in_.left(); }

    /// A recursion group, or a sub type that is one by itself.
    [[nodiscard]] bool recursive_type() noexcept {
        const u8* where = in_.at();
        const u32 group = m_.types.size();
        u32 n = 1;
        if (in_.peek() == code::rec) {
            if (!skip(1) || !need(feature::gc, where) || !count(n, limits_.group_size, "types in a recursion group"))
                return false;
        }
        if (!within(u64(group) + n, limits_.types, "types")) return false;
        for (u32 i = 0; i < n; ++i) {
            if (!sub_type()) return false;
            m_.types.defs.back().group = group;
            m_.types.defs.back().group_size = n;
        }
        return true;
    }
    [[nodiscard]] bool limits(limits_type& out, u8 flags) noexcept {
        out.has_max = (flags & 1) != 0;
        out.is64 = (flags & 4) != 0;
        return leb_size(out.min) && (!out.has_max || leb_size(out.max));
    }
    [[nodiscard]] bool table(table_type& out) noexcept {
        u8 flags = 0;
        // Tables of functions are older than reference types.
        if (in_.peek() == code::func) {
            out.element = t_funcref;
            if (!skip(1)) return false;
        } else if (!reference(out.element)) {
            return false;
        }
        return limit_flags(flags, 1 | 4) && limits(out.limits, flags);
    }
    [[nodiscard]] bool memory(memory_type& out) noexcept {
        u8 flags = 0;
        if (!limit_flags(flags, 1 | 2 | 4 | 8) || !limits(out.limits, flags)) return false;
        out.shared = (flags & 2) != 0;
        if (flags & 8) {
            const u8* where = in_.at();
            u32 log2 = 0;
            if (!leb_u32(log2)) return false;
            if (log2 > 64) return fail(msg::malformed_page_size, where);
            out.page_log2 = u8(log2);
        }
        return true;
    }
    [[nodiscard]] bool mutability(bool& out) noexcept {
        const u8* where = in_.at();
        u8 flag = 0;
        if (!byte(flag)) return false;
        out = flag == 1;
        return flag <= 1 || fail(msg::malformed_mutability, where);
    }
    [[nodiscard]] bool global(global_type& out) noexcept { return type(out.type) && mutability(out.mutable_); }
    [[nodiscard]] bool tag(tag_def& out) noexcept {
        const u8* where = in_.at();
        u8 attribute = 0;
        if (!need(feature::exceptions, where) || !byte(attribute)) return false;
        return attribute == 0 ? leb_u32(out.type) : fail(msg::malformed_tag, where);
    }

    module_data& m_;
    const module_limits& limits_;

private:
    [[nodiscard]] bool sub_type() noexcept {
        const u8* where = in_.at();
        type_def d;
        d.offset = offset();
        u8 form = 0;
        if (!byte(form)) return false;
        if (form == code::sub || form == code::sub_final) {
            d.final_ = form == code::sub_final;
            u32 n = 0;
            if (!need(feature::gc, where) || !count(n, u64(-1), "")) return false;
            for (u32 i = 0; i < n; ++i)
                if (!leb_u32(d.super)) return false;
            if (n > 1) d.super = many_supers;
            else if (n == 1 && d.super >= many_supers) d.super = many_supers - 1;
            where = in_.at();
            if (!byte(form)) return false;
        }
        switch (form) {
        case code::func_type: return function(d);
        case code::struct_type:
            d.form = composite::struct_;
            return need(feature::gc, where) && count(d.params, limits_.fields, "fields of a structure") && fields(d);
        case code::array_type:
            d.form = composite::array;
            d.params = 1;
            return need(feature::gc, where) && fields(d);
        default: return fail(form & 0x80 ? msg::integer_too_long : msg::malformed_type, where); // an s7
        }
    }
    [[nodiscard]] bool function(type_def& d) noexcept {
        d.form = composite::func;
        d.first = u32(m_.types.values.size());
        if (!count(d.params, limits_.params, "parameters of a function") || !values(d.params)) return false;
        const u8* where = in_.at();
        if (!count(d.results, limits_.results, "results of a function") || !values(d.results)) return false;
        if (d.results > 1 && !need(feature::multi_value, where)) return false;
        return m_.types.defs.push_back(d) || fail_memory();
    }
    [[nodiscard]] bool values(u32 n) noexcept {
        val_type t;
        for (u32 i = 0; i < n; ++i)
            if (!type(t) || !(m_.types.values.push_back(t) || fail_memory())) return false;
        return true;
    }
    [[nodiscard]] bool fields(type_def& d) noexcept {
        d.first = u32(m_.types.fields.size());
        for (u32 i = 0; i < d.params; ++i) {
            field_type f;
            if (!storage(f.type) || !mutability(f.mutable_) || !(m_.types.fields.push_back(f) || fail_memory()))
                return false;
        }
        return m_.types.defs.push_back(d) || fail_memory();
    }
    [[nodiscard]] bool storage(val_type& out) noexcept {
        const int first = in_.peek();
        if (first != code::i8 && first != code::i16) return type(out);
        out = val_type::number(u8(first));
        return skip(1);
    }
    /// The flags of limits: bit 0 has a maximum, 1 shared, 2 64-bit, 3 custom page size.
    [[nodiscard]] bool limit_flags(u8& flags, u8 known) noexcept {
        static constexpr feature needs[] = {feature::mvp, feature::threads, feature::memory64,
                                            feature::custom_page_sizes};
        const u8* where = in_.at();
        if (!byte(flags)) return false;
        if (flags & ~known) return fail(msg::malformed_limits, where);
        for (unsigned bit = 1; bit < 4; ++bit)
            if ((flags >> bit & 1) && !need(needs[bit], where))
                return fail(msg::malformed_limits, where, name(needs[bit]));
        return true;
    }
};

} // namespace tessera::binary
TESSERA_SMALL_END
