// SPDX-License-Identifier: MIT
// A small command: loads a module, binary or text, calls an export and prints the results.
//
//     run FILE [FUNCTION [ARGUMENT...]]     without FUNCTION: lists what the module exports
//
// With machine code (TESSERA_NATIVE) `run --guard-pages FILE ...` has that rely on guard pages.
#include <tessera/tessera.hpp>

#include "../tests/files.hpp"
#include "report.hpp"

#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

using tessera::value;

#if TESSERA_NATIVE // functions become machine code
constexpr tessera::features profile = tessera::latest + tessera::feature::native;
#else
constexpr tessera::features profile = tessera::latest;
#endif

const char* type_name(tessera::val_type t) {
    return t == tessera::t_i32    ? "i32"
           : t == tessera::t_i64  ? "i64"
           : t == tessera::t_f32  ? "f32"
           : t == tessera::t_f64  ? "f64"
           : t == tessera::t_v128 ? "v128"
                                  : "ref";
}

/// A number of type `t` written as C writes it; false if there is no such number.
bool parse(const char* text, tessera::val_type t, value& to) {
    char* end = nullptr;
    if (t == tessera::t_i32) to = value::i32(static_cast<tessera::u32>(std::strtoll(text, &end, 0)));
    else if (t == tessera::t_i64)
        to = value::i64(*text == '-' ? static_cast<tessera::u64>(std::strtoll(text, &end, 0))
                                     : std::strtoull(text, &end, 0));
    else if (t == tessera::t_f32) to = value::f32(std::strtof(text, &end));
    else if (t == tessera::t_f64) to = value::f64(std::strtod(text, &end));
    return end && end != text && *end == 0;
}

void print(const value& v) {
    if (v.type == tessera::t_i32) std::printf("%d\n", static_cast<int>(v.as_u32()));
    else if (v.type == tessera::t_i64) std::printf("%lld\n", static_cast<long long>(v.as_u64()));
    else if (v.type == tessera::t_f32) std::printf("%.9g\n", static_cast<double>(v.as_f32()));
    else if (v.type == tessera::t_f64) std::printf("%.17g\n", v.as_f64());
    else if (v.type == tessera::t_v128)
        std::printf("0x%016llx%016llx\n", static_cast<unsigned long long>(v.high),
                    static_cast<unsigned long long>(v.bits));
    else std::puts(v.as_ref().is_null() ? "null" : "a reference");
}

int usage(const char* why) {
    std::fprintf(stderr, "%s\nusage: run FILE [FUNCTION [ARGUMENT...]]\n", why);
    return 2;
}

} // namespace

int main(int argc, char** argv) {
#if TESSERA_NATIVE
    tessera::native_options options;
    if (argc > 1 && std::strcmp(argv[1], "--guard-pages") == 0) options.guard_pages = true, ++argv, --argc;
#endif
    if (argc < 2) return usage("run a function of a WebAssembly module");
    const auto bytes = read_file(argv[1]);
    if (bytes.empty()) return usage("the file cannot be read, or is empty");

    // A binary module begins with a zero byte, which no text does.
    auto mod = bytes[0] == std::byte{0}
                   ? tessera::module::parse<profile>(bytes)
                   : tessera::module::parse_text<profile>({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    if (!mod) return report(mod.error(), stderr);
    if (argc < 3) {
        for (const auto& e : mod->exports()) {
            static constexpr const char* kinds[] = {"func", "table", "memory", "global", "tag"};
            std::printf("%s %.*s", kinds[static_cast<int>(e.type.kind)], static_cast<int>(e.name.size()),
                        e.name.data());
            for (auto t : e.type.func.params) std::printf(" %s", type_name(t));
            if (!e.type.func.results.empty()) std::printf(" ->");
            for (auto t : e.type.func.results) std::printf(" %s", type_name(t));
            std::printf("\n");
        }
        return 0;
    }

    tessera::store<profile> store;
#if TESSERA_NATIVE
    if (auto ok = tessera::enable_native(store, options); !ok) return report(ok.error(), stderr);
#endif
    auto instance = store.instantiate(*mod);
    if (!instance) return report(instance.error(), stderr);
    auto function = instance->get<tessera::func>(argv[2]);
    if (!function) return report(function.error(), stderr);

    const tessera::func_type type = function->type();
    if (type.params.size() != static_cast<std::size_t>(argc - 3))
        return usage("the function takes another number of arguments");
    std::vector<value> arguments(type.params.size()), results(type.results.size());
    for (std::size_t i = 0; i < arguments.size(); ++i)
        if (!parse(argv[i + 3], type.params[i], arguments[i])) return usage(argv[i + 3]);
    if (auto ok = function->call(arguments, results); !ok) return report(ok.error(), stderr);
    for (const value& v : results) print(v);
}
