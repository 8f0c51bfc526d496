// SPDX-License-Identifier: MIT
// Steps of the host fuzzer that use structures, arrays, exceptions' values and shared memories: what the host makes,
// what guests gave it, and handles of another store or of what was before a reset.
#pragma once

#include "require.hpp"

#include "../heap_census.hpp"

#include <tessera/tessera.hpp>

#include <fuzzer/FuzzedDataProvider.h>

#include <utility>
#include <vector>

namespace fuzz {

class object_user {
public:
    /// Everything it does follows from `in`, which it reads on.
    explicit object_user(FuzzedDataProvider& in) : in_(in) {}

    /// One step in store `s`. `type` is a type of an instance, perhaps of another store; `v` any value.
    void step(tessera::basic_store& s, tessera::u32 type, const tessera::value& v) {
        const tessera::rooted& one = a_handle();
        const tessera::u32 n = below(6);
        switch (below(16)) {
        case 0: keep(s.make_struct(type)); break;
        case 1: {
            const std::vector<tessera::value> fields(below(6), v);
            keep(s.make_struct(type, fields));
            break;
        }
        case 2: keep(s.make_array(type, below(40), v)); break;
        case 3: keep(s.make_array(type, below(40))); break;
        case 4: keep(s.make_array(type, in_.ConsumeIntegral<tessera::u32>())); break;
        case 5: keep(s.root(v)); break;
        case 6:
            if (auto field = one.field(n)) keep(s.root(*field));
            break;
        case 7:
            if (auto element = one.element(n)) keep(s.root(*element));
            break;
        case 8: static_cast<void>(one.set_field(n, maybe() ? v : a_handle().get())); break;
        case 9: static_cast<void>(one.set_element(n, maybe() ? v : a_handle().get())); break;
        case 10:
            static_cast<void>(one.field<tessera::i32>(n));
            static_cast<void>(one.set_field(n, 1.5));
            static_cast<void>(one.element<tessera::v128>(n));
            static_cast<void>(one.set_element(n, tessera::u64{7}));
            break;
        case 11:
            require(one.size() == 0 || one.fields().size() == 1);
            require(!one.is_null() || one.type() == tessera::no_index);
            static_cast<void>(one.is(v.type));
            break;
        case 12: s.collect_always(maybe()); break;
        case 13: s.collect(); break;
        case 14: s.set_heap_bytes(below(1 << 18)); break;
        default:
            if (!kept_.empty()) kept_.erase(kept_.begin() + std::ptrdiff_t(below(kept_.size())));
            break;
        }
    }
    /// Keeps what an exception carries.
    void look_at(tessera::basic_store& s, const tessera::error& e) {
        if (e.kind() != tessera::kind::exception) return;
        const tessera::tag of = s.tag_of(e);
        require(!of || of.is_tag_of(e));
        if (of) require(of.params().size() == e.payload().size());
        for (const tessera::value& v : e.payload())
            if (v.type.is_ref()) keep(s.root(v));
        if (maybe()) errors_.push_back(e);
    }
    /// A reference that a handle keeps; null if there is no handle.
    tessera::value reference() { return a_handle().get(); }
    void use(const tessera::shared_memory& m) {
        const tessera::u64 at = maybe() ? below(64) : m.size() - below(16);
        switch (below(8)) {
        case 0: static_cast<void>(m.load<tessera::u64>(at)); break;
        case 1: static_cast<void>(m.store<float>(at, 1.5f)); break;
        case 2: static_cast<void>(m.write(at, "sixteen bytes...")); break;
        case 3: static_cast<void>(m.atomic_load<tessera::u32>(at)); break;
        case 4: static_cast<void>(m.atomic_store<tessera::u16>(at, 7)); break;
        case 5: static_cast<void>(m.compare_exchange<tessera::u8>(at, 7, 8)); break;
        case 6:
            if (auto woken = m.notify(at)) require(*woken == 0); // there is one thread
            break;
        default:
            if (auto was = m.grow(below(3))) require(m.pages() >= *was);
            break;
        }
    }
    /// What can be reached in the heap is all right. Not during a call: what frames refer to is not looked at.
    static void check(const tessera::basic_store& s) { require(heaps::census(s).wrong().empty()); }
    /// Before the stores end.
    void clear() { kept_.clear(), errors_.clear(); }

private:
    static constexpr std::size_t most_handles = 24;

    tessera::u32 below(std::size_t n) { return in_.ConsumeIntegralInRange<tessera::u32>(0, tessera::u32(n) - 1); }
    bool maybe() { return in_.ConsumeBool(); }
    const tessera::rooted& a_handle() { return kept_.empty() ? none_ : kept_[below(kept_.size())]; }
    void keep(tessera::result<tessera::rooted>&& made) {
        if (!made) return;
        if (kept_.size() < most_handles) kept_.push_back(std::move(*made));
        else kept_[below(kept_.size())] = std::move(*made);
    }

    FuzzedDataProvider& in_;
    tessera::rooted none_;
    std::vector<tessera::rooted> kept_;
    std::vector<tessera::error> errors_; ///< their values stay alive
};

} // namespace fuzz
