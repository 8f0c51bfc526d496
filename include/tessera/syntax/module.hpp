// SPDX-License-Identifier: MIT
/// @file syntax/module.hpp
/// What a module is (spec: syntax/modules): a plain structure of index spaces. Names and code are
/// ranges of the module's bytes. `binary/decode.hpp` fills it in; nothing changes it afterwards.
#pragma once

#include <tessera/features.hpp>
#include <tessera/syntax/error.hpp>
#include <tessera/syntax/types.hpp>

#include <atomic>
#include <string_view>

namespace tessera::inline TESSERA_ABI {

/// A range of the module's bytes.
struct byte_range {
    u32 begin = 0;
    u32 end = 0;
    constexpr u32 size() const noexcept { return end - begin; }
    constexpr bool empty() const noexcept { return begin == end; }
};

struct import_def {
    std::string_view module;
    std::string_view name;
    extern_kind kind;
    u32 index;  ///< in the index space of its kind
    u32 offset; ///< of the entry, for errors
};
struct export_def {
    std::string_view name;
    extern_kind kind = extern_kind::func;
    u32 index = 0;
    u32 offset = 0; ///< of the entry, for errors; so in the other definitions
};
/// 16 bytes a function. For an imported function `code` is empty.
struct func_def {
    u32 type = 0;    ///< type index
    byte_range code; ///< locals and expression, without the size
    u32 flags = 0;   ///< bits of func_flags
};
/// An expression; its range includes the final `end`.
struct const_expr {
    byte_range code;
};
struct table_def {
    table_type type;
    const_expr init; ///< empty: null
    u32 offset = 0;
};
struct memory_def {
    memory_type type;
    u32 offset = 0;
};
struct global_def {
    global_type type;
    const_expr init; ///< empty for an imported global
    u32 offset = 0;
};
struct tag_def {
    u32 type = 0;
    u32 offset = 0;
};
enum class segment_mode : u8 { active, passive, declarative };
struct elem_def {
    segment_mode mode = segment_mode::passive;
    bool expressions = false; ///< items are constant expressions, else function indices in LEB128
    u32 table = 0;
    val_type type;
    const_expr at; ///< active: the offset
    u32 count = 0;
    byte_range items;
};
struct data_def {
    segment_mode mode = segment_mode::passive;
    u32 memory = 0;
    const_expr at;
    byte_range bytes;
};
struct custom_def {
    std::string_view name;
    byte_range bytes; ///< after the name
    u8 after = 0;     ///< id of the last section before it, 0 for none
};

struct module_data;

/// What a function body tells when it is validated after the rest of its module.
struct body_facts {
    features used; ///< by the body alone
};
/// What a module keeps that was loaded without its function bodies being validated; valid/lazy.hpp makes it.
struct lazy_bodies {
    /// Validates the body of a function that is not imported. False: `why` says what is wrong with it.
    bool (*validate)(const module_data& m, u32 func, body_facts& facts, error& why) noexcept = nullptr;
    void (*release)(lazy_bodies* self) noexcept = nullptr;
};

/// A module, decoded. `bytes` stays where it is as long as the structure lives.
struct module_data {
    std::atomic<u32> owners{1};
    vec<u8> owned; ///< the bytes, unless they were borrowed
    std::span<const u8> bytes;

    type_section types;
    vec<u32> canonical; ///< type index → smallest type index of this module with an equal type
    vec<import_def> imports;
    vec<func_def> funcs; ///< imported ones first, in every index space
    vec<table_def> tables;
    vec<memory_def> memories;
    vec<global_def> globals;
    vec<tag_def> tags;
    vec<export_def> exports;
    vec<elem_def> elems;
    vec<data_def> datas;
    vec<custom_def> customs;
    u32 imported_funcs = 0, imported_tables = 0, imported_memories = 0, imported_globals = 0, imported_tags = 0;
    u32 start = no_index;
    u32 start_offset = 0;
    bool has_data_count = false;
    vec<std::string_view> func_names; ///< from the name section; shorter than funcs or with empty entries where unnamed
    std::string_view name;            ///< from the name section
    features used;                    ///< what the module needs

    /// Source positions of text modules: pairs in the order of `offset`.
    struct position {
        u32 offset, line, column;
    };
    vec<position> positions;
    lazy_bodies* lazy = nullptr; ///< null: the bodies are valid

    module_data() noexcept = default;
    module_data(const module_data&) = delete;
    module_data& operator=(const module_data&) = delete;
    ~module_data() {
        if (lazy) lazy->release(lazy);
    }
};

/// A counted pointer to a module. Copies share it; the last one destroys it, on any thread.
class module_owner {
public:
    module_owner() noexcept = default;
    /// Takes over the one count a fresh module_data starts with; null is allowed.
    explicit module_owner(module_data* adopted) noexcept : data_(adopted) {}
    module_owner(const module_owner& other) noexcept : data_(other.data_) {
        if (data_) data_->owners.fetch_add(1, std::memory_order_relaxed);
    }
    module_owner(module_owner&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
    module_owner& operator=(module_owner other) noexcept {
        std::swap(data_, other.data_);
        return *this;
    }
    ~module_owner() {
        if (data_ && data_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(data_);
    }
    explicit operator bool() const noexcept { return data_ != nullptr; }
    const module_data* get() const noexcept { return data_; }
    const module_data& operator*() const noexcept { return *data_; }
    const module_data* operator->() const noexcept { return data_; }
    /// For the decoder and the validator, before the module is shared.
    module_data* edit() noexcept { return data_; }

private:
    module_data* data_ = nullptr;
};

/// The last of `positions` at or before the byte `offset`; null if there are none.
inline const module_data::position* position_at(view<module_data::position> positions, u64 offset) noexcept {
    if (positions.empty()) return nullptr;
    std::size_t low = 0, high = positions.size();
    while (high - low > 1) {
        const std::size_t middle = low + (high - low) / 2;
        (positions[middle].offset <= offset ? low : high) = middle;
    }
    return &positions[low];
}

} // namespace tessera
