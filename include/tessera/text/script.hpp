// SPDX-License-Identifier: MIT
/// @file text/script.hpp
/// Scripts of the specification's test suite, `.wast` files: modules, actions on them, and what is
/// expected of both. This is the form only; running one is another matter.
#pragma once

#include <tessera/text/parser.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

enum class command_kind : u8 {
    module_,
    module_definition,
    module_instance,
    register_,
    invoke,
    get,
    assert_return,
    assert_trap,
    assert_exhaustion,
    assert_exception,
    assert_malformed,
    assert_invalid,
    assert_unlinkable,
    assert_uninstantiable,
    assert_malformed_custom,
    assert_invalid_custom,
    thread,
    wait,
    count_,
};
/// The words by which a command begins, by kind.
inline constexpr std::string_view command_names[] = {"module",
                                                     "module definition",
                                                     "module instance",
                                                     "register",
                                                     "invoke",
                                                     "get",
                                                     "assert_return",
                                                     "assert_trap",
                                                     "assert_exhaustion",
                                                     "assert_exception",
                                                     "assert_malformed",
                                                     "assert_invalid",
                                                     "assert_unlinkable",
                                                     "assert_uninstantiable",
                                                     "assert_malformed_custom",
                                                     "assert_invalid_custom",
                                                     "thread",
                                                     "wait"};
static_assert(sizeof command_names / sizeof *command_names == std::size_t(command_kind::count_));

/// How a module is written in a script.
enum class module_form : u8 { text, binary, quote };
struct script_module {
    module_form form = module_form::text;
    result<binary_module> content; ///< the bytes, or why the text is malformed
};

/// An argument, or what a result must be like.
enum class pattern_kind : u8 {
    i32,
    i64,
    f32,
    f64,
    v128,
    ref_null,
    ref_func,
    ref_extern,
    ref_host,
    ref_any,
    ref_eq,
    ref_i31,
    ref_struct,
    ref_array,
    ref_exn,
    either, ///< one of `count` patterns from `first` on, in script::alternatives
};
enum class nan_pattern : u8 { none, canonical, arithmetic };
struct pattern {
    pattern_kind kind = pattern_kind::i32;
    u8 float_lanes = 0;       ///< v128: 4 or 2 if the lanes are f32 or f64 and may have nan patterns, else 0
    bool exact = true;        ///< references: false if any one of the kind will do
    nan_pattern nans[4] = {}; ///< f32 and f64: the first; v128: of each lane
    u64 low = 0;              ///< the value's bits; the number of ref.extern, ref.host, ref.func
    u64 high = 0;             ///< upper half of a v128
    heap_type heap;           ///< ref.null, if exact
    u32 first = 0, count = 0;
};

/// A range in one of the script's lists.
struct list_range {
    u32 first = 0, count = 0;
};

struct command {
    command_kind kind = command_kind::module_;
    bool is_get = false; ///< the action reads a global instead of calling a function
    u32 line = 1, column = 1;
    std::string_view id;       ///< of the module, instance or thread, without `$`; empty for the latest module
    std::string_view name;     ///< the action's export; the name to register under; of an instance, its module's id
    std::string_view expected; ///< the text of an assertion
    u32 module = no_index;     ///< in script::modules, where the command has one; an assertion has this or an action
    list_range arguments;      ///< in script::patterns
    list_range results;        ///< in script::patterns
    list_range shared;         ///< thread: ids of modules it shares, in script::ids
    u32 end = 0;               ///< thread: index of the command behind its own, which follow it
};

/// A script in order. Ids and names point into the source or into `strings`.
struct script {
    vec<command> commands;
    vec<script_module> modules;
    vec<pattern> patterns;
    vec<pattern> alternatives;
    vec<std::string_view> ids;
    arena strings;
};

/// Reads a script; see parse_script.
class script_parser : public immediate_parser {
public:
    using immediate_parser::immediate_parser;

    [[nodiscard]] bool run(script& out) noexcept {
        out_ = &out;
        if (is_module_text()) {
            if (!inline_module()) return false;
        } else {
            while (!at(token_kind::end)) {
                if (!open_.empty() && at_ == open_.back().close) {
                    out.commands[open_.back().command].end = u32(out.commands.size());
                    open_.pop_back();
                    if (!leave()) return false;
                } else if (!one_command()) {
                    return false;
                }
            }
            if (!open_.empty()) return unexpected();
        }
        out.strings = std::move(arena_);
        return true;
    }

private:
    /// A file may be the fields of one module.
    bool is_module_text() const noexcept {
        if (!at(token_kind::left) || peek(1).kind != token_kind::keyword) return false;
        switch (word(peek(1).match)) {
        case word::type:
        case word::rec:
        case word::import_:
        case word::export_:
        case word::func:
        case word::table:
        case word::memory:
        case word::global:
        case word::tag:
        case word::start:
        case word::elem:
        case word::data: return true;
        default: return false;
        }
    }
    [[nodiscard]] bool inline_module() noexcept {
        command c;
        module_parser parser(list_, at_);
        binary_module bytes;
        script_module m;
        if (parser.run_whole(bytes)) m.content = std::move(bytes);
        else if (parser.problem().is(msg::out_of_memory)) return out_of_memory();
        else m.content = parser.problem();
        return add_module(c, std::move(m)) && add(c);
    }
    [[nodiscard]] bool one_command() noexcept {
        const token& left = peek();
        command c;
        c.line = left.line;
        c.column = left.column;
        if (!at(token_kind::left)) return unexpected();
        const token& t = peek(1);
        if (t.kind != token_kind::keyword) return unexpected(t);
        switch (word(t.match)) {
        case word::module_: return module_command(c);
        case word::register_:
            at_ += 2;
            c.kind = command_kind::register_;
            return name(c.name) && optional_id(c.id) && leave() && add(c);
        case word::invoke:
        case word::get:
            if (!action(c)) return false;
            c.kind = c.is_get ? command_kind::get : command_kind::invoke;
            return add(c);
        case word::assert_return:
            at_ += 2;
            c.kind = command_kind::assert_return;
            return action(c) && patterns(c.results, true) && leave() && add(c);
        case word::assert_exception:
            at_ += 2;
            c.kind = command_kind::assert_exception;
            return action(c) && leave() && add(c);
        case word::assert_trap: return assertion(c, command_kind::assert_trap);
        case word::assert_exhaustion: return assertion(c, command_kind::assert_exhaustion);
        case word::assert_malformed: return assertion(c, command_kind::assert_malformed);
        case word::assert_invalid: return assertion(c, command_kind::assert_invalid);
        case word::assert_unlinkable: return assertion(c, command_kind::assert_unlinkable);
        case word::assert_uninstantiable: return assertion(c, command_kind::assert_uninstantiable);
        case word::assert_malformed_custom: return assertion(c, command_kind::assert_malformed_custom);
        case word::assert_invalid_custom: return assertion(c, command_kind::assert_invalid_custom);
        case word::thread: return thread_command(c, left.match);
        case word::wait:
            at_ += 2;
            c.kind = command_kind::wait;
            return id(c.id) && leave() && add(c);
        default: return unexpected(t);
        }
    }
    [[nodiscard]] bool add(const command& c) noexcept { return out_->commands.push_back(c) || out_of_memory(); }
    [[nodiscard]] bool optional_id(std::string_view& out) noexcept { return !at(token_kind::id) || id(out); }

    /// `(thread $T (shared (module $M)*)* command*)`: its commands follow as any others.
    [[nodiscard]] bool thread_command(command& c, u32 close) noexcept {
        at_ += 2;
        c.kind = command_kind::thread;
        c.shared.first = u32(out_->ids.size());
        if (!optional_id(c.id)) return false;
        while (enter(word::shared)) {
            while (enter(word::module_)) {
                std::string_view shared;
                if (!id(shared) || !leave()) return false;
                if (!out_->ids.push_back(shared)) return out_of_memory();
                ++c.shared.count;
            }
            if (!leave()) return false;
        }
        return open_.push_back({u32(out_->commands.size()), close}) ? add(c) : out_of_memory();
    }

    /// An action or a module, and the expected text.
    [[nodiscard]] bool assertion(command& c, command_kind kind) noexcept {
        at_ += 2;
        c.kind = kind;
        if (at_left(word::module_) ? !module_(c) : !action(c)) return false;
        return (at(token_kind::right) || string(c.expected)) && leave() && add(c);
    }
    [[nodiscard]] bool action(command& c) noexcept {
        c.is_get = at_left(word::get);
        if (!c.is_get && !at_left(word::invoke)) return unexpected(at(token_kind::left) ? peek(1) : peek());
        at_ += 2;
        return optional_id(c.id) && name(c.name) && (c.is_get || patterns(c.arguments, false)) && leave();
    }

    // ---- modules

    [[nodiscard]] bool module_command(command& c) noexcept {
        if (!peek(2).is(word::instance)) return module_(c) && add(c);
        at_ += 3;
        c.kind = command_kind::module_instance;
        if (!optional_id(c.id)) return false;
        if (at(token_kind::id)) {
            if (!id(c.name)) return false;
        } else {
            std::swap(c.id, c.name); // one id alone is the definition's
        }
        return leave() && add(c);
    }
    /// At `(module`, in a command or an assertion.
    [[nodiscard]] bool module_(command& c) noexcept {
        const u32 close = peek().match;
        at_ += 2;
        if (accept(word::definition) && c.kind == command_kind::module_) c.kind = command_kind::module_definition;
        if (!optional_id(c.id)) return false;
        script_module m;
        if (accept(word::binary)) {
            binary_module bytes;
            m.form = module_form::binary;
            if (!strings(bytes.bytes)) return false;
            m.content = std::move(bytes);
        } else if (accept(word::quote)) {
            vec<u8> source;
            m.form = module_form::quote;
            if (!strings(source)) return false;
            m.content = parse(bytes_of(source));
        } else {
            module_parser parser(list_, at_, c.id);
            binary_module bytes;
            if (parser.run(bytes)) {
                m.content = std::move(bytes);
                at_ = parser.position_after();
            } else {
                m.content = parser.problem();
                at_ = close;
            }
        }
        if (!m.content && m.content.error().is(msg::out_of_memory)) return out_of_memory();
        return leave() && add_module(c, std::move(m));
    }
    [[nodiscard]] bool add_module(command& c, script_module m) noexcept {
        c.module = u32(out_->modules.size());
        return out_->modules.push_back(std::move(m)) || out_of_memory();
    }

    // ---- values

    [[nodiscard]] bool patterns(list_range& range, bool results) noexcept {
        range.first = u32(out_->patterns.size());
        for (; at(token_kind::left); ++range.count) {
            pattern p;
            if (results && enter(word::either)) {
                p.kind = pattern_kind::either;
                p.first = u32(out_->alternatives.size());
                for (; at(token_kind::left); ++p.count) {
                    pattern alternative;
                    if (!one_pattern(alternative, true)) return false;
                    if (!out_->alternatives.push_back(alternative)) return out_of_memory();
                }
                if (!leave()) return false;
            } else if (!one_pattern(p, results)) {
                return false;
            }
            if (!out_->patterns.push_back(p)) return out_of_memory();
        }
        return true;
    }
    [[nodiscard]] bool one_pattern(pattern& p, bool result_) noexcept {
        if (!expect(token_kind::left)) return false;
        const token& t = peek();
        if (!at(token_kind::keyword)) return unexpected();
        static_cast<void>(next());
        if (!is_op(word(t.match))) return script_reference(p, t);
        switch (op(t.match)) {
        case op::i32_const: return integer(32, p.low) && leave();
        case op::i64_const: p.kind = pattern_kind::i64; return integer(64, p.low) && leave();
        case op::f32_const: p.kind = pattern_kind::f32; return float_lane<f32>(p, 0, result_) && leave();
        case op::f64_const: p.kind = pattern_kind::f64; return float_lane<f64>(p, 0, result_) && leave();
        case op::v128_const: return v128_pattern(p, result_) && leave();
        case op::ref_null:
            p.kind = pattern_kind::ref_null;
            p.exact = !at(token_kind::right);
            return (!p.exact || heap(p.heap)) && leave();
        case op::ref_func: return reference(p, pattern_kind::ref_func);
        case op::ref_eq: return reference(p, pattern_kind::ref_eq);
        case op::ref_i31: return reference(p, pattern_kind::ref_i31);
        default: return unexpected(t);
        }
    }
    /// References that only scripts can write.
    [[nodiscard]] bool script_reference(pattern& p, const token& t) noexcept {
        switch (word(t.match)) {
        case word::ref_extern: return reference(p, pattern_kind::ref_extern);
        case word::ref_host: return reference(p, pattern_kind::ref_host);
        case word::ref_any: return reference(p, pattern_kind::ref_any);
        case word::ref_struct: return reference(p, pattern_kind::ref_struct);
        case word::ref_array: return reference(p, pattern_kind::ref_array);
        case word::ref_exn: return reference(p, pattern_kind::ref_exn);
        default: return unexpected(t);
        }
    }
    [[nodiscard]] bool reference(pattern& p, pattern_kind kind) noexcept {
        u32 number_ = 0;
        p.kind = kind;
        p.exact = at(token_kind::nat);
        if (p.exact && !nat32(number_)) return false;
        p.low = number_;
        return leave();
    }
    /// A float or, in a result, a nan pattern, as lane `lane` of a vector or alone.
    template <class F>
    [[nodiscard]] bool float_lane(pattern& p, u32 lane, bool result_) noexcept {
        if (result_ && (at(word::nan_canonical) || at(word::nan_arithmetic))) {
            p.nans[lane] = at(word::nan_canonical) ? nan_pattern::canonical : nan_pattern::arithmetic;
            static_cast<void>(next());
            return true;
        }
        bits_of_size<sizeof(F)> bits = 0;
        if (!number<F>(bits)) return false;
        const u32 from = lane * sizeof(F);
        (from < 8 ? p.low : p.high) |= u64(bits) << (8 * (from & 7));
        return true;
    }
    [[nodiscard]] bool v128_pattern(pattern& p, bool result_) noexcept {
        p.kind = pattern_kind::v128;
        if (accept(word::f32x4)) {
            p.float_lanes = 4;
            for (u32 i = 0; i < 4; ++i)
                if (!float_lane<f32>(p, i, result_)) return false;
            return true;
        }
        if (accept(word::f64x2)) {
            p.float_lanes = 2;
            return float_lane<f64>(p, 0, result_) && float_lane<f64>(p, 1, result_);
        }
        u8 bytes[16];
        if (!vector(bytes)) return false;
        p.low = load_le<u64>(bytes);
        p.high = load_le<u64>(bytes + 8);
        return true;
    }

    struct open_thread {
        u32 command, close;
    };
    script* out_ = nullptr;
    vec<open_thread> open_; ///< threads whose parenthesis is open
};

/// The commands of a script. The source must live as long as the result. A module whose text is
/// malformed is no error here: its `content` says so. Errors: the script itself is malformed, or
/// memory is out.
[[nodiscard]] inline result<script> parse_script(std::string_view source) noexcept {
    token_list list;
    if (!lexer::run(source, list)) return error(msg::out_of_memory);
    script_parser parser(list);
    script out;
    if (!parser.run(out)) return parser.problem();
    return out;
}

} // namespace tessera::text
TESSERA_SMALL_END
