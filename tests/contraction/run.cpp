// SPDX-License-Identifier: MIT
// Built for a processor that can fuse a multiplication with an addition: every result here would
// differ if it were done (one rounding instead of two). Ends with 77 where the processor cannot.
#include <tessera/tessera.hpp>

#include <cstdio>
#include <string_view>

namespace {

constexpr std::string_view text = R"((module (memory 1)
    (func (export "add64") (param f64 f64 f64) (result f64) (f64.add (f64.mul (local.get 0) (local.get 1)) (local.get 2)))
    (func (export "swapped64") (param f64 f64 f64) (result f64) (f64.add (local.get 2) (f64.mul (local.get 0) (local.get 1))))
    (func (export "negated64") (param f64 f64 f64) (result f64) (f64.sub (f64.neg (local.get 2)) (f64.mul (local.get 0) (local.get 1))))
    (func (export "stored64") (param f64 f64 f64) (result f64)
        (f64.store (i32.const 8) (f64.mul (local.get 0) (local.get 1))) (f64.add (f64.load (i32.const 8)) (local.get 2)))
    (func (export "set64") (param f64 f64 f64) (result f64) (local f64)
        (local.set 3 (f64.mul (local.get 0) (local.get 1))) (f64.add (local.get 3) (local.get 2)))
    (func (export "loaded64") (param f64 f64 f64) (result f64)
        (f64.store (i32.const 8) (local.get 0)) (f64.store (i32.const 16) (local.get 1))
        (f64.add (local.get 2) (f64.mul (f64.load (i32.const 8)) (f64.load (i32.const 16)))))
    (func (export "sum64") (param f64 f64 f64) (result f64) (local i32)
        (loop (local.set 2 (f64.add (local.get 2) (f64.mul (local.get 0) (local.get 1))))
            (br_if 0 (i32.lt_s (local.tee 3 (i32.add (local.get 3) (i32.const 1))) (i32.const 1))))
        (local.get 2))
    (func (export "constant64") (param f64 f64 f64) (result f64)
        (f64.add (f64.mul (f64.const 0x1.00000004p0) (f64.const 0x1.00000004p0)) (f64.const -0x1.00000008p0)))
    (func (export "half64") (param f64 f64 f64) (result f64)
        (f64.add (f64.mul (local.get 0) (f64.const 0x1.00000004p0)) (f64.const -0x1.00000008p0)))
    (func (export "add32") (param f32 f32 f32) (result f32) (f32.add (f32.mul (local.get 0) (local.get 1)) (local.get 2)))
    (func (export "swapped32") (param f32 f32 f32) (result f32) (f32.sub (f32.neg (local.get 2)) (f32.mul (local.get 0) (local.get 1))))
))";

template <class T>
int check(const tessera::instance& i, const char* name, T factor, T addend) {
    auto f = i.get<T(T, T, T)>(name);
    const auto r = f ? (*f)(factor, factor, addend) : tessera::result<T>(f.error());
    if (r && *r == 0) return 0;
    std::printf("%s: %g instead of 0\n", name, r ? double(*r) : -1.0);
    return 1;
}

} // namespace

int main() {
#if defined(__GNUC__)
    if (!__builtin_cpu_supports("fma")) return std::printf("skipped: this processor has no fused multiply-add\n"), 77;
#endif
    auto mod = tessera::module::parse_text<tessera::wasm_1_0>(text);
    if (!mod) return std::printf("%s\n", mod.error().message().data()), 1;
    tessera::store<tessera::wasm_1_0> store;
    auto i = store.instantiate(*mod);
    if (!i) return std::printf("%s\n", i.error().message().data()), 1;
    int failed = 0;
    for (const char* name :
         {"add64", "swapped64", "negated64", "stored64", "set64", "loaded64", "sum64", "constant64", "half64"})
        failed += check<double>(*i, name, 0x1.00000004p0, -0x1.00000008p0);
    for (const char* name : {"add32", "swapped32"}) failed += check<float>(*i, name, 0x1.0008p0f, -0x1.001p0f);
    std::printf("%d passed, %d failed\n", 11 - failed, failed);
    return failed;
}
