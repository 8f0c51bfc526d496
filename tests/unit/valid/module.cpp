// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <tessera/valid/module.hpp>

#include "../module_bytes.hpp"

using namespace tessera;

namespace {

template <features F = everything>
std::string loaded(std::span<const u8> b, const module_limits& limits = {}) {
    std::vector<u8> copy(b.begin(), b.end());
    return said(load_borrowed<F>({copy.data(), copy.size()}, limits));
}
std::string module_body(std::initializer_list<int> results, std::initializer_list<int> code) {
    return loaded(module_bytes{}.function(results, code));
}

} // namespace

TEST_CASE("rows with a signature need no rule of their own") {
    for (const op_row& r : op_table) {
        if (r.type.poly) continue;
        CAPTURE(r.text);
        // Constants of the parameters' types, the instruction, drops of its results.
        module_bytes m;
        m.section(1, {1, 0x60, 0, 0}).section(3, {1, 0}).section(5, {1, 0, 1});
        std::vector<u8> code{0};
        const auto constant = [&](char letter) {
            const auto put = [&](u8 opcode, std::size_t zeros) {
                code.push_back(opcode);
                code.insert(code.end(), zeros, 0);
            };
            if (letter == 'i' || letter == 'a') put(0x41, 1);
            if (letter == 'l') put(0x42, 1);
            if (letter == 'f') put(0x43, 4);
            if (letter == 'd') put(0x44, 8);
            if (letter == 'v') put(0xfd, 17), code[code.size() - 17] = 12;
        };
        for (unsigned i = 0; i < r.type.param_count; ++i) constant(r.type.params[i]);
        if (r.prefix) code.push_back(r.prefix);
        if (r.code >= 0x80 && r.prefix) code.push_back(u8(r.code & 0x7f) | 0x80), code.push_back(u8(r.code >> 7));
        else code.push_back(u8(r.code));
        const bool memarg = r.immediate == imm::memarg || r.immediate == imm::memarg_lane;
        const u8 align = memarg ? natural_align[std::size_t(&r - op_table)] : 0;
        std::size_t immediates = 0, align_at = code.size();
        switch (r.immediate) {
        case imm::memarg: immediates = 2; break;
        case imm::memarg_lane: immediates = 3; break;
        case imm::i32_const:
        case imm::i64_const:
        case imm::lane:
        case imm::zero_byte: immediates = 1; break;
        case imm::f32_const: immediates = 4; break;
        case imm::f64_const: immediates = 8; break;
        case imm::v128_const:
        case imm::shuffle: immediates = 16; break;
        default: break;
        }
        code.insert(code.end(), immediates, 0);
        if (memarg) code[align_at] = align;
        for (unsigned i = 0; i < r.type.result_count; ++i) code.push_back(0x1a);
        code.push_back(0x0b);
        m.raw({10, int(code.size()) + 2, 1, int(code.size())});
        m.data.insert(m.data.end(), code.begin(), code.end());
        auto ok = load_borrowed<everything>(m);
        CHECK(said(ok) == "ok");
        if (ok) CHECK((*ok)->used[r.needs]);
        if (memarg) {
            m.data[m.data.size() - code.size() + align_at] = u8(align + 1);
            CHECK(loaded(m) == (r.text.find("atomic") == std::string_view::npos
                                    ? "alignment must not be larger than natural"
                                    : "atomic alignment must be natural"));
        }
    }
}

TEST_CASE("operands and results") {
    CHECK(module_body({0x7f}, {0x41, 1, 0x41, 2, 0x6a}) == "ok");
    CHECK(module_body({0x7f}, {0x41, 1, 0x6a}) == "type mismatch: instruction requires [i32] but stack has []");
    CHECK(module_body({0x7f}, {0x42, 1}) == "type mismatch: instruction requires [i32] but stack has [i64]");
    CHECK(module_body({}, {0x41, 1}) == "type mismatch: block requires [] but stack has [i32]");
    CHECK(module_body({0x7f}, {0x00}) == "ok");
    CHECK(module_body({0x7f}, {0x00, 0x6a}) == "ok");
    CHECK(module_body({0x7f}, {0x00, 0x42, 1, 0x6a}) ==
          "type mismatch: instruction requires [i32] but stack has [i64]");
    CHECK(module_body({}, {0x1a}) == "type mismatch: instruction requires a value but stack has []");
}

TEST_CASE("blocks and branches") {
    CHECK(module_body({0x7f}, {0x02, 0x7f, 0x41, 1, 0x0c, 0, 0x0b}) == "ok");
    CHECK(module_body({}, {0x0c, 1}) == "unknown label: 1");
    CHECK(module_body({}, {0x02, 0x40, 0x0c, 2, 0x0b}) == "unknown label: 2");
    CHECK(module_body({0x7f}, {0x41, 1, 0x04, 0x7f, 0x41, 1, 0x0b}) ==
          "type mismatch: block requires [i32] but stack has []");
    CHECK(module_body({0x7f}, {0x41, 1, 0x04, 0x7f, 0x41, 1, 0x05, 0x41, 2, 0x0b}) == "ok");
    CHECK(module_body({}, {0x02, 0x40, 0x05, 0x0b}) == "END opcode expected: else");
    CHECK(module_body({}, {0x02, 0x40, 0x02, 0x7f, 0x41, 1, 0x41, 0, 0x0e, 1, 0, 1, 0x0b, 0x1a, 0x0b}) ==
          "type mismatch: labels of br_table differ in arity");
    CHECK(module_body({}, {0x02, 0x40, 0x41, 0, 0x0e, 2, 0, 1, 0, 0x0b}) == "ok");
    CHECK(module_body({}, {0x02, 5, 0x0b}) == "unknown type: 5");
    CHECK(module_body({}, {0x0b, 0x01}) == "section size mismatch");
}

TEST_CASE("what is malformed goes before what is invalid") {
    CHECK(module_body({}, {0x6a, 0xff}) == "illegal opcode: ff");
    CHECK(module_body({}, {0x6a, 0x02, 0x40}) == "unexpected end of section or function");
    CHECK(loaded(module_bytes{}.function({}, {0x6a}).section(11, {1, 5})) == "malformed data segment kind");
    CHECK(module_body({}, {0xfc, 9, 0}) == "data count section required");
    CHECK(loaded(module_bytes{}.function({}, {0x6a, 0xfc, 9, 0})) == "data count section required");
    CHECK(loaded<wasm_1_0>(module_bytes{}.function({}, {0x41, 0, 0xc0, 0x1a})) ==
          "feature is not enabled in this build: sign-extension");
}

TEST_CASE("locals") {
    const auto locals = [](std::initializer_list<int> entries, std::initializer_list<int> code,
                           const module_limits& limits = {}) {
        module_bytes m = module_bytes{}.section(1, {1, 0x60, 0, 0}).section(3, {1, 0});
        const int size = int(entries.size() + code.size()) + 1;
        return loaded(m.raw({10, size + 2, 1, size}).raw(entries).raw(code).raw({0x0b}), limits);
    };
    CHECK(locals({1, 2, 0x7f}, {0x20, 1, 0x1a}) == "ok");
    CHECK(locals({1, 2, 0x7f}, {0x20, 2, 0x1a}) == "unknown local: 2");
    CHECK(locals({2, 0xcf, 0x86, 3, 0x7f, 1, 0x7e}, {0x20, 0xcf, 0x86, 3, 0x7a, 0x1a}) ==
          "ok"); // 49,999 i32, then an i64
    CHECK(locals({2, 0xd0, 0x86, 3, 0x7f, 1, 0x7e}, {}) == "implementation limit reached: locals of a function");
    CHECK(locals({2, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 1, 0x7e}, {}) == "too many locals");
    CHECK(locals({1, 1, 0x64, 0x70}, {0x20, 0, 0x1a}) == "uninitialized local: 0");
    // Set in a block, it is forgotten behind it.
    CHECK(locals({1, 1, 0x64, 0x6c}, {0x02, 0x40, 0x41, 0, 0xfb, 0x1c, 0x21, 0, 0x20, 0, 0x1a, 0x0b}) == "ok");
    CHECK(locals({1, 1, 0x64, 0x6c}, {0x02, 0x40, 0x41, 0, 0xfb, 0x1c, 0x21, 0, 0x0b, 0x20, 0, 0x1a}) ==
          "uninitialized local: 0");
    CHECK(locals({1, 1, 0x64, 5}, {}) == "unknown type: 5");
}

TEST_CASE("types: indices, sub types, equality") {
    const auto types = [](std::initializer_list<int> content) { return loaded(module_bytes{}.section(1, content)); };
    CHECK(types({1, 0x5e, 0x64, 0, 0}) == "ok");
    CHECK(types({1, 0x5e, 0x64, 1, 0}) == "unknown type: 1");
    CHECK(types({1, 0x50, 1, 0, 0x5e, 0x7f, 0}) == "unknown type: 0");
    CHECK(types({2, 0x5e, 0x7f, 0, 0x50, 1, 0, 0x5e, 0x7f, 0}) == "sub type: type 1 extends a final type");
    CHECK(types({2, 0x50, 0, 0x5e, 0x7f, 0, 0x50, 1, 0, 0x5e, 0x7e, 0}) ==
          "sub type: type 1 does not match its super type");
    CHECK(types({2, 0x50, 0, 0x5e, 0x7f, 0, 0x50, 2, 0, 0, 0x5e, 0x7f, 0}) == "sub type: more than one super type");
    auto m = load_borrowed<everything>(
        module_bytes{}.section(1, {4, 0x60, 0, 0, 0x60, 1, 0x7f, 0, 0x60, 0, 0, 0x60, 1, 0x7f, 0}));
    REQUIRE(m);
    CHECK(((*m)->canonical[2] == 0 && (*m)->canonical[3] == 1 && (*m)->canonical[1] == 1));
}

TEST_CASE("the module's own rules") {
    CHECK(loaded(module_bytes{}.section(7, {1, 1, 'x', 0, 0})) == "unknown function: 0");
    CHECK(loaded(module_bytes{}.section(5, {1, 0, 1}).section(7, {2, 1, 'x', 2, 0, 1, 'x', 2, 0})) ==
          "duplicate export name: x");
    CHECK(loaded(module_bytes{}.section(5, {1, 1, 2, 1})) == "size minimum must not be greater than maximum");
    CHECK(loaded(module_bytes{}.section(5, {1, 0, 0x81, 0x80, 4})) == "memory size must be at most 65536 pages (4GiB)");
    CHECK(loaded(module_bytes{}.section(5, {1, 2, 1})) == "shared memory must have maximum");
    CHECK(loaded(module_bytes{}.section(5, {1, 8, 0, 3})) == "invalid custom page size");
    CHECK(loaded<wasm_2_0>(module_bytes{}.section(5, {2, 0, 1, 0, 1})) == "multiple memories: multi-memory");
    CHECK(loaded<wasm_1_0>(module_bytes{}.section(4, {2, 0x70, 0, 1, 0x70, 0, 1})) ==
          "multiple tables: reference-types");
    CHECK(loaded(module_bytes{}.section(1, {1, 0x60, 0, 1, 0x7f}).section(13, {1, 0, 0})) ==
          "non-empty tag result type");
    CHECK(loaded(module_bytes{}.section(6, {1, 0x7f, 0, 0x41, 0, 0x45, 0x0b})) ==
          "constant expression required: i32.eqz");
    CHECK(loaded(module_bytes{}.section(6, {1, 0x7f, 0, 0x23, 0, 0x0b})) == "unknown global: 0");
    CHECK(loaded(module_bytes{}.section(6, {2, 0x7f, 0, 0x41, 0, 0x0b, 0x7f, 0, 0x23, 0, 0x0b})) == "ok");
    CHECK(loaded<wasm_2_0>(module_bytes{}.section(6, {2, 0x7f, 0, 0x41, 0, 0x0b, 0x7f, 0, 0x23, 0, 0x0b})) ==
          "unknown global: a global that is not imported needs gc");
    CHECK(loaded(module_bytes{}.section(4, {1, 0x64, 0x70, 0, 1})) == "type mismatch: (ref func) has no default value");
    CHECK(loaded(module_bytes{}.section(11, {1, 0, 0x41, 0, 0x0b, 0})) == "unknown memory: 0");
    CHECK(loaded(module_bytes{}.function({0x70}, {0xd2, 0})) == "undeclared function reference: 0");
    CHECK(loaded(module_bytes{}
                     .section(1, {1, 0x60, 0, 1, 0x70})
                     .section(3, {1, 0})
                     .section(9, {1, 3, 0, 1, 0})
                     .body({0xd2, 0})) == "ok");
}

TEST_CASE("legacy exceptions") {
    CHECK(module_body({}, {0x06, 0x40, 0x19, 0x0b}) == "ok");
    CHECK(module_body({}, {0x06, 0x40, 0x18, 0}) == "ok");
    CHECK(module_body({}, {0x06, 0x40, 0x18, 1}) == "unknown label: 1");
    CHECK(module_body({}, {0x19, 0x0b}) == "END opcode expected: catch_all");
    CHECK(module_body({}, {0x06, 0x40, 0x09, 0, 0x19, 0x0b}) == "invalid rethrow label");
    CHECK(module_body({}, {0x06, 0x40, 0x19, 0x09, 0, 0x0b}) == "ok");
    CHECK(module_body({}, {0x06, 0x40, 0x07, 0, 0x0b}) == "unknown tag: 0");
}
