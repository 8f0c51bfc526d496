// SPDX-License-Identifier: MIT
/// @file runtime/api/store.hpp
/// The store as the host sees it, but for the choice of the engine.
#pragma once

#include <tessera/runtime/api/imports.hpp>
#include <tessera/runtime/api/module.hpp>
#include <tessera/runtime/api/object.hpp>
#include <tessera/runtime/records.hpp>

#if TESSERA_BODIES
#include <tessera/runtime/instantiate.hpp>
#endif

namespace tessera::inline TESSERA_ABI {

/// What all stores can do; `store<F>` adds the engine. One thread at a time uses a store. Handles
/// into it must not be used after it is gone.
class basic_store {
public:
    /// A store whose module needs `built` at most. See status().
    basic_store(const runtime::engine& engine, features built, const tessera::limits& limits,
                const allocator& memory = {}) noexcept
        : data_(create_in<runtime::store_data>(memory.allocate ? &memory : nullptr, memory)) {
        if (!data_) return;
        if (engine.works && !engine.works()) {
            runtime::store_data::end(std::exchange(data_, nullptr));
            missing_ = &msg::broken_engine;
            return;
        }
        data_->engine = &engine;
        data_->built = built;
        data_->limits = limits;
        data_->memory_total.most = limits.total_memory_bytes;
        data_->table_total.most = limits.total_table_entries;
        data_->heap.limit = limits.heap_bytes;
    }
    basic_store(basic_store&& other) noexcept : data_(std::exchange(other.data_, nullptr)), missing_(other.missing_) {}
    basic_store& operator=(basic_store&& other) noexcept {
        if (this != &other) {
            runtime::store_data::end(data_);
            data_ = std::exchange(other.data_, nullptr);
            missing_ = other.missing_;
        }
        return *this;
    }
    ~basic_store() { runtime::store_data::end(data_); }

    /// Whether the store could be made. Everything else fails with the same error if not.
    result<void> status() const noexcept { return data_ ? result<void>() : result<void>(*missing_); }

    /// Makes an instance (spec: exec/modules, Instantiation): links its imports, allocates, writes
    /// its active segments, runs its start function. Fails with kind::unlinkable and the import's
    /// name, kind::unsupported for what this build cannot run, kind::exhaustion for a limit, or as
    /// the segments and the start function do. A failed instance leaves behind what the
    /// specification says it does: writes to memories and tables it imports.
    result<instance> instantiate(const module& m, const imports& from = {}) noexcept {
        if (!data_) return *missing_;
        if (!m) return msg::stale_handle;
        if (auto ok = from.status(); !ok) return ok.error();
        error why(msg::out_of_memory);
        runtime::instance_data* made =
            runtime::instantiate(*data_, const_cast<module_data&>(*m.owner()), from.source(), why);
        if (!made) return why;
        return instance(*data_, made->self);
    }

    /// A memory of the host's, e.g. to be imported. Fails at a limit or when memory is out.
    result<memory> make_memory(const memory_type& type) noexcept {
        if (!data_) return *missing_;
        if (data_->memories.size() >= data_->limits.memories) return error(msg::limit_reached, "limits::memories");
        if (bad_limits(type.limits) || (type.shared && !type.limits.has_max) ||
            (type.page_log2 != 16 && type.page_log2 != 0))
            return error(msg::out_of_range, "memory type");
        if (type.shared && !data_->built[feature::threads])
            return error(msg::feature_not_built, name(feature::threads));
        runtime::memory_data* made = runtime::add(data_->memories);
        std::string_view limit;
        if (made && runtime::allocate(*data_, *made, type, limit)) return memory(*data_, made->self);
        return undo(made, data_->memories, limit);
    }
    /// A table of the host's, all entries `init`. A type index in its element type is the store's.
    result<table> make_table(const table_type& type, const value& init = {t_bottom, 0, 0}) noexcept {
        if (!data_) return *missing_;
        if (data_->tables.size() >= data_->limits.tables) return error(msg::limit_reached, "limits::tables");
        if (bad_limits(type.limits) || !is_known(type.element) || !type.element.is_ref())
            return error(msg::out_of_range, "table type");
        u64 bits[2] = {};
        const value first = init.type == t_bottom ? value{type.element, 0, 0} : init;
        if (auto ok = runtime::put_value(*data_, type.element, first, bits); !ok) return ok.error();
        runtime::table_data* made = runtime::add(data_->tables);
        std::string_view limit;
        if (made && made->allocate(type, u32(bits[0]), data_->limits.table_entries, &data_->table_total, limit))
            return table(*data_, made->self);
        return undo(made, data_->tables, limit);
    }
    /// A global of the host's with the type of `v`.
    result<global> make_global(const value& v, bool is_mutable) noexcept {
        return make_global({v.type, is_mutable}, v);
    }
    result<global> make_global(const global_type& type, const value& v) noexcept {
        if (!data_) return *missing_;
        if (!is_known(type.type)) return error(msg::out_of_range, "global type");
        u64 bits[2] = {};
        if (auto ok = runtime::put_value(*data_, type.type, v, bits); !ok) return ok.error();
        runtime::global_data* made = runtime::add(data_->globals);
        if (!made) return msg::out_of_memory;
        made->type = type;
        made->own[0] = bits[0];
        made->own[1] = bits[1];
        return global(*data_, made->self);
    }
    /// A tag of the host's; its exceptions carry values of these types, references abstract.
    result<tag> make_tag(std::span<const val_type> params) noexcept {
        if (!data_) return *missing_;
        if (!runtime::are_abstract(params)) return error(msg::out_of_range, "tag type");
        u32 type = 0;
        runtime::tag_data* made = data_->types.intern_func(params, {}, type) ? runtime::add(data_->tags) : nullptr;
        if (!made) return msg::out_of_memory;
        made->type_id = type;
        return tag(*data_, made->self);
    }
    /// The tag of an exception that a call in this store ended with; empty if `e` is none.
    tag tag_of(const error& e) const noexcept {
        const runtime::tag_data* t = data_ ? runtime::tag_of(*data_, e) : nullptr;
        return t ? tag(*data_, t->self) : tag();
    }
    /// A host function as an object of this store, e.g. for a table; takes what imports::define takes.
    template <class F, bool Catches = bool(TESSERA_CATCHES)>
    result<func> make_func(F&& f) noexcept {
        return add_func(runtime::bind<Catches>(std::forward<F>(f)));
    }
    template <class F, bool Catches = bool(TESSERA_CATCHES)>
    result<func> make_func(const func_type& type, F&& f) noexcept {
        if (!runtime::are_abstract(type.params) || !runtime::are_abstract(type.results))
            return error(msg::out_of_range, "function type");
        return add_func(runtime::bind_dynamic<Catches>(type, std::forward<F>(f)));
    }
    /// The function behind a value of the func hierarchy; empty for null.
    func as_func(const value& v) const noexcept { return data_ ? func::from(*data_, u32(v.bits)) : func(); }

    /// Makes a T for guests to hold as externref. The store owns it until drop_object or its end.
    template <class T, bool Catches = bool(TESSERA_CATCHES), class... A>
    result<externref> make_object(A&&... args) noexcept {
        if (!data_) return *missing_;
        T* made = runtime::create_guarded<T, Catches>(data_->from, std::forward<A>(args)...);
        if (!made) return msg::out_of_memory;
        auto r = add_object({made, &runtime::type_mark<T>,
                             [](const allocator* from, void* o) { destroy_in(from, static_cast<T*>(o)); }});
        if (!r) destroy_in(data_->from, made);
        return r;
    }
    /// Lends an object of the host's to guests as externref; it must live until drop_object.
    template <class T>
    result<externref> lend_object(T& object) noexcept {
        if (!data_) return *missing_;
        return add_object({const_cast<std::remove_const_t<T>*>(&object), &runtime::type_mark<T>, nullptr});
    }
    /// The object behind `r` if it was made or lent as a T, else null.
    template <class T>
    T* object(externref r) const noexcept {
        return data_ ? runtime::object_as<T>(*data_, r.bits) : nullptr;
    }
    /// Takes an object back, and destroys it if the store owns it. A reference a guest still has
    /// then means nothing, or later another object. False if there is none.
    bool drop_object(externref r) noexcept { return data_ && runtime::drop_object(*data_, r.bits); }

    /// A structure of type `type`, an id of the store, for instance from instance::type. Without fields it gets the
    /// default values of all. Fails with msg::wrong_type, or kind::exhaustion when the heap is full.
    result<rooted> make_struct(u32 type, std::span<const value> fields = {}) noexcept {
        return data_ ? runtime::make_struct(*data_, type, fields) : result<rooted>(*missing_);
    }
    /// An array of `length` elements, all `init` or the default value.
    result<rooted> make_array(u32 type, u32 length, const value& init = {t_bottom, 0, 0}) noexcept {
        return data_ ? runtime::make_array(*data_, type, length, init) : result<rooted>(*missing_);
    }
    /// Keeps what a value refers to alive as long as the handle lives.
    result<rooted> root(const value& v) noexcept { return data_ ? rooted::make(*data_, v) : result<rooted>(*missing_); }
    /// What the heap of structures, arrays and exceptions is and did.
    heap_statistics heap() const noexcept { return data_ ? data_->heap.figures() : heap_statistics(); }
    /// Frees all objects that nothing refers to. False: memory for looking is out, and nothing was freed.
    bool collect() noexcept { return data_ && runtime::collect(*data_) && runtime::collect(*data_); }
    /// Changes limits::heap_bytes. A call that is paused because the heap was full can then go on.
    void set_heap_bytes(u64 most) noexcept {
        if (data_) data_->limits.heap_bytes = data_->heap.limit = most;
    }
    /// For tests of hosts: collects at every allocation, which finds references that are not kept.
    void collect_always(bool on) noexcept {
        if (data_) data_->heap.single = on;
    }

    /// Frees all instances and objects; the store is as new, but for its fuel. All its handles are
    /// stale afterwards. Fails during a call.
    result<void> reset() noexcept {
        if (!data_) return *missing_;
        if (data_->host_depth != 0) return error(msg::out_of_range, "reset during a call");
        data_->clear();
        return {};
    }
    const tessera::limits& limits() const noexcept {
        static constexpr tessera::limits none;
        return data_ ? data_->limits : none;
    }
    /// For the library and its tools.
    runtime::store_data* data() const noexcept { return data_; }

private:
    static bool bad_limits(const limits_type& l) noexcept { return l.has_max && l.min > l.max; }
    bool is_known(val_type t) const noexcept { return runtime::is_known(t, data_->types.size()); }
    template <class T>
    error undo(T* made, vec<T*>& all, std::string_view limit) noexcept {
        if (made) {
            destroy_in(all.from(), made);
            all.pop_back();
        }
        return limit.empty() ? error(msg::out_of_memory) : error(msg::limit_reached, limit);
    }
    result<externref> add_object(const runtime::host_object& o) noexcept {
        u32 bits = 0;
        bool over = false;
        if (runtime::add_object(*data_, o, bits, over)) return externref{bits};
        return over ? error(msg::limit_reached, "limits::host_objects") : error(msg::out_of_memory);
    }
    result<func> add_func(runtime::host_function* host) noexcept {
        if (!host) return msg::out_of_memory;
        error why(msg::out_of_memory);
        runtime::func_record* f = data_ ? runtime::add_host_func(*data_, *host, why) : nullptr;
        host->release();
        if (!f) return why;
        return func(*data_, f->self);
    }

    runtime::store_data* data_;
    const message* missing_ = &msg::out_of_memory; ///< why there is no data
};

} // namespace tessera
