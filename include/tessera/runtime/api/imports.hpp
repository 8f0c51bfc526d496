// SPDX-License-Identifier: MIT
/// @file runtime/api/imports.hpp
/// What a host offers to the modules it instantiates.
#pragma once

#include <tessera/runtime/api/callable.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI {

/// Names and what they stand for: host functions, handles of a store, whole instances. Names are
/// copied. A later definition of the same name replaces the earlier one. Host functions and shared memories
/// serve any number of stores; handles only their own.
///
/// Each `define` says whether it worked. Who does not look finds the first failure in `status()`,
/// and instantiation with these imports fails with it.
class imports {
public:
    /// What a define returns: usable like a result<void>, and safe to ignore.
    class defined {
    public:
        /// `why` is null for success.
        explicit defined(const message* why) noexcept : why_(why) {}
        explicit operator bool() const noexcept { return !why_; }
        bool has_value() const noexcept { return !why_; }
        tessera::error error() const noexcept { return why_ ? *why_ : msg::out_of_memory; }
        operator result<void>() const noexcept { return why_ ? result<void>(*why_) : result<void>(); }

    private:
        const message* why_;
    };

    imports() noexcept = default;
    imports(imports&& other) noexcept
        : entries_(std::move(other.entries_)), order_(std::move(other.order_)),
          failed_(std::exchange(other.failed_, nullptr)) {}
    imports& operator=(imports&& other) noexcept {
        if (this != &other) {
            clear();
            entries_ = std::move(other.entries_);
            order_ = std::move(other.order_);
            failed_ = std::exchange(other.failed_, nullptr);
        }
        return *this;
    }
    ~imports() { clear(); }

    /// A function: a lambda or a function pointer. Its parameters are the WebAssembly parameters; a
    /// leading caller& is none of them; std::string_view, std::span<T>, guest_span<T> take two (a
    /// pointer and a count), guest_ptr<T> one. It returns void, a value, a tuple, or a result<> of
    /// these: an error then ends the guest's call. What it captures lives as long as these imports
    /// and the stores that use it.
    template <class F, bool Catches = bool(TESSERA_CATCHES)>
    requires(!std::is_base_of_v<runtime::handle, std::decay_t<F>>) defined
        define(std::string_view module, std::string_view name, F&& f)
    noexcept { return define_host(module, name, runtime::bind<Catches>(std::forward<F>(f))); }
    /// A function whose type is known at run time: `f(caller&, std::span<const value> arguments,
    /// std::span<value> results) -> result<void>`. References in `type` are abstract, else it fails with
    /// msg::out_of_range.
    template <class F, bool Catches = bool(TESSERA_CATCHES)>
    defined define(std::string_view module, std::string_view name, const func_type& type, F&& f) noexcept {
        if (!runtime::are_abstract(type.params) || !runtime::are_abstract(type.results)) return fail(msg::out_of_range);
        return define_host(module, name, runtime::bind_dynamic<Catches>(type, std::forward<F>(f)));
    }
    /// An object of a store.
    defined define(std::string_view module, std::string_view name, const func& f) noexcept {
        return define_handle(module, name, item::func, f);
    }
    template <class R, class... A>
    defined define(std::string_view module, std::string_view name, const typed_func<R(A...)>& f) noexcept {
        return define_handle(module, name, item::func, f);
    }
    defined define(std::string_view module, std::string_view name, const table& t) noexcept {
        return define_handle(module, name, item::table, t);
    }
    defined define(std::string_view module, std::string_view name, const memory& m) noexcept {
        return define_handle(module, name, item::memory, m);
    }
    defined define(std::string_view module, std::string_view name, const global& g) noexcept {
        return define_handle(module, name, item::global, g);
    }
    defined define(std::string_view module, std::string_view name, const tag& t) noexcept {
        return define_handle(module, name, item::tag, t);
    }
    /// A shared memory, for any number of stores; these imports become an owner of it. By value:
    /// no argument of that type then fits the overload for lambdas better.
    defined define(std::string_view module, std::string_view name,
                   shared_memory m) noexcept { // NOLINT(performance-unnecessary-value-param)
        if (!m) return fail(msg::stale_handle);
        m.owned()->retain();
        return insert(module, name, {item::shared, nullptr, m.owned(), {}});
    }
    /// All exports of an instance under the name `module`. A name defined on its own comes first.
    defined define(std::string_view module, const instance& i) noexcept {
        return define_handle(module, {}, item::instance, i);
    }

    /// The first failure of a define.
    result<void> status() const noexcept { return failed_ ? result<void>(*failed_) : result<void>(); }

    /// For the library: how instantiation looks names up.
    runtime::import_source source() const noexcept {
        return {[](const void* self, std::string_view module, std::string_view name, runtime::external& out) {
                    return static_cast<const imports*>(self)->find(module, name, out);
                },
                this};
    }

private:
    enum class item : u8 { func, table, memory, global, tag, instance, host, shared };
    /// What a name stands for; of `host` and `shared` it is an owner.
    struct meaning {
        item what = item::host;
        runtime::host_function* host = nullptr;
        runtime::shared_data* shared = nullptr;
        runtime::handle handle;

        void release() const noexcept {
            if (host) host->release();
            if (shared) shared->release();
        }
    };
    struct entry : meaning {
        vec<char> names; ///< of module and of object, one after the other
        std::size_t module_size = 0;

        std::string_view module() const noexcept { return {names.data(), module_size}; }
        std::string_view name() const noexcept { return {names.data() + module_size, names.size() - module_size}; }
    };
    struct place {
        u64 hash;
        u32 index;
    };

    static u64 hash_of(std::string_view module, std::string_view name, bool whole) noexcept {
        u64 h = whole ? 0x2545f4914f6cdd1d : 0xcbf29ce484222325;
        for (char c : module) h = (h ^ u8(c)) * 0x100000001b3;
        h = (h ^ 0x100) * 0x100000001b3;
        for (char c : name) h = (h ^ u8(c)) * 0x100000001b3;
        return h;
    }
    /// The first place in `order_` whose hash is not below `hash`.
    std::size_t lower(u64 hash) const noexcept {
        std::size_t low = 0, high = order_.size();
        while (low < high) {
            const std::size_t middle = low + (high - low) / 2;
            if (order_[middle].hash < hash) low = middle + 1;
            else high = middle;
        }
        return low;
    }
    const entry* look_up(std::string_view module, std::string_view name, bool whole) const noexcept {
        const u64 hash = hash_of(module, name, whole);
        for (std::size_t i = lower(hash); i < order_.size() && order_[i].hash == hash; ++i) {
            const entry& e = entries_[order_[i].index];
            if ((e.what == item::instance) == whole && e.module() == module && e.name() == name) return &e;
        }
        return nullptr;
    }
    bool find(std::string_view module, std::string_view name, runtime::external& out) const noexcept {
        if (const entry* e = look_up(module, name, false)) {
            if (e->what == item::host) {
                out = {extern_kind::func, nullptr, e->host};
                return true;
            }
            if (e->what == item::shared) {
                out = {extern_kind::memory, nullptr, e->shared};
                return true;
            }
            runtime::store_data* s = runtime::access::store(e->handle);
            if (e->handle) out = runtime::external_at(*s, extern_kind(e->what), runtime::access::index(e->handle));
            else out = {extern_kind(e->what), s, nullptr};
            return true;
        }
        const entry* whole = look_up(module, {}, true);
        if (!whole) return false;
        const runtime::instance_data* i = runtime::access::get(whole->handle, &runtime::store_data::instances);
        if (!i) {
            out = {};
            return true;
        }
        const export_def* x = runtime::find_export(*i->unit, name);
        if (!x) return false;
        out = runtime::external_at(*i->store, x->kind, runtime::place_of(*i, *x));
        return true;
    }

    template <class H>
    defined define_handle(std::string_view module, std::string_view name, item what, const H& h) noexcept {
        return insert(module, name, {what, nullptr, nullptr, h});
    }
    defined define_host(std::string_view module, std::string_view name, runtime::host_function* host) noexcept {
        return host ? insert(module, name, {item::host, host, nullptr, {}}) : fail(msg::out_of_memory);
    }
    defined insert(std::string_view module, std::string_view name, const meaning& what) noexcept {
        const bool whole = what.what == item::instance;
        if (const entry* old = look_up(module, name, whole)) {
            entry& e = entries_[std::size_t(old - entries_.data())];
            e.release();
            static_cast<meaning&>(e) = what;
            return defined(nullptr);
        }
        entry e;
        e.module_size = module.size();
        static_cast<meaning&>(e) = what;
        const u64 hash = hash_of(module, name, whole);
        if (!e.names.append(module.data(), module.size()) || !e.names.append(name.data(), name.size()) ||
            !order_.push_back({hash, u32(entries_.size())}) || !entries_.push_back(std::move(e))) {
            order_.truncate(entries_.size());
            what.release();
            return fail(msg::out_of_memory);
        }
        const place last = order_.back();
        std::size_t at = order_.size() - 1;
        for (; at > 0 && order_[at - 1].hash > hash; --at) order_[at] = order_[at - 1];
        order_[at] = last;
        return defined(nullptr);
    }
    defined fail(const message& why) noexcept {
        if (!failed_) failed_ = &why;
        return defined(&why);
    }
    void clear() noexcept {
        for (const entry& e : entries_) e.release();
        entries_.clear();
        order_.clear();
    }

    vec<entry> entries_;
    vec<place> order_;                ///< in the order of the hashes
    const message* failed_ = nullptr; ///< the first one
};

} // namespace tessera
TESSERA_SMALL_END
