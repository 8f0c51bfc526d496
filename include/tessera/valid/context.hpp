// SPDX-License-Identifier: MIT
/// @file context.hpp
/// What validation knows of the module around an expression (spec: valid/conventions, Contexts).
#pragma once

#include <tessera/binary/limits.hpp>
#include <tessera/syntax/error.hpp>
#include <tessera/syntax/module.hpp>
#include <tessera/valid/describe.hpp>
#include <tessera/valid/match.hpp>

namespace tessera::inline TESSERA_ABI::valid {

/// The module, its limits, and the functions that references may be taken of. Checks of indices and
/// types return false on failure and set the error.
class context {
public:
    context(const module_data& m, const module_limits& limits) noexcept : m_(m), limits_(limits) {}

    const module_data& module() const noexcept { return m_; }
    const module_limits& limits() const noexcept { return limits_; }
    type_space space() const noexcept { return {&m_.types, m_.canonical.data()}; }
    const tessera::error& error() const noexcept { return error_; }

    /// Records the error at byte `offset` of the module; always false.
    TESSERA_COLD bool fail(const message& what, u64 offset, std::string_view detail = {}) noexcept {
        error_ = tessera::error(what, detail, offset);
        return false;
    }
    TESSERA_COLD bool fail_index(const message& what, u64 offset, u64 index) noexcept {
        return fail(what, offset, description() << index);
    }
    TESSERA_COLD bool fail_memory() noexcept {
        error_ = tessera::error(msg::out_of_memory);
        return false;
    }
    /// Gives the error an offset that is only looked for once there is one; always false.
    bool move_error(u64 offset) noexcept {
        error_.set_offset(offset);
        return false;
    }
    bool fail(const tessera::error& why) noexcept {
        error_ = why;
        return false;
    }

    /// True if `index` is below `size`; else the error is `what` with the index.
    [[nodiscard]] bool exists(u32 index, std::size_t size, const message& what, u64 offset) noexcept {
        return TESSERA_LIKELY(index < size) || fail_index(what, offset, index);
    }
    /// A value type is valid if its type index exists (spec: valid/types).
    [[nodiscard]] bool valid_type(val_type t, u64 offset) noexcept {
        return !t.is_ref() || valid_heap(t.heap(), offset);
    }
    [[nodiscard]] bool valid_heap(heap_type h, u64 offset) noexcept {
        return !h.is_index() || exists(h.index(), m_.types.size(), msg::unknown_type, offset);
    }
    /// A type index that exists and is of composite type `form`.
    [[nodiscard]] bool is_form(u32 type, composite form, u64 offset) noexcept {
        return exists(type, m_.types.size(), msg::unknown_type, offset) &&
               (m_.types[type].form == form || fail_form(type, form, offset));
    }

    /// References to `func` may be taken (spec: valid/conventions, `refs`).
    void declare(u32 func) noexcept { declared_[func / 64] |= u64{1} << func % 64; }
    bool is_declared(u32 func) const noexcept { return (declarations_[func / 64] >> func % 64 & 1) != 0; }
    [[nodiscard]] bool make_declarations() noexcept {
        if (!declared_.resize(m_.funcs.size() / 64 + 1)) return false;
        declarations_ = declared_.data();
        return true;
    }
    /// Gives the declarations away, for another context to use.
    vec<u64> take_declarations() noexcept { return std::move(declared_); }
    void use_declarations(const vec<u64>& made) noexcept { declarations_ = made.data(); }

private:
    TESSERA_COLD bool fail_form(u32 type, composite form, u64 offset) noexcept {
        const char* wanted = form == composite::func      ? "a function"
                             : form == composite::struct_ ? "a structure"
                                                          : "an array";
        return fail(msg::type_mismatch, offset,
                    description() << "type " << u64(type) << " is not " << wanted << " type");
    }
    const module_data& m_;
    const module_limits& limits_;
    vec<u64> declared_; ///< one bit a function
    const u64* declarations_ = nullptr;
    tessera::error error_{msg::type_mismatch};
};

} // namespace tessera::valid
