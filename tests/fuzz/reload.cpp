// SPDX-License-Identifier: MIT
// Fuzzes reloading: versions of a module that the input makes up take each other's place, with states that agree and
// that do not, start and migrate functions that change things, fail, never end or reload in the middle. A reload that
// fails must leave the old version as it was; one that works must carry over what it promises; and the store can be
// saved and restored afterwards.

#include "engine.hpp"
#include "require.hpp"

#include <fuzzer/FuzzedDataProvider.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace {

using fuzz::require;
using tessera::u32;
using tessera::u64;
using tessera::u8;
using tessera::value;
namespace game = tessera::game;

using fuzz::profile;
using store = tessera::store<profile>;
constexpr tessera::limits small{.memory_bytes = 1 << 18,
                                .total_memory_bytes = 1 << 20,
                                .table_entries = 2'000,
                                .total_table_entries = 5'000,
                                .heap_bytes = 1 << 16,
                                .stack_bytes = 1 << 14,
                                .host_depth = 6,
                                .instances = 20,
                                .memories = 30,
                                .tables = 30,
                                .functions = 400};
constexpr u64 fuel = 5'000;
constexpr std::array memory_names{"m0", "m1"};
constexpr std::array global_names{"g0", "g1", "g2", "g3"};

/// What others import, too.
constexpr std::string_view library =
    R"((module (memory (export "shared") 1 3) (global (export "count") (mut i32) (i32.const 7))
    (func (export "poke") (i32.store (i32.const 8) (i32.const 99)))))";

/// A version of the module, in text.
struct version {
    std::string text;
    bool is_plain = true; ///< nothing but the transfer changes state
    bool has_data = false;
};

class maker {
public:
    explicit maker(FuzzedDataProvider& in) : in_(in) {}
    version make() {
        version v;
        // Imports come first.
        std::string imports, own, exports;
        imports +=
            R"((type $box (sub (struct (field (mut i32)) (field (ref null any))))) (type $less (sub $box (struct (field (mut i32)) (field (ref null any)))))
            (import "env" "wait" (func $wait)) (import "env" "fail" (func $fail)) (import "env" "again" (func $again)))";
        if (below(8) == 0) imports += R"((import "env" "unknown" (func)))";
        bool has_m0 = false;
        for (const char* name : memory_names) {
            const u32 kind = below(8);
            const std::string n = name;
            if (kind == 0) continue;
            if (kind == 1) imports += "(import \"lib\" \"shared\" (memory $" + n + " 1))";
            else if (kind == 2) own += "(func (export \"" + n + "\"))";
            else {
                const u32 least = below(3);
                own += "(memory $" + n + (below(8) == 0 ? " i64 " : " ") + std::to_string(least);
                if (below(3) == 0) own += " " + std::to_string(least + below(3));
                own += ")";
                has_m0 |= name == memory_names[0] && least > 0;
            }
            if (kind != 2 && below(8)) exports += "(export \"" + n + "\" (memory $" + n + "))";
        }
        bool has_box = false;
        for (const char* name : global_names) {
            static constexpr std::array types{
                std::array{"i32", "(i32.const 5)"},
                std::array{"i64", "(i64.const 6)"},
                std::array{"f64", "(f64.const nan:0x123456)"},
                std::array{"v128", "(v128.const i64x2 1 2)"},
                std::array{"anyref", "(ref.i31 (i32.const 3))"},
                std::array{"(ref null $box)", "(struct.new $less (i32.const 4) (ref.null any))"},
                std::array{"(ref null $less)", "(ref.null none)"},
                std::array{"(ref i31)", "(ref.i31 (i32.const 9))"},
                std::array{"funcref", "(ref.null func)"},
            };
            const std::string n = name;
            const u32 kind = below(types.size() + 2);
            if (kind == types.size()) continue;
            if (kind > types.size()) imports += "(import \"lib\" \"count\" (global $" + n + " (mut i32)))";
            else {
                const bool is_mutable = below(4) != 0;
                own += "(global $" + n + " " + (is_mutable ? "(mut " : "") + types[kind][0] +
                       (is_mutable ? ") " : " ") + types[kind][1] + ")";
                if (kind == 5 && is_mutable && !has_box) has_box = true, box_ = n;
            }
            if (below(8)) exports += "(export \"" + n + "\" (global $" + n + "))";
        }
        if (has_m0 && below(3) == 0) {
            v.has_data = true;
            own += "(data (memory $m0) (offset (i32.const " + std::to_string(below(4) ? below(100) : 65530) +
                   ")) \"version of the data\")";
            if (own.find("$m0 i64") != std::string::npos) own.replace(own.find("(offset (i32"), 12, "(offset (i64");
        }
        own += "(table 3 funcref) (elem (i32.const 0) func $wait $fail)";
        own +=
            R"((func $grow (drop (memory.grow $own (i32.const 1)))) (memory $own 0 2) (func $trap unreachable) (func $loop (loop $l (br $l))))";
        own += "(func $change " + change(has_m0 && own.find("$m0 i64") == std::string::npos, has_box) + ")";
        static constexpr std::array bodies{"$change", "$fail", "$trap", "$loop", "$grow", "$again", "$wait"};
        if (below(4) == 0) own += "(start " + std::string(bodies[below(bodies.size())]) + ")", v.is_plain = false;
        if (below(3) == 0) {
            v.is_plain = false;
            own += below(8) ? "(export \"migrate\" (func " + std::string(bodies[below(bodies.size())]) + "))"
                            : R"((func (export "migrate") (param i32)))";
        }
        own += R"((export "change" (func $change)) (func (export "waits") (call $wait)) (export "loops" (func $loop)))";
        v.text = "(module " + imports + own + exports + ")";
        return v;
    }

private:
    u32 below(std::size_t n) { return in_.ConsumeIntegralInRange<u32>(0, u32(n) - 1); }
    std::string change(bool has_memory, bool has_box) {
        std::string code;
        if (has_memory)
            code += "(i32.store $m0 (i32.const " + std::to_string(below(200)) + ") (i32.const " +
                    std::to_string(below(1000)) + ")) (drop (memory.grow $m0 (i32.const 1)))";
        if (has_box)
            code += "(global.set $" + box_ + " (struct.new $less (i32.const " + std::to_string(below(100)) +
                    ") (global.get $" + box_ + ")))";
        return code;
    }

    FuzzedDataProvider& in_;
    std::string box_;
};

/// What an instance exports, as far as a reload carries it over.
struct state {
    std::array<std::optional<std::vector<u8>>, memory_names.size()> memories;
    std::array<std::optional<value>, global_names.size()> globals;

    explicit state(const tessera::instance& of) {
        for (std::size_t i = 0; i < memory_names.size(); ++i)
            if (auto m = of.get<tessera::memory>(memory_names[i])) {
                const auto bytes = m->bytes();
                memories[i].emplace(bytes.begin(), bytes.end());
            }
        for (std::size_t i = 0; i < global_names.size(); ++i)
            if (auto g = of.get<tessera::global>(global_names[i])) globals[i] = g->get();
    }
    friend bool operator==(const state& a, const state& b) noexcept {
        for (std::size_t i = 0; i < global_names.size(); ++i)
            if (a.globals[i].has_value() != b.globals[i].has_value() ||
                (a.globals[i] &&
                 (a.globals[i]->bits != b.globals[i]->bits || a.globals[i]->high != b.globals[i]->high)))
                return false;
        return a.memories == b.memories;
    }
};

class program {
public:
    explicit program(std::span<const u8> input) : in_(input.data(), input.size()) {
        define(env_, this);
        auto lib = tessera::module::parse_text<profile>(library);
        require(lib.has_value());
        modules_.push_back(*lib);
        auto made = s_.instantiate(*lib);
        require(made && env_.define("lib", *made));
        lib_ = *made;
    }
    void run() {
        for (unsigned i = 0; i < 20 && in_.remaining_bytes() > 0; ++i) step();
    }

private:
    u32 below(std::size_t n) { return in_.ConsumeIntegralInRange<u32>(0, u32(n) - 1); }
    /// Without a program: for a store that was restored.
    static void define(tessera::imports& env, program* of) {
        env.define("env", "wait", [](tessera::caller& who) -> tessera::result<void> { return game::suspend(who); });
        env.define("env", "fail", []() -> tessera::result<void> { return tessera::trap::host; });
        env.define("env", "again", [of] {
            if (of) require(!game::reload(of->s_, of->now_ ? of->now_ : of->lib_, of->modules_.back(), of->env_));
        });
    }
    const tessera::module* next(version& v) {
        v = maker(in_).make();
        auto m = tessera::module::parse_text<profile>(v.text);
        if (!m) {
            // What may be wrong with it: data in a memory that was left out, or types that do not agree.
            require(m.error().kind() == tessera::kind::invalid);
            return nullptr;
        }
        modules_.push_back(*m);
        return &modules_.back();
    }
    void step() {
        s_.data()->fuel = fuel;
        if (!now_) {
            version v;
            const tessera::module* m = next(v);
            auto made = m ? s_.instantiate(*m, env_) : tessera::result<tessera::instance>(tessera::msg::out_of_memory);
            if (made) now_ = *made;
            return;
        }
        switch (below(8)) {
        case 0: static_cast<void>(now_.call("change", {}, {})); break;
        case 1:
            if (auto m = now_.get<tessera::memory>(memory_names[below(2)]))
                static_cast<void>(m->write(below(70'000), std::string_view("of the host")));
            break;
        case 2:
            if (auto f = now_.get<tessera::func>(below(2) ? "waits" : "loops")) {
                auto c = game::start(*f, {});
                if (!c) break;
                if (below(2)) c->run(below(300));
                call_.emplace(std::move(*c));
                in_old_ = !call_->is_over();
            }
            break;
        case 3: call_.reset(), in_old_ = false; break;
        case 4: require(s_.collect()); break;
        case 5: save(); break;
        default: reload();
        }
    }
    void reload() {
        version v;
        const tessera::module* m = next(v);
        if (!m) return;
        game::reload_options options;
        options.write_data = below(2) == 0;
        if (below(8) == 0) options.migrate = {};
        const tessera::instance old = now_;
        const state before(old);
        const u64 bytes = game::consumed(s_).memory_bytes;
        s_.collect_always(below(2) == 0);
        auto made = game::reload(s_, old, *m, env_, options);
        s_.collect_always(false);
        if (!made) {
            require(!made.error().message().empty());
            // What it imports, a start or migrate function may have changed.
            if (v.is_plain) require(state(old) == before);
            require(game::consumed(s_).memory_bytes == bytes || !v.is_plain);
            return;
        }
        require(!in_old_);
        now_ = *made;
        const state after(now_);
        for (std::size_t i = 0; i < memory_names.size() && v.is_plain; ++i) {
            if (!before.memories[i] || !after.memories[i] || is_imported(v, memory_names[i])) continue;
            const std::vector<u8>&a = *before.memories[i], &b = *after.memories[i];
            require(a.size() <= b.size());
            if (v.has_data && options.write_data) continue;
            require(std::equal(a.begin(), a.end(), b.begin()));
            for (std::size_t k = a.size(); k < b.size(); ++k) require(b[k] == 0);
        }
        for (std::size_t i = 0; i < global_names.size() && v.is_plain; ++i) {
            if (!before.globals[i] || !after.globals[i] || is_imported(v, global_names[i])) continue;
            if (!now_.get<tessera::global>(global_names[i])->type().mutable_) continue;
            require(before.globals[i]->bits == after.globals[i]->bits &&
                    before.globals[i]->high == after.globals[i]->high);
        }
        // The old one still exists, and the next one too.
        s_.data()->fuel = fuel;
        static_cast<void>(old.call("change", {}, {}));
        static_cast<void>(now_.call("change", {}, {}));
        static_cast<void>(lib_.call("poke", {}, {}));
        require(s_.collect());
    }
    static bool is_imported(const version& v, const char* name) {
        return v.text.find("(memory $" + std::string(name) + " 1))") < v.text.find("(table ") ||
               v.text.find("\"count\" (global $" + std::string(name)) != std::string::npos;
    }
    void save() {
        const auto bytes = tessera::save(s_);
        if (!bytes) return require(bytes.error().is(tessera::msg::out_of_range)); // a host function nobody imports
        tessera::imports env;
        define(env, nullptr);
        store copy(small);
        auto made = tessera::restore(copy, {bytes->data(), bytes->size()}, modules_, env);
        require(made.has_value());
        require(*tessera::state_hash(s_) == *tessera::state_hash(copy));
    }

    FuzzedDataProvider in_;
    std::vector<tessera::module> modules_;
    tessera::imports env_;
    store s_{small};
    tessera::instance lib_, now_;
    std::optional<game::call> call_; ///< of an instance that is or was `now_`
    bool in_old_ = false;            ///< of the one that is
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    program({data, size}).run();
    return 0;
}
