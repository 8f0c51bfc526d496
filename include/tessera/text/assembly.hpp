// SPDX-License-Identifier: MIT
/// @file text/assembly.hpp
/// The sections of a module, put together in the order of the binary format (spec: binary/modules).
#pragma once

#include <tessera/binary/write.hpp>
#include <tessera/text/chunk.hpp>
#include <tessera/text/names.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

/// A module in the binary format, and where its parts were in the text: a position for each module
/// field and each instruction, in the order of the offsets.
struct binary_module {
    vec<u8> bytes;
    vec<position> positions;
};

using binary::section_order;
inline constexpr u8 section_data_count = 12, section_code = 10;

/// Words of `@custom` for those sections.
inline constexpr word section_words[] = {word::type,      word::import_, word::func,    word::table, word::memory,
                                         word::tag,       word::global,  word::export_, word::start, word::elem,
                                         word::datacount, word::code,    word::data};
static_assert(sizeof section_words / sizeof *section_words == sizeof section_order);
inline constexpr u32 section_count = sizeof section_order;

/// A custom section and its place: before section number `place / 2` of the order if that is even,
/// else behind it.
struct custom_section {
    std::string_view name;
    vec<u8> bytes;
    u32 place = 2 * section_count;
};

/// Writes a module's bytes; sections first to last.
class assembly {
public:
    /// `sections`: by id; empty ones are left out. `names`: the content of the name section, `hints`
    /// that of the branch hints; empty: none. False: memory is out, or the module has 4 GiB or more.
    [[nodiscard]] static bool run(chunk (&sections)[14], const vec<custom_section>& customs, const writer& names,
                                  const writer& hints, binary_module& out) noexcept {
        chunk to;
        static constexpr u8 head[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
        to.raw(head, sizeof head);
        for (u32 i = 0; i <= section_count; ++i) {
            custom(to, customs, 2 * i);
            if (i == section_count) break;
            chunk& s = sections[section_order[i]];
            if (section_order[i] == section_code && hints.size())
                custom(to, text_of(word::branch_hint), hints.data(), hints.size());
            if (s.failed()) return false;
            if (s.count) {
                to.byte(section_order[i]);
                const bool counted =
                    section_order[i] != 8 && section_order[i] != section_data_count; // the start section has no number
                writer number;
                number.leb_u(s.count);
                to.leb_u(s.size() + (counted ? number.size() : 0));
                if (counted) to.raw(number.data(), number.size());
                to.append(s);
                s.clear();
            }
            custom(to, customs, 2 * i + 1);
            if (i + 1 == section_count && names.size()) custom(to, "name", names.data(), names.size());
        }
        out.positions = std::move(to.positions);
        out.bytes = to.take();
        return !to.failed() && !names.failed() && !hints.failed() && out.bytes.size() < no_index;
    }

private:
    static void custom(chunk& to, const vec<custom_section>& customs, u32 place) noexcept {
        for (const custom_section& c : customs)
            if (c.place == place) custom(to, c.name, c.bytes.data(), c.bytes.size());
    }
    static void custom(chunk& to, std::string_view name, const u8* bytes, std::size_t n) noexcept {
        writer length;
        length.leb_u(name.size());
        to.byte(0);
        to.leb_u(length.size() + name.size() + n);
        to.name(name);
        to.raw(bytes, n);
    }
};

/// An indirect name map: names of what is counted within functions or types.
class indirect_map {
public:
    /// Adds the names of what belongs to `owner`, if there are any; owners come in order.
    void add(u32 owner, view<named> names) noexcept {
        if (names.empty()) return;
        ++count_;
        entries_.leb_u(owner);
        write(entries_, names);
    }
    u32 count() const noexcept { return count_; }
    const writer& entries() const noexcept { return entries_; }
    /// A name map: indices and names.
    static void write(writer& to, view<named> names) noexcept {
        to.leb_u(names.size());
        for (const named& n : names) {
            to.leb_u(n.index);
            to.name(n.name);
        }
    }

private:
    writer entries_;
    u32 count_ = 0;
};

/// The content of the name section, subsection by subsection.
class name_section {
public:
    void module_name(std::string_view name) noexcept {
        writer sub;
        sub.name(name);
        subsection(0, sub);
    }
    void map(u8 id, view<named> names) noexcept {
        if (names.empty()) return;
        writer sub;
        indirect_map::write(sub, names);
        subsection(id, sub);
    }
    void indirect(u8 id, const indirect_map& names) noexcept {
        if (names.count() == 0) return;
        writer sub;
        sub.leb_u(names.count());
        sub.raw(names.entries().data(), names.entries().size());
        lost_ |= names.entries().failed();
        subsection(id, sub);
    }
    void clear() noexcept { content_.clear(); }
    const writer& content() const noexcept { return content_; }
    bool failed() const noexcept { return lost_ || content_.failed(); }

private:
    void subsection(u8 id, const writer& sub) noexcept {
        content_.byte(id);
        content_.leb_u(sub.size());
        content_.raw(sub.data(), sub.size());
        lost_ |= sub.failed();
    }
    writer content_;
    bool lost_ = false;
};

} // namespace tessera::text
TESSERA_SMALL_END
