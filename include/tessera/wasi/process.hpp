// SPDX-License-Identifier: MIT
/// @file wasi/process.hpp
/// A guest from its start to its exit code: commands, reactors, and the threads of wasi-threads.
#pragma once

#include <tessera/runtime/api/store.hpp>
#include <tessera/store.hpp>

#include <tessera/config.hpp> // store.hpp, a door, takes the internal macros away
#include <tessera/wasi/preview1.hpp>
#include <tessera/wasi/thread_group.hpp>

#if TESSERA_BODIES
#include <tessera/wasi/define.hpp>
#endif

namespace tessera::inline TESSERA_ABI::wasi {

/// The exit code that the result of a call means: 0 where it succeeded, that of proc_exit where it ended with
/// kind::exit; any other error is handed on.
inline result<u32> exit_code(const result<void>& of) noexcept {
    if (of) return u32{0};
    if (of.error().kind() == kind::exit) return of.error().exit_code();
    return of.error();
}

/// Calls what starts an instance; `command` says whether that was `_start`.
inline result<void> call_start(const instance& guest, bool& command) noexcept {
    command = guest.get<func>("_start").has_value();
    if (!command && !guest.get<func>("_initialize")) return {};
    auto f = guest.get<void()>(command ? "_start" : "_initialize");
    if (!f) return f.error();
    return (*f)();
}
/// Starts an instance (WASI, legacy/application-abi.md): calls `_start`, which makes it a command, or where there is
/// none `_initialize`, which makes it a reactor whose exports may be called from then on; one with neither is ready as
/// it is. The result is the exit code, 0 without proc_exit. Fails as the call does, and with msg::wrong_type where the
/// export is no function without parameters and results.
inline result<u32> start(const instance& guest) noexcept {
    bool command = false;
    return exit_code(call_start(guest, command));
}

/// A guest process: a store, what its modules may import, and the threads they spawn.
///
/// A module that imports wasi.thread-spawn (wasi-threads) may run as many threads at a time as context::limit says, in
/// builds with feature::threads and feature::interruption. A shared memory it imports is made here, unless it is
/// defined already. Each thread gets a store of its own with the same limits, and an instance of the same module; a
/// trap or an exit in one of them interrupts all others, and `finish` joins them.
template <features F>
class process {
public:
    /// One whose stores have these limits and this allocator, which must be for several threads if the guest has some.
    /// See status().
    explicit process(const context& from, const tessera::limits& limits = {}, const allocator& memory = {}) noexcept
        : context_(from), store_(limits, memory), defined_(preview1(imports_, from)) {
        if constexpr (has_threads)
            imports_.define("wasi", "thread-spawn", [this](u32 argument) { return spawn(argument); });
        if constexpr (F[feature::interruption])
            threads_.set_first([](void* first) noexcept { static_cast<tessera::store<F>*>(first)->interrupt(); },
                               &store_);
    }
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
    /// `f(tessera::store<F>&)` is called with the store of each further thread before that runs, by the thread that
    /// spawns it; to give it fuel, for example.
    void each_store(void (*f)(tessera::store<F>&, void*), void* with) noexcept {
        prepare_ = f;
        prepare_with_ = with;
    }

    /// Makes an instance, as basic_store::instantiate. One that imports wasi.thread-spawn can spawn threads from now
    /// on. Fails as that, and with msg::wrong_type for a second one that would spawn threads.
    result<instance> instantiate(const module& guest) noexcept {
        if (auto ok = status(); !ok) return ok.error();
        bool spawns = false;
        for (const import_entry i : guest.imports()) {
            if (i.type.kind == extern_kind::func) spawns |= i.module == "wasi" && i.name == "thread-spawn";
            if (i.type.kind != extern_kind::memory || !i.type.memory.shared || is_defined(i)) continue;
            if constexpr (has_threads) {
                auto memory = shared_memory::make(i.type.memory, store_.limits().memory_bytes);
                if (!memory) return memory.error();
                imports_.define(i.module, i.name, *memory);
            }
        }
        if (spawns && has_threads) {
            if (module_) return error(msg::wrong_type, "a second module that spawns threads");
            module_ = guest;
        }
        return store_.instantiate(guest, imports_);
    }
    /// Instantiates and starts: a whole command. The exit code; fails as `instantiate` and as the guest does.
    result<u32> run(const module& guest) noexcept {
        auto made = instantiate(guest);
        if (!made) return finish(made.error());
        return start(*made);
    }
    /// Starts an instance as wasi::start does. A command has ended then, and so have its threads; those of a reactor go
    /// on.
    result<u32> start(const instance& guest) noexcept {
        bool command = false;
        const result<void> r = call_start(guest, command);
        if (command || !r) return finish(r);
        return u32{0};
    }
    /// What a call of the guest's meant for the process: ends and joins all threads, and says the exit code as
    /// exit_code does. Where a thread's trap or exit ended the call, that is what counts.
    result<u32> finish(const result<void>& call) noexcept {
        threads_.end(call ? error::exit(0) : call.error());
        threads_.end_all();
        const error cause = threads_.cause();
        threads_.renew();
        if constexpr (F[feature::interruption]) // it has done what it was for
            if (store_.data()) store_.data()->interrupt.store(false);
        // Both say the same, and this one says where.
        if (!call && cause.why() == trap::interrupted && call.error().why() == trap::interrupted) return call.error();
        return exit_code(cause);
    }

    /// Stops all threads, the first one with the trap `interrupted`. Any thread of the host's may call it.
    void interrupt() noexcept requires(F[feature::interruption]) {
        store_.interrupt();
        threads_.end(error(trap::interrupted));
    }

private:
    static constexpr bool has_threads = F[feature::threads] && F[feature::interruption];

    /// A thread of the guest's.
    class spawned final : public group_member {
    public:
        spawned(process& of, u32 id, u32 argument) noexcept
            : of_(of), store_(of.store_.limits(), of.store_.data()->given), id_(id), argument_(argument) {}
        tessera::store<F>& store() noexcept { return store_; }
        result<void> run() noexcept override {
            auto made = store_.instantiate(of_.module_, of_.imports_);
            if (!made) return made.error();
            auto f = made->template get<void(u32, u32)>("wasi_thread_start");
            if (!f) return f.error();
            return (*f)(id_, argument_);
        }
        void stop() noexcept override { store_.interrupt(); }

    private:
        process& of_;
        tessera::store<F> store_;
        u32 id_;
        u32 argument_;
    };

    /// wasi.thread-spawn: the new thread's id, which is positive, or -1.
    i32 spawn(u32 argument) noexcept {
        constexpr u32 ids = (u32{1} << 29) - 1; // the bits above are for locks in the guest
        const u32 most = context_.data()->limits.threads;
        if (!module_ || !threads_.has_room(most)) return -1;
        const u32 id = ids_.fetch_add(1, std::memory_order_relaxed) % ids + 1;
        spawned* const one = create<spawned>(*this, id, argument);
        if (!one) return -1;
        if (!one->store().status()) return destroy(one), -1;
        if (prepare_) prepare_(one->store(), prepare_with_);
        // Each nested call of the host's takes a few KiB of native stack.
        const std::size_t stack = std::size_t{1024} * (1024 + 8 * std::size_t{store_.limits().host_depth});
        return threads_.start(one, most, stack) ? i32(id) : -1;
    }
    bool is_defined(const import_entry& i) const noexcept {
        const runtime::import_source known = imports_.source();
        runtime::external found;
        return known.find(known.self, i.module, i.name, found);
    }

    context context_;
    tessera::imports imports_;
    tessera::store<F> store_;
    result<void> defined_;
    module module_; ///< of the threads; empty where there are none
    thread_group threads_;
    std::atomic<u32> ids_{0};
    void (*prepare_)(tessera::store<F>&, void*) = nullptr;
    void* prepare_with_ = nullptr;
};

} // namespace tessera
