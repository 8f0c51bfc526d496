// SPDX-License-Identifier: MIT
/// @file valid/lazy.hpp
/// Validating the bodies of a module one by one, after everything else of it was validated.
#pragma once

#include <tessera/binary/decode.hpp>
#include <tessera/valid/code.hpp>

namespace tessera::inline TESSERA_ABI::valid {

/// What the module keeps for that: the limits it was loaded with, and the functions that references may
/// be taken of. It never changes, so that stores on several threads may share the module.
template <features F>
class lazy_bodies_of final : public lazy_bodies {
public:
    lazy_bodies_of(const module_limits& limits, vec<u64>&& declared) noexcept
        : lazy_bodies{&validate_body, &destroy_this}, limits_(limits), declared_(std::move(declared)) {}

    /// Makes `m` one whose bodies are yet to be validated. False: memory is out.
    [[nodiscard]] static bool add(module_data& m, const module_limits& limits, vec<u64>&& declared) noexcept {
        m.lazy = create<lazy_bodies_of>(limits, std::move(declared));
        return m.lazy != nullptr;
    }

private:
    static bool validate_body(const module_data& m, u32 func, body_facts& facts, error& why) noexcept {
        const lazy_bodies_of& self = static_cast<const lazy_bodies_of&>(*m.lazy);
        context c(m, self.limits_);
        c.use_declarations(self.declared_);
        code_validator<F> code(c);
        if (!code.body(func)) {
            why = binary::located(c.error(), {m.positions.data(), m.positions.size()});
            return false;
        }
        facts.used = features{code.used()};
        return true;
    }
    static void destroy_this(lazy_bodies* self) noexcept { destroy(static_cast<lazy_bodies_of*>(self)); }

    module_limits limits_;
    vec<u64> declared_; ///< one bit a function
};

} // namespace tessera::valid
