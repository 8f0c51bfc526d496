// SPDX-License-Identifier: MIT
// A module brought to life: its store, limits, imports and what it is asked to do. Under `run`, `trace` and `step`.
#pragma once

#include "load.hpp"
#include "report.hpp"
#include "stop.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cli {

/// What a guest gets. main.cpp fills it from the command line.
struct guest_options : module_options {
    std::string invoke;                 ///< an export; empty: _start, or else only instantiation
    std::vector<std::string> arguments; ///< after the file: of the invoked export, or the guest's own
    std::vector<std::string> dirs;      ///< HOST::GUEST or HOST
    std::vector<std::string> env;       ///< K=V, or K alone for the value it has here
    validation when = validation::eager;
    bool machine_code = false; ///< for what is called often, where the machine allows
    bool guard_pages = false;  ///< see tessera::native_options
    std::uint64_t fuel = ~std::uint64_t{0};
    std::chrono::nanoseconds timeout{0}; ///< 0: none
    std::uint64_t max_memory = tessera::limits().total_memory_bytes;
    std::uint64_t max_threads = 16; ///< at a time, beside the first
    std::uint64_t max_stack = tessera::limits().stack_bytes;
};

/// A loaded module with its store. The steps are separate, so that whoever wants to watch the guest can do so from its
/// start function on. Each returns `done`, or what to exit with after it has printed what is wrong.
class guest {
public:
    /// `options` must live as long. `loaded`: the module, for who has it already.
    explicit guest(const guest_options& options, std::optional<tessera::module> loaded = {})
        : options_(options), module_(std::move(loaded)) {}
    guest(const guest&) = delete;
    guest& operator=(const guest&) = delete;

    /// Before `prepare`: the guest finds nothing to read, and what it writes goes to `output`, which must live as long.
    void capture(tessera::vec<char>& output) { captured_ = &output; }
    /// Loads the module, makes the store and what the module imports. From here on Ctrl-C and --timeout stop it.
    int prepare();
    /// Links, and runs the start function.
    int instantiate();
    /// The function to be called then: --invoke, or _start, or none. A reactor's _initialize has been called before.
    int find(std::optional<tessera::func>& function);
    /// The arguments of `function` from the command line, of its types.
    int arguments(const tessera::func& function, std::vector<tessera::value>& to);
    /// Calls that function, if there is one, and prints its results; `after` is called between the two.
    int call(const std::function<void()>& after = {});
    /// What the end of a call means for the process: the code of an exit the guest asked for, or what to exit with
    /// after the error is printed.
    int ended(const tessera::result<void>& call);

    tessera::module& module() { return *module_; }
    cli::store& store() { return process_->store(); }
    tessera::instance& instance() { return instance_; }
    const guest_options& options() const { return options_; }
    source where() const { return {options_.file, module_ ? &*module_ : nullptr}; }

private:
    int make_context(tessera::wasi::context& context);

    const guest_options& options_;
    std::optional<tessera::module> module_;
    tessera::vec<char>* captured_ = nullptr;
    std::optional<process> process_;
    std::optional<stopper> stopper_;
    tessera::instance instance_;
};

} // namespace cli
