// SPDX-License-Identifier: MIT
/// @file config.hpp
/// Every macro a user may set, its default and one sentence; then the facts about the compiler.
/// Everything defined here that is not a user's macro is undefined again by undef.hpp.
// No `#pragma once`: undef.hpp takes the internal macros away at the end of each public header, and
// the next header that is included must find them again.
#ifndef TESSERA_ABI

#include <cstddef>
#include <cstdint>
#include <cstdlib>

// ---- version ---------------------------------------------------------------------------------

#define TESSERA_VERSION_MAJOR 0
#define TESSERA_VERSION_MINOR 1
#define TESSERA_VERSION_PATCH 0

// ---- for the user to set -----------------------------------------------------------------------

// Memory: all three of these, or none.
#if defined(TESSERA_ALLOCATE) + defined(TESSERA_ALLOCATE_ZEROED) + defined(TESSERA_DEALLOCATE) != 0 &&                 \
    defined(TESSERA_ALLOCATE) + defined(TESSERA_ALLOCATE_ZEROED) + defined(TESSERA_DEALLOCATE) != 3
#error "tessera: set TESSERA_ALLOCATE, TESSERA_ALLOCATE_ZEROED and TESSERA_DEALLOCATE together"
#endif

// Address space, for the memories of guests: all three of these, or none. Where neither they nor the
// three above are set, those of the operating system are used if it is known, see util/pages.hpp; where
// only the three above are, all memory comes from them.
#if defined(TESSERA_RESERVE) + defined(TESSERA_COMMIT) + defined(TESSERA_RELEASE) != 0 &&                              \
    defined(TESSERA_RESERVE) + defined(TESSERA_COMMIT) + defined(TESSERA_RELEASE) != 3
#error "tessera: set TESSERA_RESERVE, TESSERA_COMMIT and TESSERA_RELEASE together"
#endif
#if !defined(TESSERA_RESERVE) && !defined(TESSERA_ALLOCATE) &&                                                         \
    (defined(_WIN32) || defined(__unix__) || defined(__APPLE__)) && !defined(__EMSCRIPTEN__)
/// Reserves `bytes` bytes of address space that start at a page, of which the first `usable` are
/// usable and zero, or returns a null pointer.
#define TESSERA_RESERVE(bytes, usable) ::tessera::reserve_pages(bytes, usable)
/// Makes `bytes` bytes more usable, zero and contiguous with those that are: true if that worked.
/// `pointer` is in the middle of what TESSERA_RESERVE returned, a multiple of 64 KiB from its start.
#define TESSERA_COMMIT(pointer, bytes) ::tessera::commit_pages(pointer, bytes)
/// Gives back what TESSERA_RESERVE returned for `bytes`.
#define TESSERA_RELEASE(pointer, bytes) ::tessera::release_pages(pointer, bytes)
#endif

/// Allocates `bytes` bytes aligned for std::max_align_t, or returns a null pointer. Never throws.
#ifndef TESSERA_ALLOCATE
#define TESSERA_ALLOCATE(bytes) std::malloc(bytes)
#endif

/// Allocates `bytes` zero bytes, or returns a null pointer. Tables come from here, and memories that
/// are not reserved; it should cost nothing for pages nobody touches, as std::calloc does for large blocks.
#ifndef TESSERA_ALLOCATE_ZEROED
#define TESSERA_ALLOCATE_ZEROED(bytes) std::calloc(1, bytes)
#endif

/// Gives back what TESSERA_ALLOCATE or TESSERA_ALLOCATE_ZEROED returned.
#ifndef TESSERA_DEALLOCATE
#define TESSERA_DEALLOCATE(pointer) std::free(pointer)
#endif

#if defined(TESSERA_RESERVE)
#define TESSERA_RESERVES 1
#else
#define TESSERA_RESERVES 0
#endif

// Where the bodies are. Neither of these: in each file that includes the library, which is then all
// in the headers. Else in the one file that defines TESSERA_IMPLEMENTATION before the include and
// names its feature sets after it, each with TESSERA_INSTANTIATE(set); all other files define
// TESSERA_SEPARATE and see declarations only. The whole program uses the same allocation macros.
#if defined(TESSERA_IMPLEMENTATION)
#define TESSERA_BODIES 1
#define TESSERA_API
#elif defined(TESSERA_SEPARATE)
#define TESSERA_BODIES 0
#define TESSERA_API
#else
#define TESSERA_BODIES 1
#define TESSERA_API inline
#endif

/// 1: <tessera/tessera.hpp> includes <tessera/wasi.hpp> as well.
#ifndef TESSERA_WASI
#define TESSERA_WASI 0
#endif

/// 1: <tessera/tessera.hpp> includes <tessera/debug.hpp> as well.
#ifndef TESSERA_DEBUG
#define TESSERA_DEBUG 0
#endif

/// 1: there is feature::native, and <tessera/tessera.hpp> includes <tessera/native.hpp> as well. The same in all files
/// of a program.
#ifndef TESSERA_NATIVE
#define TESSERA_NATIVE 0
#endif

/// 1: <tessera/tessera.hpp> includes <tessera/save.hpp> as well, and TESSERA_INSTANTIATE what that needs.
#ifndef TESSERA_SAVE
#define TESSERA_SAVE 0
#endif

/// 1: <tessera/tessera.hpp> includes <tessera/game.hpp> as well.
#ifndef TESSERA_GAME
#define TESSERA_GAME 0
#endif

/// 1: handlers call each other in tail position; 0: one loop over a switch. Left undefined, the
/// compiler's facts below decide. Windows' own calling convention has too few registers; in a file
/// with functions of the other one g++ 12 for Windows stops with an internal error.
#ifndef TESSERA_TAIL_CALLS
#if (defined(__x86_64__) || defined(__aarch64__) || (defined(__riscv) && __riscv_xlen == 64) ||                        \
     defined(__loongarch64)) &&                                                                                        \
    (defined(__clang__) || defined(__GNUC__)) && (!defined(_WIN32) || (defined(__x86_64__) && defined(__clang__))) &&  \
    !defined(__SANITIZE_THREAD__) && !defined(TESSERA_COVERAGE)
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TESSERA_TAIL_CALLS 0
#else
#define TESSERA_TAIL_CALLS 1
#endif
#else
#define TESSERA_TAIL_CALLS 1
#endif
#else
#define TESSERA_TAIL_CALLS 0
#endif
#endif

// ---- facts about the compiler ------------------------------------------------------------------

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "tessera: -ffast-math breaks the arithmetic WebAssembly promises; compile this file without it"
#endif
#if defined(_MSC_VER) && !defined(__clang__) && (_MSC_VER < 1930 || defined(_M_FP_FAST) || defined(_M_FP_CONTRACT))
// Visual C++ before 2022 fuses multiplication and addition without being asked.
#error "tessera: needs Visual Studio 2022 or newer, and neither /fp:fast nor /fp:contract"
#endif

#if defined(__SANITIZE_ADDRESS__)
#define TESSERA_CHECKED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TESSERA_CHECKED 1
#endif
#endif
#ifndef TESSERA_CHECKED
#define TESSERA_CHECKED 0
#endif

/// 1: fences may be used.
#define TESSERA_FENCES 1
#if defined(__SANITIZE_THREAD__)
#undef TESSERA_FENCES
#define TESSERA_FENCES 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#undef TESSERA_FENCES
#define TESSERA_FENCES 0
#endif
#endif

#if defined(__GNUC__) || defined(__clang__)
#if !TESSERA_TAIL_CALLS && (TESSERA_CHECKED || !defined(__OPTIMIZE__))
// One function with every action in it, instrumented or not optimised, takes minutes to compile.
#define TESSERA_INLINE inline
#elif TESSERA_CHECKED && !defined(__clang__)
// g++ marks the variables of what it inlines into a handler as out of scope, and a handler, which is
// not instrumented, never takes the marks off the stack again.
#define TESSERA_INLINE inline __attribute__((always_inline, no_sanitize("address")))
#else
#define TESSERA_INLINE inline __attribute__((always_inline))
#endif
#define TESSERA_NOINLINE __attribute__((noinline))
#define TESSERA_COLD __attribute__((noinline, cold))
#define TESSERA_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define TESSERA_UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#else
#define TESSERA_INLINE __forceinline
#define TESSERA_NOINLINE __declspec(noinline)
#define TESSERA_COLD __declspec(noinline)
#define TESSERA_LIKELY(condition) (condition)
#define TESSERA_UNLIKELY(condition) (condition)
#endif

// What goes over a vector lane by lane. A handler that is checked and not optimised has to jump, too, so no
// variable of it may have an address.
#if TESSERA_CHECKED
#define TESSERA_BY_LANE TESSERA_NOINLINE
#else
#define TESSERA_BY_LANE TESSERA_INLINE
#endif

// The convention of handlers and of what machine code calls, the same on all systems.
#if defined(_WIN32) && defined(__x86_64__)
#define TESSERA_SYSTEM_V __attribute__((sysv_abi))
#else
#define TESSERA_SYSTEM_V
#endif

// What stands between these is used once a module at most: it is compiled for size, which saves users a
// tenth of what they wait for their compiler. Not where nothing is optimised.
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#define TESSERA_SMALL _Pragma("GCC push_options") _Pragma("GCC optimize(\"Os\")")
#define TESSERA_SMALL_END _Pragma("GCC pop_options")
#else
#define TESSERA_SMALL
#define TESSERA_SMALL_END
#endif

/// 1: an exception that leaves a host function is caught and becomes an error. Part of the templates
/// that bind host functions, so that files with and without exceptions do not share them.
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#define TESSERA_CATCHES 1
#else
#define TESSERA_CATCHES 0
#endif

// Two translation units that disagree on any of this must not share a symbol, so all of it is part
// of the inline namespace's name.
#define TESSERA_JOIN_(a, b, c, d, e, f) v##a##_##b##_##c##d##e##f
#define TESSERA_JOIN(a, b, c, d, e, f) TESSERA_JOIN_(a, b, c, d, e, f)
#if TESSERA_TAIL_CALLS
#define TESSERA_ABI_DISPATCH tail
#else
#define TESSERA_ABI_DISPATCH loop
#endif
#if TESSERA_CHECKED
#define TESSERA_ABI_CHECK _asan
#else
#define TESSERA_ABI_CHECK
#endif
#if defined(__OPTIMIZE__)
#define TESSERA_ABI_LEVEL _o
#else
#define TESSERA_ABI_LEVEL _d
#endif
#if TESSERA_NATIVE
#define TESSERA_ABI_NATIVE _native
#else
#define TESSERA_ABI_NATIVE
#endif
#if defined(TESSERA_IMPLEMENTATION) || defined(TESSERA_SEPARATE)
// Handlers are in one file, so its flags need not be those of the others: a program that is being
// debugged may have an optimised engine.
#define TESSERA_ABI TESSERA_JOIN(TESSERA_VERSION_MAJOR, TESSERA_VERSION_MINOR, separate, , , TESSERA_ABI_NATIVE)
#else
#define TESSERA_ABI                                                                                                    \
    TESSERA_JOIN(TESSERA_VERSION_MAJOR, TESSERA_VERSION_MINOR, TESSERA_ABI_DISPATCH, TESSERA_ABI_LEVEL,                \
                 TESSERA_ABI_CHECK, TESSERA_ABI_NATIVE)
#endif

#endif // TESSERA_ABI
