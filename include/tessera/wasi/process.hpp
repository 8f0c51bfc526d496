// SPDX-License-Identifier: MIT
/// @file wasi/process.hpp
/// A guest from its start to its exit code: commands, reactors, and the threads of wasi-threads.
#pragma once

#include <tessera/runtime/api/store.hpp>
#include <tessera/store.hpp>
#include <tessera/wasi/preview1.hpp>
#include <tessera/wasi/thread_group.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

/// The exit code that the result of a call means: 0 where it succeeded, that of proc_exit where it ended with
/// kind::exit; any other error is handed on.
inline result<u32> exit_code(const result<void>& of) noexcept {
    if (of) return u32{0};
    if (of.error().kind() == kind::exit) return of.error().exit_code();
    return of.error();
}

/// Starts an instance (WASI, legacy/application-abi.md): calls `_start`, which makes it a command, or where there is none
/// `_initialize`, which makes it a reactor whose exports may be called from then on; one with neither is ready as it is. The
/// result is the exit code, 0 without proc_exit. Fails as the call does, and with msg::wrong_type where the export is
/// no function without parameters and results.
TESSERA_API result<u32> start(const instance& guest) noexcept;

/// A guest process: a store, what its modules may import, and the threads they spawn.
///
/// A module that imports wasi.thread-spawn (wasi-threads) may run as many threads at a time as context::limit says, in
/// builds with feature::threads and feature::interruption. A shared memory it imports is made here, unless it is
/// defined already. Each thread gets a store of its own with the same limits, and an instance of the same module; a trap or an exit
/// in one of them interrupts all others, and `finish` joins them.
template <features F>
class process {
public:
    /// One whose stores have these limits. See status().
    explicit process(const context& from, const tessera::limits& limits = {}) noexcept
        : context_(from), store_(limits), defined_(preview1(imports_, from)) {}
    process(const process&) = delete;
    process& operator=(const process&) = delete;
    /// Ends and joins all threads.
    ~process() { threads_.end_all(); }

    /// Whether it could be made: context::status(), basic_store::status(), or msg::out_of_memory.
    result<void> status() const noexcept {
        if (!defined_) return defined_;
        return store_.status();
    }
    /// Where to define what else modules may import, before `instantiate`. Threads share it.
    tessera::imports& imports() noexcept { return imports_; }
    /// The store of the first thread, where the instances are that the host sees.
    tessera::store<F>& store() noexcept { return store_; }
    /// `f(tessera::store<F>&)` is called with the store of each further thread before that runs, by the thread that spawns
    /// it; to give it fuel, for example.
    void each_store(void (*f)(tessera::store<F>&, void*), void* with) noexcept {
        prepare_ = f;
        prepare_with_ = with;
    }

    /// Makes an instance, as basic_store::instantiate. One that imports wasi.thread-spawn can spawn threads from now on.
    /// Fails as that, and with msg::wrong_type for a second one that would spawn threads.
    result<instance> instantiate(const module& guest) noexcept;
    /// Instantiates and starts: a whole command. The exit code; fails as `instantiate` and as the guest does.
    result<u32> run(const module& guest) noexcept {
        auto made = instantiate(guest);
        if (!made) return finish(made.error());
        return start(*made);
    }
    /// Starts an instance as wasi::start does. A command has ended then, and so have its threads; those of a reactor go
    /// on.
    result<u32> start(const instance& guest) noexcept;
    /// What a call of the guest's meant for the process: ends and joins all threads, and says the exit code as exit_code
    /// does. Where a thread's trap or exit ended the call, that is what counts.
    result<u32> finish(const result<void>& call) noexcept;

    /// Stops all threads, the first one with the trap `interrupted`. Any thread of the host's may call it.
    void interrupt() noexcept requires(F[feature::interruption]) {
        store_.interrupt();
        threads_.end(error(trap::interrupted));
    }

private:
    struct spawned;

    context context_;
    tessera::imports imports_;
    tessera::store<F> store_;
    result<void> defined_;
    module module_; ///< of the threads; empty where there are none
    thread_group threads_;
    void (*prepare_)(tessera::store<F>&, void*) = nullptr;
    void* prepare_with_ = nullptr;
};

} // namespace tessera
