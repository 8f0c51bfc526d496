// SPDX-License-Identifier: MIT
/// @file runtime/api/slots.hpp
/// Values whose type is known at run time, to slots and back.
#pragma once

#include <tessera/runtime/cast.hpp>
#include <tessera/runtime/link.hpp>
#include <tessera/syntax/value.hpp>

namespace tessera::inline TESSERA_ABI {

namespace runtime {

/// Writes `v`, meant for a place of store type `wanted`, to `slots`. An error if the types do not
/// agree; `wanted` may be a reference type that only looking at the reference can decide.
inline result<void> put_value(store_data& s, val_type wanted, const value& v, u64* slots) noexcept {
    const error wrong(msg::wrong_type, "argument");
    if (!wanted.is_ref()) {
        if (v.type != wanted) return wrong;
        slots[0] = wanted == t_i32 || wanted == t_f32 ? u32(v.bits) : v.bits;
        if (wanted.is_vector()) slots[1] = v.high;
        return {};
    }
    const u32 bits = u32(v.bits);
    const valid::type_space space = s.types.space();
    // A null of any type of the same hierarchy is the same null; what anything else is, looking at it decides.
    if (!v.type.is_ref() || !is_known(v.type, s.types.size()) ||
        valid::top_of(space, v.type.heap()) != valid::top_of(space, wanted.heap()) ||
        !accept_reference(s, bits, wanted))
        return wrong;
    slots[0] = bits;
    return {};
}

/// Reads a value of store type `t` from `slots`.
inline value take_value(val_type t, const u64* slots) noexcept {
    const bool narrow = t.is_ref() || t == t_i32 || t == t_f32;
    return {t, narrow ? u32(slots[0]) : slots[0], t.is_vector() ? slots[1] : 0};
}

/// Room for the arguments and results of one call; few of them need no allocation.
class slot_array {
public:
    slot_array() noexcept = default;
    slot_array(const slot_array&) = delete;
    slot_array& operator=(const slot_array&) = delete;

    u64* data() noexcept { return at_; }

    /// Writes the arguments of a call of `f`. An error if their number or a type is not right.
    result<void> fill(store_data& s, const func_record& f, std::span<const value> args) noexcept {
        const view<val_type> params = s.types.types().params(f.type_id);
        if (args.size() != params.size()) return error(msg::wrong_type, "number of arguments");
        const u32 n = f.param_slots > f.result_slots ? f.param_slots : f.result_slots;
        if (n > few) {
            if (!many_.resize(n)) return msg::out_of_memory;
            at_ = many_.data();
        }
        u64* to = at_;
        for (std::size_t i = 0; i < args.size(); to += params[i++].slots())
            if (auto ok = put_value(s, params[i], args[i], to); !ok) return ok;
        return {};
    }
    /// Reads the results of `f`, as many as `results` has room for.
    void take(const store_data& s, const func_record& f, std::span<value> results) const noexcept {
        const view<val_type> types = s.types.types().results(f.type_id);
        const u64* from = at_;
        for (std::size_t i = 0; i < results.size(); from += types[i++].slots()) results[i] = take_value(types[i], from);
    }

private:
    static constexpr u32 few = 16;
    u64 few_[few] = {};
    vec<u64> many_;
    u64* at_ = few_;
};

} // namespace runtime
} // namespace tessera
