// SPDX-License-Identifier: MIT
// The commands of `step`.
#pragma once

#include "guest.hpp"
#include "screen.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

/// Makes a guest anew each time, with the same module.
class fresh_guest : public tessera::debug::world {
public:
    fresh_guest(const guest_options& options, tessera::module m) : options_(options), module_(std::move(m)) {}

    tessera::result<tessera::debug::entry_point> make(tessera::debug::debugger& d) noexcept override;
    /// What to exit with where `make` has failed and printed why.
    int status() const { return status_; }
    std::optional<guest>& current() { return guest_; }
    /// What the guest has written so far.
    std::string_view output() const { return {output_.data(), output_.size()}; }
    /// How many results the call gives.
    std::size_t results() const { return results_; }

private:
    int make_guest(tessera::debug::debugger& d, std::optional<tessera::func>& function);

    const guest_options& options_;
    tessera::module module_;
    tessera::vec<char> output_;
    std::optional<guest> guest_;
    std::vector<tessera::value> arguments_;
    std::size_t results_ = 0;
    int status_ = done;
};

/// Carries out commands.
class stepper {
public:
    using words = std::vector<std::string_view>;

    stepper(const guest_options& options, tessera::module m, const tessera::debug::listing& text)
        : module_(m), text_(text), world_(options, std::move(m)), rewinder_(debugger_, world_),
          screen_(debugger_, text, options.file.substr(options.file.find_last_of("/\\") + 1)) {}
    stepper(const stepper&) = delete;
    stepper& operator=(const stepper&) = delete;

    /// Stands before the first instruction; or what to exit with.
    int start();
    /// Does what a line says; false to quit. An empty line is the last one again.
    bool command(std::string_view line);
    /// What the last command had to say, in lines.
    std::string take_message() { return std::exchange(message_, {}); }
    cli::screen& screen() { return screen_; }
    std::string_view output() const { return world_.output(); }
    /// True if the last command has moved the call.
    bool has_moved() const { return moved_; }

private:
    struct row;
    static const row table[];
    using runs = tessera::result<tessera::debug::stop> (tessera::debug::debugger::*)() noexcept;
    using goes_back = tessera::result<tessera::debug::stop> (tessera::debug::rewinder::*)() noexcept;

    void say(const std::string& line) { message_ += line + "\n"; }
    void say(const tessera::error& e);
    /// Notes where the call is after it moved.
    void moved(const tessera::result<tessera::debug::stop>& to);
    void forth(const words& w, runs run);
    void back(const words& w, goes_back run);
    void step(const words& w) { forth(w, &tessera::debug::debugger::step); }
    void over(const words& w) { forth(w, &tessera::debug::debugger::over); }
    void out(const words& w) { forth(w, &tessera::debug::debugger::out); }
    void go_on(const words& w) { forth(w, &tessera::debug::debugger::go_on); }
    void step_back(const words& w) { back(w, &tessera::debug::rewinder::back); }
    void back_to_point(const words& w) { back(w, &tessera::debug::rewinder::back_to_point); }
    void restart(const words& w) { back(w, &tessera::debug::rewinder::restart); }
    void go_to(const words& w);
    void break_at(const words& w);
    void watch(const words& w);
    void remove(const words& w);
    void list_points(const words& w);
    void set(const words& w);
    void set_memory(const words& w);
    void memory(const words& w);
    void show_frame(const words& w);
    void show(const words& w);
    void help(const words& w);
    void quit(const words&) { quits_ = true; }

    tessera::module module_;
    const tessera::debug::listing& text_;
    fresh_guest world_; // before the debugger, which must end before the store
    tessera::debug::debugger debugger_;
    tessera::debug::rewinder rewinder_;
    cli::screen screen_;
    std::string last_;
    std::string message_;
    bool moved_ = false;
    bool quits_ = false;
};

} // namespace cli
