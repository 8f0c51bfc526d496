// SPDX-License-Identifier: MIT
/// @file engine_side.hpp
/// A random program in the engine: in the interpreter or as machine code, compared with what the evaluator expects.
#pragma once

#include "evaluator.hpp"

#include <tessera/debug.hpp>

#include <cstdio>
#include <cstdlib>

#ifdef DIFF_NATIVE // functions as machine code, by an engine that is compiled elsewhere
#include "native/profile.hpp"
#ifdef DIFF_SAVED // NaNs have bits to compare, so what is saved of calls that stopped has to be the same, too
#define DIFF_FEATURES native_game_profile
#include <tessera/save.hpp>
#else
#define DIFF_FEATURES native_profile
#endif
#endif

#ifndef DIFF_FEATURES
#define DIFF_FEATURES tessera::latest
#endif

namespace diff {

constexpr tessera::features profile = DIFF_FEATURES;

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

/// One program in the engine. In a build with feature::tracing the engine runs it in plain mode, and steps through a
/// part of the calls.
class engine_side {
public:
    /// `compiled`: functions become machine code, some at once and others when they have run for a while.
    engine_side(const program& p, const evaluator<profile>& expected, bool compiled = false)
        : p_(p), expected_(expected), compiled_(compiled) {
#ifdef DIFF_NATIVE
        constexpr u32 thresholds[] = {0, 1, 2, 7};
        const u32 threshold = thresholds[p.calls.empty() ? 0 : p.calls[0].gas % 4];
        tessera::native_options options{.threshold = threshold, .all = p.calls.size() % 4 != 0};
        if (p.calls.size() % 3 == 0) options.blinding = p.calls[0].gas;
        options.guard_pages = !p.calls.empty() && p.calls[0].gas / 4 % 2 == 1;
        options.avx = p.calls.size() % 2 == 0;
        if (compiled && !tessera::enable_native(store_, options)) std::abort();
#endif
    }

    /// Makes the instances. All functions say what differs, or nothing.
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
            modules_.push_back(*mod);
            auto made = store_.instantiate(*mod, env_);
            if (!made) return message("instantiation", made.error());
            in_[i] = *made;
            if (i == 0) env_.define("first", *made);
        }
        return {};
    }
    /// Calls as planned; `wanted`, `values` and `fuel` are what the evaluator has.
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
        saved_.clear();
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
                    if (!pieces->paused()) break;
                    if (std::string why = save(*pieces); !why.empty()) return why;
                } while (true);
                if (done) done = pieces->results(results);
            } else {
                done = f->call(args, results);
            }
            if (const u64 used = paid - store_.data()->fuel; used != fuel)
                return "fuel: " + std::to_string(used) + ", expected " + std::to_string(fuel);
        } else {
            done = f->call(args, results);
        }
        trapped_at_ = done ? 0 : done.error().offset();
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
    /// Globals, memories and the table.
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
                const auto memory = *in_[i].get<tessera::memory>("m" + std::to_string(m));
                const bytes& want = wanted.memories[m]->data;
                std::span<u8> got = memory.bytes();
                bytes copy;
                if (plan.memories[m].shared) { // the host sees no bytes of it
                    copy.resize(std::size_t(memory.pages()) << 16);
                    got = copy;
                    if (!memory.read(0, got)) return module + "memory cannot be read";
                }
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
    /// The hashes of what was saved when the latest call stopped first.
    const std::vector<u64>& saved() const { return saved_; }
    std::string name() const { return compiled_ ? "machine code, " : ""; }
    /// Where in its module the latest call trapped; 0 if it did not.
    u64 trapped_at() const { return trapped_at_; }

private:
    static std::string message(const char* what, const tessera::error& e) {
        return std::string(what) + ": " + std::string(e.message()) + " " + std::string(e.detail()) + " at " +
               std::to_string(e.offset());
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
    /// Saves the state and restores it, into a store that compiles as much, more, less or nothing.
    std::string save([[maybe_unused]] tessera::execution& call) {
#ifdef DIFF_SAVED
        if (saved_.size() == 6) return {};
        tessera::execution* const calls[] = {&call};
        const auto state = tessera::save(store_, calls);
        if (!state)
            return state.error().is(tessera::msg::out_of_range) ? "" : message("saving", state.error()); // shared
        saved_.push_back(*tessera::state_hash(store_, calls));
        tessera::limits l;
        l.stack_bytes = u64{1} << 30;
        tessera::store<profile> next(l);
        const u32 kind = u32(saved_.back() % 4);
        if (kind != 3 && !tessera::enable_native(next, {.threshold = kind, .all = true})) std::abort();
        auto there = tessera::restore(next, {state->data(), state->size()}, modules_, env_);
        if (!there) return message("restoring", there.error());
        tessera::execution* const same[] = {&there->calls[0]};
        const auto again = tessera::save(next, same);
        if (!again) return message("saving again", again.error());
        if (again->size() != state->size() || std::memcmp(again->data(), state->data(), state->size()) != 0)
            return "it is restored to another state";
#endif
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

    const program& p_;
    const evaluator<profile>& expected_;
    const bool compiled_;
    u64 trapped_at_ = 0;
    std::vector<u64> saved_;
    std::vector<tessera::module> modules_;
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

} // namespace diff
