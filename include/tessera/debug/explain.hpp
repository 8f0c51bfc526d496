// SPDX-License-Identifier: MIT
/// @file debug/explain.hpp
/// Why a module is not valid: the rule that it breaks, and the stack as it is and as it should be.
#pragma once

#include <tessera/debug/describe_error.hpp>
#include <tessera/debug/instructions.hpp>
#include <tessera/debug/typing_rule.hpp>
#include <tessera/valid/module.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::debug {

/// What is behind an error of kind::invalid.
struct explanation {
    u32 function = no_index;      ///< whose body it is in; no_index: in none
    std::string_view instruction; ///< its name in the text format; empty: it is about no instruction
    std::string_view rule;        ///< what the specification says of the type of such an instruction; may be empty
    vec<val_type> expected;       ///< what it takes from the stack, as far as its immediates tell
    vec<val_type> actual;         ///< what is there, within the innermost block
    bool unreachable = false;     ///< behind a branch: below `actual` there is whatever is needed
    vec<char> text;               ///< all of that, in lines
};

namespace detail {

/// Validates a body up to an instruction, and then tells what is on the stack.
template <features F>
class stack_before : public valid::code_validator<F> {
    using base = valid::code_validator<F>;

public:
    using base::base;

    /// `m` is the module of the context; its body of `function` is cut off at `in`. False: memory is out.
    [[nodiscard]] bool run(module_data& m, u32 function, const binary::instruction& in, explanation& to) noexcept {
        const u32 end = std::exchange(m.funcs[function].code.end, in.offset);
        static_cast<void>(this->body(function)); // ends at the cut, if at no other place
        m.funcs[function].code.end = end;
        if (this->frames_.empty()) return true;
        to.unreachable = this->frames_.back().unreachable;
        if (!to.actual.append(this->data_ + this->floor_, this->size_ - this->floor_)) return false;
        return expected(m, in, to.expected);
    }

private:
    [[nodiscard]] bool expected(const module_data& m, const binary::instruction& in, vec<val_type>& to) noexcept {
        const valid::op_rule& rule = valid::op_rules<>[u16(in.code)];
        for (unsigned i = 0; i < rule.param_count; ++i) {
            val_type t = t_i32;
            if (rule.params[i] != valid::op_rule::address) t = val_type::number(rule.params[i]);
            else if (in.index < m.memories.size() && m.memories[in.index].type.limits.is64) t = t_i64;
            if (!to.push_back(t)) return false;
        }
        const auto append = [&](view<val_type> types) { return to.append(types.data(), types.size()); };
        const auto one = [&](val_type t) { return to.push_back(t); };
        val_type t;
        const auto label = [&](u32 depth) {
            return depth >= this->frames_.size() ||
                   append(this->label(this->frames_[this->frames_.size() - 1 - depth]));
        };
        switch (in.code) {
        case op::local_set:
        case op::local_tee: return in.index >= this->local_count_ || !this->local(in.index, t) || one(t);
        case op::global_set: return in.index >= m.globals.size() || one(m.globals[in.index].type.type);
        case op::call:
        case op::return_call: return in.index >= m.funcs.size() || append(m.types.params(m.funcs[in.index].type));
        case op::call_indirect:
        case op::return_call_indirect:
            return in.index >= m.types.size() || m.types[in.index].form != composite::func ||
                   (append(m.types.params(in.index)) &&
                    one(in.index2 < m.tables.size() && m.tables[in.index2].type.limits.is64 ? t_i64 : t_i32));
        case op::br: return label(in.index);
        case op::br_if: return label(in.index) && one(t_i32);
        case op::return_: return append(this->results(this->frames_[0]));
        case op::else_:
        case op::end: return append(this->results(this->frames_.back()));
        case op::if_: return (in.block_type == no_index || is_func(m, in.block_type, to)) && one(t_i32);
        case op::block:
        case op::loop: return in.block_type == no_index || is_func(m, in.block_type, to);
        case op::throw_: return in.index >= m.tags.size() || append(m.types.params(m.tags[in.index].type));
        default: return true;
        }
    }
    static bool is_func(const module_data& m, u32 type, vec<val_type>& to) noexcept {
        if (type >= m.types.size() || m.types[type].form != composite::func) return true;
        const view<val_type> params = m.types.params(type);
        return to.append(params.data(), params.size());
    }
};

/// A validator that lets go on with its context.
template <features F>
class module_before_bodies : public valid::module_validator<F> {
public:
    using valid::module_validator<F>::module_validator;
    valid::context& context() noexcept { return this->context_; }
};

inline void write_types(error_text& text, const vec<val_type>& types) noexcept {
    text << "[";
    for (std::size_t i = 0; i < types.size(); ++i) text << (i ? " " : "") << (valid::description() << types[i]);
    text << "]";
}

} // namespace detail

/// Explains `why`, the error of kind::invalid that parsing `bytes` with the features F ended with: the rule that is
/// broken in the specification's words, and the stack before the instruction. Validates the module once more, up to
/// there. Of other errors it has the text alone. Fails with msg::out_of_memory. A program that defines TESSERA_SEPARATE
/// calls it in the file of the implementation.
template <features F>
result<explanation> explain(std::span<const u8> bytes, const error& why, const module_limits& limits = {}) noexcept {
    explanation made;
    detail::error_text text;
    text << why.message();
    if (!why.detail().empty()) (text << ": ").foreign(why.detail());
    const auto finished = [&]() -> result<explanation> {
        auto all = text.take();
        if (!all) return all.error();
        made.text = std::move(*all);
        return std::move(made);
    };
    if (why.kind() != kind::invalid || why.offset() >= bytes.size()) return finished();
    (text << "\n  at byte 0x").number(why.offset(), 16);
    auto m = binary::decode_borrowed<F>(bytes, limits);
    if (!m) return finished(); // these are not the bytes that the error is about
    module_data& data = *m->edit();
    const u32 function = detail::function_around(data, u32(why.offset()));
    binary::instruction in;
    bool found = false;
    detail::each_instruction(data, function, [&](const binary::instruction& next) {
        if (next.offset == why.offset()) in = next, found = true;
        return next.offset < why.offset();
    });
    if (!found) return finished();
    made.function = function;
    made.instruction = row(in.code).text;
    made.rule = typing_rule(in.code);
    (text << ", in function ").number(function);
    if (function < data.func_names.size() && !data.func_names[function].empty())
        (text << " $").foreign(data.func_names[function]);
    text << "\n  rule      " << made.instruction << " : ";
    if (made.rule.empty()) {
        const valid::op_rule& rule = valid::op_rules<>[u16(in.code)];
        const auto type_of = [](u8 code) {
            return code == valid::op_rule::address ? valid::description() << "at"
                                                   : valid::description() << val_type::number(code);
        };
        text << "[";
        for (unsigned i = 0; i < rule.param_count; ++i) text << (i ? " " : "") << type_of(rule.params[i]);
        text << "] -> [";
        for (unsigned i = 0; i < rule.result_count; ++i) text << (i ? " " : "") << type_of(rule.results[i]);
        text << "]";
    } else {
        text << made.rule;
    }
    detail::module_before_bodies<F> before(data, limits);
    if (!before.run(false)) return finished();
    detail::stack_before<F> stack(before.context());
    if (!stack.run(data, function, in, made)) return msg::out_of_memory;
    text << "\n  expected  ";
    detail::write_types(text, made.expected);
    text << "\n  actual    ";
    detail::write_types(text, made.actual);
    if (made.unreachable) text << ", and anything below, since it is never reached";
    return finished();
}

} // namespace tessera::debug
TESSERA_SMALL_END
