// SPDX-License-Identifier: MIT
/// @file body_writer.hpp
/// Writing a function's body: instructions, blocks and their labels, locals, constants.
#pragma once

#include "encoding.hpp"

#include <algorithm>
#include <bit>

namespace diff {

/// What bodies are written with, whatever is in them.
class body_writer {
public:
    body_writer(module_plan& m, random& r) : m_(m), r_(r) {}

    static inline const types all_types{tessera::t_i32,  tessera::t_i64,     tessera::t_f32, tessera::t_f64,
                                        tessera::t_v128, tessera::t_funcref, t_ref0,         tessera::t_anyref};
    static val_type pick_type(random& r) {
        const u32 n = r.below(100);
        return n < 38   ? tessera::t_i32
               : n < 60 ? tessera::t_i64
               : n < 70 ? tessera::t_f32
               : n < 84 ? tessera::t_f64
               : n < 92 ? tessera::t_v128
               : n < 94 ? tessera::t_funcref
               : n < 96 ? t_ref0
                        : tessera::t_anyref;
    }

protected:
    struct label {
        types takes; ///< what a branch to it needs
        bool back;
    };

    // ---- bytes -----------------------------------------------------------------------------------------------------

    void emit(op o) {
        const tessera::op_row& r = tessera::row(o);
        if (r.prefix) {
            code_.push_back(r.prefix);
            put_leb(code_, r.code);
        } else {
            code_.push_back(u8(r.code));
        }
    }
    void emit(op o, u64 index) { emit(o), put_leb(code_, index); }
    void emit(op o, u64 index, u64 index2) { emit(o, index), put_leb(code_, index2); }
    void emit_block(op o, const types& params, const types& results) {
        emit(o);
        if (params.empty() && results.empty()) code_.push_back(tessera::code::empty_block);
        else if (params.empty() && results.size() == 1) put_type(code_, results[0]);
        else put_signed(code_, i64(type_index({params, results})));
    }
    void begin(op o, const types& params, const types& results) {
        emit_block(o, params, results);
        labels_.push_back({o == op::loop ? params : results, o == op::loop});
    }
    void end() {
        emit(op::end);
        labels_.pop_back();
    }
    u32 type_index(const signature& s) {
        for (u32 i = 0; i < m_.types.size(); ++i)
            if (m_.types[i] == s) return i;
        m_.types.push_back(s);
        return u32(m_.types.size()) - 1;
    }
    void i32_const(u32 v) { emit(op::i32_const), put_signed(code_, i64(i32(v))); }
    void i64_const(u64 v) { emit(op::i64_const), put_signed(code_, i64(v)); }

    // ---- locals ----------------------------------------------------------------------------------------------------

    val_type any_type() { return pick_type(r_); }
    u32 add_local(val_type t, bool writable) {
        const u32 index = u32(locals_.size());
        locals_.push_back(t);
        readable_.push_back(index);
        if (writable) writable_.push_back(index);
        return index;
    }
    u32 local_of(val_type t, bool to_write) {
        std::vector<u32> found;
        for (u32 l : to_write ? writable_ : readable_)
            if (locals_[l] == t) found.push_back(l);
        // Few locals are used much, so that they are read, written and read again near each other.
        return r_.chance(60) ? found[0] : r_.of(found);
    }
    u32 global_of(val_type t) {
        std::vector<u32> found;
        for (u32 i = 1; i < m_.globals.size(); ++i)
            if (m_.globals[i].type == t) found.push_back(i);
        return found.empty() ? no_index : r_.of(found);
    }

    // ---- constants -------------------------------------------------------------------------------------------------

    void constant(val_type t) {
        static const std::vector<u64> integers{0,
                                               1,
                                               2,
                                               3,
                                               4,
                                               7,
                                               8,
                                               16,
                                               31,
                                               32,
                                               33,
                                               63,
                                               64,
                                               100,
                                               127,
                                               128,
                                               255,
                                               256,
                                               0x7fff,
                                               0x8000,
                                               0xffff,
                                               0x10000,
                                               0x7fffffff,
                                               0x80000000,
                                               0x80000001,
                                               0xffffffff,
                                               0x100000000,
                                               0x7fffffffffffffff,
                                               0x8000000000000000,
                                               ~u64{0},
                                               ~u64{0} - 1,
                                               ~u64{0} << 31,
                                               (~u64{0} << 31) - 1};
        static const std::vector<f64> floats{0.0,  -0.0, 1.0,   -1.0,  0.5,          2.0,           3.25, -7.75, 100.0,
                                             1e-5, 1e10, -1e10, 1e300, 2147483648.0, -2147483649.0, 1e20, 5e-324};
        if (t == tessera::t_i32) return i32_const(r_.chance(15) ? u32(r_.next()) : u32(r_.of(integers)));
        if (t == tessera::t_i64) return i64_const(r_.chance(15) ? r_.next() : r_.of(integers));
        if (t == tessera::t_f32) {
            emit(op::f32_const);
            return put_fixed(code_, r_.chance(3) ? r_.next() & 0xffffffff : std::bit_cast<u32>(f32(r_.of(floats))), 4);
        }
        if (t == tessera::t_f64) {
            emit(op::f64_const);
            return put_fixed(code_, r_.chance(3) ? r_.next() : std::bit_cast<u64>(r_.of(floats)), 8);
        }
        if (t == tessera::t_v128) return emit(op::local_get, local_of(t, false));
        emit(op::ref_null);
        put_heap(t);
    }
    void put_heap(val_type t) { put_heap_type(code_, t); }
    u32 first_local(val_type t) const { return u32(std::find(locals_.begin(), locals_.end(), t) - locals_.begin()); }
    u32 any_label() { return r_.below(u32(labels_.size())); }
    const label& label_at(u32 depth) const { return labels_[labels_.size() - 1 - depth]; }
    static unsigned kind(val_type t) { return unsigned(tessera::code::i32 - t.byte_code()); }

    module_plan& m_;
    random& r_;
    bytes code_;
    types locals_;
    std::vector<u32> readable_, writable_;
    std::vector<label> labels_;
};

} // namespace diff
