// SPDX-License-Identifier: MIT
// A reactor: a module of another language's engine that the host embeds, here QuickJS as the npm package quickjs-wasi
// 3.6.2 has it. A script of the user's runs in it and calls the host, which calls back into the guest for the
// arguments.
//
//     07_reactor quickjs.wasm
#define TESSERA_WASI 1
#include <tessera/tessera.hpp>

#include "../tests/files.hpp"
#include "report.hpp"

#include <string>
#include <string_view>

namespace {

using tessera::u32;

constexpr tessera::features profile = tessera::wasm_2_0;
constexpr const char* script = R"(
    let total = 0;
    for (const sailor of ["Anne", "Mary", "Grace"]) total += share(sailor, sailor.length);
    `${total} coins, and ${[3, 1, 2].sort().map(x => x * x).join(" ")}`)";

/// What the host wants of the guest, looked up once. A value of the script is a number that the guest gave for it.
struct quickjs {
    tessera::memory memory;
    tessera::typed_func<u32(u32)> allocate;
    tessera::typed_func<void(u32)> free;
    tessera::typed_func<u32(u32, u32, u32, u32)> eval;
    tessera::typed_func<u32(u32, u32, u32)> new_host_function;
    tessera::typed_func<u32(double)> new_number;
    tessera::typed_func<double(u32)> get_number;
    tessera::typed_func<u32(u32, u32)> get_string;
    tessera::typed_func<u32()> get_global, get_exception;
    tessera::typed_func<u32(u32, u32, u32)> set_property;
    tessera::typed_func<u32(u32)> is_exception;

    /// The first export that is missing or has another type; an error without text where all are there.
    tessera::result<void> find(const tessera::instance& in) {
        const auto take = [&](auto& to, std::string_view name) -> tessera::result<void> {
            auto found = get(in, name, to);
            if (!found) return found.error();
            to = *found;
            return {};
        };
        for (const auto& ok :
             {take(memory, "memory"), take(allocate, "wasm_malloc"), take(free, "wasm_free"), take(eval, "qjs_eval"),
              take(new_host_function, "qjs_new_host_function"), take(new_number, "qjs_new_number"),
              take(get_number, "qjs_get_float64"), take(get_string, "qjs_get_string_len"),
              take(get_global, "qjs_get_global"), take(get_exception, "qjs_get_exception"),
              take(set_property, "qjs_set_prop_string"), take(is_exception, "qjs_is_exception")})
            if (!ok) return ok;
        return {};
    }
    /// Copies `text` and a NUL into the guest's memory.
    tessera::result<u32> put(std::string_view text) const {
        auto at = allocate(static_cast<u32>(text.size() + 1));
        if (!at) return at;
        if (auto ok = memory.write(*at, text); !ok) return ok.error();
        if (auto ok = memory.store<tessera::u8>(*at + text.size(), 0); !ok) return ok.error();
        return at;
    }
    /// The text of a value, as String(value) gives it.
    tessera::result<std::string> text(u32 of) const {
        auto length = allocate(4);
        if (!length) return length.error();
        auto at = get_string(of, *length);
        if (!at) return at.error();
        auto size = memory.load<u32>(*length);
        if (!size) return size.error();
        auto seen = memory.text(*at, *size);
        if (!seen) return seen.error();
        return std::string(*seen);
    }

private:
    template <class T>
    static tessera::result<T> get(const tessera::instance& in, std::string_view name, const T&) {
        return in.get<T>(name);
    }
    template <class Signature>
    static auto get(const tessera::instance& in, std::string_view name, const tessera::typed_func<Signature>&) {
        return in.get<Signature>(name);
    }
};

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) return std::puts("usage: 07_reactor quickjs.wasm"), 2;
    const auto bytes = read_file(argv[1]);
    auto mod = tessera::module::parse<profile>(bytes);
    if (!mod) return report(mod.error());

    tessera::wasi::context guest; // nothing but clocks that stand still, random bytes of a seed and an output
    guest.standard_error(tessera::wasi::host_stream(2));
    tessera::wasi::process<profile> process(guest);

    // The six functions of `env`; the script's calls of the host come to the first.
    quickjs js;
    auto& env = process.imports();
    env.define("env", "host_call", [&js](std::string_view name, u32, u32 count, u32 values) -> tessera::result<u32> {
        if (name != "share" || count != 2) return tessera::trap::host;
        auto who = js.memory.load<u32>(values), letters = js.memory.load<u32>(values + 4);
        if (!who) return who.error();
        if (!letters) return letters.error();
        auto sailor = js.text(*who);
        auto coins = js.get_number(*letters);
        if (!sailor) return sailor.error();
        if (!coins) return coins.error();
        std::printf("%s gets %g coins\n", sailor->c_str(), *coins * 100);
        return js.new_number(*coins * 100);
    });
    env.define("env", "host_interrupt", []() -> u32 { return 0; });
    env.define("env", "host_promise_rejection", [](u32, u32, u32) {});
    env.define("env", "host_module_normalize", [](u32, u32) -> u32 { return 0; });
    env.define("env", "host_module_load", [](u32, u32) -> u32 { return 0; });
    env.define("env", "host_get_timezone_offset", [](u32, u32) -> u32 { return 0; });

    auto instance = process.instantiate(*mod);
    if (!instance) return report(instance.error());
    if (auto ok = process.start(*instance); !ok) return report(ok.error()); // calls _initialize
    if (auto ok = js.find(*instance); !ok) return report(ok.error());
    auto init = instance->get<u32()>("qjs_init");
    if (!init) return report(init.error());
    if (auto ok = (*init)(); !ok) return report(ok.error());

    const std::string_view name = "share";
    auto at = js.put(name), code = js.put(script), file = js.put("script.js");
    if (!at || !code || !file) return std::puts("the guest has no memory"), 1;
    auto function = js.new_host_function(*at, static_cast<u32>(name.size()), 2);
    auto global = js.get_global();
    if (!function) return report(function.error());
    if (!global) return report(global.error());
    if (auto ok = js.set_property(*global, *at, *function); !ok) return report(ok.error());

    auto value = js.eval(*code, static_cast<u32>(std::string_view(script).size()), *file, 0);
    if (!value) return report(value.error());
    auto failed = js.is_exception(*value);
    if (!failed) return report(failed.error());
    if (*failed) value = js.get_exception();
    if (!value) return report(value.error());
    auto text = js.text(*value);
    if (!text) return report(text.error());
    std::printf("%s%s\n", *failed ? "the script threw " : "", text->c_str());
    return *failed != 0;
}
