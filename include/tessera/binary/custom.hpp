// SPDX-License-Identifier: MIT
/// @file custom.hpp
/// The name section (spec: appendix, Custom Sections). A custom section never makes a module
/// malformed: what is broken is left out.
#pragma once

#include <tessera/syntax/module.hpp>
#include <tessera/util/cursor.hpp>
#include <tessera/util/utf8.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::binary {

/// Reads the module's name and its functions' names into `m.name` and `m.func_names`.
class name_section {
public:
    explicit name_section(module_data& m) noexcept : m_(m) {}

    /// Reads the content of a name section. False: memory is out.
    [[nodiscard]] bool read(cursor in) noexcept {
        u8 id = 0;
        u32 size = 0;
        while (in.byte(id) && in.leb_u32(size) && size <= in.left()) {
            cursor part(in.at(), in.at() + size);
            in.seek(part.end());
            if (id == 0) static_cast<void>(name(part, m_.name));
            if (id == 1 && !functions(part)) return false;
        }
        return true;
    }

private:
    static bool name(cursor& in, std::string_view& out) noexcept {
        u32 size = 0;
        if (!in.leb_u32(size) || size > in.left()) return false;
        const std::string_view text(reinterpret_cast<const char*>(in.at()), size);
        in.seek(in.at() + size);
        if (!is_utf8(text)) return false;
        out = text;
        return true;
    }
    bool functions(cursor in) noexcept {
        u32 count = 0, index = 0;
        if (!in.leb_u32(count)) return true;
        for (std::string_view text; count > 0 && in.leb_u32(index) && name(in, text); --count) {
            if (index >= m_.funcs.size()) continue;
            if (m_.func_names.size() <= index && !m_.func_names.reserve(m_.funcs.size())) return false;
            if (m_.func_names.size() <= index && !m_.func_names.resize(index + 1)) return false;
            m_.func_names[index] = text;
        }
        return true;
    }
    module_data& m_;
};

} // namespace tessera::binary
TESSERA_SMALL_END
