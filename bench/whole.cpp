// SPDX-License-Identifier: MIT
// How long it takes to make machine code of all functions of a module, which is lowered for that.
//   whole FILE [--all]
// Imports are what fits their types and does nothing. --all: functions, too, that would hardly gain.
#include <tessera/native.hpp>

#include <files.hpp>

#include <cstdio>
#include <ctime>
#include <string>

namespace {

constexpr tessera::features profile = tessera::wasm_3_0 + tessera::feature::native;

int fail(const tessera::error& e) {
    return std::fprintf(stderr, "%s %s\n", std::string(e.message()).c_str(), std::string(e.detail()).c_str()), 1;
}

} // namespace

int main(int argc, char** argv) {
    using namespace tessera;
    if (argc < 2) return 2;
    const auto bytes = read_file(argv[1]);
    auto mod = module::parse<profile>(bytes);
    if (!mod) return fail(mod.error());
    store<profile> s;
    imports env;
    for (const import_entry& i : mod->imports()) {
        const auto nothing = [](caller&, std::span<const value>, std::span<value>) { return result<void>(); };
        if (i.type.kind == extern_kind::func) env.define(i.module, i.name, i.type.func, nothing);
        else if (i.type.kind == extern_kind::memory) env.define(i.module, i.name, *s.make_memory(i.type.memory));
        else if (i.type.kind == extern_kind::table) env.define(i.module, i.name, *s.make_table(i.type.table));
        else if (i.type.kind == extern_kind::global)
            env.define(i.module, i.name, *s.make_global(i.type.global, {i.type.global.type, 0, 0}));
    }
    if (auto ok = enable_native(s, {.threshold = 0, .all = argc > 2, .code_bytes = u64{1} << 30}); !ok)
        return fail(ok.error());
    auto made = s.instantiate(*mod, env);
    if (!made) return fail(made.error());
    exec::native_hook& hook = *static_cast<exec::context_pool*>(s.data()->engine_state)->native;
    runtime::code_unit& unit = *s.data()->instances[s.data()->instances.size() - 1]->unit;
    const std::clock_t before = std::clock();
    for (u32 i = unit.module->imported_funcs; i < unit.funcs.size(); ++i)
        if (!unit.funcs[i].cells && !exec::tiers<profile, exec::machine<profile>>::lower(hook, unit, i)) return 1;
    const double seconds = double(std::clock() - before) / CLOCKS_PER_SEC;
    const native_counters c = native_counters_of(s);
    std::printf("%llu functions compiled, %llu left, %.1f MB of machine code in %.2f s (%.2f s without lowering), "
                "%.1f MB/s\n",
                static_cast<unsigned long long>(c.functions), static_cast<unsigned long long>(c.left),
                double(c.code_bytes) / 1e6, seconds, double(c.nanoseconds) / 1e9, double(c.code_bytes) / 1e6 / seconds);
}
