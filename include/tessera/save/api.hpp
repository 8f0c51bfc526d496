// SPDX-License-Identifier: MIT
/// @file save/api.hpp
/// Saving a store to bytes and restoring it, its hash, and copies of it.
#pragma once

#include <tessera/store.hpp>

#include <tessera/config.hpp> // NOLINT(readability-duplicate-include): a door takes the internal macros away

namespace tessera::inline TESSERA_ABI {

/// What a restored store has in it: the handles of what was saved, in the order of before.
struct restored {
    vec<instance> instances; ///< in the order in which they were made
    vec<execution> calls;    ///< those that were given to `save`
};

namespace saving {

struct call_codec;
/// The calls of the engine with the features F; save/calls.hpp defines it.
template <features F>
const call_codec& codec_for() noexcept;

// What the templates below do, whatever the features are.
TESSERA_API result<vec<u8>> save(runtime::store_data& s, const call_codec& codec,
                                 std::span<execution* const> calls) noexcept;
TESSERA_API result<u64> state_hash(runtime::store_data& s, const call_codec& codec,
                                   std::span<execution* const> calls) noexcept;
TESSERA_API result<restored> restore(runtime::store_data& s, const call_codec& codec, std::span<const u8> bytes,
                                     std::span<const module> modules, runtime::import_source from) noexcept;
TESSERA_API result<restored> fork(runtime::store_data& from, runtime::store_data& to, const call_codec& codec,
                                  std::span<execution* const> calls) noexcept;

} // namespace saving

/// The whole state of `s` as bytes: memories, tables, globals, segments, the objects of the heap that can be reached,
/// instances, fuel, and `calls`, which wait or have not begun. Nothing in them depends on the machine, the compiler or
/// the way of dispatch, and equal states have equal bytes; restore() makes a store of them.
///
/// Not saved: modules, which `restore` is given; host functions, which their names find; host objects, which a
/// reference names by the order in which they were made; limits; what only the host holds, as `rooted`s and errors;
/// calls that are not given, and of those that are the values that nothing reads any more. Fails with
/// msg::already_running while a host function called from a guest runs or a debugger is attached; msg::out_of_range,
/// with the reason as detail, for a shared memory, a call that has ended, a host function in a table that no module
/// imports; msg::other_store for a call of another store; msg::limit_reached for calls that stand at absurdly many
/// places of long functions; msg::out_of_memory.
template <features F>
result<vec<u8>> save(store<F>& s, std::span<execution* const> calls = {}) noexcept {
    if (auto ok = s.status(); !ok) return ok.error();
    return saving::save(*s.data(), saving::codec_for<F>(), calls);
}

/// A hash of what `save` would give, without the bytes: the same for equal states, on every machine. Fails like `save`.
template <features F>
result<u64> state_hash(store<F>& s, std::span<execution* const> calls = {}) noexcept {
    if (auto ok = s.status(); !ok) return ok.error();
    return saving::state_hash(*s.data(), saving::codec_for<F>(), calls);
}

/// Makes `s`, in which no instance is yet, what was saved. `modules` holds the modules of before, in any order, found
/// by size and hash; `from` the host functions that they import. Start functions do not run.
///
/// The bytes may be anyone's. What is wrong with them is an error with its position in `offset()`, and `s` is then
/// reset: msg::unexpected_end, msg::magic, msg::version, msg::integer_too_long; msg::feature_not_built if the set of
/// features is not F; msg::out_of_range or msg::wrong_type, with what it is about as detail, for everything that no
/// saved state has, and for a module that was not given; kind::unlinkable for a host function that is missing or of
/// another type; kind::exhaustion for a limit of `s`, or memory that is out. Fails with msg::out_of_range and leaves
/// `s` as it was if it is in use.
template <features F>
result<restored> restore(store<F>& s, std::span<const u8> bytes, std::span<const module> modules,
                         const imports& from = {}) noexcept {
    if (auto ok = s.status(); !ok) return ok.error();
    if (auto ok = from.status(); !ok) return ok.error();
    return saving::restore(*s.data(), saving::codec_for<F>(), bytes, modules, from.source());
}

/// Makes `to`, in which no instance is yet, a copy of `from` with its modules and host functions: all of it is copied,
/// memories too. Host objects are not; see `save`. Fails as `save` and `restore` do.
template <features F>
result<restored> fork(store<F>& from, store<F>& to, std::span<execution* const> calls = {}) noexcept {
    if (auto ok = from.status(); !ok) return ok.error();
    if (auto ok = to.status(); !ok) return ok.error();
    return saving::fork(*from.data(), *to.data(), saving::codec_for<F>(), calls);
}

} // namespace tessera
