// SPDX-License-Identifier: MIT
// Runs the commands of one script and counts what came of them.
#pragma once

#include "engine.hpp"
#include "match.hpp"
#include "spectest.hpp"

#include "../lacking.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace spec {

using tessera::kind;
using tessera::text::command;
using tessera::text::command_kind;

inline profile profile_of(std::string_view path) {
    const auto has = [&](std::string_view part) { return path.find(part) != path.npos; };
    if (has("legacy/")) return profile::legacy;
    if (has("proposals/threads/")) return profile::threads; // written for 2.0: one memory, 32-bit limits
    return has("proposals/") || has("spec-threads/") ? profile::latest : profile::core;
}

/// Where the text of an error differs from a script on purpose; its kind never does.
struct difference {
    std::string_view file;     ///< end of the path
    std::string_view expected; ///< by the script
    std::string_view actual;   ///< the beginning of the error's text
};
inline constexpr difference differences[] = {
    // Limits are 64-bit numbers in the text of 3.0; the binary format refuses what is too large.
    {"proposals/threads/memory.wast", "i32 constant out of range", "integer"},
};

/// Whether stores collect garbage at every allocation.
inline bool collect_always = false;

struct outcome {
    unsigned passed = 0, failed = 0, skipped = 0;
    std::map<std::string, unsigned> reasons; ///< why commands were skipped, and how many for each
    std::vector<std::size_t> assertions;     ///< indices of the assertions that passed

    outcome& operator+=(const outcome& other) {
        passed += other.passed;
        failed += other.failed;
        skipped += other.skipped;
        for (const auto& [reason, n] : other.reasons) reasons[reason] += n;
        assertions.insert(assertions.end(), other.assertions.begin(), other.assertions.end());
        return *this;
    }
};

/// Runs the commands of a script, or of one of its threads: each has a store and names of its own.
class runner {
public:
    runner(const engine& whole, const engine& tested, const tessera::text::script& script, std::string_view path,
           bool quiet)
        : whole_(whole), tested_(tested), script_(script), path_(path), quiet_(quiet), profile_(profile_of(path)),
          store_(tested.make_store()), spectest_(store_) {}

    outcome run() {
        if (collect_always) store_.collect_always(true);
        if (!spectest_.ready) {
            std::printf("%.*s: the module spectest cannot be made\n", int(path_.size()), path_.data());
            ++outcome_.failed;
            return outcome_;
        }
        scope whole;
        spectest_.define(whole.imports);
        commands(whole, 0, script_.commands.size());
        while (!threads_.empty()) join(threads_.begin());
        return outcome_;
    }

private:
    /// An instance, or why there is none. Another thread that shares it gets its shared memories alone.
    struct entry {
        tessera::instance instance;
        std::vector<std::pair<std::string, tessera::shared_memory>> memories; ///< shared ones, by export
        std::string skipped; ///< what this module or one it needs lacks: a feature, or an instruction's execution
        bool failed = false;
    };
    /// A module, or why it is passed over.
    struct definition {
        tessera::module module;
        std::string skipped;
    };
    /// What a script or one of its threads has names for.
    struct scope {
        std::map<std::string, entry, std::less<>> instances;
        std::map<std::string, definition, std::less<>> definitions;
        std::map<std::string, entry, std::less<>> registered;
        tessera::imports imports;
        entry latest;
        definition latest_definition;
    };

    /// A thread of the script, from where it begins to where it is waited for.
    struct started {
        std::thread thread;
        std::unique_ptr<runner> own;
    };
    using started_threads = std::map<std::string, started, std::less<>>;

    void commands(scope& in, std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to; ++i) {
            const command& c = script_.commands[i];
            at_ = &c;
            index_ = i;
            if (c.kind == command_kind::thread) {
                start(in, c, i + 1);
                i = c.end - 1;
            } else {
                one(in, c);
            }
        }
    }
    /// Starts the thread `c`, whose commands begin at `from`. It gets the shared memories of the instances it
    /// names and nothing else.
    void start(const scope& in, const command& c, std::size_t from) {
        started& one = threads_[std::string(c.id)];
        if (one.own) return fail("a second thread of that name");
        one.own = std::make_unique<runner>(whole_, tested_, script_, path_, quiet_);
        std::map<std::string, entry, std::less<>> given;
        for (tessera::u32 k = 0; k < c.shared.count; ++k) {
            const std::string id(script_.ids[c.shared.first + k]);
            const entry& e = find(in, id);
            given[id] = {{}, e.memories, e.skipped, e.failed};
        }
        pass(false);
        one.thread = std::thread([own = one.own.get(), given = std::move(given), from, to = std::size_t(c.end)] {
            scope inner;
            inner.instances = given;
            own->spectest_.define(inner.imports);
            own->commands(inner, from, to);
            while (!own->threads_.empty()) own->join(own->threads_.begin());
        });
    }
    void join(started_threads::iterator at) {
        at->second.thread.join();
        outcome_ += at->second.own->outcome_;
        threads_.erase(at);
    }
    void one(scope& in, const command& c) {
        switch (c.kind) {
        case command_kind::module_: return module_command(in, c);
        case command_kind::module_definition: {
            definition d;
            auto m = parsed(c, d.skipped);
            if (!m) return fail("refused: " + described(m.error()));
            d.module = *m;
            in.latest_definition = d;
            if (!c.id.empty()) in.definitions[std::string(c.id)] = d;
            return d.skipped.empty() ? pass(false) : skip(d.skipped);
        }
        case command_kind::module_instance:
            return instantiate(in, c, c.name.empty() ? in.latest_definition : in.definitions[std::string(c.name)]);
        case command_kind::register_: {
            const entry e = find(in, c.id);
            in.registered[std::string(c.name)] = e;
            if (!e.skipped.empty()) return skip(e.skipped);
            bool fine = e.instance ? bool(in.imports.define(c.name, e.instance)) : !e.memories.empty();
            if (!e.instance)
                for (const auto& [name, memory] : e.memories) fine = fine && in.imports.define(c.name, name, memory);
            return fine ? pass(false) : fail("no instance to register");
        }
        case command_kind::wait: {
            const auto thread = threads_.find(c.id);
            if (thread == threads_.end()) return fail("no such thread");
            join(thread);
            return pass(false);
        }
        case command_kind::invoke:
        case command_kind::get:
        case command_kind::assert_return: return returns(in, c);
        case command_kind::assert_malformed:
        case command_kind::assert_malformed_custom: return refused(c, kind::malformed);
        case command_kind::assert_invalid:
        case command_kind::assert_invalid_custom: return refused(c, kind::invalid);
        case command_kind::assert_unlinkable: return not_instantiated(in, c, kind::unlinkable);
        case command_kind::assert_uninstantiable: return not_instantiated(in, c, kind::trap);
        case command_kind::assert_trap:
            return c.module != tessera::no_index ? not_instantiated(in, c, kind::trap) : stops(in, c, kind::trap);
        case command_kind::assert_exhaustion: return stops(in, c, kind::exhaustion);
        case command_kind::assert_exception: return stops(in, c, kind::exception);
        default: return fail("a command this program does not know");
        }
    }

    // ---- modules

    /// The module of `c`, or why it is none. Where the engine lacks what the module needs, `skipped` says
    /// so, and the result is the one the whole engine has.
    tessera::result<tessera::module> parsed(const command& c, std::string& skipped) {
        const auto& m = script_.modules[c.module];
        if (!m.content) return m.content.error();
        auto ours = tested_.load(profile_, m.content->bytes);
        if (&tested_ == &whole_) return ours;
        auto theirs = whole_.load(profile_, m.content->bytes);
        const tessera::features used = theirs ? theirs->features_used() : features_of(profile_);
        if (ours) {
            if (theirs && tested_.built.contains(used)) return ours;
            return broken(theirs ? "accepted though it needs " + first_lacking(used)
                                 : "accepted: " + described(theirs.error()));
        }
        if (!theirs && described(ours.error()) == described(theirs.error())) return ours;
        if (theirs && tested_.built.contains(used)) return ours;
        skipped = named_lacking(ours.error(), used);
        if (skipped.empty()) return broken("refused without naming what it lacks: " + described(ours.error()));
        if (theirs)
            if (auto made = store_.instantiate(*theirs);
                made || made.error().kind() != kind::unsupported || named_lacking(made.error(), used).empty())
                return broken("a store takes what it lacks a feature for");
        return theirs;
    }
    /// Notes a fault of the engine itself, whatever the command expects.
    tessera::error broken(const std::string& why) {
        fail(why);
        return tessera::error(tessera::msg::unexpected_end, "see the line before");
    }
    std::string first_lacking(tessera::features used) const {
        return std::string(name(tested_.built.first_missing(used)));
    }
    /// "needs gc" if the error names a feature that the engine lacks and that is used.
    std::string named_lacking(const tessera::error& e, tessera::features used) const {
        const std::string name = lacking_named(described(e), tested_.built, used);
        return name.empty() ? name : "needs " + name;
    }
    void module_command(scope& in, const command& c) {
        definition d;
        auto m = parsed(c, d.skipped);
        if (m) d.module = *m;
        if (m) return instantiate(in, c, d);
        in.latest = {{}, {}, {}, true};
        if (!c.id.empty()) in.instances[std::string(c.id)] = in.latest;
        fail("refused: " + described(m.error()));
    }
    void instantiate(scope& in, const command& c, const definition& d) {
        const tessera::module& m = d.module;
        entry e;
        e.skipped = d.skipped.empty() ? needs_skipped(in, m) : d.skipped;
        tessera::error why(tessera::msg::unexpected_end);
        if (e.skipped.empty()) {
            auto made = store_.instantiate(m, in.imports);
            if (made) {
                e.instance = *made;
                for (const auto& x : m.exports())
                    if (auto shared = made->get<tessera::shared_memory>(x.name))
                        e.memories.emplace_back(x.name, *shared);
            } else if (made.error().kind() == kind::unsupported) e.skipped = made.error().detail();
            else e.failed = true, why = made.error();
        }
        in.latest = e;
        if (!c.id.empty()) in.instances[std::string(c.id)] = e;
        if (!e.skipped.empty()) {
            note_unchanged(in, m, e.skipped);
            return skip(e.skipped);
        }
        if (e.failed) return fail("not instantiated: " + described(why));
        pass(false);
    }
    /// The reason to skip a module that imports from one that was skipped, or what the engine cannot have made; else
    /// empty.
    std::string needs_skipped(const scope& in, const tessera::module& m) const {
        for (const auto& import : m.imports()) {
            if (import.module == "spectest" && import.name == "shared_memory" &&
                !tested_.built[tessera::feature::threads])
                return "needs threads";
            if (const auto found = in.registered.find(import.module); found != in.registered.end())
                if (std::string reason = reason_to_skip(found->second); !reason.empty()) return reason;
        }
        return {};
    }
    /// A skipped module would have changed the instances it shares a memory, a table or a global
    /// with: nothing can be said of them any more.
    void note_unchanged(const scope& in, const tessera::module& m, const std::string& reason) {
        using tessera::extern_kind;
        for (const auto& import : m.imports()) {
            const bool shared = import.type.kind == extern_kind::memory || import.type.kind == extern_kind::table ||
                                (import.type.kind == extern_kind::global && import.type.global.mutable_);
            const auto found = in.registered.find(import.module);
            if (shared && found != in.registered.end() && found->second.instance)
                unchanged_.emplace_back(found->second.instance, reason);
        }
    }
    std::string reason_to_skip(const entry& e) const {
        if (!e.skipped.empty()) return e.skipped;
        for (const auto& [instance, reason] : unchanged_)
            if (instance == e.instance) return reason;
        return {};
    }
    void refused(const command& c, kind wanted) {
        std::string skipped;
        auto m = parsed(c, skipped);
        if (!skipped.empty()) return skip(skipped);
        if (const std::string lazily = refused_lazily(c, m); !lazily.empty()) return fail(lazily);
        compare(c, wanted, m ? nullptr : &m.error());
    }
    /// A module that `eager` is an error of has to be refused when its bodies are validated one by one,
    /// too: with the same error, unless it is malformed, since what is malformed goes first in a module but
    /// not in one body. Otherwise says what is wrong.
    std::string refused_lazily(const command& c, const tessera::result<tessera::module>& eager) {
        const auto& content = script_.modules[c.module].content;
        if (eager || !content) return {};
        auto lazy = tested_.load_lazily(profile_, content->bytes);
        const auto valid = lazy ? lazy->validate() : tessera::result<void>(lazy.error());
        if (valid) return "accepted lazily";
        if (eager.error().kind() == kind::malformed || described(valid.error()) == described(eager.error())) return {};
        return "refused lazily: " + described(valid.error());
    }
    void not_instantiated(scope& in, const command& c, kind wanted) {
        std::string skipped;
        auto m = parsed(c, skipped);
        if (!m) return fail("refused: " + described(m.error()));
        if (skipped.empty()) skipped = needs_skipped(in, *m);
        tessera::result<tessera::instance> made = tessera::msg::unexpected_end;
        if (skipped.empty()) {
            made = store_.instantiate(*m, in.imports);
            if (!made && made.error().kind() == kind::unsupported) skipped = made.error().detail();
        }
        if (!skipped.empty()) {
            note_unchanged(in, *m, skipped);
            return skip(skipped);
        }
        compare(c, wanted, made ? nullptr : &made.error());
    }

    // ---- actions

    const entry& find(const scope& in, std::string_view id) const {
        static const entry none{{}, {}, {}, true};
        if (id.empty()) return in.latest;
        const auto found = in.instances.find(id);
        return found == in.instances.end() ? none : found->second;
    }
    /// Runs the action of `c` on an instance that there is; results go to `results_`.
    tessera::result<void> act(const tessera::instance& on, const command& c) {
        results_.clear();
        if (c.is_get) {
            auto g = on.get<tessera::global>(c.name);
            if (!g) return g.error();
            results_.push_back(g->get());
            return {};
        }
        auto f = on.get<tessera::func>(c.name);
        if (!f) return f.error();
        std::vector<tessera::value> arguments;
        for (tessera::u32 i = 0; i < c.arguments.count; ++i)
            arguments.push_back(argument(script_.patterns[c.arguments.first + i], store_, hosts_));
        results_.resize(f->type().results.size());
        return f->call(arguments, results_);
    }
    void returns(scope& in, const command& c) {
        const entry& e = find(in, c.id);
        if (const std::string reason = reason_to_skip(e); !reason.empty()) return skip(reason);
        if (!e.instance) return fail("no instance to act on");
        auto done = act(e.instance, c);
        if (!done) return fail("failed: " + described(done.error()));
        if (c.kind != command_kind::assert_return) return pass(false);
        if (results_.size() != c.results.count)
            return fail(std::to_string(results_.size()) + " results instead of " + std::to_string(c.results.count));
        for (tessera::u32 i = 0; i < c.results.count; ++i) {
            const pattern& p = script_.patterns[c.results.first + i];
            if (!matches(script_, p, results_[i], store_))
                return fail("result " + std::to_string(i) + " is " + to_text(results_[i]) + " instead of " +
                            to_text(script_, p));
        }
        pass(true);
    }
    void stops(scope& in, const command& c, kind wanted) {
        const entry& e = find(in, c.id);
        if (const std::string reason = reason_to_skip(e); !reason.empty()) return skip(reason);
        if (!e.instance) return fail("no instance to act on");
        auto done = act(e.instance, c);
        compare(c, wanted, done ? nullptr : &done.error());
    }

    // ---- what is counted

    static std::string described(const tessera::error& e) {
        std::string text(e.message());
        if (!e.detail().empty()) text += ": " + std::string(e.detail());
        return text;
    }
    /// The kinds must be equal, and the error's text begin with the expected one.
    void compare(const command& c, kind wanted, const tessera::error* actual) {
        static constexpr const char* kinds[] = {"malformed",  "invalid",   "unlinkable",  "trap",
                                                "exhaustion", "exception", "unsupported", "usage"};
        if (!actual)
            return fail("accepted instead of " + std::string(kinds[std::size_t(wanted)]) + " \"" +
                        std::string(c.expected) + "\"");
        const std::string text = described(*actual),
                          spaced = std::string(actual->message()) + " " + std::string(actual->detail());
        bool text_ok =
            text.substr(0, c.expected.size()) == c.expected || spaced.substr(0, c.expected.size()) == c.expected;
        for (const difference& d : differences)
            text_ok = text_ok || (path_.ends_with(d.file) && c.expected == d.expected &&
                                  text.substr(0, d.actual.size()) == d.actual);
        if (actual->kind() == wanted && text_ok) return pass(true);
        fail(std::string(kinds[std::size_t(actual->kind())]) + " \"" + text + "\" instead of " +
             kinds[std::size_t(wanted)] + " \"" + std::string(c.expected) + "\"");
    }
    void pass(bool assertion) {
        ++outcome_.passed;
        if (assertion) outcome_.assertions.push_back(index_);
    }
    void fail(const std::string& why) {
        ++outcome_.failed;
        if (quiet_) return;
        const auto name = tessera::text::command_names[std::size_t(at_->kind)];
        std::printf("%.*s:%u: %.*s: %s\n", int(path_.size()), path_.data(), at_->line, int(name.size()), name.data(),
                    why.c_str());
    }
    void skip(const std::string& reason) {
        ++outcome_.skipped;
        ++outcome_.reasons[reason];
    }

    const engine& whole_;
    const engine& tested_;
    const tessera::text::script& script_;
    std::string_view path_;
    bool quiet_;
    profile profile_;
    tessera::basic_store store_;
    spectest spectest_;
    host_references hosts_;
    std::vector<tessera::value> results_;
    outcome outcome_;
    started_threads threads_;
    std::vector<std::pair<tessera::instance, std::string>> unchanged_;
    const command* at_ = nullptr;
    std::size_t index_ = 0;
};

} // namespace spec
