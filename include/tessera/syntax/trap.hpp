// SPDX-License-Identifier: MIT
/// @file trap.hpp
/// The reasons for which execution stops, and the value-or-trap that partial operations return.
#pragma once

#include <tessera/util/integers.hpp>

namespace tessera::inline TESSERA_ABI {

/// Why execution stopped. Each has its text at the same place in msg::traps.
enum class trap : u8 {
    none,
    unreachable,
    integer_divide_by_zero,
    integer_overflow,
    invalid_conversion,
    out_of_bounds_memory,
    out_of_bounds_table,
    undefined_element,     ///< call_indirect beyond the table's end
    uninitialized_element, ///< call_indirect to a null entry
    indirect_call_type,    ///< call_indirect with another type
    null_reference,
    null_function, ///< call_ref of null
    null_i31,
    null_structure,
    null_array,
    null_exception,
    out_of_bounds_array,
    cast_failure,
    unaligned_atomic,
    expected_shared_memory,
    host,            ///< a host function asked for a trap of its own
    stack_exhausted, ///< kind::exhaustion from here on
    out_of_memory,
    out_of_fuel,
    interrupted,
    uncaught_exception, ///< kind::exception
    count_,
};

/// A value, or the trap that came instead of it.
template <class T>
struct checked {
    T value;
    trap why = trap::none;
};

} // namespace tessera
