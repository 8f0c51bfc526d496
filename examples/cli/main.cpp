// SPDX-License-Identifier: MIT
// tessera: runs, checks, converts and describes WebAssembly modules. This file is the command line; each subcommand has
// a file of its own.

#include "inspect.hpp"
#include "parse.hpp"
#include "print.hpp"
#include "report.hpp"
#include "run.hpp"
#include "step.hpp"
#include "system.hpp"
#include "trace.hpp"
#include "validate.hpp"
#include "values.hpp"
#include "wast.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace {

using namespace cli;

constexpr const char* exit_status =
    "Exit status:\n"
    "  0    done, or what the guest gave proc_exit\n"
    "  1    a module or script is refused or fails, or a file cannot be read or written\n"
    "  2    the command line is wrong\n"
    "  124  --timeout has passed\n"
    "  130  Ctrl-C\n"
    "  134  a trap, an exception nobody caught, or a limit";

void add_features(CLI::App& to, tessera::features& allowed) {
    to.add_option_function<std::string>(
          "--features",
          [&allowed](const std::string& text) {
              std::string wrong;
              if (!parse_features(text, allowed, wrong))
                  throw CLI::ValidationError("--features",
                                             "'" + wrong + "' is no feature; there are " + feature_names());
          },
          "What a module may use: +NAME and -NAME, separated by commas, after the name of a set or everything")
        ->type_name("LIST");
}
void add_module(CLI::App& to, module_options& o) {
    to.add_option("FILE", o.file, "A module, binary or text; - for standard input")->required();
    add_features(to, o.allowed);
}
/// An option whose text `read` turns into a value; false where it cannot.
template <class T>
void add_read(CLI::App& to, const char* name, T& value, bool (*read)(std::string_view, T&), const char* type,
              const char* help) {
    to.add_option_function<std::string>(
          name,
          [&value, read, name](const std::string& text) {
              if (!read(text, value))
                  throw CLI::ValidationError(name, "'" + text + "' is out of range or has no such form");
          },
          help)
        ->type_name(type);
}
void add_guest(CLI::App& to, guest_options& o) {
    add_module(to, o);
    to.add_option("ARGUMENTS", o.arguments,
                  "Of the guest, or of the invoked function; after -- where they begin with -");
    to.add_option("--invoke", o.invoke, "Call this export, with arguments of its types, instead of _start")
        ->type_name("NAME");
    to.add_option("--dir", o.dirs, "Let the guest use this directory, under the same or another name")
        ->type_name("HOST[::GUEST]")
        ->allow_extra_args(false);
    to.add_option("--env", o.env, "Give the guest this variable; without =V, the one of the command itself")
        ->type_name("K[=V]")
        ->allow_extra_args(false);
    add_read(to, "--fuel", o.fuel, &parse_count, "N", "Stop after about this many instructions");
    add_read(to, "--timeout", o.timeout, &parse_time, "TIME", "Stop after this time, such as 2s, 300ms or 1.5min");
    add_read(to, "--max-memory", o.max_memory, &parse_size, "SIZE",
             "Most bytes of all memories together, such as 64MiB");
    add_read(to, "--max-threads", o.max_threads, &parse_count, "N", "Most threads at a time beside the first; 16");
    add_read(to, "--max-stack", o.max_stack, &parse_size, "SIZE", "Most bytes of the stack of a call");
}

} // namespace

int main(int argc, char** argv) {
    use_binary_streams();
    CLI::App app("Runs, checks, converts and describes WebAssembly modules.", "tessera");
    app.failure_message([](const CLI::App*, const CLI::Error& e) {
        return std::string("tessera: ") + e.what() + "\nRun with --help for more information.\n";
    });
    app.footer(exit_status);
    app.set_version_flag("--version", TESSERA_VERSION_TEXT);

    // What follows -- is the guest's, whatever it looks like.
    const std::string_view command = argc > 1 ? argv[1] : "";
    int own = argc;
    if (command == "run" || command == "trace" || command == "step")
        own = static_cast<int>(std::find(argv, argv + argc, std::string_view("--")) - argv);
    const std::vector<std::string> rest(argv + std::min(own + 1, argc), argv + argc);

    int status = done;
    // One subcommand: its options, which its function gets once they are read.
    const auto add = [&]<class Options>(const char* name, const char* help, Options& options,
                                        int (*act)(const Options&)) {
        CLI::App* sub = app.add_subcommand(name, help);
        sub->final_callback([&options, &status, &rest, act] {
            if constexpr (std::is_base_of_v<guest_options, Options>)
                options.arguments.insert(options.arguments.end(), rest.begin(), rest.end());
            else static_cast<void>(rest);
            status = act(options);
        });
        return sub;
    };

    run_options of_run;
    of_run.when = validation::lazy;
    of_run.machine_code = true;
    CLI::App* sub = add("run", "Run a module", of_run, &run);
    add_guest(*sub, of_run);
    sub->add_flag_callback(
        "--eager", [&of_run] { of_run.when = validation::eager; },
        "Validate all functions before the first is called, not each one where it is called");
    sub->add_flag_callback(
        "--interpret", [&of_run] { of_run.machine_code = false; }, "Compile nothing to machine code");
    sub->add_flag("--guard-pages", of_run.guard_pages,
                  "Let machine code rely on pages behind memories that nobody can access, instead of checks");

    validate_options of_validate;
    sub = add("validate", "Say whether modules are valid", of_validate, &validate);
    sub->add_option("FILE", of_validate.files, "Modules, binary or text; - for standard input")->required();
    add_features(*sub, of_validate.allowed);

    parse_options of_parse;
    sub = add("parse", "Turn text into binary", of_parse, &parse);
    add_module(*sub, of_parse);
    sub->add_option("-o,--output", of_parse.output, "Where to, - for standard output; else FILE with .wasm")
        ->type_name("FILE");

    print_options of_print;
    sub = add("print", "Turn binary into text", of_print, &print);
    add_module(*sub, of_print);
    sub->add_option("-o,--output", of_print.output, "Where to, instead of standard output")->type_name("FILE");
    sub->add_flag("--folded", of_print.folded, "Operands in parentheses, inside of what uses them");
    sub->add_flag_callback(
        "--no-names", [&of_print] { of_print.names = false; }, "Numbers instead of the names of the name section");

    inspect_options of_inspect;
    add_module(*add("inspect", "List sections, imports, exports, features and sizes", of_inspect, &inspect),
               of_inspect);

    wast_options of_wast;
    sub = add("wast", "Run scripts of the specification's test suite", of_wast, &wast);
    sub->add_option("FILE", of_wast.files, "Scripts")->required();
    sub->add_flag("--quiet", of_wast.quiet, "Only say how many commands passed and failed");

    trace_options of_trace;
    sub = add("trace", "Run a module and print every instruction", of_trace, &trace);
    add_guest(*sub, of_trace);
    sub->add_option("--function", of_trace.functions, "Only instructions of this function, a name or an index")
        ->type_name("NAME")
        ->allow_extra_args(false);

    step_options of_step;
    add_guest(*add("step", "Step through a module in the terminal", of_step, &step), of_step);

    for (CLI::App* each : app.get_subcommands({})) each->footer(exit_status);
    try {
        app.parse(own, argv);
    } catch (const CLI::Success& e) {
        return app.exit(e);
    } catch (const CLI::ParseError& e) {
        app.exit(e);
        return wrong_usage;
    }
    if (app.get_subcommands().empty()) return usage("a subcommand is missing");
    errno = 0;
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) return report("standard output", std::strerror(errno));
    return status;
}
