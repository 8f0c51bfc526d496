// SPDX-License-Identifier: MIT
/// @file wasi/args_environ.hpp
/// args_get, args_sizes_get, environ_get, environ_sizes_get.
#pragma once

#include <tessera/wasi/call.hpp>

namespace tessera::inline TESSERA_ABI::wasi::body {

inline error_number put_sizes(const call& c, const string_list& from, u32 count, u32 bytes) noexcept {
    if (!c.memory.holds(count, 4) || !c.memory.holds(bytes, 4)) return error_number::fault;
    if (from.bytes().size() > 0xffff'ffff) return error_number::overflow;
    c.memory.put<u32>(count, u32(from.starts().size()));
    c.memory.put<u32>(bytes, u32(from.bytes().size()));
    return error_number::success;
}
inline error_number put_strings(const call& c, const string_list& from, u32 pointers, u32 bytes) noexcept {
    const view<std::size_t> starts = from.starts();
    if (!c.memory.holds(pointers, u64{4} * starts.size()) || !c.memory.holds(bytes, from.bytes().size()))
        return error_number::fault;
    for (std::size_t i = 0; i < starts.size(); ++i) c.memory.put<u32>(pointers + u64{4} * i, bytes + u32(starts[i]));
    c.memory.write(bytes, from.bytes().data(), from.bytes().size());
    return error_number::success;
}

inline error_number args_sizes_get(call& c, u32 count, u32 bytes) noexcept {
    return put_sizes(c, c.self.arguments, count, bytes);
}
inline error_number args_get(call& c, u32 pointers, u32 bytes) noexcept {
    return put_strings(c, c.self.arguments, pointers, bytes);
}
inline error_number environ_sizes_get(call& c, u32 count, u32 bytes) noexcept {
    return put_sizes(c, c.self.environment, count, bytes);
}
inline error_number environ_get(call& c, u32 pointers, u32 bytes) noexcept {
    return put_strings(c, c.self.environment, pointers, bytes);
}

} // namespace tessera
