// SPDX-License-Identifier: MIT
// Runs random programs in the engine and in the reference evaluator and compares what they do. A
// program that differs is made smaller and printed.
//   diff [--seed N] [--count N] [--seconds N] [--executions N] [--size N] [--gas N] [--dump FILE]
// With --executions it goes on until so many calls were compared, and fails where they are not worth much: see
// figures.hpp.
#include "figures.hpp"
#include "generator.hpp"

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

namespace diff {

struct outcome {
    enum { same, given_up, differs, broken } what = same;
    std::string text;
};

/// One program in all.
class comparison {
public:
    explicit comparison(const program& p) : p_(p), expected_(p) {}

    /// `count` gets the calls that were the same.
    outcome run(figures* count = nullptr) {
        for (engine_side& side : sides_)
            if (std::string why = side.prepare(); !why.empty()) return {outcome::broken, why};
        for (std::size_t n = 0; n < p_.calls.size(); ++n) {
            const call_plan& c = p_.calls[n];
            const signature& type = p_.modules[c.module].types[p_.modules[c.module].funcs[c.func].type];
            *expected_.at(0).globals[0] = {c.gas, 0};
            const u64 fuel_before = expected_.fuel();
            std::vector<cell> values = c.args;
            const tessera::trap wanted = expected_.call(c.module, c.func, values);
            if (wanted == tessera::trap::count_) return {outcome::given_up, {}};
            const u64 fuel = expected_.fuel() - fuel_before;
            char place[80];
            std::snprintf(place, sizeof place, "call %zu, module %u, f%u: ", n, c.module, c.func);
            for (engine_side& side : sides_) {
                std::string why = side.call(c, type, wanted, values, fuel);
                if (why.empty()) why = side.compare_state();
                if (why.empty() && side.trapped_at() != sides_[0].trapped_at())
                    why = "traps at " + std::to_string(side.trapped_at()) + ", in the interpreter at " +
                          std::to_string(sides_[0].trapped_at());
                if (why.empty() && side.saved() != sides_[0].saved())
                    why = "what is saved is not what the interpreter saves";
                if (!why.empty()) return {outcome::differs, place + (side.name() + why)};
            }
            if (count) count->add(wanted, fuel);
        }
        return {};
    }

private:
    const program& p_;
    evaluator<profile> expected_;
#ifdef DIFF_NATIVE
    engine_side sides_[2] = {{p_, expected_}, {p_, expected_, true}};
#else
    engine_side sides_[1] = {{p_, expected_}};
#endif
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
inline omitted shrink(u64 seed, const bounds& most) {
    omitted without(generate(seed, most).pieces);
    const auto fails = [&] {
        const program p = generate(seed, most, without);
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

inline void report(u64 seed, const bounds& most, const outcome& o, const char* dump) {
    std::printf("seed %llu, size %u, gas %u: %s\n", static_cast<unsigned long long>(seed), most.size, most.gas,
                o.text.c_str());
    omitted without;
    if (o.what == outcome::differs) without = shrink(seed, most);
    const program p = generate(seed, most, without);
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
    u64 seed = 1, count = ~u64{0}, executions = 0;
    double seconds = 20;
    bounds most;
    const char* dump = nullptr;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        if (name == "--seed") seed = std::strtoull(argv[i + 1], nullptr, 0);
        else if (name == "--count") count = std::strtoull(argv[i + 1], nullptr, 0), seconds = 1e9;
        else if (name == "--executions") executions = std::strtoull(argv[i + 1], nullptr, 0), seconds = 1e9;
        else if (name == "--seconds") seconds = std::strtod(argv[i + 1], nullptr);
        else if (name == "--size") most.size = u32(std::strtoul(argv[i + 1], nullptr, 0));
        else if (name == "--gas") most.gas = u32(std::strtoul(argv[i + 1], nullptr, 0));
        else if (name == "--dump") dump = argv[i + 1];
        else return std::fprintf(stderr, "unknown option %s\n", argv[i]), 2;
    }
    watch();
    const auto start = std::chrono::steady_clock::now();
    u64 passed = 0, given_up = 0;
    figures all;
    for (u64 n = 0; n < count && (executions == 0 || all.executions() < executions); ++n, ++seed) {
        if (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() > seconds) break;
        current = seed;
        const program p = generate(seed, most);
        const outcome o = comparison(p).run(&all);
        if (o.what == outcome::given_up) ++given_up;
        else if (o.what == outcome::same) ++passed;
        if (o.what == outcome::differs || o.what == outcome::broken) {
            report(seed, most, o, dump);
            std::printf("%llu passed, 1 failed\n", static_cast<unsigned long long>(passed));
            return 1;
        }
    }
    all.print();
    std::fprintf(stderr, "given up after a NaN or too many steps: %llu\n", static_cast<unsigned long long>(given_up));
    std::printf("%llu passed, 0 failed\n", static_cast<unsigned long long>(passed));
    if (executions != 0 && !all.reach(executions)) return std::printf("that is not enough\n"), 1;
    return passed > given_up ? 0 : 1;
}
