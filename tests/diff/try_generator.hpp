// SPDX-License-Identifier: MIT
/// @file try_generator.hpp
/// Statements that catch exceptions, and the shapes that lowering has to keep apart from them.
#pragma once

#include "body_generator.hpp"

namespace diff {

/// A try_table in the block its last clause goes to; further clauses go to any label that fits.
inline void body_generator::guarded(int depth) {
    using tessera::binary::catch_kind;
    const auto kind = catch_kind(r_.below(4));
    const bool with_ref = kind == catch_kind::tag_ref || kind == catch_kind::all_ref, again = with_ref && r_.chance(40);
    const u32 tag = r_.below(u32(m_.tags.size()));
    const types thrown = kind < catch_kind::all ? thrown_by(tag) : types();
    types caught = thrown;
    if (with_ref) caught.push_back(tessera::t_exnref);
    if (again) begin(op::block, {}, {});
    begin(op::block, {}, caught);
    const types in = r_.chance(30) ? some_types(2) : types(), out = r_.chance(30) ? some_types(2) : types();
    values(in, depth);
    bytes clauses;
    u32 count = 1;
    bool back = false;
    for (u32 n = r_.below(3); n--;) {
        const u32 other = r_.below(u32(m_.tags.size() + 1)); // the last one: all
        const types wanted = other < m_.tags.size() ? thrown_by(other) : types();
        std::vector<u32> fit;
        for (u32 d = 0; d < labels_.size(); ++d)
            if (label_at(d).takes == wanted) fit.push_back(d);
        if (fit.empty() || (other == m_.tags.size() && r_.chance(60))) continue;
        const u32 to = r_.of(fit);
        back = back || label_at(to).back;
        ++count;
        clauses.push_back(u8(other < m_.tags.size() ? catch_kind::tag : catch_kind::all));
        if (other < m_.tags.size()) put_leb(clauses, other);
        put_leb(clauses, to);
    }
    clauses.push_back(u8(kind));
    if (kind < catch_kind::all) put_leb(clauses, tag);
    clauses.push_back(0);
    begin(op::try_table, in, out);
    put_leb(code_, count);
    code_.insert(code_.end(), clauses.begin(), clauses.end());
    if (back) gas_check();
    if (r_.chance(50)) statements(2, depth);
    reshape(in, out, depth);
    if (r_.chance(40)) { // a value that waits for a local while a call may throw
        const val_type t = any_type();
        const u32 type = m_.funcs[r_.below(u32(m_.funcs.size()))].type;
        expression(t, 1);
        call_type(type, 1, false);
        for (std::size_t n = m_.types[type].results.size(); n--;) emit(op::drop);
        emit(op::local_set, local_of(t, true));
    }
    if (r_.chance(60)) {
        condition(depth);
        emit_block(op::if_, {}, {});
        labels_.push_back({{}, false});
        throw_one(depth);
        end();
    }
    if (r_.chance(60)) statements(2, depth);
    if (r_.chance(10)) leave(depth);
    end();
    consume_all(out, depth);
    if (r_.chance(20)) {
        leave(depth);
    } else {
        values(thrown, depth);
        if (with_ref) emit(op::ref_null), code_.push_back(tessera::code::exn);
    }
    end();
    if (again) {
        condition(depth);
        emit(op::br_if, 0);
        emit(op::throw_ref);
        return end();
    }
    if (with_ref) emit(op::drop);
    consume_all(thrown, depth);
}

} // namespace diff
