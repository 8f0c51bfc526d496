// SPDX-License-Identifier: MIT
/// @file debug/frame.hpp
/// A function of a call that stands still: where it is, its locals, its operands.
#pragma once

#include <tessera/runtime/api/instance.hpp>
#include <tessera/runtime/api/module.hpp>

namespace tessera::inline TESSERA_ABI::exec {
struct frame;
struct plain_map;
}

namespace tessera::inline TESSERA_ABI::debug {

class debugger;

/// One frame. It means something until its call goes on, or until the debugger lets go of the store; everything
/// then fails with msg::stale_handle. Indices beyond what there is fail with msg::out_of_range.
class frame {
public:
    frame() noexcept = default;

    /// True as long as the call stands where it stood.
    explicit operator bool() const noexcept;

    /// The index of the function in its module.
    u32 function() const noexcept { return func_; }
    /// Of the instruction, in the module's bytes: the one that is executed next, in an outer frame the call.
    u32 offset() const noexcept { return offset_; }
    /// Its name in the text format, e.g. "i32.add".
    std::string_view instruction() const noexcept;
    /// The instance whose code it is; `module` is that instance's.
    tessera::instance instance() const noexcept;
    tessera::module module() const noexcept;

    /// How many locals there are, parameters first.
    u32 locals() const noexcept;
    /// Values have types of the store. Setting fails with msg::wrong_type where the type is another one.
    result<value> local(u32 index) const noexcept;
    result<void> set_local(u32 index, const value& v) const noexcept;

    /// How many values are on the operand stack; in an outer frame without the arguments of the call. Number 0 is
    /// the lowest one.
    u32 operands() const noexcept { return height_; }
    /// How many of the topmost ones the instruction takes.
    u32 taken() const noexcept { return height_ - kept_; }
    result<value> operand(u32 index) const noexcept;
    result<void> set_operand(u32 index, const value& v) const noexcept;

    /// A memory, global or table of the instance by its index in the module.
    result<tessera::memory> memory(u32 index) const noexcept;
    result<tessera::global> global(u32 index) const noexcept;
    result<tessera::table> table(u32 index) const noexcept;

private:
    friend class debugger;

    /// The slot of a local or an operand and its type of the store; null where there is none.
    u64* place(u32 index, bool is_operand, val_type& t) const noexcept;
    result<value> read(u32 index, bool is_operand) const noexcept;
    result<void> write(u32 index, bool is_operand, const value& v) const noexcept;

    const debugger* owner_ = nullptr;
    u64 moment_ = 0; ///< of the debugger
    runtime::instance_data* instance_ = nullptr;
    u8* slots_ = nullptr;
    const exec::plain_map* known_ = nullptr;
    u32 point_ = no_index; ///< in `known_`; none where the function has not begun
    u32 func_ = 0;
    u32 offset_ = 0;
    u32 height_ = 0;
    u32 kept_ = 0;
};

} // namespace tessera::debug
