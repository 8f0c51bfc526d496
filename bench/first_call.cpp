// SPDX-License-Identifier: MIT
// What a program waits for and pays when it starts with one large module: reading the file, decoding and
// validating it, instantiating it, and the first answer of an export. One run in a fresh process:
//
//     bench_first_call FILE [--lazy]
//
// The imports are functions that say that nothing is there, with 8 (EBADF of WASI) for an i32.
#include <tessera/tessera.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/resource.h>
#endif

namespace {

constexpr tessera::features profile = tessera::wasm_3_0;

/// The most memory the process has had, in bytes; 0 where that is not known.
double peak() {
#if defined(__unix__) || defined(__APPLE__)
    rusage used{};
    if (getrusage(RUSAGE_SELF, &used) != 0) return 0;
#if defined(__APPLE__)
    return double(used.ru_maxrss);
#else
    return 1024.0 * double(used.ru_maxrss);
#endif
#else
    return 0;
#endif
}

struct step {
    std::chrono::steady_clock::time_point from = std::chrono::steady_clock::now();
    double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count(); }
};

tessera::result<void> run(std::span<const tessera::u8> bytes, bool lazy) {
    const step all;
    auto mod = lazy ? tessera::module::borrow_lazily<profile>(bytes) : tessera::module::borrow<profile>(bytes);
    if (!mod) return mod.error();
    const double loading = all.seconds();
    std::printf("decoded and validated: %.1f ms, %.0f MB/s, peak memory %.2f of the file\n", 1e3 * loading,
                1e-6 * double(bytes.size()) / loading, peak() / double(bytes.size()));

    tessera::imports env;
    for (const auto& i : mod->imports()) {
        if (i.type.kind != tessera::extern_kind::func) continue;
        const bool leaves = i.name == "proc_exit";
        const auto nothing = [leaves](tessera::caller&, std::span<const tessera::value>,
                                      std::span<tessera::value> results) -> tessera::result<void> {
            for (tessera::value& v : results) v = {v.type, v.type == tessera::t_i32 ? 8u : 0u, 0};
            return leaves ? tessera::result<void>(tessera::trap::host) : tessera::result<void>();
        };
        if (auto ok = env.define(i.module, i.name, i.type.func, nothing); !ok) return ok.error();
    }
    tessera::store<profile> store;
    auto instance = store.instantiate(*mod, env);
    if (!instance) return instance.error();
    std::printf("instantiated after %.1f ms\n", 1e3 * all.seconds());
    for (const auto& e : mod->exports()) {
        if (e.type.kind != tessera::extern_kind::func || !e.type.func.params.empty()) continue;
        auto f = instance->get<tessera::func>(e.name);
        if (!f) return f.error();
        tessera::vec<tessera::value> results;
        if (!results.resize(e.type.func.results.size())) return tessera::msg::out_of_memory;
        const auto answer = f->call({}, {results.data(), results.size()});
        std::printf("%.*s answered after %.1f ms: %s; peak memory %.2f of the file\n", int(e.name.size()),
                    e.name.data(), 1e3 * all.seconds(), answer ? "ok" : answer.error().message().data(),
                    peak() / double(bytes.size()));
        break;
    }
    return {};
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) return std::puts("usage: bench_first_call FILE [--lazy]"), 2;
    const step reading;
    std::FILE* const file = std::fopen(argv[1], "rb");
    if (!file || std::fseek(file, 0, SEEK_END) != 0) return std::perror(argv[1]), 1;
    const long size = std::ftell(file);
    std::rewind(file);
    auto* const bytes = size > 0 ? static_cast<tessera::u8*>(std::malloc(std::size_t(size))) : nullptr;
    if (!bytes || std::fread(bytes, 1, std::size_t(size), file) != std::size_t(size)) return std::perror(argv[1]), 1;
    std::fclose(file);
    std::printf("read: %.1f ms\n", 1e3 * reading.seconds());
    const auto done = run({bytes, std::size_t(size)}, argc > 2 && std::string_view(argv[2]) == "--lazy");
    if (!done) std::printf("%s\n", done.error().message().data());
    std::free(bytes);
    return done ? 0 : 1;
}
