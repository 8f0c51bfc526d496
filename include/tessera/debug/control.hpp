// SPDX-License-Identifier: MIT
/// @file debug/control.hpp
/// Running a watched call: what happens before each of its instructions, and when it stops.
#pragma once

#include <tessera/debug/inspect.hpp>
#include <tessera/debug/instructions.hpp>
#include <tessera/runtime/call.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::debug {

TESSERA_API result<void> debugger::attach(basic_store& s) noexcept {
    detach();
    if (auto ok = s.status(); !ok) return ok;
    runtime::store_data& data = *s.data();
    if (!data.engine->observe) return error(msg::feature_not_built, name(feature::tracing));
    error why(msg::out_of_memory);
    if (!data.engine->observe(data, this, why)) return why;
    store_ = &data;
    begun_.clear();
    last_ = {stop_kind::done, 0};
    seen_ = 0;
    return {};
}
TESSERA_API void debugger::detach() noexcept {
    abandon();
    error why(msg::out_of_memory);
    // What is still on its way goes on in plain mode.
    if (is_attached()) static_cast<void>(store_->engine->observe(*store_, nullptr, why));
    store_ = nullptr;
    ++moment_;
}
TESSERA_API void debugger::abandon() noexcept {
    if (is_attached() && call_) store_->engine->finish(*store_, call_, *callee(), nullptr);
    call_ = nullptr;
    has_results_ = false;
    if (last_.is_alive()) last_ = {stop_kind::done, 0};
    ++moment_;
}

TESSERA_API result<u32> debugger::break_at(const tessera::module& m, u32 offset) noexcept {
    if (!m) return msg::stale_handle;
    if (!detail::is_instruction(*m.owner(), offset)) return error(msg::out_of_range, "no instruction begins there");
    return points_.add(m.owner(), offset);
}
TESSERA_API result<u32> debugger::first_instruction(const tessera::module& m, u32 function) noexcept {
    u32 first = no_index;
    if (!m) return msg::stale_handle;
    detail::each_instruction(*m.owner(), function, [&](const binary::instruction& in) {
        first = in.offset;
        return false;
    });
    if (first == no_index) return error(msg::out_of_range, "function");
    return first;
}
TESSERA_API result<u32> debugger::watch(const memory& m, u64 at, u64 size) noexcept {
    if (!is_attached() || runtime::access::store(m) != store_ || !m) return msg::stale_handle;
    if (size == 0 || size > points::most_bytes || at + size < at) return error(msg::out_of_range, "bytes to watch");
    auto number = points_.add(false, runtime::access::index(m), at, size);
    points_.look(*store_);
    return number;
}
TESSERA_API result<u32> debugger::watch(const global& g) noexcept {
    if (!is_attached() || runtime::access::store(g) != store_ || !g) return msg::stale_handle;
    auto number = points_.add(true, runtime::access::index(g), 0, 8 * u64(g.type().type.slots()));
    points_.look(*store_);
    return number;
}

TESSERA_API result<stop> debugger::start(const func& f, std::span<const value> args) noexcept {
    abandon();
    runtime::func_record* const record = runtime::access::get(f, &runtime::store_data::funcs);
    if (!is_attached() || !record || runtime::access::store(f) != store_) return msg::stale_handle;
    runtime::slot_array slots;
    if (auto ok = slots.fill(*store_, *record, args); !ok) return ok.error();
    if (!results_.resize(record->result_slots)) return msg::out_of_memory;
    error why(msg::out_of_memory);
    call_ = store_->engine->start(*store_, *record, slots.data(), why);
    if (!call_) return why;
    callee_ = record->self;
    last_ = {stop_kind::step, 0};
    again_ = false;
    seen_ = 0;
    begun_.clear();
    return run(mode::step, 0);
}

TESSERA_API u64 debugger::count() const noexcept {
    // The instruction it stands before has been seen, one that trapped has begun.
    const bool stands = last_.kind == stop_kind::failed || (last_.is_alive() && again_);
    return stands && seen_ ? seen_ - 1 : seen_;
}
TESSERA_API result<void> debugger::results(std::span<value> to) const noexcept {
    if (!is_attached() || !has_results_) return msg::stale_handle;
    const view<val_type> types = store_->types.types().results(callee()->type_id);
    if (to.size() != types.size()) return error(msg::wrong_type, "number of results");
    const u64* from = results_.data();
    for (std::size_t i = 0; i < to.size(); from += types[i++].slots()) to[i] = runtime::take_value(types[i], from);
    return {};
}

TESSERA_API result<stop> debugger::run(mode how, u64 target) noexcept {
    if (!is_alive()) return msg::stale_handle;
    exec::context& c = *static_cast<exec::context*>(call_);
    if (c.running) return msg::already_running;
    how_ = how;
    target_ = target;
    from_ = c.depth_of(c.fp);
    stops_ = false;
    ++moment_;
    points_.look(*store_); // what the host changed meanwhile is no news
    bool paused = false;
    failure_ = error(error::unlikely());
    if (store_->engine->resume(*store_, call_, failure_, paused)) {
        store_->engine->finish(*store_, call_, *callee(), results_.data());
        call_ = nullptr;
        has_results_ = true;
        last_ = {stop_kind::done, 0};
    } else if (stops_) {
        last_ = hit_;
    } else {
        last_ = {paused ? stop_kind::paused : stop_kind::failed, 0};
        runtime::spend_interruption(*store_, failure_);
    }
    ++moment_;
    return last_;
}
TESSERA_API void debugger::gone(runtime::observer& self) noexcept {
    debugger& d = static_cast<debugger&>(self);
    d.store_ = nullptr; // and the call is no more
    d.abandon();
}
TESSERA_API bool debugger::see(runtime::observer& self, void* call) noexcept {
    return static_cast<debugger&>(self).look(call);
}
/// An instruction is about to be executed. True: the call shall stop before it.
TESSERA_API bool debugger::look(void* call) noexcept {
    const exec::context& c = *static_cast<const exec::context*>(call);
    const bool own = call == call_;
    if (own && again_) return again_ = false, false;
    constexpr exec::layout l = exec::layout_of(exec::variant{exec::family::trace, 0, op::nop, {}});
    const exec::plain_map& known = *exec::traced_pool::of(*store_)->known[exec::load_native<u32>(c.pc + l.words)];
    const u32 point = exec::load_native<u32>(c.pc + l.words + 4);
    if (listener_) tell_of(call, known, point);
    if (!own) return false;
    const u64 executed = seen_++;
    stop why;
    if (how_ == mode::count) {
        if (executed < target_) return false;
    } else if (const u32 number = points_.changed(*store_)) {
        why = {stop_kind::watchpoint, number};
    } else if (const u32 here = points_.at(*known.unit->module, known.points[point].offset)) {
        why = {stop_kind::breakpoint, here};
    } else {
        const u64 depth = c.depth_of(c.fp);
        if (how_ == mode::run || (how_ == mode::over && depth > from_) || (how_ == mode::out && depth >= from_))
            return false;
    }
    hit_ = why;
    return stops_ = again_ = true;
}

TESSERA_API void debugger::tell_of(void* call, const exec::plain_map& known, u32 point) noexcept {
    const exec::context& c = *static_cast<const exec::context*>(call);
    const u64 depth = c.depth_of(c.fp);
    ++moment_; // frames of the instruction before are no longer good
    const frame now = describe({c.pc, c.fp, c.instance, known.func}, true);
    // Calls of the host's are over when the call around them goes on, functions when their caller does.
    std::size_t own = begun_.size();
    while (own && begun_[own - 1].call != call) --own;
    if (own) begun_.truncate(own);
    while (!begun_.empty() && begun_.back().call == call && begun_.back().depth > depth) begun_.pop_back();
    const bool same = !begun_.empty() && begun_.back().call == call && begun_.back().depth == depth;
    if (same) {
        const begun& last = begun_.back();
        if (last.known == &known && !known.points[last.point].leaves) {
            told_.clear();
            for (u32 i = known.points[last.point].kept; i < now.operands(); ++i)
                if (auto v = now.operand(i); !v || !told_.push_back(*v)) break;
            listener_->ends(u32(begun_.size()) - 1, told_);
        }
        begun_.back().known = &known;
        begun_.back().point = point;
    } else if (!begun_.push_back({call, depth, &known, point})) {
        return; // memory is out: nobody is told
    }
    listener_->begins(now, u32(begun_.size()) - 1);
}

} // namespace tessera::debug
TESSERA_SMALL_END
