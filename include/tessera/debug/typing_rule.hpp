// SPDX-License-Identifier: MIT
/// @file debug/typing_rule.hpp
/// The specification's typing rule of each instruction, as a line of text (spec: valid/instructions).
#pragma once

#include <tessera/syntax/opcode.hpp>

namespace tessera::inline TESSERA_ABI::debug {

/// The type that the specification gives instructions whose type depends on immediates or on the stack, in its words:
/// C is the context, at an address type, t and t* any types. Empty for those whose row says it all.
constexpr std::string_view typing_rule(op o) noexcept {
    switch (o) {
    case op::unreachable: return "[t1*] -> [t2*]";
    case op::block:
    case op::loop: return "[t1*] -> [t2*], the block's type, which its body must have too";
    case op::if_: return "[t1* i32] -> [t2*], the block's type, which both arms must have; without else t1* = t2*";
    case op::else_:
    case op::end: return "the stack holds the block's results t2* and nothing else";
    case op::throw_: return "[t1* t*] -> [t2*], where tag x is [t*] -> []";
    case op::throw_ref: return "[t1* (ref null exn)] -> [t2*]";
    case op::try_table: return "[t1*] -> [t2*], the block's type; each clause's values match its label";
    case op::br: return "[t1* t*] -> [t2*], where label l takes [t*]";
    case op::br_if: return "[t* i32] -> [t*], where label l takes [t*]";
    case op::br_table: return "[t1* t* i32] -> [t2*], where all labels take [t*]";
    case op::return_: return "[t1* t*] -> [t2*], where the function gives [t*]";
    case op::call: return "[t1*] -> [t2*], the type of function x";
    case op::call_indirect: return "[t1* at] -> [t2*], where [t1*] -> [t2*] is type y and table x is of functions";
    case op::return_call: return "[t3* t1*] -> [t4*], where function x is [t1*] -> [t2*] and this one gives [t2*]";
    case op::return_call_indirect: return "[t3* t1* at] -> [t4*], where type y is [t1*] -> [t2*] and this gives [t2*]";
    case op::call_ref: return "[t1* (ref null x)] -> [t2*], where type x is [t1*] -> [t2*]";
    case op::return_call_ref: return "[t3* t1* (ref null x)] -> [t4*], where type x is [t1*] -> [t2*]";
    case op::drop: return "[t] -> []";
    case op::select: return "[t t i32] -> [t], where t is a number or vector";
    case op::select_t: return "[t t i32] -> [t], where t is the type given";
    case op::local_get: return "[] -> [t], where local x is t and has been set";
    case op::local_set: return "[t] -> [], where local x is t";
    case op::local_tee: return "[t] -> [t], where local x is t";
    case op::global_get: return "[] -> [t], where global x is t";
    case op::global_set: return "[t] -> [], where global x is mut t";
    case op::table_get: return "[at] -> [t], where table x is at t";
    case op::table_set: return "[at t] -> [], where table x is at t";
    case op::memory_size: return "[] -> [at], where memory x is at";
    case op::memory_grow: return "[at] -> [at], where memory x is at";
    case op::ref_null: return "[] -> [(ref null ht)]";
    case op::ref_is_null: return "[(ref null ht)] -> [i32]";
    case op::ref_func: return "[] -> [(ref x)], where function x is in C.refs";
    case op::ref_eq: return "[(ref null eq) (ref null eq)] -> [i32]";
    case op::ref_as_non_null: return "[(ref null ht)] -> [(ref ht)]";
    case op::br_on_null: return "[t* (ref null ht)] -> [t* (ref ht)], where label l takes [t*]";
    case op::br_on_non_null: return "[t* (ref null ht)] -> [t*], where label l takes [t* (ref ht)]";
    case op::br_on_cast: return "[t* rt1] -> [t* rt1-rt2], where label l takes [t* rt2] and rt2 <: rt1";
    case op::br_on_cast_fail: return "[t* rt1] -> [t* rt2], where label l takes [t* rt1-rt2] and rt2 <: rt1";
    case op::struct_new: return "[t*] -> [(ref x)], where type x is a structure of t*";
    case op::struct_new_default: return "[] -> [(ref x)], where the fields of x have default values";
    case op::struct_get:
    case op::struct_get_s:
    case op::struct_get_u: return "[(ref null x)] -> [t], where field i of structure x is t; signed if it is packed";
    case op::struct_set: return "[(ref null x) t] -> [], where field i of structure x is mut t";
    case op::array_new: return "[t i32] -> [(ref x)], where type x is an array of t";
    case op::array_new_default: return "[i32] -> [(ref x)], where the elements of x have a default value";
    case op::array_new_fixed: return "[t^n] -> [(ref x)], where type x is an array of t";
    case op::array_new_data:
    case op::array_new_elem: return "[i32 i32] -> [(ref x)], where segment y fits array x";
    case op::array_get:
    case op::array_get_s:
    case op::array_get_u: return "[(ref null x) i32] -> [t], where type x is an array of t; signed if it is packed";
    case op::array_set: return "[(ref null x) i32 t] -> [], where type x is an array of mut t";
    case op::array_len: return "[(ref null array)] -> [i32]";
    case op::array_fill: return "[(ref null x) i32 t i32] -> [], where type x is an array of mut t";
    case op::array_copy:
        return "[(ref null x) i32 (ref null y) i32 i32] -> [], where x is mutable and y's elements fit";
    case op::array_init_data:
    case op::array_init_elem: return "[(ref null x) i32 i32 i32] -> [], where segment y fits the mutable array x";
    case op::ref_test:
    case op::ref_test_null: return "[rt'] -> [i32], where rt <: rt'";
    case op::ref_cast:
    case op::ref_cast_null: return "[rt'] -> [rt], where rt <: rt'";
    case op::any_convert_extern: return "[(ref null? extern)] -> [(ref null? any)]";
    case op::extern_convert_any: return "[(ref null? any)] -> [(ref null? extern)]";
    case op::ref_i31: return "[i32] -> [(ref i31)]";
    case op::i31_get_s:
    case op::i31_get_u: return "[(ref null i31)] -> [i32]";
    case op::memory_init: return "[at i32 i32] -> [], where memory x is at and data segment y exists";
    case op::memory_fill: return "[at i32 at] -> [], where memory x is at";
    case op::memory_copy: return "[at1 at2 at] -> [], where the memories are at1 and at2, and at the smaller";
    case op::table_init: return "[at i32 i32] -> [], where element segment y fits table x";
    case op::table_copy:
        return "[at1 at2 at] -> [], where the tables are at1 and at2, at the smaller, and y's elements fit";
    case op::table_grow: return "[t at] -> [at], where table x is at t";
    case op::table_size: return "[] -> [at], where table x is at t";
    case op::table_fill: return "[at t at] -> [], where table x is at t";
    case op::data_drop:
    case op::elem_drop: return "[] -> [], where segment x exists";
    case op::try_:
    case op::catch_:
    case op::catch_all:
    case op::delegate:
    case op::rethrow: return "of the legacy exceptions, which the specification no longer has";
    default: return {};
    }
}

} // namespace tessera::debug
