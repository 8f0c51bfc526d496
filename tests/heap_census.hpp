// SPDX-License-Identifier: MIT
// Counts what a store's heap holds by following references, without the collector's marks.
#pragma once

#include <tessera/runtime/api/store.hpp>

#include <set>
#include <string>
#include <vector>

namespace heaps {

/// What can be reached from globals, tables, element segments and the host's handles; not from frames.
class census {
public:
    explicit census(const tessera::basic_store& store) : s_(*store.data()) {
        const auto space = s_.types.space();
        for (const auto* g : s_.globals)
            if (tessera::runtime::is_traced(space, g->type.type)) visit(g->cell[0], "global");
        for (const auto* t : s_.tables)
            if (tessera::runtime::is_traced(space, t->type.element))
                for (tessera::u64 i = 0; i < t->size; ++i) visit(t->items[i], "table");
        for (const auto* i : s_.instances)
            for (std::size_t e = 0; e < i->elems.size(); ++e)
                if (!i->elems[e].empty() &&
                    tessera::runtime::is_traced({&i->module().types, nullptr}, i->module().elems[e].type))
                    for (const tessera::u32 r : i->elems[e]) visit(r, "element segment");
        for (const auto& p : s_.roots.all()) visit(p.reference, "handle");
        while (!waiting_.empty()) {
            const tessera::u32 r = waiting_.back();
            waiting_.pop_back();
            look(r);
        }
    }
    std::size_t objects() const { return seen_.size(); }
    /// Of the cells they lie in.
    tessera::u64 bytes() const { return bytes_; }
    /// What refers to something that is no object; empty if all is right.
    const std::string& wrong() const { return wrong_; }

private:
    using heap = tessera::runtime::object_heap;
    void visit(tessera::u64 slot, const char* from) {
        const auto r = tessera::u32(slot);
        if (!tessera::runtime::is_heap_ref(r) || !seen_.insert(r).second) return;
        if (s_.heap.is_object(r)) waiting_.push_back(r);
        else wrong_ = from;
    }
    void look(tessera::u32 r) {
        const auto& t = s_.heap.layouts[s_.heap.type_of(r)];
        const bool is_array = t.form == tessera::composite::array;
        const tessera::u64 bytes = is_array ? heap::array_bytes(t, s_.heap.length_of(r)) : t.size;
        bytes_ += bytes > heap::most_small ? (bytes + heap::block_bytes - 1) / heap::block_bytes * heap::block_bytes
                                           : heap::class_bytes(heap::class_of(tessera::u32(bytes)));
        const auto reference = [&](tessera::u64 offset) {
            return tessera::load_le<tessera::u32>(s_.heap.at(r) + offset);
        };
        if (is_array && t.traced)
            for (tessera::u64 i = 0; i < s_.heap.length_of(r); ++i) visit(reference(8 + 4 * i), "element");
        if (!is_array)
            for (const tessera::u32 offset : s_.heap.layouts.references(t)) visit(reference(offset), "field");
    }

    tessera::runtime::store_data& s_;
    std::set<tessera::u32> seen_;
    std::vector<tessera::u32> waiting_;
    tessera::u64 bytes_ = 0;
    std::string wrong_;
};

} // namespace heaps
