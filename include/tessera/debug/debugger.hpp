// SPDX-License-Identifier: MIT
/// @file debug/debugger.hpp
/// Runs a call step by step. While a debugger is attached to a store, all of its functions run in plain mode (see
/// exec/plain.hpp); before and afterwards they are as fast as without.
#pragma once

#include <tessera/debug/frame.hpp>
#include <tessera/debug/points.hpp>
#include <tessera/debug/stop.hpp>
#include <tessera/runtime/api/store.hpp>

namespace tessera::inline TESSERA_ABI::debug {

/// Is told of every instruction in the store. It may read, but must neither call guests nor throw.
class listener {
public:
    virtual ~listener() = default;
    /// An instruction is about to be executed; `at` is good until this returns. `depth`: how many functions are
    /// around its own.
    virtual void begins(const frame& at, u32 depth) noexcept = 0;
    /// The last instruction that began at this depth is done, and left `results`. Not told of what goes
    /// elsewhere: branches for good, returns, tail calls, throws.
    virtual void ends(u32 depth, view<value> results) noexcept = 0;
};

/// A debugger of one store, and of one call at a time in it. When the store is reset or ends, it is attached to none
/// any more. Calls that others make
/// meanwhile, and those that host functions make in the call, run through: the listener is told of them, and what
/// they change is noticed, but they do not stop.
class debugger : runtime::observer {
public:
    debugger() noexcept : observer{&see, &gone} {}
    ~debugger() { detach(); }
    debugger(const debugger&) = delete;
    debugger& operator=(const debugger&) = delete;

    /// From now on functions of the store run in plain mode. Fails with msg::feature_not_built for a store without
    /// feature::tracing, with msg::already_running while a call is under way or waits, and with msg::out_of_memory.
    /// A debugger that was attached to it is no longer. Breakpoints and watchpoints stay from store to store.
    result<void> attach(basic_store& s) noexcept;
    /// Gives the call up, and the store its speed back.
    void detach() noexcept;

    // ---- where to stop ---------------------------------------------------------------------------------------------

    /// Stops before the instruction at byte `offset` of the module, in all its instances; the breakpoint's number.
    /// Fails with msg::out_of_range where no instruction begins.
    result<u32> break_at(const tessera::module& m, u32 offset) noexcept;
    /// The offset of a function's first instruction. Fails with msg::out_of_range for an imported function.
    static result<u32> first_instruction(const tessera::module& m, u32 function) noexcept;
    /// Stops behind an instruction that changes one of `size` bytes, at most 64 KiB, from `at` on, whoever does it;
    /// the watchpoint's number. Bytes that the memory does not have yet are taken for zeros. Fails with
    /// msg::out_of_range, and msg::stale_handle for a memory of another store.
    result<u32> watch(const memory& m, u64 at, u64 size) noexcept;
    /// The same for a global.
    result<u32> watch(const global& g) noexcept;
    /// Takes a breakpoint or watchpoint away; false if there is none of this number.
    bool remove(u32 number) noexcept { return points_.remove(number); }
    view<breakpoint> breakpoints() const noexcept { return points_.breaks(); }
    view<watchpoint> watchpoints() const noexcept { return points_.watches(); }

    // ---- running ---------------------------------------------------------------------------------------------------

    // All of these fail with msg::stale_handle where there is no call that can go on, and with msg::already_running
    // from within the call. That the call itself fails is no error of theirs, but stop_kind::failed.

    /// Calls `f`, up to its first instruction; gives a call up that was under way. Fails as func::start, and with
    /// msg::stale_handle where no store is attached.
    result<stop> start(const func& f, std::span<const value> args) noexcept;
    /// One instruction.
    result<stop> step() noexcept { return run(mode::step, 0); }
    /// One instruction, calls with all that happens in them.
    result<stop> over() noexcept { return run(mode::over, 0); }
    /// Up to where the function has returned to; the end if it was called by the host.
    result<stop> out() noexcept { return run(mode::out, 0); }
    /// Up to a breakpoint, a watchpoint or the end.
    result<stop> go_on() noexcept { return run(mode::run, 0); }
    /// Until the call has executed `count` instructions, whatever breakpoints there are.
    result<stop> run_to(u64 count) noexcept { return run(mode::count, count); }
    /// Gives the call up.
    void abandon() noexcept;

    // ---- looking ---------------------------------------------------------------------------------------------------

    /// True if there is a call that can go on.
    bool is_alive() const noexcept { return is_attached() && call_ && last_.is_alive(); }
    /// What the last run ended with.
    const stop& last() const noexcept { return last_; }
    /// How many instructions the call has executed; one that trapped is not counted.
    u64 count() const noexcept;
    /// Why the call failed, or is paused.
    const error& failure() const noexcept { return failure_; }
    /// What a call that is done gave. Fails with msg::wrong_type if the number does not agree, and with
    /// msg::stale_handle if it is not done.
    result<void> results(std::span<value> to) const noexcept;
    /// How many functions are on the stack, the host's not counted; they are there when a call has failed, too.
    u32 frames() const noexcept;
    /// Number 0 is the innermost one; an empty frame beyond what there is.
    frame at(u32 number) const noexcept;
    /// Has `l` told of every instruction from now on; null: nobody.
    void tell(listener* l) noexcept { listener_ = l; }

private:
    friend class frame;
    enum class mode : u8 { step, over, out, run, count };
    /// What a frame has begun and not ended, for the listener.
    struct begun {
        const void* call = nullptr;
        u64 depth = 0; ///< of its frame in the stack, in bytes
        const exec::plain_map* known = nullptr;
        u32 point = 0;
    };

    static bool see(runtime::observer& self, void* call) noexcept;
    static void gone(runtime::observer& self) noexcept;
    bool look(void* call) noexcept;
    void tell_of(void* call, const exec::plain_map& known, u32 point) noexcept;
    frame describe(const exec::frame& from, bool innermost) const noexcept;
    result<stop> run(mode how, u64 target) noexcept;
    bool is_attached() const noexcept { return store_ != nullptr; }
    runtime::func_record* callee() const noexcept { return store_->funcs[callee_]; }

    runtime::store_data* store_ = nullptr;
    u32 callee_ = 0; ///< place in the store
    void* call_ = nullptr;
    stop last_{stop_kind::done, 0};
    stop hit_;                 ///< why `look` stopped the call
    bool stops_ = false;       ///< it did
    bool has_results_ = false; ///< of the call that is done
    bool again_ = false;       ///< the next instruction was seen already
    mode how_ = mode::run;
    u64 from_ = 0;   ///< where the frame begins that was stepped from
    u64 target_ = 0; ///< for mode::count
    u64 seen_ = 0;   ///< instructions of the call that have begun
    u64 moment_ = 0; ///< counted up whenever frames are no longer what they were
    points points_;
    listener* listener_ = nullptr;
    vec<begun> begun_;
    vec<value> told_; ///< the results the listener is told of
    vec<u64> results_;
    error failure_{error::unlikely()};
};

} // namespace tessera::debug
