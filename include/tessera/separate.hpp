// SPDX-License-Identifier: MIT
/// @file tessera/separate.hpp
/// The engine of a feature set, for the one file that holds the bodies.
#pragma once

#include <tessera/store.hpp>
#include <tessera/wat.hpp>

#if defined(TESSERA_IMPLEMENTATION)
/// Compiles what stores and modules of the feature set `F` need, at file scope of the file that
/// defines TESSERA_IMPLEMENTATION. A set that is used and not instantiated is an error of the linker,
/// whose text has the set's number: `engine_for<features{…}>`.
#if TESSERA_SAVE == 1 // part of a macro, not a part that can be left out
#define TESSERA_INSTANTIATE(F)                                                                                         \
    template const tessera::saving::call_codec& tessera::saving::codec_for<(F)>() noexcept;                            \
    template const tessera::saving::frame_marks& tessera::saving::marks_for<(F)>() noexcept;                           \
    TESSERA_INSTANTIATE_SET(F)
#else
#define TESSERA_INSTANTIATE(F) TESSERA_INSTANTIATE_SET(F)
#endif
#define TESSERA_INSTANTIATE_SET(F)                                                                                     \
    template tessera::result<tessera::module_owner> tessera::load<(F)>(tessera::vec<tessera::u8>&&,                    \
                                                                       tessera::vec<tessera::module_data::position>&&, \
                                                                       const tessera::module_limits&) noexcept;        \
    template tessera::result<tessera::module_owner> tessera::load_borrowed<(F)>(                                       \
        std::span<const tessera::u8>, const tessera::module_limits&) noexcept;                                         \
    template tessera::result<tessera::module_owner> tessera::load_lazily<(F)>(tessera::vec<tessera::u8>&&,             \
                                                                              const tessera::module_limits&) noexcept; \
    template tessera::result<tessera::module_owner> tessera::load_borrowed_lazily<(F)>(                                \
        std::span<const tessera::u8>, const tessera::module_limits&) noexcept;                                         \
    template tessera::result<tessera::module> tessera::module::parse_text<(F)>(                                        \
        std::string_view, const tessera::module_limits&) noexcept;                                                     \
    template const tessera::runtime::engine& tessera::runtime::engine_for<(F)>() noexcept
#endif
