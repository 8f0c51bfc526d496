// SPDX-License-Identifier: MIT
/// @file wasi/call.hpp
/// One call of a function of preview 1: the guest's memory, what ends the call early, waiting.
#pragma once

#include <tessera/runtime/api/instance.hpp>
#include <tessera/wasi/context.hpp>
#include <tessera/wasi/wait.hpp>

#if TESSERA_BODIES
#include <tessera/wasi/wait_posix.hpp>
#include <tessera/wasi/wait_windows.hpp>
#endif

namespace tessera::inline TESSERA_ABI::wasi {

/// What the guest's pointers mean during one call. Another thread may write there at any time if it is shared: each
/// number is read once, and text is copied before it is looked at.
class guest_memory {
public:
    guest_memory() noexcept = default;
    explicit guest_memory(const runtime::memory_data& m) noexcept
        : base_(m.base), size_(m.bytes_now()), memory_(&m), shared_(m.shared) {}

    bool holds(u64 at, u64 n) const noexcept { return at <= size_ && n <= size_ - at; }
    /// The bytes themselves, only to be read; `at` must be inside.
    const u8* at(u64 at) const noexcept { return base_ + at; }
    /// `n` of them to be written, which must be inside.
    u8* room(u64 at, u64 n) const noexcept {
        memory_->note_write(base_ + at, n);
        return base_ + at;
    }
    /// Where one of those bytes is.
    u64 offset_of(const u8* byte) const noexcept { return u64(byte - base_); }
    bool shared() const noexcept { return shared_ != nullptr; }
    /// A number, little-endian; it must be inside.
    template <class T>
    T get(u64 at) const noexcept {
        return runtime::load_guest<T>(shared_, base_ + at);
    }
    template <class T>
    void put(u64 at, std::type_identity_t<T> value) const noexcept {
        runtime::store_guest<T>(*memory_, base_ + at, value);
    }
    /// Copies bytes in and out; they must be inside.
    void write(u64 at, const void* from, std::size_t n) const noexcept {
        if (n == 0) return;
        u8* const to = room(at, n);
        if (shared_) shared_->calls->copy(to, static_cast<const u8*>(from), n);
        else std::memcpy(to, from, n);
    }
    void read(u64 at, void* to, std::size_t n) const noexcept {
        if (shared_) shared_->calls->copy(static_cast<u8*>(to), base_ + at, n);
        else if (n) std::memcpy(to, base_ + at, n);
    }

private:
    u8* base_ = nullptr;
    u64 size_ = 0;
    const runtime::memory_data* memory_ = nullptr; ///< null: there is none, and nothing is inside
    const runtime::shared_data* shared_ = nullptr;
};

/// A path of the guest's, copied out of its memory.
struct guest_path {
    static constexpr u32 most = 4095;
    char bytes[most + 1];
    u32 size = 0;

    operator std::string_view() const noexcept { return {bytes, size}; }
};

/// What a function of preview 1 knows. It returns an errno, or calls `exit`, `raise` or `interrupt`, and then what it
/// returns is not looked at.
class call {
public:
    call(context_data& guest, const tessera::caller& who) noexcept : self(guest) {
        const instance from = who.from();
        const runtime::instance_data* const i = runtime::access::get(from, &runtime::store_data::instances);
        if (!i) return; // the host called: there is no memory
        if (i->store->built[feature::interruption]) stop = &i->store->interrupt;
        if (i->memories.size() == 1) {
            memory = guest_memory(*i->memories[0]);
        } else if (!i->memories.empty()) {
            const export_def* const e = runtime::find_export(*i->unit, "memory");
            if (e && e->kind == extern_kind::memory) memory = guest_memory(*i->memories[e->index]);
        }
    }

    context_data& self;
    guest_memory memory; ///< empty where there is none
    const std::atomic<bool>* stop = nullptr;

    /// Copies a path. False: `why` is `fault` or `nametoolong`.
    bool path(u32 at, u32 size, guest_path& to, error_number& why) const noexcept {
        if (!memory.holds(at, size)) return why = error_number::fault, false;
        if (size > guest_path::most) return why = error_number::nametoolong, false;
        memory.read(at, to.bytes, size);
        to.size = size;
        return true;
    }

    bool stopped() const noexcept { return stop && stop->load(std::memory_order_relaxed); }
    error_number interrupt() noexcept { return end(ending::interrupted, 0); }
    error_number exit(u32 code) noexcept { return end(ending::exited, code); }
    error_number raise(u32 code) noexcept { return end(ending::raised, code); }

    /// Whether the guest's call ends, and with what.
    bool ends() const noexcept { return how_ != ending::none; }
    error failure() const noexcept {
        if (how_ == ending::interrupted) return trap::interrupted;
        return error::exit(code_, how_ == ending::raised ? msg::raised : msg::exited);
    }

    /// Does `f()`, which returns an outcome, until it is something else than `again`: between the attempts it waits for
    /// `n` to be ready, unless `n` shall not wait or the store is interrupted.
    template <class F>
    auto retry(node& n, eventtype what, F f) noexcept {
        bool was_ready = false;
        for (;;) {
            auto r = f();
            if (r || r.error() != error_number::again || has(n.flags(), fdflags::nonblock)) return r;
            if (stopped()) return decltype(r)(interrupt());
            const std::intptr_t handle = n.native_handle().handle;
            if (handle == -1 || was_ready) { // ready, and yet nothing: another thread was faster
                nap(nullptr, 0, short_nap);
                was_ready = false;
            } else {
                awaited one{handle, what};
                was_ready = nap(&one, 1, stop ? long_nap : forever) && one.ready;
            }
        }
    }

private:
    enum class ending : u8 { none, exited, raised, interrupted };
    error_number end(ending how, u32 code) noexcept {
        how_ = how;
        code_ = code;
        return error_number::intr;
    }

    ending how_ = ending::none;
    u32 code_ = 0;
};

} // namespace tessera
