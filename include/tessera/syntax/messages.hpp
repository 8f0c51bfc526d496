// SPDX-License-Identifier: MIT
/// @file messages.hpp
/// Every error text, in one table, in the wording of the specification's test suite where it has one.
#pragma once

#include <tessera/syntax/message.hpp>
#include <tessera/syntax/trap.hpp>

namespace tessera::inline TESSERA_ABI::msg {

// ---- traps, in the order of enum trap -------------------------------------------------------------
inline constexpr message traps[] = {
    {kind::trap, "no trap"},
    {kind::trap, "unreachable"},
    {kind::trap, "integer divide by zero"},
    {kind::trap, "integer overflow"},
    {kind::trap, "invalid conversion to integer"},
    {kind::trap, "out of bounds memory access"},
    {kind::trap, "out of bounds table access"},
    {kind::trap, "undefined element"},
    {kind::trap, "uninitialized element"},
    {kind::trap, "indirect call type mismatch"},
    {kind::trap, "null reference"},
    {kind::trap, "null function reference"},
    {kind::trap, "null i31 reference"},
    {kind::trap, "null structure reference"},
    {kind::trap, "null array reference"},
    {kind::trap, "null exception reference"},
    {kind::trap, "out of bounds array access"},
    {kind::trap, "cast failure"},
    {kind::trap, "unaligned atomic"},
    {kind::trap, "expected shared memory"},
    {kind::trap, "host trap"},
    {kind::exhaustion, "call stack exhausted"},
    {kind::exhaustion, "out of memory"},
    {kind::exhaustion, "out of fuel"},
    {kind::exhaustion, "interrupted"},
    {kind::exception, "uncaught exception"},
};
static_assert(sizeof traps / sizeof *traps == std::size_t(trap::count_));
inline constexpr const message& out_of_memory = traps[std::size_t(trap::out_of_memory)];

// ---- decoding -------------------------------------------------------------------------------------
inline constexpr message unexpected_end{kind::malformed, "unexpected end"};
inline constexpr message integer_too_long{kind::malformed, "integer representation too long"};
inline constexpr message integer_too_large{kind::malformed, "integer too large"};
inline constexpr message malformed_utf8{kind::malformed, "malformed UTF-8 encoding"};
inline constexpr message magic{kind::malformed, "magic header not detected"};
inline constexpr message version{kind::malformed, "unknown binary version"};
inline constexpr message illegal_opcode{kind::malformed, "illegal opcode"};
inline constexpr message feature_off{kind::malformed, "feature is not enabled in this build"};
inline constexpr message unexpected_end_of_section{kind::malformed, "unexpected end of section or function"};
inline constexpr message length_out_of_bounds{kind::malformed, "length out of bounds"};
inline constexpr message section_size_mismatch{kind::malformed, "section size mismatch"};
inline constexpr message malformed_section_id{kind::malformed, "malformed section id"};
inline constexpr message content_after_last_section{kind::malformed, "unexpected content after last section"};
inline constexpr message inconsistent_functions{kind::malformed, "function and code section have inconsistent lengths"};
inline constexpr message inconsistent_data{kind::malformed, "data count and data section have inconsistent lengths"};
inline constexpr message data_count_required{kind::malformed, "data count section required"};
inline constexpr message end_expected{kind::malformed, "END opcode expected"};
inline constexpr message malformed_import_kind{kind::malformed, "malformed import kind"};
inline constexpr message malformed_export_kind{kind::malformed, "malformed export kind"};
inline constexpr message malformed_limits{kind::malformed, "malformed limits flags"};
inline constexpr message malformed_page_size{kind::malformed, "invalid custom page size"};
inline constexpr message malformed_mutability{kind::malformed, "malformed mutability"};
inline constexpr message malformed_tag{kind::malformed, "malformed tag attribute"};
inline constexpr message malformed_elem{kind::malformed, "malformed elements segment kind"};
inline constexpr message malformed_data{kind::malformed, "malformed data segment kind"};
inline constexpr message malformed_type{kind::malformed, "malformed definition type"};
inline constexpr message malformed_value_type{kind::malformed, "malformed value type"};
inline constexpr message malformed_heap_type{kind::malformed, "malformed heap type"};
inline constexpr message malformed_reference_type{kind::malformed, "malformed reference type"};
inline constexpr message malformed_block_type{kind::malformed, "malformed block type"};
inline constexpr message malformed_memop_flags{kind::malformed, "malformed memop flags"};
inline constexpr message malformed_cast_flags{kind::malformed, "malformed br_on_cast flags"};
inline constexpr message malformed_catch{kind::malformed, "malformed catch clause"};
inline constexpr message zero_byte_expected{kind::malformed, "zero byte expected"};
inline constexpr message too_many_locals{kind::malformed, "too many locals"};

// ---- validation -----------------------------------------------------------------------------------
inline constexpr message type_mismatch{kind::invalid, "type mismatch"};
inline constexpr message unknown_type{kind::invalid, "unknown type"};
inline constexpr message unknown_function{kind::invalid, "unknown function"};
inline constexpr message unknown_table{kind::invalid, "unknown table"};
inline constexpr message unknown_memory{kind::invalid, "unknown memory"};
inline constexpr message unknown_global{kind::invalid, "unknown global"};
inline constexpr message unknown_tag{kind::invalid, "unknown tag"};
inline constexpr message unknown_local{kind::invalid, "unknown local"};
inline constexpr message unknown_label{kind::invalid, "unknown label"};
inline constexpr message unknown_elem{kind::invalid, "unknown elem segment"};
inline constexpr message unknown_data{kind::invalid, "unknown data segment"};
inline constexpr message unknown_field{kind::invalid, "unknown field"};
inline constexpr message undeclared_function{kind::invalid, "undeclared function reference"};
inline constexpr message uninitialized_local{kind::invalid, "uninitialized local"};
inline constexpr message invalid_result_arity{kind::invalid, "invalid result arity"};
inline constexpr message invalid_lane{kind::invalid, "invalid lane index"};
inline constexpr message invalid_rethrow{kind::invalid, "invalid rethrow label"};
inline constexpr message alignment_too_large{kind::invalid, "alignment must not be larger than natural"};
inline constexpr message atomic_alignment{kind::invalid, "atomic alignment must be natural"};
inline constexpr message offset_out_of_range{kind::invalid, "offset out of range"};
inline constexpr message constant_required{kind::invalid, "constant expression required"};
inline constexpr message duplicate_export{kind::invalid, "duplicate export name"};
inline constexpr message immutable_global{kind::invalid, "immutable global"};
inline constexpr message immutable_field{kind::invalid, "immutable field"};
inline constexpr message immutable_array{kind::invalid, "immutable array"};
inline constexpr message array_not_numeric{kind::invalid, "array type is not numeric or vector"};
inline constexpr message array_mismatch{kind::invalid, "array types do not match"};
inline constexpr message sub_type{kind::invalid, "sub type"};
inline constexpr message start_function{kind::invalid, "start function"};
inline constexpr message tag_result{kind::invalid, "non-empty tag result type"};
inline constexpr message memory_size{kind::invalid, "memory size must be at most"};
inline constexpr message memory_size_4g{kind::invalid, "memory size must be at most 65536 pages (4GiB)"};
inline constexpr message table_size{kind::invalid, "table size must be at most 2^32-1"};
inline constexpr message min_above_max{kind::invalid, "size minimum must not be greater than maximum"};
inline constexpr message shared_without_max{kind::invalid, "shared memory must have maximum"};
inline constexpr message page_size{kind::invalid, "invalid custom page size"};
inline constexpr message multiple_memories{kind::invalid, "multiple memories"};
inline constexpr message multiple_tables{kind::invalid, "multiple tables"};

// ---- linking and instantiation --------------------------------------------------------------------
inline constexpr message unknown_import{kind::unlinkable, "unknown import"};
inline constexpr message incompatible_import{kind::unlinkable, "incompatible import type"};
inline constexpr message broken_engine{
    kind::unsupported, "the compiler did not make jumps of the handlers' tail calls; set TESSERA_TAIL_CALLS to 0"};
inline constexpr message feature_not_built{kind::unsupported,
                                           "module needs a feature that this store is built without"};
inline constexpr message other_store{kind::usage, "object belongs to another store"};

// ---- limits ---------------------------------------------------------------------------------------
inline constexpr message limit_reached{kind::exhaustion, "implementation limit reached"};

// ---- the host -------------------------------------------------------------------------------------
inline constexpr message unknown_export{kind::usage, "unknown export"};
inline constexpr message wrong_type{kind::usage, "type does not match"};
inline constexpr message already_running{kind::usage, "the call is running"};
inline constexpr message stale_handle{kind::usage, "handle is empty or its store was reset"};
inline constexpr message global_immutable{kind::usage, "global is immutable"};
inline constexpr message out_of_range{kind::usage, "out of range"};
inline constexpr message cannot_open{kind::usage, "file cannot be opened"};
inline constexpr message cannot_grow{kind::exhaustion, "cannot grow"};
inline constexpr message no_memory{kind::usage, "caller has no memory"};
inline constexpr message shared_view{kind::usage, "a shared memory has no views; read, write, or use a guest_span"};
inline constexpr message misaligned{kind::trap, "misaligned pointer for a host function"};
inline constexpr message bad_argument{kind::trap, "bad argument for a host function"};
inline constexpr message exited{kind::exit, "the guest exited"};
inline constexpr message raised{kind::exit, "the guest raised a signal"};
inline constexpr message waits{kind::usage, "waits for the host"};
inline constexpr message cannot_wait{kind::usage, "the call cannot wait for the host"};
inline constexpr message host_threw{kind::trap, "host function threw an exception"};

// ---- text -----------------------------------------------------------------------------------------
inline constexpr message illegal_character{kind::malformed, "illegal character"};
inline constexpr message illegal_escape{kind::malformed, "illegal escape"};
inline constexpr message unclosed_string{kind::malformed, "unclosed string"};
inline constexpr message unclosed_comment{kind::malformed, "unclosed comment"};
inline constexpr message unclosed_annotation{kind::malformed, "unclosed annotation"};
inline constexpr message empty_identifier{kind::malformed, "empty identifier"};
inline constexpr message empty_annotation{kind::malformed, "empty annotation id"};
inline constexpr message unknown_operator{kind::malformed, "unknown operator"};
inline constexpr message unexpected_token{kind::malformed, "unexpected token"};
inline constexpr message constant_range{kind::malformed, "constant out of range"};
inline constexpr message i8_range{kind::malformed, "i8 constant out of range"};
inline constexpr message i32_range{kind::malformed, "i32 constant out of range"};
inline constexpr message i64_range{kind::malformed, "i64 constant out of range"};
inline constexpr message text_alignment{kind::malformed, "alignment must be a power of two"};
inline constexpr message text_page_size{kind::malformed, "invalid custom page size"};
inline constexpr message inline_function_type{kind::malformed, "inline function type does not match explicit type"};
inline constexpr message mismatching_label{kind::malformed, "mismatching label"};
inline constexpr message lane_literals{kind::malformed, "wrong number of lane literals"};
inline constexpr message lane_length{kind::malformed, "invalid lane length"};
inline constexpr message multiple_start{kind::malformed, "multiple start sections"};
inline constexpr message multiple_modules{kind::malformed, "more than one module"};
/// In the order of text::space.
inline constexpr message text_unknown[] = {
    {kind::malformed, "unknown type"},         {kind::malformed, "unknown function"},
    {kind::malformed, "unknown table"},        {kind::malformed, "unknown memory"},
    {kind::malformed, "unknown global"},       {kind::malformed, "unknown tag"},
    {kind::malformed, "unknown elem segment"}, {kind::malformed, "unknown data segment"},
    {kind::malformed, "unknown local"},        {kind::malformed, "unknown label"},
    {kind::malformed, "unknown field"},
};
inline constexpr message text_duplicate[] = {
    {kind::malformed, "duplicate type"},         {kind::malformed, "duplicate func"},
    {kind::malformed, "duplicate table"},        {kind::malformed, "duplicate memory"},
    {kind::malformed, "duplicate global"},       {kind::malformed, "duplicate tag"},
    {kind::malformed, "duplicate elem segment"}, {kind::malformed, "duplicate data segment"},
    {kind::malformed, "duplicate local"},        {kind::malformed, "duplicate label"},
    {kind::malformed, "duplicate field"},
};
/// From the second on in the order of text::space; the first stands for "no definition yet".
inline constexpr message import_after[] = {
    {kind::malformed, "import after definition"},        {kind::malformed, "import after function definition"},
    {kind::malformed, "import after table definition"},  {kind::malformed, "import after memory definition"},
    {kind::malformed, "import after global definition"}, {kind::malformed, "import after tag definition"},
};
inline constexpr message custom_no_name{kind::malformed, "@custom annotation: missing section name"};
inline constexpr message custom_utf8{kind::malformed, "@custom annotation: malformed UTF-8 encoding"};
inline constexpr message custom_token{kind::malformed, "@custom annotation: unexpected token"};
inline constexpr message custom_placement{kind::malformed, "@custom annotation: malformed placement"};
inline constexpr message custom_section{kind::malformed, "@custom annotation: malformed section kind"};
inline constexpr message custom_misplaced{kind::malformed, "misplaced @custom annotation"};
inline constexpr message name_token{kind::malformed, "@name annotation: unexpected token"};
inline constexpr message name_utf8{kind::malformed, "@name annotation: malformed UTF-8 encoding"};
inline constexpr message name_multiple{kind::malformed, "@name annotation: multiple module names"};
inline constexpr message name_misplaced{kind::malformed, "misplaced @name annotation"};
inline constexpr message hint_token{kind::malformed, "@metadata.code.branch_hint annotation: unexpected token"};
inline constexpr message hint_duplicate{kind::malformed, "@metadata.code.branch_hint annotation: duplicate annotation"};
inline constexpr message hint_outside{kind::malformed, "@metadata.code.branch_hint annotation: not in a function"};
inline constexpr message hint_target{kind::invalid, "@metadata.code.branch_hint annotation: invalid target"};

} // namespace tessera::msg
