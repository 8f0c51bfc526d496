// SPDX-License-Identifier: MIT
/// @file binary/branch_hints.hpp
/// Branch hints (github.com/WebAssembly/branch-hinting): which way an `if` or `br_if` mostly goes. They are read in
/// hints.hpp.
#pragma once

#include <tessera/syntax/module.hpp>
#include <tessera/util/partition.hpp>

namespace tessera::inline TESSERA_ABI::binary {

/// The hints of a module by the offset of the instruction.
class branch_hints {
public:
    branch_hints() noexcept = default;
    explicit branch_hints(const allocator* from) noexcept : hints_(from) {}
    /// Reads the hints of `m`, which are none unless there is one section of them, it is in order,
    /// and each hint belongs to an instruction. False: memory is out.
    [[nodiscard]] bool read(const module_data& m) noexcept;
    /// The same for who asks for instructions only: hints that belong to none stay, and bodies are not looked at.
    [[nodiscard]] bool read_all(const module_data& m) noexcept;
    /// Index in `customs` of the section; no_index where there are no hints.
    u32 section() const noexcept { return section_; }
    /// 1 if the instruction at `offset` of the module is likely to branch, 0 if not, -1 if nothing says so.
    int at(u32 offset) const noexcept {
        const std::size_t n = partition(hints_.size(), [&](std::size_t i) { return hints_[i].offset < offset; });
        return n < hints_.size() && hints_[n].offset == offset ? hints_[n].likely : -1;
    }

private:
    template <bool Checks>
    friend class hint_reader;
    struct hint {
        u32 offset; ///< in the module
        u8 likely;
    };

    vec<hint> hints_;
    u32 section_ = no_index;
};

} // namespace tessera::binary
