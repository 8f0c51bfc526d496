// SPDX-License-Identifier: MIT
#include "guest.hpp"

#include "values.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace wasi = tessera::wasi;

namespace {

const char* why_not_opened(wasi::error_number why) {
    switch (why) {
    case wasi::error_number::noent: return "no such directory";
    case wasi::error_number::notdir: return "is no directory";
    case wasi::error_number::acces: return "permission denied";
    default: return "cannot be opened as a directory";
    }
}

tessera::result<void> equip(cli::store& s, const cli::guest_options& options) {
    if (auto ok = s.add_fuel(options.fuel); !ok) return ok;
    if (!options.machine_code) return {};
    return tessera::enable_native(s, {.guard_pages = options.guard_pages});
}

} // namespace

int cli::guest::make_context(wasi::context& context) {
    const auto slash = options_.file.find_last_of("/\\");
    context.argument(std::string_view(options_.file).substr(slash + 1)); // npos + 1 is 0
    if (options_.invoke.empty())
        for (const std::string& one : options_.arguments) context.argument(one);
    for (const std::string& one : options_.env) {
        const auto equals = one.find('=');
        const std::string name = one.substr(0, equals);
        const char* const own = std::getenv(name.c_str());
        if (equals != one.npos) context.variable(name, one.substr(equals + 1));
        else if (own) context.variable(name, own);
    }
    for (const std::string& one : options_.dirs) {
        const auto colons = one.find("::");
        const std::string host = one.substr(0, colons);
        auto opened = wasi::host_directory(host.c_str());
        if (!opened) return report(host, why_not_opened(opened.error()));
        context.preopen(colons == one.npos ? host : one.substr(colons + 2), std::move(*opened));
    }
    context.inherit_streams().clocks(wasi::real_clocks()).random(wasi::system_random());
    if (captured_) {
        constexpr std::size_t most = 1 << 24;
        context.standard_input(wasi::null_stream());
        context.standard_output(wasi::buffer_output(*captured_, most));
        context.standard_error(wasi::buffer_output(*captured_, most));
    }
    wasi::limits limits;
    limits.threads = static_cast<tessera::u32>(std::min<std::uint64_t>(options_.max_threads, 1'000'000));
    context.limit(limits);
    if (auto ok = context.status(); !ok) {
        if (ok.error().is(tessera::msg::out_of_range))
            return usage("an argument or a variable of the guest has no valid form");
        return report(where(), ok.error());
    }
    return done;
}

int cli::guest::prepare() {
    if (!module_) module_ = load(options_.file, options_.allowed, options_.when);
    if (!module_) return failed;
    wasi::context context;
    if (int bad = make_context(context)) return bad;
    tessera::limits limits;
    limits.total_memory_bytes = options_.max_memory;
    limits.memory_bytes = std::min(limits.memory_bytes, options_.max_memory); // of shared ones, which no store counts
    limits.stack_bytes = options_.max_stack;
    process_.emplace(context, limits);
    if (auto ok = process_->status(); !ok) return report(where(), ok.error());
    // Each thread has as much as the first one.
    const auto equipped = [](cli::store& s, void* options) {
        static_cast<void>(equip(s, *static_cast<const guest_options*>(options)));
    };
    process_->each_store(equipped, const_cast<guest_options*>(&options_));
    if (auto ok = equip(store(), options_); !ok) return report(where(), ok.error());
    stopper_.emplace(*process_, options_.timeout);
    return done;
}

int cli::guest::instantiate() {
    auto made = process_->instantiate(*module_);
    if (!made) return ended(made.error());
    instance_ = *made;
    return done;
}

int cli::guest::find(std::optional<tessera::func>& function) {
    if (auto initialize = instance_.get<void()>("_initialize"))
        if (auto ok = (*initialize)(); !ok) return ended(ok);
    if (options_.invoke.empty()) {
        if (auto start = instance_.get<tessera::func>("_start")) function = *start;
        return done;
    }
    auto found = instance_.get<tessera::func>(options_.invoke);
    if (!found) return report(where(), found.error());
    function = *found;
    return done;
}

int cli::guest::arguments(const tessera::func& function, std::vector<tessera::value>& to) {
    const auto type = function.type();
    if (options_.invoke.empty()) {
        if (type.params.empty() && type.results.empty()) return done;
        return report(options_.file, "_start is " + to_text(type) + "; call it with --invoke");
    }
    if (type.params.size() != options_.arguments.size())
        return usage(options_.invoke + " is " + to_text(type) + ", and got " +
                     std::to_string(options_.arguments.size()) + " arguments");
    to.resize(type.params.size());
    for (std::size_t i = 0; i < to.size(); ++i)
        if (!parse_value(options_.arguments[i], type.params[i], to[i]))
            return usage("'" + options_.arguments[i] + "' is no " + to_text(type.params[i]));
    return done;
}

int cli::guest::call(const std::function<void()>& after) {
    std::optional<tessera::func> function;
    std::vector<tessera::value> values;
    if (int bad = find(function)) return bad;
    if (!function) return ended({});
    if (int bad = arguments(*function, values)) return bad;
    std::vector<tessera::value> results(function->type().results.size());
    const auto result = function->call(values, results);
    if (after) after();
    if (result)
        for (const tessera::value& v : results) std::printf("%s\n", to_text(v).c_str());
    return ended(result);
}

int cli::guest::ended(const tessera::result<void>& call) {
    using tessera::kind;
    const auto code = process_->finish(call);
    if (code) return static_cast<int>(*code);
    const tessera::error& e = code.error();
    if (e.why() == tessera::trap::interrupted) {
        const bool late = stopper_->reason() == interrupt_wait::reason::time;
        tessera::error why = e;
        report(where(), why.set_detail(late ? "--timeout has passed" : "Ctrl-C"));
        return late ? timed_out : stopped;
    }
    report(where(), e);
    switch (e.kind()) {
    case kind::trap:
    case kind::exhaustion:
    case kind::exception: return trapped;
    default: return failed;
    }
}
