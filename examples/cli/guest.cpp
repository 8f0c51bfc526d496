// SPDX-License-Identifier: MIT
#include "guest.hpp"

#include "values.hpp"

int cli::guest::prepare() {
    if (!module_) module_ = load(options_.file, options_.allowed);
    if (!module_) return failed;
    tessera::limits limits;
    if (options_.max_memory) limits.total_memory_bytes = options_.max_memory;
    if (options_.max_stack) limits.stack_bytes = options_.max_stack;
    store_.emplace(limits);
    if (auto ok = store_->status(); !ok) return report(where(), ok.error());
    if (auto ok = store_->add_fuel(options_.fuel.value_or(~tessera::u64{0})); !ok) return report(where(), ok.error());
    stopper_.emplace(*store_, options_.timeout);
    return done;
}

int cli::guest::instantiate() {
    auto made = store_->instantiate(*module_, imports_);
    if (!made) return ended(made.error());
    instance_ = *made;
    return done;
}

int cli::guest::find(std::optional<tessera::func>& function) {
    if (auto initialize = instance_.get<void()>("_initialize"))
        if (auto ok = (*initialize)(); !ok) return ended(ok.error());
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
    if (options_.invoke.empty()) return type.params.empty() ? done : report(options_.file, "_start takes parameters");
    if (type.params.size() != options_.arguments.size())
        return usage(options_.invoke + " is " + to_text(type) + ", and got " +
                     std::to_string(options_.arguments.size()) + " arguments");
    to.resize(type.params.size());
    for (std::size_t i = 0; i < to.size(); ++i)
        if (!parse_value(options_.arguments[i], type.params[i], to[i]))
            return usage("'" + options_.arguments[i] + "' is no " + to_text(type.params[i]));
    return done;
}

int cli::guest::ended(const tessera::error& e) {
    using tessera::kind;
    using reason = interrupt_wait::reason;
    report(where(), e);
    if (e.why() == tessera::trap::interrupted) return stopper_->reason() == reason::time ? timed_out : stopped;
    switch (e.kind()) {
    case kind::trap:
    case kind::exhaustion:
    case kind::exception: return trapped;
    default: return failed;
    }
}
