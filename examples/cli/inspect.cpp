// SPDX-License-Identifier: MIT
#include "inspect.hpp"

#include "report.hpp"
#include "values.hpp"

#include <algorithm>
#include <cstdio>

namespace {

using tessera::u32;
using tessera::u64;
using tessera::u8;

constexpr const char* section_names[] = {"custom", "type",  "import",  "function", "table", "memory",     "global",
                                         "export", "start", "element", "code",     "data",  "data count", "tag"};
constexpr const char* kind_names[] = {"func", "table", "memory", "global", "tag"};

/// A string as it is safe to show in a terminal.
std::string quoted(std::string_view text) {
    std::string all = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        char escape[8];
        if (byte < 0x20 || byte == 0x7f || c == '"' || c == '\\') {
            std::snprintf(escape, sizeof escape, "\\%02x", byte);
            all += escape;
        } else all += c;
    }
    return all + "\"";
}

/// An unsigned number in LEB128 of a module that is valid; `at` moves behind it.
u32 number_at(std::span<const u8> bytes, std::size_t& at) {
    u32 number = 0;
    for (unsigned shift = 0; at < bytes.size(); shift += 7) {
        const u8 byte = bytes[at++];
        number |= u32{byte & 0x7fu} << shift;
        if (byte < 0x80) break;
    }
    return number;
}

void print_sections(std::span<const u8> bytes) {
    std::printf("sections:\n");
    for (std::size_t at = 8; at < bytes.size();) {
        const u8 id = bytes[at++];
        const u32 size = number_at(bytes, at);
        std::size_t inside = at;
        std::printf("  %-10s at 0x%08zx, %9u bytes", section_names[id], at, size);
        if (id == 0) {
            const u32 length = number_at(bytes, inside);
            const std::string_view name(reinterpret_cast<const char*>(bytes.data()) + inside, length);
            std::printf(", %s", quoted(name).c_str());
        } else if (id == 8) {
            std::printf(", function %u", number_at(bytes, inside));
        } else {
            std::printf(", %u", number_at(bytes, inside));
        }
        std::printf("\n");
        at += size;
    }
}

std::string to_text(const tessera::limits_type& l, const char* unit) {
    std::string text = std::to_string(l.min) + " to ";
    text += l.has_max ? std::to_string(l.max) : "any number of";
    return text + " " + unit + (l.is64 ? ", 64-bit" : "");
}
std::string to_text(const tessera::extern_type& t) {
    switch (t.kind) {
    case tessera::extern_kind::table: return cli::to_text(t.table.element) + ", " + to_text(t.table.limits, "entries");
    case tessera::extern_kind::memory:
        return to_text(t.memory.limits, t.memory.page_log2 == 0 ? "bytes" : "pages") +
               (t.memory.shared ? ", shared" : "");
    case tessera::extern_kind::global: return (t.global.mutable_ ? "mut " : "") + cli::to_text(t.global.type);
    default: return cli::to_text(t.func);
    }
}

void print_code(const tessera::module& m) {
    const auto& data = *m.owner();
    u64 all = 0;
    std::vector<u32> by_size;
    for (u32 i = data.imported_funcs; i < data.funcs.size(); ++i) {
        all += data.funcs[i].code.size();
        by_size.push_back(i);
    }
    std::printf("code: %zu functions, %llu bytes\n", by_size.size(), static_cast<unsigned long long>(all));
    const auto shown = std::min<std::ptrdiff_t>(5, std::ssize(by_size));
    std::partial_sort(by_size.begin(), by_size.begin() + shown, by_size.end(),
                      [&](u32 a, u32 b) { return data.funcs[a].code.size() > data.funcs[b].code.size(); });
    by_size.resize(static_cast<std::size_t>(shown));
    for (const u32 i : by_size) {
        const auto name = m.function_name(i);
        std::printf("  %9u bytes, function %u%s%s\n", data.funcs[i].code.size(), i, name.empty() ? "" : " ",
                    name.empty() ? "" : quoted(name).c_str());
    }
    u64 bytes = 0;
    for (const auto& d : data.datas) bytes += d.bytes.size();
    std::printf("data: %zu segments, %llu bytes\n", data.datas.size(), static_cast<unsigned long long>(bytes));
}

} // namespace

int cli::inspect(const inspect_options& options) {
    const auto m = load(options.file, options.allowed);
    if (!m) return failed;
    std::printf("%s: %zu bytes", options.file.c_str(), m->bytes().size());
    if (!m->name().empty()) std::printf(", module %s", quoted(m->name()).c_str());
    std::printf("\nfeatures:");
    const auto used = m->features_used();
    for (unsigned i = 0; i < unsigned(tessera::feature::count_); ++i)
        if (const auto f = tessera::feature(i); used[f]) std::printf(" %s", name(f).data());
    std::printf("\n");
    print_sections(m->bytes());
    if (!m->imports().empty()) std::printf("imports:\n");
    for (const auto& i : m->imports())
        std::printf("  %-6s %s %s: %s\n", kind_names[unsigned(i.type.kind)], quoted(i.module).c_str(),
                    quoted(i.name).c_str(), ::to_text(i.type).c_str());
    if (!m->exports().empty()) std::printf("exports:\n");
    for (const auto& e : m->exports())
        std::printf("  %-6s %s: %s\n", kind_names[unsigned(e.type.kind)], quoted(e.name).c_str(),
                    ::to_text(e.type).c_str());
    print_code(*m);
    return done;
}
