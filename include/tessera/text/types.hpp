// SPDX-License-Identifier: MIT
/// @file text/types.hpp
/// Types in the text format, and the types that type uses add (spec: text/types, text/modules).
#pragma once

#include <tessera/binary/write.hpp>
#include <tessera/text/chunk.hpp>
#include <tessera/text/heap_words.hpp>
#include <tessera/text/names.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

using binary::write_heap;
using binary::write_type;

/// Reads types and writes the type section.
class type_parser : public name_reader {
public:
    using name_reader::name_reader;

protected:
    static constexpr u32 most_types = heap_type::abstract_bit - 1; ///< larger indices do not fit in a heap_type

    // ---- single types

    [[nodiscard]] bool heap(heap_type& out) noexcept {
        if (at(token_kind::keyword)) {
            const u8 abstract = byte_code(&heap_word::heap, word(peek().match));
            if (abstract == 0) return unexpected();
            static_cast<void>(next());
            out = heap_type::abstract(abstract);
            return true;
        }
        u32 i = 0;
        if (!index(space::type, i)) return false;
        out = heap_type::index(i < most_types ? i : most_types);
        return true;
    }
    [[nodiscard]] bool value(val_type& out) noexcept {
        if (enter(word::ref)) {
            const bool nullable = accept(word::null);
            heap_type h;
            if (!heap(h)) return false;
            out = val_type::ref(h, nullable);
            return leave();
        }
        if (!at(token_kind::keyword)) return unexpected();
        const word w = word(peek().match);
        switch (w) {
        case word::i32: out = t_i32; break;
        case word::i64: out = t_i64; break;
        case word::f32: out = t_f32; break;
        case word::f64: out = t_f64; break;
        case word::v128: out = t_v128; break;
        default:
            const u8 abstract = byte_code(&heap_word::reference, w);
            if (abstract == 0) return unexpected();
            out = val_type::ref(heap_type::abstract(abstract), true);
        }
        static_cast<void>(next());
        return true;
    }
    [[nodiscard]] bool ref_type(val_type& out) noexcept {
        const token& t = peek();
        return value(out) && (out.is_ref() || unexpected(t));
    }
    /// The value types up to a parenthesis, behind those of `out`.
    [[nodiscard]] bool values(vec<val_type>& out) noexcept {
        while (!at(token_kind::right)) {
            val_type t;
            if (!value(t)) return false;
            if (!out.push_back(t)) return out_of_memory();
        }
        return leave();
    }
    /// `mut` or not, then a value type; `packed`: also i8 and i16.
    [[nodiscard]] bool field(field_type& out, bool packed) noexcept {
        out.mutable_ = enter(word::mut);
        if (packed && accept(word::i8)) out.type = t_i8;
        else if (packed && accept(word::i16)) out.type = t_i16;
        else if (!value(out.type)) return false;
        return !out.mutable_ || leave();
    }

    // ---- function types and type uses

    /// Parameters and results into `signature_`; `with_ids`: parameters may have identifiers, which
    /// then are in `param_ids_` (indices of their tokens).
    [[nodiscard]] bool signature(bool with_ids) noexcept {
        signature_.clear();
        param_ids_.clear();
        params_known_ = true;
        while (enter(word::param)) {
            if (with_ids && (at(token_kind::id) || note())) {
                if (!param_ids_.push_back({u32(signature_.size()), at_})) return out_of_memory();
                if (at(token_kind::id)) static_cast<void>(next());
                val_type t;
                if (!value(t) || !leave()) return false;
                if (!signature_.push_back(t)) return out_of_memory();
            } else if (!values(signature_)) {
                return false;
            }
        }
        params_ = u32(signature_.size());
        while (enter(word::result))
            if (!values(signature_)) return false;
        return true;
    }
    /// A type use: the index of its type, which may be a new one. `params_` is the number of parameters.
    [[nodiscard]] bool type_use(bool with_ids, u32& type) noexcept {
        bool given = false;
        return type_use(with_ids, type, given) && (given || implicit_type(type));
    }
    /// The type use of a block, written as a block type.
    [[nodiscard]] bool block_type(writer& to) noexcept {
        u32 type = 0;
        bool given = false;
        if (!type_use(false, type, given)) return false;
        if (!given && params_ == 0 && signature_.size() <= 1) {
            if (signature_.empty()) to.byte(code::empty_block);
            else write_type(to, signature_[0]);
            return true;
        }
        if (!given && !implicit_type(type)) return false;
        to.leb_s(type);
        return true;
    }

    // ---- definitions

    /// `(type …)` or `(rec …)` at the reading position; identifiers of the types are bound already.
    [[nodiscard]] bool type_definition() noexcept {
        types_.mark(peek());
        ++types_.count;
        if (enter(word::type)) return sub_type(true);
        at_ += 2;
        u32 members = 0; // counted before: the number stands in front
        for (u32 i = at_; i < list_.tokens.size() && list_.tokens[i].kind == token_kind::left;
             i = list_.tokens[i].match + 1)
            ++members;
        if (members != 1) {
            types_.byte(code::rec);
            types_.leb_u(members);
        }
        while (enter(word::type))
            if (!sub_type(members == 1)) return false;
        return leave();
    }

    chunk types_; ///< the type section
    vec<val_type> signature_;
    u32 params_ = 0;
    bool params_known_ = true; ///< false: the type is given by an index that does not exist so far
    struct param_id {
        u32 index, at;
    };
    vec<param_id> param_ids_;

private:
    struct known_type {
        bool func = false;
        u32 first = 0, params = 0, results = 0; ///< a function type's, in pool_
    };

    /// The byte code of the type whose word of the given kind is `w`, 0 if there is none.
    static u8 byte_code(word heap_word::*kind, word w) noexcept {
        for (const heap_word& h : heap_words)
            if (h.*kind == w) return h.byte_code;
        return 0;
    }

    [[nodiscard]] bool type_use(bool with_ids, u32& type, bool& given) noexcept {
        const token& t = peek(2);
        given = enter(word::type);
        if (given && (!index(space::type, type) || !leave())) return false;
        if (!signature(with_ids)) return false;
        if (at_left(word::param)) return unexpected(peek(1)); // behind a result
        if (!given) return true;
        if (signature_.empty()) {
            params_known_ = type < known_.size();
            params_ = params_known_ ? known_[type].params : 0;
            return true;
        }
        if (type >= known_.size()) return fail(msg::text_unknown[u8(space::type)], t, text(t));
        const known_type& k = known_[type];
        bool same = k.func && k.params == params_ && k.params + k.results == signature_.size();
        for (u32 i = 0; same && i < signature_.size(); ++i) same = pool_[k.first + i] == signature_[i];
        return same || fail(msg::inline_function_type, t, text(t));
    }
    /// The smallest index of a function type equal to `signature_`; a new type if there is none.
    [[nodiscard]] bool implicit_type(u32& type) noexcept {
        if (!signature_key()) return out_of_memory();
        if (const u32* found = signatures_.find(key())) return type = *found, true;
        type = u32(known_.size());
        ++types_.count;
        write_function();
        return know_function(true) || out_of_memory();
    }
    void write_function() noexcept {
        types_.byte(code::func_type);
        types_.leb_u(params_);
        for (u32 i = 0; i < params_; ++i) write_type(types_, signature_[i]);
        types_.leb_u(signature_.size() - params_);
        for (std::size_t i = params_; i < signature_.size(); ++i) write_type(types_, signature_[i]);
    }
    /// Makes `signature_` the next known type; `plain`: a type use may refer to it.
    [[nodiscard]] bool know_function(bool plain) noexcept {
        known_type k{true, u32(pool_.size()), params_, u32(signature_.size()) - params_};
        const u32 type = u32(known_.size());
        if (!pool_.append(signature_.data(), signature_.size()) || !known_.push_back(k)) return false;
        if (!plain) return true;
        bool fresh = false;
        std::string_view lasting;
        return signature_key() &&
               (signatures_.find(key()) || (arena_.copy(key(), lasting) && signatures_.add(lasting, type, fresh)));
    }
    /// The bytes by which a signature is found again: the number of parameters, then all types.
    [[nodiscard]] bool signature_key() noexcept {
        key_.clear();
        if (!key_.push_back({params_})) return false;
        return key_.append(signature_.data(), signature_.size());
    }
    std::string_view key() const noexcept {
        return {reinterpret_cast<const char*>(key_.data()), key_.size() * sizeof(val_type)};
    }

    /// Behind `(type`: `alone` in its recursion group or not.
    [[nodiscard]] bool sub_type(bool alone) noexcept {
        if (at(token_kind::id)) static_cast<void>(next());
        bool plain = true;
        const bool sub = enter(word::sub);
        if (sub) {
            const bool final_ = accept(word::final_);
            u32 supers = 0;
            while (peek(supers).kind == token_kind::nat || peek(supers).kind == token_kind::id) ++supers;
            plain = final_ && supers == 0;
            if (!plain) {
                types_.byte(final_ ? code::sub_final : code::sub);
                types_.leb_u(supers);
            }
            for (; supers > 0; --supers) {
                u32 super = 0;
                if (!index(space::type, super)) return false;
                types_.leb_u(super);
            }
        }
        return composite_type(alone && plain) && (!sub || leave()) && leave();
    }
    [[nodiscard]] bool composite_type(bool plain) noexcept {
        if (enter(word::func)) {
            if (!signature(true)) return false;
            write_function();
            return (know_function(plain) || out_of_memory()) && leave();
        }
        const u32 type = u32(known_.size());
        if (!known_.push_back({})) return out_of_memory();
        field_type f;
        if (enter(word::array)) {
            types_.byte(code::array_type);
            if (!field(f, true)) return false;
            write_field(f);
            return leave();
        }
        if (!enter(word::struct_)) return unexpected(at(token_kind::left) ? peek(1) : peek());
        types_.byte(code::struct_type);
        fields_list_.clear();
        const std::size_t names_before = field_names_.size();
        while (enter(word::field)) {
            const bool one = at(token_kind::id);
            if (one && !bind(space::field, u32(fields_list_.size()), field_names_, type)) return false;
            while (one || !at(token_kind::right)) {
                if (!field(f, true)) return false;
                if (!fields_list_.push_back(f)) return out_of_memory();
                if (one) break;
            }
            if (!leave()) return false;
        }
        types_.leb_u(fields_list_.size());
        for (const field_type& each : fields_list_) write_field(each);
        if (field_names_.size() != names_before &&
            !field_owners_.push_back({type, u32(names_before), u32(field_names_.size())}))
            return out_of_memory();
        return leave();
    }
    void write_field(const field_type& f) noexcept {
        write_type(types_, f.type);
        types_.byte(f.mutable_);
    }

    vec<known_type> known_; ///< of every type index so far
    vec<val_type> pool_;
    name_map signatures_; ///< from key() to the smallest type index
    vec<val_type> key_;
    vec<field_type> fields_list_;

protected:
    struct field_owner {
        u32 type, begin, end; ///< begin and end in field_names_
    };
    vec<named> field_names_;
    vec<field_owner> field_owners_;
};

} // namespace tessera::text
TESSERA_SMALL_END
