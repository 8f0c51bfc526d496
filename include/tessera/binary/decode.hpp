// SPDX-License-Identifier: MIT
/// @file decode.hpp
/// From bytes to a module (spec: binary/modules, Modules).
#pragma once

#include <tessera/binary/body.hpp>
#include <tessera/binary/sections.hpp>
#include <tessera/util/result.hpp>

namespace tessera::inline TESSERA_ABI::binary {

/// The decoder for the instructions of F.
template <features F>
class decoder final : public section_decoder {
public:
    decoder(module_data& m, const module_limits& limits) noexcept : section_decoder(m, F, limits) {}

private:
    bool expression(const_expr& out) noexcept override {
        instruction_reader<F> code(base_, in_);
        code.module_ends(beyond_);
        out.code.begin = offset();
        nesting_.start();
        while (!nesting_.done())
            if (!code.next(instruction_) || !nesting_.step(instruction_.code, code, instruction_.offset)) {
                error_ = code.error();
                return false;
            }
        used_ |= code.used();
        in_.seek(code.at());
        out.code.end = offset();
        return true;
    }
    nesting nesting_;
    instruction instruction_;
};

/// Gives `why` the line and column of its offset if the module came from text.
inline error located(error why, view<module_data::position> positions) noexcept {
    const module_data::position* const at =
        why.offset() == error::no_offset ? nullptr : position_at(positions, why.offset());
    if (at) why.set_position(at->line, at->column);
    return why;
}

/// Decodes `m.bytes` into the rest of `m`, which must be fresh. Function bodies stay unread. Fails
/// with kind::malformed, or kind::exhaustion for msg::limit_reached and msg::out_of_memory.
template <features F>
result<void> decode(module_data& m, const module_limits& limits = {}) noexcept {
    decoder<F> d(m, limits);
    if (d.module()) return {};
    // The first error in the file is the one to tell; the bodies come before what follows them.
    error body(msg::unexpected_end);
    if (d.error().kind() == kind::malformed && !bodies_well_formed<F>(m, limits, body) &&
        body.kind() == kind::malformed)
        return located(body, {m.positions.data(), m.positions.size()});
    return located(d.error(), {m.positions.data(), m.positions.size()});
}

/// Decodes bytes that the module takes over. `positions` are those of its text, if it has one.
template <features F>
result<module_owner> decode(vec<u8>&& bytes, vec<module_data::position>&& positions = {},
                            const module_limits& limits = {}) noexcept {
    module_owner m(create<module_data>());
    if (!m) return error(msg::out_of_memory);
    m.edit()->owned = std::move(bytes);
    m.edit()->bytes = m.edit()->owned;
    m.edit()->positions = std::move(positions);
    if (auto done = decode<F>(*m.edit(), limits); !done) return done.error();
    return m;
}

/// Decodes bytes that stay the caller's and must outlive the module.
template <features F>
result<module_owner> decode_borrowed(std::span<const u8> bytes, const module_limits& limits = {}) noexcept {
    module_owner m(create<module_data>());
    if (!m) return error(msg::out_of_memory);
    m.edit()->bytes = bytes;
    if (auto done = decode<F>(*m.edit(), limits); !done) return done.error();
    return m;
}

} // namespace tessera::binary
