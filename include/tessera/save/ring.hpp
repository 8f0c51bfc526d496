// SPDX-License-Identifier: MIT
/// @file save/ring.hpp
/// Taking states and going back to them.
///
/// Beside each memory there is its image: what it was in the last state. Taking a state looks at the marked pages: what
/// the image has of them goes to the new frame as what was before, and what the memory has goes to the image. Going
/// back is the same backwards: marked pages come from the image, then frame after frame gives its pages to both.
#pragma once

#include <tessera/exec/engine.hpp>
#include <tessera/runtime/dirty_pages.hpp>
#include <tessera/save/kept_calls.hpp>

namespace tessera::inline TESSERA_ABI::saving {

template <features F>
const frame_marks& marks_for() noexcept {
    static constexpr frame_marks made = [] {
        frame_marks m;
        if constexpr (F[feature::dirty_marks]) {
            m.dirty = [](runtime::store_data& s) noexcept { return exec::machine<F>::dirty_pages(s); };
            m.calls = [](const runtime::store_data& s) noexcept { return exec::machine<F>::calls_of(s); };
            m.forgotten = [](const runtime::store_data& s) noexcept {
                const auto* const all = static_cast<const exec::context_pool*>(s.engine_state);
                return all ? all->forgotten : 0;
            };
            m.make_call = [](runtime::store_data& s) noexcept -> void* { return exec::machine<F>::acquire(s); };
        }
        return m;
    }();
    return made;
}

TESSERA_SMALL
TESSERA_API result<void> frame_ring::touch(const memory& m, u64 at, u64 n) noexcept {
    if (!store_ || runtime::access::store(m) != store_ || !m) return msg::stale_handle;
    const runtime::memory_data& data = *store_->memories[runtime::access::index(m)];
    if (!data.holds(at, n)) return msg::out_of_range;
    runtime::dirty_pages* const dirty = marks_.dirty(*store_);
    if (!dirty) return msg::out_of_memory;
    dirty->mark_range(data.base + at, n);
    return {};
}
inline bool frame_ring::check(std::span<const keepable_call> calls, error& why) noexcept {
    if (!store_) return why = error(msg::stale_handle), false;
    if (!marks_.dirty(*store_)) return why = error(msg::out_of_memory), false;
    if (store_->host_depth != 0) return why = error(msg::already_running, "a call runs"), false;
    const auto context_of = [](const keepable_call& c) { return static_cast<exec::context*>(c.of().call()); };
    for (const keepable_call& c : calls) {
        if (c.of().store() != store_) return why = error(msg::other_store), false;
        if (exec::context* const x = context_of(c)) x->is_seen = false;
    }
    u32 given = 0;
    for (const keepable_call& c : calls)
        if (exec::context* const x = context_of(c)) {
            if (std::exchange(x->is_seen, true))
                return why = error(msg::out_of_range, "a call that is given twice"), false;
            ++given;
        }
    if (marks_.calls(*store_) != given)
        return why = error(msg::already_running, "a call stands that is not given"), false;
    if (store_->heap.total() != 0) return why = error(msg::out_of_range, "there are objects in the heap"), false;
    for (const runtime::memory_data* m : store_->memories)
        if (m->shared) return why = error(msg::out_of_range, "a shared memory"), false;
    why = error(msg::out_of_memory);
    return true;
}
/// Starts over with what there is: no states, and images that are empty.
inline bool frame_ring::begin() noexcept {
    for (ring_frame* f : frames_) destroy(f);
    frames_.clear();
    images_ = {};
    epoch_ = store_->epoch;
    instances_ = store_->instances.size();
    return images_.resize(store_->memories.size());
}

// ---- calls -------------------------------------------------------------------------------------------------------

inline bool frame_ring::copy_calls(std::span<const keepable_call> calls, ring_frame& f, error& why) noexcept {
    f.forgotten = marks_.forgotten(*store_);
    if (!f.calls.resize(calls.size())) return false;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        const execution& x = calls[i].of();
        kept_call& to = f.calls[i];
        to.func = x.func_place();
        to.standing = x.standing();
        to.is_over = !x.call();
        to.results.clear();
        to.figures.words.clear();
        if (!to.results.append(x.slots().data(), x.slots().size()) || !calls[i].note(to.figures, why) ||
            (!to.is_over && !keep(*static_cast<const exec::context*>(x.call()), to)))
            return false;
    }
    return true;
}
/// All that can fail of putting them back. Nothing has changed then.
inline bool frame_ring::make_calls(std::span<const keepable_call> calls, const ring_frame& f, error& why) noexcept {
    const bool stand = [&] {
        for (const kept_call& c : f.calls)
            if (!c.is_over) return true;
        return false;
    }();
    made_.clear();
    if (calls.size() != f.calls.size()) return why = error(msg::out_of_range, "number of calls"), false;
    if (stand && f.forgotten != marks_.forgotten(*store_))
        return why = error(msg::out_of_range, "a state that is not kept"), false;
    results_ = {};
    if (!made_.resize(calls.size()) || !results_.resize(calls.size())) return false;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        const kept_call& from = f.calls[i];
        if (!calls[i].make_room(from.figures) || !results_[i].append(from.results.data(), from.results.size()))
            return false;
        if (from.is_over) continue;
        made_[i] = calls[i].of().call();
        const bool is_new = !made_[i];
        if (is_new && !(made_[i] = marks_.make_call(*store_))) return false;
        exec::context& c = *static_cast<exec::context*>(made_[i]);
        const u64 depth = is_new ? 0 : c.depth_of(c.fp);
        const trap was = c.why;
        u8* at = c.stack;
        const bool there = c.ensure(at, from.stack.size() + 64); // as engine::start does
        c.fp = c.stack + depth;
        c.why = was;
        if (!there) return false;
    }
    return true;
}
inline void frame_ring::give_up_made(std::span<const keepable_call> calls, const ring_frame& f) noexcept {
    for (std::size_t i = 0; i < made_.size(); ++i)
        if (made_[i] && made_[i] != calls[i].of().call()) end_call(made_[i], *store_->funcs[f.calls[i].func]);
    made_.clear();
}
inline void frame_ring::end_call(void* call, const runtime::func_record& f) noexcept {
    static_cast<exec::context*>(call)->in_host = false; // if it waited
    store_->engine->finish(*store_, call, f, nullptr);
}
inline void frame_ring::put_back_calls(std::span<const keepable_call> calls, const ring_frame& f) noexcept {
    for (std::size_t i = 0; i < calls.size(); ++i) {
        execution& x = calls[i].of();
        const kept_call& from = f.calls[i];
        if (from.is_over && x.call()) end_call(x.call(), *store_->funcs[x.func_place()]);
        if (!from.is_over) put_back(*static_cast<exec::context*>(made_[i]), from);
        x.become(made_[i], from.func, from.standing, std::move(results_[i]));
        calls[i].put_back(from.figures);
    }
    made_.clear();
}

// ---- the rest ----------------------------------------------------------------------------------------------------

inline bool frame_ring::copy_rest(ring_frame& f) noexcept {
    f.sizes.clear(), f.globals.clear(), f.table_sizes.clear(), f.items.clear(), f.segments.clear();
    f.fuel = store_->fuel;
    bool fine = true;
    for (const runtime::memory_data* m : store_->memories) fine = fine && f.sizes.push_back(m->size);
    for (const runtime::global_data* g : store_->globals)
        fine = fine && f.globals.append(g->cell, g->type.type.slots());
    for (const runtime::table_data* t : store_->tables)
        fine = fine && f.table_sizes.push_back(t->size) && f.items.append(t->items, std::size_t(t->size));
    for (const runtime::instance_data* i : store_->instances) {
        for (const vec<u32>& e : i->elems)
            fine = fine && f.segments.push_back(u32(e.size())) && f.segments.append(e.data(), e.size());
        for (const std::span<const u8>& d : i->datas) fine = fine && f.segments.push_back(!d.empty());
    }
    return fine;
}
inline void frame_ring::restore_rest(const ring_frame& f) noexcept {
    store_->fuel = f.fuel;
    const u64* g = f.globals.data();
    for (runtime::global_data* to : store_->globals)
        for (u32 n = 0; n < to->type.type.slots(); ++n) to->cell[n] = *g++;
    const u32* item = f.items.data();
    for (std::size_t k = 0; k < store_->tables.size(); ++k) {
        runtime::table_data& t = *store_->tables[k];
        const u64 n = f.table_sizes[k]; // tables do not shrink
        if (t.size > n) {
            std::memset(t.items + n, 0, std::size_t(t.size - n) * sizeof(u32));
            if (t.total) t.total->give(t.size - n);
            t.size = n;
        }
        if (n) std::memcpy(t.items, item, std::size_t(n) * sizeof(u32));
        item += n;
    }
    const u32* s = f.segments.data();
    for (runtime::instance_data* i : store_->instances) {
        const module_data& m = i->module();
        for (vec<u32>& e : i->elems) {
            const u32 n = *s++;
            // It was as long when it was there, so that memory for it is all that can be missing: it stays dropped.
            if (e.size() != n && !e.assign({s, n})) e = {};
            s += n;
        }
        for (std::size_t d = 0; d < i->datas.size(); ++d)
            if (*s++) i->datas[d] = {m.bytes.data() + m.datas[d].bytes.begin, m.datas[d].bytes.size()};
            else i->datas[d] = {};
    }
}

/// Calls `f(page, at, bytes)` for the pages of memory `m` that may differ from its image. False: `f` was.
template <class Function>
bool frame_ring::each_changed(u32 m, Function f) noexcept {
    constexpr u64 page = runtime::dirty_pages::page;
    const runtime::memory_data& data = *store_->memories[m];
    const memory_image& image = images_[m];
    const runtime::dirty_pages& dirty = *marks_.dirty(*store_);
    const bool moved = data.base != image.base; // its marks are those of another place
    const u64 size = data.size < image.size ? data.size : image.size;
    for (u64 at = 0; at < size; at += page) {
        const u64 n = size - at < page ? size - at : page;
        // How much of the page may differ: nothing, its beginning or, where nobody knows, all of it.
        u64 look = n;
        if (!moved && !dirty.is_marked(data.base + at)) {
            if (!dirty.reached(data.base + at)) continue;
            look = n < runtime::dirty_pages::most_bytes ? n : runtime::dirty_pages::most_bytes;
        } else if (!moved) {
            look = 0;
        }
        if (look != 0 && std::memcmp(data.base + at, image.bytes.data() + at, std::size_t(look)) == 0) continue;
        if (!f(u32(at / page), at, std::size_t(n))) return false;
    }
    return true;
}
inline bool frame_ring::take_memory(u32 m, ring_frame& f) noexcept {
    runtime::memory_data& data = *store_->memories[m];
    memory_image& image = images_[m];
    const bool fine = each_changed(m, [&](u32 page, u64 at, std::size_t n) noexcept {
        // The last page of a memory can be a part of one.
        constexpr std::size_t whole = runtime::dirty_pages::page;
        if (!f.pages.push_back({m, page}) || !f.before.append(image.bytes.data() + at, n)) return false;
        static constexpr u8 zeros[whole] = {};
        return f.before.append(zeros, whole - n);
    });
    if (!fine) return false;
    return data.size <= image.bytes.size() || image.bytes.resize(std::size_t(data.size));
}
inline void frame_ring::set_size(u32 m, u64 size) noexcept {
    runtime::memory_data& data = *store_->memories[m];
    if (data.size <= size) return; // memories do not shrink
    std::memset(data.base + size, 0, std::size_t(data.size - size));
    if (data.total) data.total->give(data.size - size);
    data.size = size;
}

TESSERA_API result<u64> frame_ring::take(std::span<const keepable_call> calls) noexcept {
    error why{error::unlikely()};
    if (!check(calls, why)) return why;
    if ((epoch_ != store_->epoch || instances_ != store_->instances.size() ||
         images_.size() != store_->memories.size()) &&
        !begin())
        return why;
    ring_frame* f = nullptr;
    if (!spare_.empty()) f = spare_.back(), spare_.pop_back();
    else f = create<ring_frame>();
    if (!f) return why;
    f->pages.clear();
    f->before.clear();
    // Nothing changes before all memory is there.
    bool fine = copy_calls(calls, *f, why) && copy_rest(*f) && frames_.reserve(most_ + std::size_t{1}) &&
                spare_.reserve(most_ + std::size_t{1});
    for (u32 m = 0; fine && m < images_.size(); ++m) fine = take_memory(m, *f);
    if (!fine) return destroy(f), why;
    for (const ring_frame::page& p : f->pages) {
        const u64 at = u64{p.number} * runtime::dirty_pages::page;
        memory_image& image = images_[p.memory];
        const u64 left = store_->memories[p.memory]->size - at,
                  n = left < runtime::dirty_pages::page ? left : runtime::dirty_pages::page;
        std::memcpy(image.bytes.data() + at, store_->memories[p.memory]->base + at, std::size_t(n));
    }
    for (u32 m = 0; m < images_.size(); ++m) {
        const runtime::memory_data& data = *store_->memories[m];
        memory_image& image = images_[m];
        if (data.size > image.size)
            std::memcpy(image.bytes.data() + image.size, data.base + image.size, std::size_t(data.size - image.size));
        image.base = data.base;
        image.size = data.size;
    }
    marks_.dirty(*store_)->clear();
    static_cast<void>(frames_.push_back(f)); // reserved
    if (frames_.size() > most_) {
        static_cast<void>(spare_.push_back(frames_[0]));
        std::memmove(frames_.data(), frames_.data() + 1, (frames_.size() - 1) * sizeof(ring_frame*));
        frames_.pop_back();
    }
    return next_++;
}
TESSERA_API result<void> frame_ring::go_back(u64 number, std::span<const keepable_call> calls) noexcept {
    error why{error::unlikely()};
    if (!check(calls, why)) return why;
    if (number < oldest() || number >= next_ || epoch_ != store_->epoch || instances_ != store_->instances.size() ||
        images_.size() != store_->memories.size())
        return error(msg::out_of_range, "a state that is not kept");
    const ring_frame& to = *frames_[std::size_t(number - oldest())];
    if (!make_calls(calls, to, why)) return give_up_made(calls, to), why;
    for (u32 m = 0; m < images_.size(); ++m) {
        set_size(m, images_[m].size);
        static_cast<void>(each_changed(m, [&](u32, u64 at, std::size_t n) noexcept {
            std::memcpy(store_->memories[m]->base + at, images_[m].bytes.data() + at, n);
            return true;
        }));
        images_[m].base = store_->memories[m]->base;
    }
    for (; next_ - 1 > number; --next_) {
        ring_frame* const f = frames_.back();
        const ring_frame& wanted = *frames_[frames_.size() - 2];
        for (u32 m = 0; m < images_.size(); ++m) {
            set_size(m, wanted.sizes[m]);
            images_[m].size = wanted.sizes[m];
        }
        for (std::size_t i = 0; i < f->pages.size(); ++i) {
            const ring_frame::page& p = f->pages[i];
            const u64 at = u64{p.number} * runtime::dirty_pages::page, size = images_[p.memory].size;
            const std::size_t n =
                std::size_t(size - at < runtime::dirty_pages::page ? size - at : runtime::dirty_pages::page);
            const u8* const from = f->before.data() + i * runtime::dirty_pages::page;
            std::memcpy(images_[p.memory].bytes.data() + at, from, n);
            std::memcpy(store_->memories[p.memory]->base + at, from, n);
        }
        frames_.pop_back();
        static_cast<void>(spare_.push_back(f)); // reserved
    }
    restore_rest(*frames_.back());
    put_back_calls(calls, *frames_.back());
    marks_.dirty(*store_)->clear();
    return {};
}
TESSERA_SMALL_END

} // namespace tessera::saving
