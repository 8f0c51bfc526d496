// SPDX-License-Identifier: MIT
/// @file runtime/api/execution.hpp
/// A call that can stop half-way and go on.
#pragma once

#include <tessera/runtime/api/convert.hpp>
#include <tessera/runtime/api/slots.hpp>
#include <tessera/runtime/call.hpp>

namespace tessera::inline TESSERA_ABI {

namespace game {
class call;
}

/// One call of a function. Each `resume` runs it until it is done, traps, or is stopped by want of
/// fuel, by a full heap or by an interruption; only in the last case it can be resumed again. Nothing of the guest
/// is on the native stack meanwhile: any number of executions can wait. Must end before its store;
/// a reset of the store ends it.
class execution {
public:
    execution(execution&& other) noexcept
        : store_(other.store_), call_(std::exchange(other.call_, nullptr)), results_(std::move(other.results_)),
          func_(other.func_), epoch_(other.epoch_), state_(std::exchange(other.state_, state::failed)) {}
    execution& operator=(execution&& other) noexcept {
        if (this != &other) {
            this->~execution();
            ::new (static_cast<void*>(this)) execution(std::move(other));
        }
        return *this;
    }
    ~execution() {
        if (call_ && alive()) store_->engine->finish(*store_, call_, *record(), nullptr);
    }

    /// Runs on. Success: the call is done, `results` or `get` have what it gave. An error of
    /// trap::out_of_fuel, trap::interrupted, or trap::out_of_memory where the heap was full, leaves it `paused()`:
    /// give it fuel, or a larger heap, and resume again.
    /// Any other error has ended it.
    result<void> resume() noexcept {
        if (!alive() || !call_) return msg::stale_handle;
        error why(msg::out_of_memory);
        bool paused = false;
        if (store_->engine->resume(*store_, call_, why, paused)) {
            state_ = state::done;
            store_->engine->finish(*store_, std::exchange(call_, nullptr), *record(), results_.data());
            return {};
        }
        state_ = paused ? state::paused : state::failed;
        if (!paused) store_->engine->finish(*store_, std::exchange(call_, nullptr), *record(), nullptr);
        runtime::spend_interruption(*store_, why);
        return why;
    }
    bool done() const noexcept { return state_ == state::done; }
    bool paused() const noexcept { return state_ == state::paused; }

    /// What a call that is done gave. Fails with msg::wrong_type if the number does not agree.
    result<void> results(std::span<value> to) const noexcept {
        if (!alive() || !done()) return msg::stale_handle;
        const auto types = store_->types.types().results(record()->type_id);
        if (to.size() != types.size()) return error(msg::wrong_type, "number of results");
        const u64* from = results_.data();
        for (std::size_t i = 0; i < to.size(); from += types[i++].slots()) to[i] = runtime::take_value(types[i], from);
        return {};
    }
    /// The same as a C++ type, a tuple for several.
    template <class R>
    result<R> get() const noexcept {
        using list = runtime::result_list<R>;
        if (!alive() || !done()) return msg::stale_handle;
        const valid::type_space space = store_->types.space();
        if (!valid::matches(space, space.types->results(record()->type_id), list::types)) return msg::wrong_type;
        return list::take(*store_, results_.data());
    }

    /// For the library: a call of `f` with the arguments in `slots`.
    static result<execution> start(runtime::store_data& store, runtime::func_record& f, const u64* slots) noexcept {
        error why(msg::out_of_memory);
        vec<u64> results;
        if (!results.resize(f.result_slots)) return why;
        void* call = store.engine->start(store, f, slots, why);
        if (!call) return why;
        return execution(store, call, std::move(results), f.self);
    }

    /// For the library: a call of the function at place `func` that stands where it stands, or has not begun.
    static result<execution> adopt(runtime::store_data& store, void* call, u32 func, bool paused) noexcept {
        vec<u64> results;
        if (!results.resize(store.funcs[func]->result_slots)) return msg::out_of_memory;
        execution made(store, call, std::move(results), func);
        if (paused) made.state_ = state::paused;
        return made;
    }
    /// For the library: the engine's, null once the call has ended.
    void* call() const noexcept { return alive() ? call_ : nullptr; }
    /// For the library: the place of the function.
    u32 func_place() const noexcept { return func_; }
    const runtime::store_data* store() const noexcept { return store_; }
    /// For the library: where it stands, as a number.
    u8 standing() const noexcept { return u8(state_); }
    /// For the library: the results of a call that is done.
    view<u64> slots() const noexcept { return {results_.data(), results_.size()}; }
    /// For the library: it is another call now; what it was has been ended, or is the same engine's call.
    void become(void* call, u32 func, u8 standing, vec<u64>&& slots) noexcept {
        call_ = call;
        epoch_ = store_->epoch;
        func_ = func;
        state_ = state(standing);
        results_ = std::move(slots);
    }

private:
    friend game::call;
    enum class state : u8 { fresh, paused, done, failed };

    execution(runtime::store_data& store, void* call, vec<u64>&& results, u32 func) noexcept
        : store_(&store), call_(call), results_(std::move(results)), func_(func), epoch_(store.epoch) {}
    bool alive() const noexcept { return store_->epoch == epoch_; }
    runtime::func_record* record() const noexcept { return store_->funcs[func_]; }

    runtime::store_data* store_;
    void* call_; ///< the engine's; null once the call has ended
    vec<u64> results_;
    u32 func_;
    u32 epoch_;
    state state_ = state::fresh;
};

} // namespace tessera
