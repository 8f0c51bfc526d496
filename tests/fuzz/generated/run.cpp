// SPDX-License-Identifier: MIT
// Runs modules that a generator made and prints what can be seen of them, line by line: run.cjs prints the same of
// them in another engine. `run [--machine-code] FILE...`; the lines are those that both know of, so the words are of
// neither.

#include "../engine.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

using tessera::result;
using tessera::trap;
using tessera::u32;
using tessera::u64;
using tessera::u8;
using tessera::val_type;
using tessera::value;

using fuzz::profile;
using store = tessera::store<profile>;
/// The first two are those that compare.py gives the other engine.
constexpr tessera::limits small{.memory_bytes = 1024 << 16,
                                .table_entries = 100'000,
                                .heap_bytes = 256 << 20,
                                .stack_bytes = 1 << 20,
                                .host_depth = 400};
constexpr u64 fuel_of_a_call = 20'000'000;

/// What engines tell apart at most.
const char* name_of(trap why) {
    switch (why) {
    case trap::unreachable: return "unreachable";
    case trap::integer_divide_by_zero: return "division by zero";
    case trap::integer_overflow:
    case trap::invalid_conversion: return "no such integer";
    case trap::out_of_bounds_memory:
    case trap::unaligned_atomic: return "memory"; // an access may be both
    case trap::out_of_bounds_table:
    case trap::undefined_element: return "table";
    case trap::uninitialized_element:
    case trap::indirect_call_type: return "indirect call";
    case trap::null_reference:
    case trap::null_function:
    case trap::null_i31:
    case trap::null_structure:
    case trap::null_array:
    case trap::null_exception: return "null";
    case trap::out_of_bounds_array: return "array";
    case trap::cast_failure: return "cast";
    case trap::expected_shared_memory: return "not shared";
    default: return "of another kind";
    }
}

class runner {
public:
    explicit runner(bool machine_code) {
        if (machine_code && !tessera::enable_native(store_, fuzz::compile_all)) std::puts("no machine code");
    }
    void run(const tessera::module& m) {
        for (const auto& e : m.exports())
            if (e.type.kind == tessera::extern_kind::func) exported_.emplace_back(e.name);
        host_ = *store_.make_object<int>(0);
        wasm_tag_ = *store_.make_tag(types_of_wasm_tag);
        js_tag_ = *store_.make_tag(types_of_js_tag);
        define();
        for (const auto& i : m.imports())
            if (i.type.kind == tessera::extern_kind::global)
                if (auto g = store_.make_global(i.type.global, {tessera::t_externref, host_.bits, 0}))
                    env_.define(i.module, i.name, *g);

        std::puts("instantiate");
        if (!store_.add_fuel(fuel_of_a_call)) return;
        auto made = store_.instantiate(m, env_);
        if (!made) return print(made.error());
        instance_ = *made;
        for (const std::string& name : exported_) {
            std::printf("export %s\n", name.c_str());
            std::fflush(stdout);
            if (!store_.add_fuel(fuel_of_a_call)) return;
            if (auto ok = call(*instance_.get<tessera::func>(name)); !ok) print(ok.error());
        }
    }

private:
    static constexpr val_type types_of_wasm_tag[] = {tessera::t_i32}, types_of_js_tag[] = {tessera::t_externref};

    // ---- what is printed

    void print(const value& v) {
        if (v.type.is_ref()) return print_reference(v);
        switch (v.type.byte_code()) {
        case tessera::code::i32: std::printf(" i32:%d", int(v.as_u32())); break;
        case tessera::code::i64: std::printf(" i64:%lld", static_cast<long long>(v.as_u64())); break;
        case tessera::code::f32:
            if (std::isnan(v.as_f32())) std::printf(" f32:nan");
            else std::printf(" f32:%08x", v.as_u32());
            break;
        case tessera::code::f64:
            if (std::isnan(v.as_f64())) std::printf(" f64:nan");
            else std::printf(" f64:%016llx", static_cast<unsigned long long>(v.as_u64()));
            break;
        default: print_vector(v.bits, v.high); break;
        }
    }
    static void print_vector(u64 low, u64 high) {
        std::printf(" v128:%016llx:%016llx", static_cast<unsigned long long>(low),
                    static_cast<unsigned long long>(high));
    }
    void print_reference(const value& v) {
        const auto held = store_.root(v);
        if (!held) std::printf(" no reference: %s", held.error().message().data());
        else if (held->is_null()) std::printf(" null");
        else if (held->is(tessera::t_funcref)) std::printf(" function");
        else if (v.as_u32() & 1) std::printf(" i31:%d", int(v.as_u32()) >> 1);
        else if (v.as_u32() == host_.bits) std::printf(" host");
        else std::printf(" object");
    }
    void log(const value& v) {
        std::printf("log");
        print(v);
        std::printf("\n");
    }
    void print(const tessera::error& e) {
        switch (e.kind()) {
        case tessera::kind::exception:
            std::printf("exception %s", wasm_tag_.is_tag_of(e) ? "wasm" : js_tag_.is_tag_of(e) ? "js" : "own");
            if (wasm_tag_.is_tag_of(e) || js_tag_.is_tag_of(e)) print(e.payload()[0]);
            std::printf("\n");
            break;
        case tessera::kind::exhaustion: std::printf("exhausted %s, %s\n", e.message().data(), e.detail().data()); break;
        case tessera::kind::trap: std::printf("trap %s\n", name_of(e.why())); break;
        default: std::printf("error %s, %s\n", e.message().data(), e.detail().data()); break;
        }
    }

    // ---- calls

    /// Some types do not cross the other engine's border, and for some there is no value to give.
    static bool crosses(val_type t) {
        if (!t.is_ref()) return !t.is_vector();
        const bool abstract = !t.heap().is_index();
        return !abstract ||
               (t.heap().byte_code() != tessera::code::exn && t.heap().byte_code() != tessera::code::noexn);
    }
    static bool callable(const tessera::func_type& t) {
        return std::ranges::all_of(t.params, [](val_type p) { return crosses(p) && p.is_defaultable(); }) &&
               std::ranges::all_of(t.results, crosses);
    }
    /// With zeros and nulls.
    result<void> call(const tessera::func& f) {
        if (!callable(f.type())) {
            std::puts("not callable");
            return {};
        }
        std::vector<value> args, results(f.type().results.size());
        for (val_type t : f.type().params) args.push_back({t, 0, 0});
        if (auto ok = f.call(args, results); !ok) return ok;
        std::printf("result");
        for (const value& v : results) print(v);
        std::printf("\n");
        return {};
    }
    result<void> call_export(u32 which) {
        if (!instance_ || exported_.empty()) return host_exception();
        return call(*instance_.get<tessera::func>(exported_[which % exported_.size()]));
    }
    result<void> call_reference(const tessera::func& f) { return f ? call(f) : result<void>(host_exception()); }
    static result<u32> caught(const result<void>& r) {
        if (!r && r.error().kind() != tessera::kind::exception) return r.error();
        return u32(!r);
    }
    tessera::error host_exception() { return js_tag_.exception(host_); }

    // ---- imports

    void define() {
        static constexpr std::string_view module = "fuzzing-support";
        env_.define(module, "log-i32", [this](u32 x) { log(value::i32(x)); });
        env_.define(module, "log-i64", [this](u64 x) { log(value::i64(x)); });
        env_.define(module, "log-f32", [this](float x) { log(value::f32(x)); });
        env_.define(module, "log-f64", [this](double x) { log(value::f64(x)); });
        env_.define(module, "log-v128", [this](tessera::v128 x) {
            log({tessera::t_v128, tessera::load_le<u64>(x.bytes), tessera::load_le<u64>(x.bytes + 8)});
        });
        env_.define(module, "log-anyref", [this](tessera::ref x) { log(value::reference(tessera::t_anyref, x)); });
        env_.define(module, "log-funcref", [this](tessera::func x) { log(x.as_value()); });
        env_.define(module, "log-externref", [this](tessera::externref x) { log({tessera::t_externref, x.bits, 0}); });
        env_.define(module, "throw",
                    [this](u32 x) -> result<void> { return x ? wasm_tag_.exception(x) : host_exception(); });
        env_.define(module, "table-get", [this](u32 at) -> result<tessera::func> {
            auto t = instance_.get<tessera::table>("table"); // the caller may be this program
            if (!t || at >= t->size()) return host_exception();
            return t->get<tessera::func>(at);
        });
        env_.define(module, "table-set", [this](u32 at, tessera::func f) -> result<void> {
            auto t = instance_.get<tessera::table>("table");
            if (!t || at >= t->size()) return host_exception();
            return t->set(at, f);
        });
        env_.define(module, "call-export", [this](u32 which, u32) { return call_export(which); });
        env_.define(module, "call-export-catch", [this](u32 which) { return caught(call_export(which)); });
        env_.define(module, "call-ref", [this](tessera::func f, u32) { return call_reference(f); });
        env_.define(module, "call-ref-catch", [this](tessera::func f) { return caught(call_reference(f)); });
        env_.define(module, "sleep", [](u32, u32 x) { return x; });
        env_.define(module, "wasmtag", wasm_tag_);
        env_.define(module, "jstag", js_tag_);
    }

    store store_{small};
    tessera::imports env_;
    tessera::instance instance_;
    tessera::externref host_;
    tessera::tag wasm_tag_, js_tag_;
    std::vector<std::string> exported_; ///< the names of the functions
};

} // namespace

int main(int argc, char** argv) {
    const bool machine_code = argc > 1 && std::string(argv[1]) == "--machine-code";
    for (int n = machine_code ? 2 : 1; n < argc; ++n) {
        std::printf("module %s\n", argv[n]);
        std::fflush(stdout);
        std::ifstream file(argv[n], std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        auto m = tessera::module::borrow<profile>(
            std::span<const u8>(reinterpret_cast<const u8*>(bytes.data()), bytes.size()));
        if (m) runner(machine_code).run(*m);
        else
            std::printf("refused %s, %s, at %llu\n", m.error().message().data(), m.error().detail().data(),
                        static_cast<unsigned long long>(m.error().offset()));
        std::puts("end");
    }
    return 0;
}
