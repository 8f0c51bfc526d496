// SPDX-License-Identifier: MIT
// Runs random programs in the engine and in the reference evaluator and compares what they do. A
// program that differs is made smaller and printed.
//   diff [--seed N] [--count N] [--seconds N] [--size N] [--dump FILE]
#include "evaluator.hpp"
#include "generator.hpp"

#include <tessera/debug.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#ifdef DIFF_NATIVE // functions as machine code, by an engine that is compiled elsewhere
#include "native/profile.hpp"
#define DIFF_FEATURES native_profile
#endif

#ifndef DIFF_FEATURES
#define DIFF_FEATURES tessera::latest
#endif

namespace diff {

constexpr tessera::features profile = DIFF_FEATURES;

struct outcome {
    enum { same, given_up, differs, broken } what = same;
    std::string text;
};

inline std::string hex(cell c) {
    char s[48];
    std::snprintf(s, sizeof s, "%llx:%llx", static_cast<unsigned long long>(c.high),
                  static_cast<unsigned long long>(c.low));
    return s;
}
/// True if the engine's value is the evaluator's; references only agree on being null, and on the number of an i31.
inline bool agrees(val_type t, const tessera::value& v, cell c) {
    if (t == tessera::t_anyref && (v.bits & 1) != 0) return v.bits == c.low;
    if (t.is_ref()) return (u32(v.bits) == 0) == (c.low == 0);
    if (t == tessera::t_v128) return v.bits == c.low && v.high == c.high;
    if (t == tessera::t_f32 && std::isnan(v.as_f32()) && c.high) return std::isnan(std::bit_cast<f32>(u32(c.low)));
    if (t == tessera::t_f64 && std::isnan(v.as_f64()) && c.high) return std::isnan(std::bit_cast<f64>(c.low));
    return v.bits == c.low;
}

/// Reads all that can be read before every instruction.
struct curious : tessera::debug::listener {
    void begins(const tessera::debug::frame& at, u32) noexcept override {
        for (u32 i = 0; i < at.locals(); ++i) failed += !at.local(i).has_value();
        for (u32 i = 0; i < at.operands(); ++i) failed += !at.operand(i).has_value();
        failed += at.taken() > at.operands();
    }
    void ends(u32, tessera::view<tessera::value>) noexcept override { ++ended; }
    u64 failed = 0, ended = 0;
};

/// One program in both. In a build with feature::tracing the engine runs it in plain mode, and steps through a part
/// of the calls.
class comparison {
public:
    explicit comparison(const program& p) : p_(p), expected_(p) {
#ifdef DIFF_NATIVE
        // Some programs at once, others when they have run for a while in the interpreter.
        constexpr u32 thresholds[] = {0, 1, 2, 7};
        const u32 threshold = thresholds[p.calls.empty() ? 0 : p.calls[0].gas % 4];
        if (!tessera::enable_native(store_, {.threshold = threshold})) std::abort();
#endif
    }

    outcome run() {
        if (std::string why = prepare(); !why.empty()) return {outcome::broken, why};
        for (std::size_t n = 0; n < p_.calls.size(); ++n) {
            const call_plan& c = p_.calls[n];
            const signature& type = p_.modules[c.module].types[p_.modules[c.module].funcs[c.func].type];
            *expected_.at(0).globals[0] = {c.gas, 0};
            const u64 fuel_before = expected_.fuel();
            std::vector<cell> values = c.args;
            const tessera::trap wanted = expected_.call(c.module, c.func, values);
            if (wanted == tessera::trap::count_) return {outcome::given_up, {}};
            char place[80];
            std::snprintf(place, sizeof place, "call %zu, module %u, f%u: ", n, c.module, c.func);
            if (std::string why = call(c, type, wanted, values, expected_.fuel() - fuel_before); !why.empty())
                return {outcome::differs, place + why};
            if (std::string why = compare_state(); !why.empty()) return {outcome::differs, place + why};
        }
        return {};
    }

private:
    std::string prepare() {
        if constexpr (profile[tessera::feature::tracing]) {
            if (auto ok = debugger_.attach(store_); !ok) return message("attaching", ok.error());
            debugger_.tell(&curious_);
        }
        store_.collect_always(p_.calls.size() % 4 == 0); // in some programs
        env_.define("host", "tick", [this](u32 x) { return tick(ticks_++, x); });
        for (const global_plan& g : p_.modules[0].globals)
            if (g.host)
                env_.define("host", g.type == tessera::t_i32 ? "gas" : "v",
                            *store_.make_global({g.type, g.init.low, g.init.high}, true));
        for (u32 i = 0; i < 2; ++i) {
            auto mod = tessera::module::parse<profile>(std::span<const u8>(p_.modules[i].wasm));
            if (!mod) return message("parsing", mod.error());
            auto made = store_.instantiate(*mod, env_);
            if (!made) return message("instantiation", made.error());
            in_[i] = *made;
            if (i == 0) env_.define("first", *made);
        }
        return {};
    }
    static std::string message(const char* what, const tessera::error& e) {
        return std::string(what) + ": " + std::string(e.message()) + " " + std::string(e.detail()) + " at " +
               std::to_string(e.offset());
    }
    std::string call(const call_plan& c, const signature& type, tessera::trap wanted, const std::vector<cell>& values,
                     [[maybe_unused]] u64 fuel) {
        static_cast<void>(in_[0].get<tessera::global>("g0")->set(tessera::value::i32(c.gas)));
        auto f = in_[c.module].get<tessera::func>("f" + std::to_string(c.func));
        if (!f) return message("export", f.error());
        std::vector<tessera::value> args, results(type.results.size());
        for (std::size_t k = 0; k < c.args.size(); ++k) {
            // Type indices mean the module's here and the store's there; a null is one in either.
            const bool indexed = type.params[k].is_ref() && type.params[k].heap().is_index();
            const val_type t = indexed ? tessera::t_funcref : type.params[k];
            args.push_back({t, c.args[k].low, c.args[k].high});
        }
        constexpr u64 plenty = u64{1} << 40;
        store_.data()->fuel = plenty;
        tessera::result<void> done;
        u64 paid = plenty;
        if (profile[tessera::feature::tracing] && c.gas % 3 == 0) {
            if (std::string why = step_through(*f, args, results, done); !why.empty()) return why;
            if constexpr (profile[tessera::feature::fuel])
                if (const u64 used = plenty - store_.data()->fuel; used != fuel)
                    return "fuel: " + std::to_string(used) + ", expected " + std::to_string(fuel);
        } else if constexpr (profile[tessera::feature::fuel]) {
            if (c.gas % 2) { // in pieces
                store_.data()->fuel = paid = 0;
                auto pieces = f->start(args);
                if (!pieces) return message("start", pieces.error());
                do {
                    const u64 more = 1 + paid % 23;
                    paid += more, store_.data()->fuel += more;
                    done = pieces->resume();
                } while (pieces->paused());
                if (done) done = pieces->results(results);
            } else {
                done = f->call(args, results);
            }
            if (const u64 used = paid - store_.data()->fuel; used != fuel)
                return "fuel: " + std::to_string(used) + ", expected " + std::to_string(fuel);
        } else {
            done = f->call(args, results);
        }
        const tessera::trap got = done ? tessera::trap::none : done.error().why();
        if (!done && got == tessera::trap::none) return message("call", done.error());
        if (got != wanted) return "trap " + std::to_string(int(got)) + ", expected " + std::to_string(int(wanted));
        if (!done) return got == tessera::trap::uncaught_exception ? compare_exception(done.error()) : std::string();
        for (std::size_t k = 0; k < results.size(); ++k)
            if (!agrees(type.results[k], results[k], values[k]))
                return "result " + std::to_string(k) + ": " + hex({results[k].bits, results[k].high}) + ", expected " +
                       hex(values[k]);
        return {};
    }
    std::string step_through(const tessera::func& f, const std::vector<tessera::value>& args,
                             std::vector<tessera::value>& results, tessera::result<void>& done) {
        auto at = debugger_.start(f, args);
        for (u64 n = 0; at && at->is_alive(); ++n) {
            if (debugger_.at(debugger_.frames())) return "a frame too many";
            for (u32 i = debugger_.frames(); i--;)
                if (!debugger_.at(i)) return "a frame is missing";
            at = n % 3 == 0   ? debugger_.step()
                 : n % 7 == 0 ? debugger_.out()
                 : n % 5 == 0 ? debugger_.run_to(debugger_.count() + n)
                              : debugger_.over();
        }
        if (!at) return message("stepping", at.error());
        if (curious_.failed) return "a value cannot be read";
        if (at->kind == tessera::debug::stop_kind::failed) done = debugger_.failure();
        else done = debugger_.results(results);
        debugger_.abandon();
        return {};
    }
    std::string compare_exception(const tessera::error& e) {
        const auto& wanted = expected_.thrown();
        for (u32 i = 0; i < 2; ++i)
            for (u32 k = 0; k < p_.modules[i].tags.size(); ++k) {
                const auto tag = in_[i].get<tessera::tag>("e" + std::to_string(k));
                const bool same = expected_.at(i).tags[k] == wanted.tag;
                if (tag->is_tag_of(e) != same) return "tag of an exception";
                if (!same) continue;
                const types params = p_.modules[i].types[p_.modules[i].tags[k].type].params;
                for (std::size_t n = 0; n < params.size(); ++n)
                    if (e.payload().size() != params.size() || !agrees(params[n], e.payload()[n], wanted.values[n]))
                        return "value " + std::to_string(n) + " of an exception";
            }
        return {};
    }
    std::string compare_state() {
        for (u32 i = 0; i < 2; ++i) {
            const module_plan& plan = p_.modules[i];
            const auto& wanted = expected_.at(i);
            const std::string module = "module " + std::to_string(i) + " ";
            for (u32 g = 0; g < plan.globals.size(); ++g) {
                const auto got = in_[i].get<tessera::global>("g" + std::to_string(g))->get();
                if (!agrees(plan.globals[g].type, got, *wanted.globals[g]))
                    return module + "global " + std::to_string(g) + ": " + hex({got.bits, got.high}) + ", expected " +
                           hex(*wanted.globals[g]);
            }
            for (u32 m = 0; m < plan.memories.size(); ++m) {
                const auto got = in_[i].get<tessera::memory>("m" + std::to_string(m))->bytes();
                const bytes& want = wanted.memories[m]->data;
                if (got.size() != want.size()) return module + "memory size";
                if (std::memcmp(got.data(), want.data(), want.size()) == 0) continue;
                std::size_t at = 0;
                while (got[at] == want[at]) ++at;
                return module + "memory " + std::to_string(m) + " at " + std::to_string(at) + ": " + hex({got[at], 0}) +
                       ", expected " + hex({want[at], 0});
            }
            const auto table = in_[i].get<tessera::table>("t");
            if (table->size() != wanted.table->size()) return module + "table size";
            for (u32 k = 0; k < table->size(); ++k)
                if ((table->get(k)->bits == 0) != ((*wanted.table)[k] == 0))
                    return module + "table entry " + std::to_string(k);
        }
        return {};
    }

    const program& p_;
    evaluator<profile> expected_;
    u32 ticks_ = 0;
    tessera::imports env_;
    tessera::store<profile> store_{[] {
        tessera::limits l;
        l.stack_bytes = u64{1} << 30; // some frames are large
        return l;
    }()};
    curious curious_;
    tessera::debug::debugger debugger_;
    tessera::instance in_[2];
};

// ---- printing ------------------------------------------------------------------------------------------------------

inline std::string type_name(val_type t) {
    if (t == tessera::t_i32) return "i32";
    if (t == tessera::t_i64) return "i64";
    if (t == tessera::t_f32) return "f32";
    if (t == tessera::t_f64) return "f64";
    if (t == tessera::t_v128) return "v128";
    if (t == tessera::t_exnref) return "exnref";
    if (t == tessera::t_anyref) return "anyref";
    if (t == tessera::t_funcref) return "funcref";
    const std::string heap = t.heap().is_index() ? std::to_string(t.heap().index()) : "i31";
    return (t.is_nullable() ? "(ref null " : "(ref ") + heap + ")";
}
inline std::string type_names(const char* what, const types& list) {
    std::string s;
    for (val_type t : list) s += (s.empty() ? std::string(" (") + what + " " : std::string(" ")) + type_name(t);
    return s.empty() ? s : s + ")";
}
inline void print_code(const module_plan& m) {
    const u8* const base = m.wasm.data();
    const auto code = find_code(m);
    for (u32 f = 0; f < m.funcs.size(); ++f) {
        const signature& type = m.types[m.funcs[f].type];
        std::printf("func %u%s%s%s%s\n", f, type_names("param", type.params).c_str(),
                    type_names("result", type.results).c_str(), m.funcs[f].host ? " host" : "",
                    m.funcs[f].source != no_index ? " imported" : "");
        if (code[f].second == 0) continue;
        tessera::binary::instruction_reader<profile> in(base,
                                                        tessera::cursor(base + code[f].first, base + code[f].second));
        u32 groups = 0, n = 0, local = u32(type.params.size());
        val_type t;
        if (!in.leb_u32(groups)) return;
        while (groups--) {
            if (!in.leb_u32(n) || !in.type(t)) return;
            std::printf("  local %u..%u %s\n", local, local + n - 1, type_name(t).c_str());
            local += n;
        }
        tessera::binary::instruction i;
        int depth = 1;
        while (in.next(i)) {
            if (i.code == op::end || i.code == op::else_) --depth;
            std::printf("%5x %*s%s", i.offset, 2 * depth, "", std::string(tessera::row(i.code).text).c_str());
            switch (i.immediate) {
            case tessera::imm::none: break;
            case tessera::imm::i32_const: std::printf(" %d", i32(u32(i.value))); break;
            case tessera::imm::i64_const: std::printf(" %lld", static_cast<long long>(i.value)); break;
            case tessera::imm::f32_const: std::printf(" %g", double(std::bit_cast<f32>(u32(i.value)))); break;
            case tessera::imm::f64_const: std::printf(" %g", std::bit_cast<f64>(i.value)); break;
            case tessera::imm::memarg:
                std::printf(" %u offset=%llu", i.index, static_cast<unsigned long long>(i.value));
                break;
            case tessera::imm::try_table:
                for (u32 k = 0; k < i.list_count; ++k) {
                    const auto clause = in.next_catch(i.list);
                    std::printf(" (catch%u %d %u)", unsigned(clause.kind), int(clause.tag), clause.label);
                }
                [[fallthrough]];
            case tessera::imm::block:
                if (i.block_type != no_index)
                    std::printf("%s%s", type_names("param", m.types[i.block_type].params).c_str(),
                                type_names("result", m.types[i.block_type].results).c_str());
                else if (i.type != tessera::t_bottom) std::printf(" (result %s)", type_name(i.type).c_str());
                break;
            case tessera::imm::labels:
                for (u32 k = 0; k <= i.list_count; ++k) std::printf(" %u", in.next_label(i.list));
                break;
            case tessera::imm::heap:
            case tessera::imm::ref_type:
            case tessera::imm::select_types: std::printf(" %s", type_name(i.type).c_str()); break;
            case tessera::imm::br_cast:
                std::printf(" %u %s %s", i.index, type_name(i.type).c_str(), type_name(i.type2).c_str());
                break;
            case tessera::imm::field: std::printf(" %u %u", i.index, i.index2); break;
            default: std::printf(" %u", i.index);
            }
            std::printf("\n");
            if (i.immediate == tessera::imm::block || i.immediate == tessera::imm::try_table || i.code == op::else_)
                ++depth;
            if (depth == 0) break;
        }
    }
}

/// Leaves out what can be left out so that the program still differs.
inline omitted shrink(u64 seed, u32 size) {
    omitted without(generate(seed, size).pieces);
    const auto fails = [&] {
        const program p = generate(seed, size, without);
        return comparison(p).run().what == outcome::differs;
    };
    // Each piece once, in ever smaller groups.
    for (std::size_t group = without.size() / 2; group > 0; group /= 2)
        for (std::size_t at = 0; at < without.size(); at += group) {
            const omitted before = without;
            for (std::size_t k = at; k < at + group && k < without.size(); ++k) without[k] = true;
            if (without != before && !fails()) without = before;
        }
    return without;
}

inline void report(u64 seed, u32 size, const outcome& o, const char* dump) {
    std::printf("seed %llu, size %u: %s\n", static_cast<unsigned long long>(seed), size, o.text.c_str());
    omitted without;
    if (o.what == outcome::differs) without = shrink(seed, size);
    const program p = generate(seed, size, without);
    if (o.what == outcome::differs) std::printf("smaller: %s\n", comparison(p).run().text.c_str());
    for (u32 i = 0; i < 2; ++i) {
        std::printf("--- module %u\n", i);
        print_code(p.modules[i]);
        if (!dump) continue;
        std::ofstream file(dump + std::to_string(i) + ".wasm", std::ios::binary);
        file.write(reinterpret_cast<const char*>(p.modules[i].wasm.data()), std::streamsize(p.modules[i].wasm.size()));
    }
    for (const call_plan& c : p.calls) {
        std::printf("call module %u f%u, gas %u:", c.module, c.func, c.gas);
        for (cell a : c.args) std::printf(" %s", hex(a).c_str());
        std::printf("\n");
    }
}

/// Which instructions the programs were made of, so far as they were executed.
inline void report_coverage() {
    const auto& executed = evaluator<profile>::executed;
    unsigned reached = 0, all = 0;
    std::string missing;
    for (u16 i = 0; i < tessera::op_count; ++i) {
        if (!tessera::has(profile, op(i))) continue;
        ++all;
        if (executed[i]) ++reached;
        else missing += " " + std::string(tessera::op_table[i].text);
    }
    std::fprintf(stderr, "%u of %u instructions were executed; not:%s\n", reached, all, missing.c_str());
}

std::atomic<u64> current{0}; ///< the seed that runs

/// A program that never ends in the engine has no outcome to compare; this tells its seed.
inline void watch() {
#if defined(_GLIBCXX_HAS_GTHREADS) || !defined(__GLIBCXX__)
    std::thread([] {
        for (u64 last = ~u64{0};;) {
            std::this_thread::sleep_for(std::chrono::seconds(60));
            const u64 now = current.load();
            if (now == last) {
                std::printf("seed %llu does not end\n0 passed, 1 failed\n", static_cast<unsigned long long>(now));
                std::fflush(stdout);
                std::_Exit(1);
            }
            last = now;
        }
    }).detach();
#endif
}

} // namespace diff

int main(int argc, char** argv) {
    using namespace diff;
    u64 seed = 1, count = ~u64{0};
    double seconds = 20;
    u32 size = 60;
    const char* dump = nullptr;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        if (name == "--seed") seed = std::strtoull(argv[i + 1], nullptr, 0);
        else if (name == "--count") count = std::strtoull(argv[i + 1], nullptr, 0), seconds = 1e9;
        else if (name == "--seconds") seconds = std::strtod(argv[i + 1], nullptr);
        else if (name == "--size") size = u32(std::strtoul(argv[i + 1], nullptr, 0));
        else if (name == "--dump") dump = argv[i + 1];
        else return std::fprintf(stderr, "unknown option %s\n", argv[i]), 2;
    }
    watch();
    const auto start = std::chrono::steady_clock::now();
    u64 passed = 0, given_up = 0;
    for (u64 n = 0; n < count; ++n, ++seed) {
        if (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() > seconds) break;
        current = seed;
        const program p = generate(seed, size);
        const outcome o = comparison(p).run();
        if (o.what == outcome::given_up) ++given_up;
        else if (o.what == outcome::same) ++passed;
        if (o.what == outcome::differs || o.what == outcome::broken) {
            report(seed, size, o, dump);
            std::printf("%llu passed, 1 failed\n", static_cast<unsigned long long>(passed));
            return 1;
        }
    }
    report_coverage();
    std::fprintf(stderr, "given up after a NaN or too many steps: %llu\n", static_cast<unsigned long long>(given_up));
    std::printf("%llu passed, 0 failed\n", static_cast<unsigned long long>(passed));
    return passed > given_up ? 0 : 1;
}
