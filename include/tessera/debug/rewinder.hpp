// SPDX-License-Identifier: MIT
/// @file debug/rewinder.hpp
/// Going back: nothing is recorded, the call is made again up to an earlier instruction.
#pragma once

#include <tessera/debug/debugger.hpp>

namespace tessera::inline TESSERA_ABI::debug {

/// What is to be called, as debugger::start takes it. The arguments must live as long as the world.
struct entry_point {
    func function;
    std::span<const value> arguments;
};

/// How to make a store and all that is in it. Each time must be like the first: same modules in the same order,
/// imports that give the same.
class world {
public:
    virtual ~world() = default;
    /// Makes a new store, in place of the last one if there is one, attaches `d` to it, and instantiates.
    virtual result<entry_point> make(debugger& d) noexcept = 0;
};

/// Runs a call back and forth. What was written by hand while it stood is not written again.
class rewinder {
public:
    /// Both must outlive the rewinder.
    rewinder(debugger& d, world& w) noexcept : debugger_(d), world_(w) {}

    /// Makes the world, and stops before the first instruction. Fails as world::make and debugger::start.
    result<stop> restart() noexcept {
        debugger_.detach();
        auto entry = world_.make(debugger_);
        if (!entry) return entry.error();
        return debugger_.start(entry->function, entry->arguments);
    }
    /// To the instruction before; from the first one to itself. Of a call that failed, the instruction that did.
    result<stop> back() noexcept {
        const u64 here = debugger_.count();
        const bool failed = debugger_.last().kind == stop_kind::failed;
        return to(failed || here == 0 ? here : here - 1);
    }
    /// To where the last breakpoint or watchpoint before would have stopped it; else to the first instruction.
    result<stop> back_to_point() noexcept {
        const u64 here = debugger_.count();
        u64 found = 0;
        stop at;
        auto now = restart();
        while (now && now->is_alive()) {
            now = debugger_.go_on();
            if (!now || !now->is_alive() || debugger_.count() >= here) break;
            if (now->kind == stop_kind::paused) return now;
            found = debugger_.count();
            at = *now;
        }
        if (!now) return now;
        if (now = to(found); !now || at.number == 0) return now;
        return at;
    }
    /// To instruction number `count`.
    result<stop> to(u64 count) noexcept {
        auto now = restart();
        return now && now->is_alive() && count ? debugger_.run_to(count) : now;
    }

private:
    debugger& debugger_;
    world& world_;
};

} // namespace tessera::debug
