// SPDX-License-Identifier: MIT
// The host module `spectest` that the specification's scripts import from.
#pragma once

#include <tessera/tessera.hpp>

namespace spec {

/// Its objects, one set for each store. `ready` says whether they could all be made.
struct spectest {
    tessera::global i32, i64, f32, f64;
    tessera::table table, table64;
    tessera::memory memory, shared_memory;
    bool ready = false;

    explicit spectest(tessera::basic_store& store) {
        using tessera::value;
        ready = keep(i32, store.make_global(value::i32(666), false)) &&
                keep(i64, store.make_global(value::i64(666), false)) &&
                keep(f32, store.make_global(value::f32(666.6f), false)) &&
                keep(f64, store.make_global(value::f64(666.6), false)) &&
                keep(table, store.make_table({{10, 20, true, false}, tessera::t_funcref})) &&
                keep(table64, store.make_table({{10, 20, true, true}, tessera::t_funcref})) &&
                keep(memory, store.make_memory({{1, 2, true, false}}));
        if (auto made = store.make_memory({{1, 2, true, false}, true})) shared_memory = *made;
        else ready = ready && made.error().kind() == tessera::kind::unsupported; // a build without threads
    }

    /// Offers all of it to modules.
    void define(tessera::imports& to) const {
        to.define("spectest", "print", [] {});
        to.define("spectest", "print_i32", [](tessera::i32) {});
        to.define("spectest", "print_i64", [](tessera::i64) {});
        to.define("spectest", "print_f32", [](tessera::f32) {});
        to.define("spectest", "print_f64", [](tessera::f64) {});
        to.define("spectest", "print_i32_f32", [](tessera::i32, tessera::f32) {});
        to.define("spectest", "print_f64_f64", [](tessera::f64, tessera::f64) {});
        to.define("spectest", "global_i32", i32);
        to.define("spectest", "global_i64", i64);
        to.define("spectest", "global_f32", f32);
        to.define("spectest", "global_f64", f64);
        to.define("spectest", "table", table);
        to.define("spectest", "table64", table64);
        to.define("spectest", "memory", memory);
        if (shared_memory) to.define("spectest", "shared_memory", shared_memory);
    }

private:
    template <class T>
    static bool keep(T& to, tessera::result<T> made) {
        if (made) to = *made;
        return made.has_value();
    }
};

} // namespace spec
