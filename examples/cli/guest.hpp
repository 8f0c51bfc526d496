// SPDX-License-Identifier: MIT
// A module brought to life: its store, limits, imports and what it is asked to do. Under `run`, `trace` and `step`.
#pragma once

#include "load.hpp"
#include "report.hpp"

#include <chrono>
#include <cstdint>
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
    std::optional<std::uint64_t> fuel;
    std::chrono::nanoseconds timeout{0}; ///< 0: none
    std::uint64_t max_memory = 0;        ///< bytes of all memories together; 0: the library's default
    std::uint64_t max_stack = 0;         ///< bytes of a call's stack; 0: likewise
};

/// A loaded module with its store and its imports, not yet instantiated: whoever wants to watch the start function can.
class guest {
public:
    explicit guest(const guest_options& options) : options_(options) {}
    guest(const guest&) = delete;
    guest& operator=(const guest&) = delete;

    /// Loads the module, makes the store and the imports. `done`, or what to exit with; what is wrong is printed.
    int prepare();
    /// Instantiates: links, and runs the start function.
    int instantiate();
    /// The function to be called after that: --invoke, _start, or none. `_initialize` is called before it where there
    /// is one.
    int find(std::optional<tessera::func>& function);
    /// The arguments of `function` from the command line, of its types.
    int arguments(const tessera::func& function, std::vector<tessera::value>& to);
    /// What the end of a call with `e` means: prints it, unless it is proc_exit, and gives the number to exit with.
    int ended(const tessera::error& e);

    tessera::module& module() { return *module_; }
    cli::store& store() { return *store_; }
    tessera::instance& instance() { return instance_; }
    const guest_options& options() const { return options_; }
    source where() const { return {options_.file, module_ ? &*module_ : nullptr}; }

private:
    const guest_options& options_;
    std::optional<tessera::module> module_;
    std::optional<cli::store> store_;
    tessera::imports imports_;
    tessera::instance instance_;
};

} // namespace cli
