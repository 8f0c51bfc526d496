// SPDX-License-Identifier: MIT
// A store with a debugger and one instance, for the tests of debug/.
#pragma once

#include "../faults/faults.hpp"

#include <tessera/tessera.hpp>

#include <tessera/debug.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace watched {

using namespace tessera;
using debug::stop_kind;

inline constexpr features profile = everything + feature::fuel + feature::interruption + feature::tracing;

inline module parse(const std::string& text) {
    auto m = module::parse_text<profile>(text);
    REQUIRE_MESSAGE(m, m.error().message() << " " << m.error().detail() << " line " << m.error().line());
    return *m;
}

class guest {
public:
    explicit guest(const std::string& text, const imports& env = {}) : mod(parse(text)) {
        REQUIRE(store.add_fuel(u64{1} << 50));
        const auto attached = debugger.attach(store);
        REQUIRE_MESSAGE(attached, attached.error().message());
        auto made = store.instantiate(mod, env);
        REQUIRE_MESSAGE(made, made.error().message() << " " << made.error().detail());
        instance = *made;
    }
    func get(const char* name) const {
        auto f = instance.get<func>(name);
        REQUIRE_MESSAGE(f, name);
        return *f;
    }
    /// Starts the call of an export; it stands before its first instruction.
    void start(const char* name, std::vector<value> args = {}) {
        arguments = std::move(args);
        const auto at = debugger.start(get(name), arguments);
        REQUIRE_MESSAGE(at, at.error().message());
    }
    /// "f1 i32.add 3 4": the function, the instruction it stands before, and the operand stack.
    std::string here(u32 number = 0) const {
        const debug::frame f = debugger.at(number);
        if (!f) return "nowhere";
        std::string text = "f" + std::to_string(f.function()) + " " + std::string(f.instruction());
        for (u32 i = 0; i < f.operands(); ++i) text += " " + std::to_string(f.operand(i)->bits);
        return text;
    }
    /// The one result of a call that is done.
    u64 result() const {
        value v;
        REQUIRE(debugger.results({&v, 1}));
        return v.bits;
    }
    u32 line() const {
        const auto list = debug::listing::print(mod);
        return list ? list->at(debugger.at(0).offset()).line : 0;
    }

    module mod;
    std::vector<value> arguments;
    tessera::store<profile> store;
    debug::debugger debugger;
    tessera::instance instance;
};

/// The kind of what a run ended with.
inline stop_kind kind_of(const tessera::result<debug::stop>& r) {
    REQUIRE_MESSAGE(r, r.error().message());
    return r->kind;
}

} // namespace watched
