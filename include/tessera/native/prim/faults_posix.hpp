// SPDX-License-Identifier: MIT
/// @file native/prim/faults_posix.hpp
/// Faults as signals, on Linux; on macOS by its documentation, not tested.
#pragma once

#if defined(__x86_64__) && (defined(__linux__) || defined(__APPLE__))
#include <tessera/native/prim/fault.hpp>

#include <csignal>

#include <ucontext.h>

namespace tessera::inline TESSERA_ABI::native::prim {

namespace detail {
#if defined(__APPLE__)
inline void with_registers(void* context, fault& f, bool put) noexcept {
    auto& r = static_cast<ucontext_t*>(context)->uc_mcontext->__ss;
    if (put) r.__rip = f.rip, r.__rax = f.rax, r.__r8 = f.r8;
    else f.rip = r.__rip, f.rax = r.__rax, f.r8 = r.__r8, f.rsi = r.__rsi, f.rbp = r.__rbp;
}
#else
/// Copies what `f` has of the registers to `context`, or from there.
inline void with_registers(void* context, fault& f, bool put) noexcept {
    auto& r = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    if (put) r[REG_RIP] = i64(f.rip), r[REG_RAX] = i64(f.rax), r[REG_R8] = i64(f.r8);
    else f = {u64(r[REG_RIP]), u64(r[REG_RAX]), u64(r[REG_R8]), u64(r[REG_RSI]), u64(r[REG_RBP]), 0};
}
#endif
/// True for a signal that an instruction caused, and not a process that sent it.
inline bool is_fault(const siginfo_t& s) noexcept { return s.si_code >= 1 && s.si_code <= 3; }

/// Does with a signal what `before` would have done, had it been in place.
inline void pass_on(int number, siginfo_t* info, void* context, const struct sigaction& before) noexcept {
    const bool is_default = (before.sa_flags & SA_SIGINFO) == 0 && before.sa_handler == SIG_DFL;
    const bool is_ignored = (before.sa_flags & SA_SIGINFO) == 0 && before.sa_handler == SIG_IGN;
    if (is_ignored && !is_fault(*info)) return;
    if (is_default || is_ignored || (before.sa_flags & int(SA_RESETHAND)) != 0) {
        struct sigaction ends = {};
        ends.sa_handler = SIG_DFL;
        static_cast<void>(sigaction(number, &ends, nullptr));
    }
    if (is_default || is_ignored) { // the instruction fails again, which ends the process
        if (!is_fault(*info)) static_cast<void>(raise(number));
        return;
    }
    if ((before.sa_flags & SA_SIGINFO) != 0) before.sa_sigaction(number, info, context);
    else before.sa_handler(number);
}
} // namespace detail

/// Handlers of the process, one for each level, which all do the same: what `Answer` does not want goes to whoever was
/// there before. One that was installed and lies below somebody else's stays there, and works, for good.
template <fault_answer Answer>
class fault_hooks {
public:
    static constexpr unsigned levels = 4;

    /// False: refused.
    static bool install(unsigned level) noexcept {
        for (unsigned k = 0; k < 2; ++k) {
            struct sigaction& old = before[level][k];
            struct sigaction ours = {};
            if (sigaction(signals[k], nullptr, &old) != 0) return remove(level), false; // before anybody needs it
            ours.sa_sigaction = handlers[level];
            ours.sa_mask = old.sa_mask;
            ours.sa_flags = SA_SIGINFO | SA_ONSTACK | (old.sa_flags & int(SA_NODEFER | SA_RESTART));
            if (sigaction(signals[k], &ours, nullptr) != 0) return remove(level), false;
        }
        return true;
    }
    /// True if nobody has put another one in the place of that of `level`.
    static bool is_first(unsigned level) noexcept { return is_first(level, 0) && is_first(level, 1); }
    /// Puts back what was there before `install`, where it is still in place.
    static void remove(unsigned level) noexcept {
        for (unsigned k = 0; k < 2; ++k)
            if (is_first(level, k)) static_cast<void>(sigaction(signals[k], &before[level][k], nullptr));
    }

private:
    static constexpr int signals[] = {SIGSEGV, SIGBUS};
    static inline struct sigaction before[levels][2] = {};

    static bool is_first(unsigned level, unsigned k) noexcept {
        struct sigaction now = {};
        return sigaction(signals[k], nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) != 0 &&
               now.sa_sigaction == handlers[level];
    }
    template <unsigned Level>
    static void on_signal(int number, siginfo_t* info, void* context) {
        fault f = {};
        detail::with_registers(context, f, false);
        f.address = u64(reinterpret_cast<std::uintptr_t>(info->si_addr));
        if (detail::is_fault(*info) && Answer(f)) return detail::with_registers(context, f, true);
        detail::pass_on(number, info, context, before[Level][number == SIGBUS]);
    }
    static constexpr void (*handlers[levels])(int, siginfo_t*, void*) = {&on_signal<0>, &on_signal<1>, &on_signal<2>,
                                                                         &on_signal<3>};
};

} // namespace tessera::native::prim
#endif
