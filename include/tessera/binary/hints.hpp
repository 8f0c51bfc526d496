// SPDX-License-Identifier: MIT
/// @file binary/hints.hpp
/// The branch hint section. Its offsets point into function bodies, so whoever writes bodies anew must know it.
#pragma once

#include <tessera/binary/body.hpp>
#include <tessera/binary/branch_hints.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::binary {

inline constexpr std::string_view branch_hint_section = "metadata.code.branch_hint";

template <bool Checks>
class hint_reader {
public:
    explicit hint_reader(branch_hints& to) noexcept : to_(to), hints_(to.hints_) {}
    bool read(const module_data& m) noexcept {
        for (u32 i = 0; i < m.customs.size(); ++i) {
            if (m.customs[i].name != branch_hint_section) continue;
            const byte_range where = m.customs[i].bytes;
            const bool first = to_.section_ == no_index && hints_.empty();
            to_.section_ = i;
            if (first && functions(m, cursor(m.bytes.data() + where.begin, m.bytes.data() + where.end))) continue;
            to_.section_ = no_index;
            hints_.clear();
            break;
        }
        return !lost_;
    }

private:
    bool functions(const module_data& m, cursor in) noexcept {
        u32 count = 0, func = 0, next = m.imported_funcs;
        if (!in.leb_u32(count) || count == 0) return false;
        for (; count > 0; --count) {
            if (!in.leb_u32(func) || func < next || func >= m.funcs.size()) return false;
            next = func + 1;
            [[maybe_unused]] const std::size_t first = hints_.size();
            if (!one_function(m.funcs[func].code, in)) return false;
            if constexpr (Checks)
                if (!all_met(m, m.funcs[func].code, first)) return false;
        }
        return in.done();
    }
    bool one_function(byte_range code, cursor& in) noexcept {
        u32 count = 0, offset = 0, size = 0;
        u8 likely = 0;
        if (!in.leb_u32(count) || count == 0) return false;
        for (u32 least = 0; count > 0; --count, least = offset + 1) {
            if (!in.leb_u32(offset) || !in.leb_u32(size) || size != 1 || !in.byte(likely) || likely > 1) return false;
            if (offset < least || offset >= code.size()) return false;
            if (!hints_.push_back({code.begin + offset, likely})) return lost_ = true, false;
        }
        return true;
    }
    /// True if each hint from number `next` on meets an instruction of the body that can have one.
    bool all_met(const module_data& m, byte_range code, std::size_t next) noexcept {
        const u8* base = m.bytes.data();
        instruction_reader<everything> reader(base, cursor(base + code.begin, base + code.end));
        instruction in;
        module_limits limits;
        limits.locals = no_index;
        if (!local_declarations(reader, 0, limits, [](u32, val_type) { return true; })) return false;
        while (next < hints_.size() && !reader.done() && reader.next(in))
            if (in.offset == hints_[next].offset && (in.code == op::if_ || in.code == op::br_if)) ++next;
        return next == hints_.size();
    }

    branch_hints& to_;
    vec<branch_hints::hint>& hints_;
    bool lost_ = false;
};
inline bool branch_hints::read(const module_data& m) noexcept { return hint_reader<true>(*this).read(m); }
inline bool branch_hints::read_all(const module_data& m) noexcept { return hint_reader<false>(*this).read(m); }

} // namespace tessera::binary
TESSERA_SMALL_END
