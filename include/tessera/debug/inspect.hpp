// SPDX-License-Identifier: MIT
/// @file debug/inspect.hpp
/// Frames: where they are found, and their values read and written.
#pragma once

#include <tessera/debug/debugger.hpp>
#include <tessera/exec/frames.hpp>
#include <tessera/exec/plain.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::debug {

namespace detail {
/// The store's type for one of the module's.
inline val_type store_type(const runtime::code_unit& unit, val_type t) noexcept {
    if (!t.is_ref() || !t.heap().is_index()) return t;
    return val_type::ref(heap_type::index(unit.type_ids[t.heap().index()]), t.is_nullable());
}
} // namespace detail

TESSERA_API frame::operator bool() const noexcept {
    return owner_ && owner_->moment_ == moment_ && owner_->is_attached();
}
TESSERA_API std::string_view frame::instruction() const noexcept {
    return *this && point_ != no_index ? row(known_->points[point_].code).text : std::string_view();
}
TESSERA_API tessera::instance frame::instance() const noexcept {
    return *this ? tessera::instance(*instance_->store, instance_->self) : tessera::instance();
}
TESSERA_API tessera::module frame::module() const noexcept {
    if (!*this) return {};
    module_data* const m = instance_->unit->module;
    m->owners.fetch_add(1, std::memory_order_relaxed);
    return tessera::module(module_owner(m));
}
TESSERA_API u32 frame::locals() const noexcept {
    if (!*this || !known_) return 0;
    return point_ == no_index ? known_->params : u32(known_->locals.size());
}
TESSERA_API u64* frame::place(u32 index, bool is_operand, val_type& t) const noexcept {
    if (index >= (is_operand ? height_ : locals())) return nullptr;
    const exec::plain_value* v = nullptr;
    if (is_operand) {
        const exec::plain_point& here = known_->points[point_];
        v = &known_->operands[here.top];
        for (u32 i = here.height - 1; i > index; --i) v = &known_->operands[v->below];
    } else {
        v = &known_->locals[index];
    }
    t = detail::store_type(*instance_->unit, v->type);
    return reinterpret_cast<u64*>(slots_ + 8 * std::size_t(v->slot));
}
TESSERA_API result<value> frame::read(u32 index, bool is_operand) const noexcept {
    if (!*this) return msg::stale_handle;
    val_type t;
    const u64* const at = place(index, is_operand, t);
    if (!at) return error(msg::out_of_range, is_operand ? "operand" : "local");
    return runtime::take_value(t, at);
}
TESSERA_API result<void> frame::write(u32 index, bool is_operand, const value& v) const noexcept {
    if (!*this) return msg::stale_handle;
    val_type t;
    u64* const at = place(index, is_operand, t);
    if (!at) return error(msg::out_of_range, is_operand ? "operand" : "local");
    u64 bits[2] = {};
    if (auto ok = runtime::put_value(*instance_->store, t, v, bits); !ok) return ok;
    std::memcpy(at, bits, 8 * std::size_t(t.slots()));
    return {};
}
TESSERA_API result<value> frame::local(u32 index) const noexcept { return read(index, false); }
TESSERA_API result<void> frame::set_local(u32 index, const value& v) const noexcept { return write(index, false, v); }
TESSERA_API result<value> frame::operand(u32 index) const noexcept { return read(index, true); }
TESSERA_API result<void> frame::set_operand(u32 index, const value& v) const noexcept { return write(index, true, v); }
TESSERA_API result<tessera::memory> frame::memory(u32 index) const noexcept {
    if (!*this) return msg::stale_handle;
    if (index >= instance_->memories.size()) return error(msg::out_of_range, "memory");
    return tessera::memory(*instance_->store, instance_->memories[index]->self);
}
TESSERA_API result<tessera::global> frame::global(u32 index) const noexcept {
    if (!*this) return msg::stale_handle;
    if (index >= instance_->globals.size()) return error(msg::out_of_range, "global");
    return tessera::global(*instance_->store, instance_->globals[index]->self);
}
TESSERA_API result<tessera::table> frame::table(u32 index) const noexcept {
    if (!*this) return msg::stale_handle;
    if (index >= instance_->tables.size()) return error(msg::out_of_range, "table");
    return tessera::table(*instance_->store, instance_->tables[index]->self);
}

TESSERA_API u32 debugger::frames() const noexcept {
    if (!is_attached() || !call_) return 0;
    const exec::context& c = *static_cast<const exec::context*>(call_);
    u32 n = 0;
    for (exec::frame f = exec::frame::of(c); f.find(); f.to_caller(c)) ++n;
    return n;
}
TESSERA_API frame debugger::at(u32 number) const noexcept {
    if (!is_attached() || !call_) return {};
    const exec::context& c = *static_cast<const exec::context*>(call_);
    exec::frame f = exec::frame::of(c);
    bool found = f.find();
    for (u32 i = 0; found && i < number; ++i) f.to_caller(c), found = f.find();
    if (!found) return {};
    return describe(f, number == 0 && c.stop_pc != nullptr);
}
TESSERA_API frame debugger::describe(const exec::frame& from, bool innermost) const noexcept {
    frame f;
    f.owner_ = this;
    f.moment_ = moment_;
    f.instance_ = from.instance;
    f.slots_ = from.fp;
    f.func_ = from.func;
    const u8* const cells = from.code().cells;
    f.offset_ = from.instance->unit->module->funcs[from.func].code.begin;
    f.known_ = exec::traced_pool::of(*store_)->find(cells);
    if (!f.known_) return f;
    f.point_ = f.known_->point_at(u32(from.pc - cells));
    if (f.point_ == no_index) return f;
    const exec::plain_point& here = f.known_->points[f.point_];
    f.offset_ = here.offset;
    f.kept_ = here.kept;
    f.height_ = innermost ? here.height : here.kept;
    return f;
}

} // namespace tessera::debug
TESSERA_SMALL_END
