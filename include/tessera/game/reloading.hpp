// SPDX-License-Identifier: MIT
/// @file game/reloading.hpp
/// The body of game/reload.hpp. The new instance gets copies, so that nothing has to be undone in the old one.
#pragma once

#include <tessera/exec/frames.hpp>
#include <tessera/game/counting.hpp>
#include <tessera/game/reload.hpp>
#include <tessera/runtime/call.hpp>
#include <tessera/runtime/const_eval.hpp>
#include <tessera/runtime/exports.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::game {

namespace detail {

/// Carries the state of one instance over to another one.
class transfer {
public:
    transfer(runtime::store_data& s, runtime::instance_data& from, runtime::instance_data& to) noexcept
        : store_(s), from_(from), to_(to) {}

    result<void> run(const reload_options& options) noexcept {
        const module_data& m = to_.module();
        for (const export_def& e : m.exports) {
            const export_def* const before = runtime::find_export(*from_.unit, e.name);
            if (!before || before->kind != e.kind) continue;
            if (e.kind == extern_kind::memory && e.index >= m.imported_memories) {
                if (!memory(*from_.memories[before->index], *to_.memories[e.index]))
                    return error(msg::wrong_type, e.name);
            } else if (e.kind == extern_kind::global && e.index >= m.imported_globals) {
                if (!global(*from_.globals[before->index], *to_.globals[e.index]))
                    return error(msg::wrong_type, e.name);
            }
        }
        if (options.write_data)
            if (auto ok = write_data(); !ok) return ok;
        return migrate(options.migrate);
    }

    /// Gives back the memories of `i` that no other instance has.
    static void give_back(runtime::store_data& s, runtime::instance_data& i) noexcept {
        for (std::size_t n = i.module().imported_memories; n < i.memories.size(); ++n) {
            runtime::memory_data& m = *i.memories[n];
            bool is_used = m.shared != nullptr;
            for (const runtime::instance_data* other : s.instances)
                for (const runtime::memory_data* its : other->memories) is_used |= other != &i && its == &m;
            if (!is_used) m.give_up();
        }
    }
    /// True if a suspended call has a frame of `i`.
    static bool is_in_use(const runtime::store_data& s, const runtime::instance_data& i) noexcept {
        bool is = false;
        each_context(s, [&](const exec::context& c) {
            if (!c.paused) {
                is |= !c.running && c.pc && c.pc == c.enter_cells && c.call.callee && c.call.callee->instance == &i;
                return;
            }
            exec::frame at = exec::frame::of(c);
            if (c.stop_pc) ++at.pc; // the next cell, which may be the first of its function
            for (; at.find(); at.to_caller(c)) is |= at.instance == &i;
        });
        return is;
    }

private:
    bool memory(const runtime::memory_data& from, runtime::memory_data& to) noexcept {
        if (from.shared || to.shared || from.type.page_log2 != to.type.page_log2 ||
            from.type.limits.is64 != to.type.limits.is64)
            return false;
        u64 pages = 0;
        if (from.size > to.size && !to.grow((from.size - to.size) >> to.type.page_log2, pages)) return false;
        if (from.size) std::memcpy(to.base, from.base, std::size_t(from.size));
        if (to.size > from.size) std::memset(to.base + from.size, 0, std::size_t(to.size - from.size));
        return true;
    }
    bool global(const runtime::global_data& from, runtime::global_data& to) noexcept {
        if (!to.type.mutable_) return true;
        if (from.type.type != to.type.type && !valid::matches(store_.types.space(), from.type.type, to.type.type))
            return false;
        to.cell[0] = from.cell[0];
        if (to.type.type.is_vector()) to.cell[1] = from.cell[1];
        return true;
    }
    result<void> write_data() noexcept {
        const module_data& m = to_.module();
        runtime::const_evaluator eval(to_);
        for (const data_def& d : m.datas) {
            if (d.mode != segment_mode::active || d.memory < m.imported_memories) continue;
            runtime::slot_pair at;
            if (!eval.evaluate(d.at, at)) return msg::out_of_memory;
            const std::span<const u8> bytes(m.bytes.data() + d.bytes.begin, d.bytes.size());
            const trap why = runtime::init(*to_.memories[d.memory], at.low, bytes, 0, bytes.size());
            if (why != trap::none) return error(why);
        }
        return {};
    }
    result<void> migrate(std::string_view name) noexcept {
        const export_def* const e = name.empty() ? nullptr : runtime::find_export(*to_.unit, name);
        if (!e || e->kind != extern_kind::func) return {};
        runtime::func_record& f = *to_.funcs[e->index];
        if (f.param_slots != 0 || f.result_slots != 0) return error(msg::wrong_type, name);
        u64 slots[1] = {0};
        error why{error::unlikely()};
        if (!runtime::call(store_, f, slots, why)) return why;
        return {};
    }

    runtime::store_data& store_;
    runtime::instance_data& from_;
    runtime::instance_data& to_;
};

} // namespace detail

TESSERA_API result<instance> reload(basic_store& s, const instance& old, const module& next, const imports& env,
                                    const reload_options& options) noexcept {
    runtime::instance_data* const from = runtime::access::get(old, &runtime::store_data::instances);
    if (!from || from->store != s.data()) return msg::stale_handle;
    if (s.data()->host_depth != 0) return msg::already_running;
    if (detail::transfer::is_in_use(*s.data(), *from))
        return error(msg::already_running, "a suspended call is in the old instance");
    const std::size_t before = s.data()->instances.size();
    auto made = s.instantiate(next, env);
    if (made) {
        runtime::instance_data& to = *s.data()->instances[runtime::access::index(*made)];
        auto done = detail::transfer(*s.data(), *from, to).run(options);
        if (done) {
            detail::transfer::give_back(*s.data(), *from);
            return made;
        }
        detail::transfer::give_back(*s.data(), to);
        return done.error();
    }
    for (std::size_t i = before; i < s.data()->instances.size(); ++i)
        detail::transfer::give_back(*s.data(), *s.data()->instances[i]);
    return made.error();
}

} // namespace tessera::game
TESSERA_SMALL_END
