// SPDX-License-Identifier: MIT
/// @file runtime/api/module.hpp
/// A module as the host sees it.
#pragma once

#include <tessera/runtime/api/extern_type.hpp>
#include <tessera/text/print_options.hpp>
#include <tessera/valid/load.hpp>

#if TESSERA_BODIES
#include <tessera/valid/module.hpp>
#endif

namespace tessera::inline TESSERA_ABI {

/// A decoded and validated module. It never changes; copies share it; any number of stores on any
/// threads may use it. Empty when default-made.
class module {
public:
    module() noexcept = default;
    explicit module(module_owner owner) noexcept : owner_(std::move(owner)) {}

    /// Decodes and validates a module in the binary format, with the features of F. The bytes are
    /// copied. Fails with kind::malformed or kind::invalid and the offset of what is wrong, or
    /// kind::exhaustion for a limit or memory that is out.
    template <features F>
    static result<module> parse(std::span<const u8> bytes, const module_limits& limits = {}) noexcept {
        vec<u8> copy;
        if (!copy.assign(bytes)) return msg::out_of_memory;
        return parse<F>(std::move(copy), limits);
    }
    template <features F>
    static result<module> parse(std::span<const std::byte> bytes, const module_limits& limits = {}) noexcept {
        return parse<F>(std::span<const u8>(reinterpret_cast<const u8*>(bytes.data()), bytes.size()), limits);
    }
    /// The same; the bytes are moved in.
    template <features F>
    static result<module> parse(vec<u8>&& bytes, const module_limits& limits = {}) noexcept {
        return made(load<F>(std::move(bytes), {}, limits));
    }
    /// The same; the bytes stay the caller's and must outlive the module and every store that uses it.
    template <features F>
    static result<module> borrow(std::span<const u8> bytes, const module_limits& limits = {}) noexcept {
        return made(load_borrowed<F>(bytes, limits));
    }
    template <features F>
    static result<module> borrow(std::span<const std::byte> bytes, const module_limits& limits = {}) noexcept {
        return borrow<F>(std::span<const u8>(reinterpret_cast<const u8*>(bytes.data()), bytes.size()), limits);
    }
    /// Like `parse` and `borrow`, but function bodies are validated one by one where they are first called,
    /// by each store. A body that is not valid ends the call with what `parse` would have said of it;
    /// that it uses a feature the store lacks is found there too.
    template <features F>
    static result<module> parse_lazily(std::span<const u8> bytes, const module_limits& limits = {}) noexcept {
        vec<u8> copy;
        if (!copy.assign(bytes)) return msg::out_of_memory;
        return parse_lazily<F>(std::move(copy), limits);
    }
    template <features F>
    static result<module> parse_lazily(std::span<const std::byte> bytes, const module_limits& limits = {}) noexcept {
        return parse_lazily<F>(std::span<const u8>(reinterpret_cast<const u8*>(bytes.data()), bytes.size()), limits);
    }
    template <features F>
    static result<module> parse_lazily(vec<u8>&& bytes, const module_limits& limits = {}) noexcept {
        return made(load_lazily<F>(std::move(bytes), limits));
    }
    template <features F>
    static result<module> borrow_lazily(std::span<const u8> bytes, const module_limits& limits = {}) noexcept {
        return made(load_borrowed_lazily<F>(bytes, limits));
    }
    template <features F>
    static result<module> borrow_lazily(std::span<const std::byte> bytes, const module_limits& limits = {}) noexcept {
        return borrow_lazily<F>(std::span<const u8>(reinterpret_cast<const u8*>(bytes.data()), bytes.size()), limits);
    }
    /// Validates the bodies of a module that was parsed lazily, all of them at once and each time anew.
    result<void> validate() const noexcept {
        if (!owner_) return error(msg::stale_handle);
        return validate_bodies(*owner_);
    }

    /// A module in the text format. Errors have a line and a column, those of validation too.
    /// Needs <tessera/wat.hpp>.
    template <features F>
    static result<module> parse_text(std::string_view text, const module_limits& limits = {}) noexcept;

    /// The module in the text format, from which `parse_text` makes an equal one: names, custom sections
    /// and branch hints included. Fails with msg::out_of_memory, msg::limit_reached for a text longer than
    /// the options allow, and msg::stale_handle for an empty module. Needs <tessera/wat.hpp>.
    result<vec<char>> to_text(print_options options = {}) const noexcept;
    /// The module in the binary format, each number in its shortest form; bytes() are those it was
    /// parsed from. Fails with msg::out_of_memory, and msg::stale_handle for an empty module. Needs
    /// <tessera/module.hpp>.
    result<vec<u8>> to_binary() const noexcept;

    explicit operator bool() const noexcept { return bool(owner_); }

    /// What the module asks for and offers, in the order of its sections; as ranges. Type indices
    /// in the types are the module's.
    runtime::entries<import_def> imports() const noexcept { return all(&module_data::imports); }
    runtime::entries<export_def> exports() const noexcept { return all(&module_data::exports); }
    /// All custom sections, the name section among them.
    runtime::entries<custom_def> custom_sections() const noexcept { return all(&module_data::customs); }
    /// The content of the first custom section `name`; empty if there is none.
    std::span<const u8> custom_section(std::string_view name) const noexcept {
        for (const custom_entry& c : custom_sections())
            if (c.name == name) return c.bytes;
        return {};
    }
    /// The module's name from its name section; may be empty.
    std::string_view name() const noexcept { return owner_ ? owner_->name : std::string_view(); }
    /// How many functions there are, imported ones first.
    u32 functions() const noexcept { return owner_ ? u32(owner_->funcs.size()) : 0; }
    /// The name of a function from the name section; may be empty.
    std::string_view function_name(u32 index) const noexcept {
        return owner_ && index < owner_->func_names.size() ? owner_->func_names[index] : std::string_view();
    }
    func_type function_type(u32 index) const noexcept {
        return index < functions() ? runtime::extern_type_of(*owner_, extern_kind::func, index).func : func_type();
    }
    /// What a build must have to run it; of a module that was parsed lazily, without what its bodies need.
    features features_used() const noexcept { return owner_ ? owner_->used : features(); }
    /// The bytes of the module in the binary format.
    std::span<const u8> bytes() const noexcept { return owner_ ? owner_->bytes : std::span<const u8>(); }

    const module_owner& owner() const noexcept { return owner_; }

private:
    static result<module> made(result<module_owner>&& loaded) noexcept {
        if (!loaded) return loaded.error();
        return module(std::move(*loaded));
    }
    template <class Def>
    runtime::entries<Def> all(vec<Def> module_data::*list) const noexcept {
        return owner_ ? runtime::entries<Def>(*owner_, (*owner_).*list) : runtime::entries<Def>();
    }

    module_owner owner_;
};

} // namespace tessera
