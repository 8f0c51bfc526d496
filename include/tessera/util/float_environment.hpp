// SPDX-License-Identifier: MIT
/// @file float_environment.hpp
/// The processor's rounding mode and treatment of subnormals. Hosts change them (games flush
/// subnormals to zero); WebAssembly wants rounding to nearest and gradual underflow.
#pragma once

#include <tessera/util/integers.hpp>

#if defined(__SSE2__) || defined(_M_X64) || (defined(_M_IX86_FP) && _M_IX86_FP >= 2)
#include <xmmintrin.h>
#elif defined(_M_ARM64) && !defined(__clang__)
#include <intrin.h>
#endif

namespace tessera::inline TESSERA_ABI {

/// While it lives, floating point computes as WebAssembly wants; then the host's setting is back.
class float_environment {
public:
    float_environment() noexcept : host_(read()) {
        if (TESSERA_UNLIKELY((host_ & relevant) != wanted)) write((host_ & ~relevant) | wanted);
    }
    ~float_environment() {
        if (TESSERA_UNLIKELY((host_ & relevant) != wanted)) write(host_);
    }
    float_environment(const float_environment&) = delete;
    float_environment& operator=(const float_environment&) = delete;

private:
#if defined(__SSE2__) || defined(_M_X64) || (defined(_M_IX86_FP) && _M_IX86_FP >= 2)
    // Rounding control, flush to zero, denormals are zero; all six exceptions masked.
    static constexpr u64 relevant = 0xffc0;
    static constexpr u64 wanted = 0x1f80;
    static u64 read() noexcept { return _mm_getcsr(); }
    static void write(u64 v) noexcept { _mm_setcsr(u32(v)); }
#elif defined(__aarch64__) || defined(_M_ARM64)
    // Rounding mode, flush to zero (both kinds), default NaN, exception traps.
    static constexpr u64 relevant = 0x03c8'9f00;
    static constexpr u64 wanted = 0;
#if defined(_M_ARM64) && !defined(__clang__)
    static u64 read() noexcept { return u64(_ReadStatusReg(ARM64_FPCR)); }
    static void write(u64 v) noexcept { _WriteStatusReg(ARM64_FPCR, i64(v)); }
#else
    static u64 read() noexcept {
        u64 v;
        __asm__ __volatile__("mrs %0, fpcr" : "=r"(v));
        return v;
    }
    static void write(u64 v) noexcept { __asm__ __volatile__("msr fpcr, %0" : : "r"(v)); }
#endif
#else
    static constexpr u64 relevant = 0;
    static constexpr u64 wanted = 0;
    static u64 read() noexcept { return 0; }
    static void write(u64) noexcept {}
#endif
    u64 host_;
};

} // namespace tessera
