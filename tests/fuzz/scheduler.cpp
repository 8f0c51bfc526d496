// SPDX-License-Identifier: MIT
// Fuzzes calls in slices and schedulers: the input decides the order in which calls are begun, run, answered, moved,
// given up, shared out among schedulers and taken out again, and in which limits change and stores are reset; host
// functions do the same again in the middle of a slice. Kept is only what the interface asks for: a store outlives its
// calls, and a call that runs is neither moved nor dropped. Whatever the order is, a call that finishes gives what a
// straight run gives.

#include "engine.hpp"
#include "require.hpp"

#include <fuzzer/FuzzedDataProvider.h>

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace {

using fuzz::require;
using tessera::u32;
using tessera::u64;
using tessera::u8;
using tessera::game::standing;
namespace game = tessera::game;

using fuzz::profile;
using store = tessera::store<profile>;
constexpr tessera::limits small{.memory_bytes = 1 << 18,
                                .heap_bytes = 1 << 16,
                                .stack_bytes = 1 << 14,
                                .host_depth = 6,
                                .instances = 40,
                                .functions = 2'000};
constexpr unsigned most_steps = 150, most_calls = 24;
constexpr u32 deepest = 3; ///< host functions that run calls, within each other

constexpr std::string_view text = R"((module
    (type $box (struct (field i32) (field (ref null $box))))
    (import "env" "wait" (func $wait (param i32) (result i32)))
    (import "env" "meddle" (func $meddle (param i32) (result i32)))
    (import "env" "nest" (func $nest (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "counts") (param $n i32) (result i32) (local $s i32)
        (loop $again
            (local.set $s (i32.add (local.get $s) (i32.mul (local.get $n) (local.get $n))))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $s))
    (func $waits (export "waits") (param $n i32) (result i32) (local $s i32)
        (loop $again
            (local.set $s (i32.add (local.get $s) (call $wait (local.get $n))))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $s))
    (func (export "keeps") (param $n i32) (result i32) (local $l (ref null $box)) (local $s i32)
        (loop $again
            (local.set $l (struct.new $box (local.get $n) (local.get $l)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (loop $again
            (local.set $s (i32.add (local.get $s) (struct.get $box 0 (local.get $l))))
            (br_if $again (i32.eqz (ref.is_null (local.tee $l (struct.get $box 1 (local.get $l)))))))
        (local.get $s))
    (func (export "meddles") (param $n i32) (result i32) (local $s i32)
        (loop $again
            (local.set $s (i32.add (local.get $s) (call $meddle (local.get $n))))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $s))
    (func (export "fills") (param $n i32) (result i32)
        (memory.fill (i32.const 0) (local.get $n) (i32.mul (local.get $n) (i32.const 999)))
        (local.get $n))
    (func (export "nests") (param $n i32) (result i32) (call $nest (local.get $n)))
    (func (export "traps") (param $n i32) (result i32)
        (loop $again (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (unreachable))
    (func (export "endless") (param i32) (result i32) (loop $again (br $again)) (unreachable))))";

enum function : u32 { counts, waits, keeps, meddles, fills, nests, traps, endless, function_count };
constexpr const char* names[] = {"counts", "waits", "keeps", "meddles", "fills", "nests", "traps", "endless"};

u32 answer_for(u32 ticket) { return ticket * 7 + 1; }
/// What `f` gives, straight on.
u32 expected(u32 f, u32 n) {
    u32 sum = 0;
    switch (f) {
    case fills: return n; // others fill the same memory meanwhile
    case counts:
        for (u32 i = 1; i <= n; ++i) sum += i * i;
        return sum;
    case waits:
        for (u32 i = 1; i <= n; ++i) sum += answer_for(i);
        return sum;
    case keeps: return n * (n + 1) / 2;
    case meddles: return 3 * (n * (n + 1) / 2);
    default: require(false); return 0;
    }
}

/// A call, and what it has to give.
struct piece {
    game::call c;
    u32 f, n;
    u64 used = 0;
    bool failed = false; ///< by the host: by an answer that is an error
};

class program {
public:
    explicit program(std::span<const u8> input) : in_(input.data(), input.size()) {
        static const tessera::module mod = *tessera::module::parse_text<profile>(text);
        mod_ = &mod;
        env_.define("env", "wait", [](tessera::caller& who, u32 n) -> tessera::result<u32> {
            if (const auto why = game::suspend(who, n); !why.is(tessera::msg::waits)) {
                // Only beneath a host function, or outside of slices.
                require(why.is(tessera::msg::cannot_wait));
                return answer_for(n);
            } else {
                return why;
            }
        });
        env_.define("env", "meddle", [this](u32 n) {
            if (depth_ < deepest) ++depth_, step(), --depth_;
            return n * 3;
        });
        env_.define("env", "nest", [](tessera::caller& who, u32 n) -> tessera::result<u32> {
            auto f = who.from().get<u32(u32)>("waits");
            require(f.has_value());
            return (*f)(n);
        });
        for (world& w : worlds_) make(w);
        ended_.emplace(*worlds_[0].in.get<tessera::func>("counts")->start(std::array{tessera::value::i32(1)}));
        tessera::execution(std::move(*ended_));
    }
    void run() {
        for (unsigned i = 0; i < most_steps && in_.remaining_bytes() > 0; ++i) step();
        depth_ = deepest; // nobody meddles any more
        for (auto& p : loose_) finish(p->c, *p);
        for (crowd& c : crowds_)
            for (u32 m = 0; m < c.all.size(); ++m)
                if (c.all.has(m)) finish(c.all.at(m), c.members[m]);
    }

private:
    struct world {
        store s{small};
        tessera::instance in;
    };
    struct crowd {
        game::scheduler all;
        std::vector<piece> members; ///< what each has to give; their own calls are empty
        bool runs = false;          ///< a frame
        bool held = false;          ///< one of its calls runs, by itself
    };

    u32 below(std::size_t n) { return in_.ConsumeIntegralInRange<u32>(0, u32(n) - 1); }
    void make(world& w) {
        auto made = w.s.instantiate(*mod_, env_);
        require(made || made.error().kind() == tessera::kind::exhaustion);
        w.in = made ? *made : tessera::instance();
    }
    piece begin() {
        world& w = worlds_[below(2)];
        piece p{game::call(std::move(*ended_)), below(function_count), 1 + below(30)};
        auto f = w.in.get<tessera::func>(names[p.f]);
        if (!f) return p; // after a reset there was no room
        const tessera::value args[] = {tessera::value::i32(p.n)};
        auto made = game::start(*f, args);
        if (made) p.c = std::move(*made);
        else require(made.error().kind() == tessera::kind::exhaustion);
        return p;
    }
    void step() {
        meddled_ += depth_ != 0;
        switch (below(18)) {
        case 0:
        case 1:
            if (loose_.size() < most_calls) loose_.push_back(std::make_unique<piece>(begin()));
            break;
        case 2:
        case 3:
            if (piece* p = any()) run(p->c, *p);
            break;
        case 4:
            if (piece* p = any()) answer(p->c, *p);
            break;
        case 5:
            if (const auto i = below(most_calls); i < loose_.size() && loose_[i]->c.state() != standing::running)
                loose_.erase(loose_.begin() + i);
            break;
        case 6: add(); break;
        case 7: set(); break;
        case 8:
        case 9:
        case 10: frame(); break;
        case 11: {
            crowd& c = crowds_[below(2)];
            if (c.all.size() == 0) break;
            const u32 m = below(c.all.size());
            if (!c.all.has(m)) break;
            if (in_.ConsumeBool()) answer(c.all.at(m), c.members[m]);
            else if (c.all.at(m).state() != standing::running) {
                const bool held = std::exchange(c.held, true);
                run(c.all.at(m), c.members[m]);
                c.held = held;
            }
            break;
        }
        case 12: limit(); break;
        case 13: worlds_[below(2)].s.interrupt(); break;
        case 14: reset(); break;
        case 15: move(); break;
        case 16: drop(); break;
        case 17: turn(); break;
        }
    }
    piece* any() {
        const u32 i = below(most_calls);
        return i < loose_.size() ? loose_[i].get() : nullptr;
    }
    void run(game::call& c, piece& p) {
        const standing before = c.state();
        switch (below(4)) {
        case 0: c.run(); break;
        case 1: c.run_ns(below(2'000)); break;
        default: c.run(below(600));
        }
        check(c, p);
        if (before == standing::running) require(c.state() == standing::running);
        if (before >= standing::finished) require(c.state() == before);
    }
    /// Whatever was done to it, it stands properly.
    void check(game::call& c, piece& p) {
        require(c.fuel_used() >= p.used);
        p.used = c.fuel_used();
        const standing s = c.state();
        require(c.awaited().size() <= (s == standing::waiting ? 1 : 0)); // and not after a reset
        require(bool(c.get<u32>()) <= (s == standing::finished));
        if (s == standing::finished) {
            require(p.f <= fills || p.f == nests);
            require(!p.failed);
            const auto got = c.get<u32>();
            if (got) require(*got == expected(p.f == nests ? u32(waits) : p.f, p.n));
            else require(got.error().is(tessera::msg::stale_handle));
        } else if (s == standing::trapped) {
            require(!c.error().message().empty());
            const auto kind = c.error().kind();
            require(p.f == traps || p.failed || kind == tessera::kind::exhaustion ||
                    c.error().is(tessera::msg::stale_handle));
        }
    }
    void answer(game::call& c, piece& p) {
        const bool waited = c.state() == standing::waiting;
        const u32 right = answer_for(u32(c.ticket()));
        switch (below(6)) {
        case 0: require(!c.answer(1.5)); break;
        case 1: require(!c.answer(right, right)); break;
        case 2: require(!c.answer()); break;
        case 3: {
            const auto ok = c.fail(tessera::trap::host);
            if (ok) p.failed = true;
            require(!ok || waited);
            break;
        }
        default: {
            const auto ok = c.answer(right);
            require(!ok || waited);
        }
        }
        require((c.state() == standing::waiting) == waited);
    }
    void add() {
        crowd& c = crowds_[below(2)];
        if (c.held) return;
        if (c.all.size() >= 12 && taken(c) == c.all.size()) return;
        piece p = begin();
        const auto member = c.all.add(names[p.f], std::move(p.c), below(4));
        require(member.has_value() == !c.runs);
        if (!member) return require(member.error().is(tessera::msg::already_running));
        require(*member <= c.members.size() && c.all.name(*member) == names[p.f]);
        if (*member < c.members.size()) c.members[*member] = std::move(p);
        else c.members.push_back(std::move(p));
        require(c.members.size() == c.all.size() && c.all.has(*member) && c.all.used(*member).total == 0);
    }
    static u32 taken(const crowd& c) {
        u32 n = 0;
        for (u32 m = 0; m < c.all.size(); ++m) n += c.all.has(m);
        return n;
    }
    void drop() {
        crowd& c = crowds_[below(2)];
        const u32 m = below(14), before = taken(c);
        if (c.held) return; // one of them must not be moved
        if (below(6) == 0) {
            const store& of = worlds_[below(2)].s;
            u32 its = 0;
            for (u32 i = 0; i < c.all.size(); ++i) its += c.all.has(i) && c.all.at(i).is_of(of);
            const auto dropped = c.all.drop_of(of);
            require(dropped.has_value() == !c.runs);
            if (dropped) require(*dropped == its && taken(c) == before - its);
            return;
        }
        const bool had = c.all.has(m);
        const auto ok = c.all.drop(m);
        require(ok.has_value() == (had && !c.runs));
        if (!ok) return require(taken(c) == before);
        require(!c.all.has(m) && taken(c) == before - 1 && c.all.at(m).is_over() && c.all.name(m).empty());
    }
    void turn() {
        crowd& c = crowds_[below(2)];
        const u32 m = below(14);
        const auto ok = c.all.set_turn(m);
        require(ok.has_value() == !c.runs);
        if (ok && c.all.has(m)) require(c.all.turn() == m);
        require(taken(c) == 0 || c.runs || c.all.has(c.all.turn()));
    }
    void set() {
        crowd& c = crowds_[below(2)];
        const u32 m = below(14);
        piece p = begin();
        if (c.held) return;
        const auto ok = c.all.set(m, std::move(p.c));
        require(ok.has_value() == (!c.runs && c.all.has(m)));
        if (ok) c.members[m] = std::move(p);
    }
    void frame() {
        crowd& c = crowds_[below(2)];
        const bool timed = below(8) == 0;
        const u64 budget = timed ? below(20'000) : below(4'000);
        const bool outermost = !std::exchange(c.runs, true);
        const u32 meddled = meddled_;
        u64 owed = 0;
        const auto sum = [&](auto what) {
            u64 all = 0;
            for (u32 i = 0; i < c.all.size(); ++i) all += what(c.all.used(i));
            return all;
        };
        if (!timed && outermost)
            for (u32 i = 0; i < c.all.size(); ++i) owed += c.all.at(i).fuel_owed();
        const auto r = timed ? c.all.run_ns(budget) : c.all.run(budget);
        require(r.budget == budget);
        if (!outermost) return require(r.used == 0 && r.finished == 0);
        c.runs = false;
        require(r.used == sum([](const game::usage& u) { return u.used; }));
        require(r.waiting == sum([](const game::usage& u) { return u64(u.state == standing::waiting); }));
        require(r.finished + r.waiting + r.hungry <= taken(c) || meddled != meddled_);
        require(r.starved <= r.hungry && (r.starved != 0) == (r.neediest != tessera::no_index));
        require(r.starved == sum([](const game::usage& u) { return u64(u.missed != 0); }));
        require(taken(c) == 0 || c.all.has(c.all.turn()));
        for (u32 i = 0; i < c.all.size(); ++i) {
            if (!c.all.has(i)) continue;
            const game::usage& u = c.all.used(i);
            require(u.missed <= budget);
            require(u.used <= u.total && u.used <= u.most && u.most <= u.total);
            check(c.all.at(i), c.members[i]);
            // In fuel, what is used is given or owed; a nested slice may have used of it, too.
            if (meddled == meddled_) require(u.state == c.all.at(i).state());
        }
        if (timed || meddled != meddled_) return;
        u64 owes = 0;
        for (u32 i = 0; i < c.all.size(); ++i) owes += c.all.at(i).fuel_owed();
        require(r.used + owed <= budget + owes);
    }
    void limit() {
        world& w = worlds_[below(2)];
        tessera::limits l = small;
        l.heap_bytes = u64{1} << (8 + below(9));
        l.stack_bytes = u64{1} << (9 + below(6));
        game::set_limits(w.s, l);
        static_cast<void>(w.s.add_fuel(below(2'000)));
        require(game::consumed(w.s).instances <= 1);
    }
    void reset() {
        world& w = worlds_[below(2)];
        if (below(4) != 0 || depth_ != 0) return;
        require(w.s.reset().has_value());
        make(w);
    }
    void move() {
        const u32 a = below(most_calls), b = below(most_calls);
        if (a >= loose_.size() || b >= loose_.size()) return;
        if (loose_[a]->c.state() == standing::running || loose_[b]->c.state() == standing::running) return;
        if (a == b) return;
        *loose_[a] = std::move(*loose_[b]);
        require(loose_[b]->c.is_over() && loose_[b]->c.awaited().empty());
        loose_.erase(loose_.begin() + b);
    }
    /// Answers a call that waits until it ends.
    void finish(game::call& c, piece& p) {
        for (world& w : worlds_) game::set_limits(w.s, small);
        for (int i = 0; i < 200 && !c.is_over(); ++i) {
            if (c.state() == standing::waiting) static_cast<void>(c.answer(answer_for(u32(c.ticket()))));
            c.run(2'000);
            check(c, p);
        }
        require(c.is_over() || p.f == endless || c.state() == standing::heap_full || c.fuel_owed() != 0);
    }

    FuzzedDataProvider in_;
    const tessera::module* mod_ = nullptr;
    tessera::imports env_;
    world worlds_[2];
    crowd crowds_[2];
    std::vector<std::unique_ptr<piece>> loose_;
    std::optional<tessera::execution> ended_;
    u32 depth_ = 0;
    u32 meddled_ = 0; ///< steps that were made within slices
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    program({data, size}).run();
    return 0;
}
