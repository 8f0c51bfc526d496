// SPDX-License-Identifier: MIT
/// @file native/prim/faults_windows.hpp
/// Faults as vectored exceptions, on Windows for x86-64. Declared here and not by <windows.h>, which brings a thousand
/// macros.
#pragma once

#if defined(_WIN32)
#include <tessera/native/prim/fault.hpp>

struct _EXCEPTION_POINTERS;

namespace tessera::inline TESSERA_ABI::native::prim {

namespace detail {
using vectored_handler = long(__stdcall*)(::_EXCEPTION_POINTERS*);
extern "C" __declspec(dllimport) void* __stdcall AddVectoredExceptionHandler(unsigned long, vectored_handler);
extern "C" __declspec(dllimport) unsigned long __stdcall RemoveVectoredExceptionHandler(void*);

/// The beginning of EXCEPTION_RECORD.
struct exception_record {
    u32 code, flags;
    exception_record* inner;
    void* at;
    u32 parameters;
    u64 information[2]; ///< of an access violation: how, and the address
};
struct exception_pointers {
    const exception_record* record;
    u8* context;
};
/// Where registers are in CONTEXT, in bytes.
inline constexpr std::size_t rax_at = 0x78, rbp_at = 0xa0, rsi_at = 0xa8, r8_at = 0xb8, rip_at = 0xf8;
} // namespace detail

/// As in faults_posix.hpp. The system keeps a list, and goes on to the next one by itself.
template <fault_answer Answer>
class fault_hooks {
public:
    static constexpr unsigned levels = 1;
    static bool install(unsigned) noexcept {
        return (installed = detail::AddVectoredExceptionHandler(1, &on_exception)) != nullptr;
    }
    static bool is_first(unsigned) noexcept { return installed != nullptr; }
    static void remove(unsigned) noexcept {
        static_cast<void>(detail::RemoveVectoredExceptionHandler(installed));
        installed = nullptr;
    }

private:
    static inline void* installed = nullptr;

    static long __stdcall on_exception(::_EXCEPTION_POINTERS* what) {
        constexpr u32 access_violation = 0xc000'0005;
        constexpr long look_further = 0, go_on = -1;
        const auto& e = *reinterpret_cast<const detail::exception_pointers*>(what);
        if (e.record->code != access_violation || e.record->parameters < 2) return look_further;
        const auto at = [&](std::size_t offset) -> u64& { return *reinterpret_cast<u64*>(e.context + offset); };
        fault f = {at(detail::rip_at), at(detail::rax_at), at(detail::r8_at),
                   at(detail::rsi_at), at(detail::rbp_at), e.record->information[1]};
        if (!Answer(f)) return look_further;
        at(detail::rip_at) = f.rip;
        at(detail::rax_at) = f.rax;
        at(detail::r8_at) = f.r8;
        return go_on;
    }
};

} // namespace tessera::native::prim
#endif
