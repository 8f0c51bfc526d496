// SPDX-License-Identifier: MIT
#include "stepper.hpp"

#include "values.hpp"

#include <charconv>
#include <cstdio>

namespace {

using tessera::u32;
using tessera::u64;
using tessera::u8;
using tessera::debug::stop_kind;

/// A number, decimal or after 0x.
bool parse_number(std::string_view text, u64& to) {
    const bool hex = text.starts_with("0x") || text.starts_with("0X");
    if (hex) text.remove_prefix(2);
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), to, hex ? 16 : 10);
    return wrong == std::errc() && !text.empty() && end == text.data() + text.size();
}
cli::stepper::words split(std::string_view line) {
    cli::stepper::words made;
    for (std::size_t i = 0; i < line.size();) {
        std::size_t end = std::min(line.find_first_of(" \t\r", i), line.size());
        if (end > i) made.push_back(line.substr(i, end - i));
        i = end + 1;
    }
    return made;
}

} // namespace

// ---- making the guest ---------------------------------------------------------------------------

int cli::fresh_guest::make_guest(tessera::debug::debugger& d, std::optional<tessera::func>& function) {
    guest_.reset();
    output_.clear();
    guest_.emplace(options_, module_);
    guest_->capture(output_);
    if (int bad = guest_->prepare()) return bad;
    if (auto ok = d.attach(guest_->store()); !ok) return report(guest_->where(), ok.error());
    if (int bad = guest_->instantiate()) return bad;
    if (int bad = guest_->find(function)) return bad;
    if (!function) return usage("there is no _start to step through; name an export with --invoke");
    results_ = function->type().results.size();
    return guest_->arguments(*function, arguments_);
}
tessera::result<tessera::debug::entry_point> cli::fresh_guest::make(tessera::debug::debugger& d) noexcept {
    std::optional<tessera::func> function;
    status_ = make_guest(d, function);
    if (status_ != done) return tessera::error(tessera::msg::stale_handle, "the guest cannot be made again");
    return tessera::debug::entry_point{*function, arguments_};
}

int cli::stepper::start() {
    const auto at = rewinder_.restart();
    if (!at) return world_.status() != done ? world_.status() : report(world_.current()->where(), at.error());
    moved(at);
    return done;
}

// ---- the commands -------------------------------------------------------------------------------

struct cli::stepper::row {
    std::string_view name;
    std::string_view key;
    std::string_view arguments;
    std::string_view help;
    void (stepper::*act)(const words&);
};
const cli::stepper::row cli::stepper::table[] = {
    {"step", "s", "[TIMES]", "one instruction", &stepper::step},
    {"over", "n", "[TIMES]", "one instruction, calls as a whole", &stepper::over},
    {"out", "o", "", "until the function has returned", &stepper::out},
    {"continue", "c", "", "until a breakpoint, a watchpoint or the end", &stepper::go_on},
    {"back", "b", "[TIMES]", "to the instruction before", &stepper::step_back},
    {"reverse", "r", "", "back to the last breakpoint or watchpoint", &stepper::back_to_point},
    {"goto", "g", "COUNT", "to where so many instructions are executed", &stepper::go_to},
    {"restart", "", "", "to the first instruction", &stepper::restart},
    {"break", "br", "$FUNCTION | LINE | 0xBYTE", "stop there", &stepper::break_at},
    {"watch", "w", "ADDRESS [BYTES] | global N", "stop behind what changes it", &stepper::watch},
    {"delete", "d", "NUMBER", "a breakpoint or watchpoint", &stepper::remove},
    {"points", "p", "", "the breakpoints and watchpoints", &stepper::list_points},
    {"set", "", "local N VALUE | stack N VALUE | global N VALUE | memory ADDRESS BYTE...", "change it", &stepper::set},
    {"memory", "m", "ADDRESS", "show the memory from there", &stepper::memory},
    {"frame", "f", "NUMBER", "show the values of that caller", &stepper::show_frame},
    {"show", "", "calls | locals | stack | globals | output | source [LINES]", "all of it", &stepper::show},
    {"help", "h", "", "this", &stepper::help},
    {"quit", "q", "", "leave", &stepper::quit},
};

bool cli::stepper::command(std::string_view line) {
    moved_ = false;
    words w = split(line);
    if (w.empty()) w = split(last_);
    else last_ = line;
    if (w.empty()) return true;
    const std::string kept = last_; // the words are of it
    w = split(kept);
    for (const row& r : table)
        if (w[0] == r.name || (!r.key.empty() && w[0] == r.key)) {
            (this->*r.act)(w);
            return !quits_;
        }
    say("'" + std::string(w[0]) + "' is no command; help lists them");
    return true;
}

void cli::stepper::say(const tessera::error& e) {
    std::string text(e.message());
    if (!e.detail().empty()) text += ": " + std::string(e.detail());
    say(text);
}

void cli::stepper::moved(const tessera::result<tessera::debug::stop>& to) {
    moved_ = true;
    screen_.shown_frame = 0;
    if (!to) return say(to.error());
    switch (to->kind) {
    case stop_kind::step: return;
    case stop_kind::breakpoint: return say("breakpoint " + std::to_string(to->number));
    case stop_kind::watchpoint:
        return say("watchpoint " + std::to_string(to->number) + ": changed by the instruction before");
    case stop_kind::paused: return say("paused: " + std::string(debugger_.failure().message()));
    case stop_kind::failed:
        if (debugger_.failure().kind() == tessera::kind::exit)
            return say("done: exit code " + std::to_string(debugger_.failure().exit_code()));
        return say("failed: " + std::string(debugger_.failure().message()));
    case stop_kind::done: break;
    }
    std::vector<tessera::value> results(world_.results());
    std::string text = "done:";
    if (debugger_.results(results))
        for (const auto& v : results) text += " " + to_text(v);
    say(results.empty() ? "done" : text);
}

void cli::stepper::forth(const words& w, runs run) {
    u64 times = 1;
    if (w.size() > 1 && !parse_number(w[1], times)) return say("'" + std::string(w[1]) + "' is no number");
    if (!debugger_.is_alive()) return say("the call is over; back, goto and restart go on from here");
    for (u64 i = 0; i < times; ++i) {
        const auto at = (debugger_.*run)();
        if (i + 1 == times || !at || at->kind != stop_kind::step) return moved(at);
    }
}
void cli::stepper::back(const words& w, goes_back run) {
    u64 times = 1;
    if (w.size() > 1 && !parse_number(w[1], times)) return say("'" + std::string(w[1]) + "' is no number");
    if (times > 1) { // at once
        const u64 here = debugger_.count();
        return moved(rewinder_.to(here > times ? here - times : 0));
    }
    if (times == 1) moved((rewinder_.*run)());
}
void cli::stepper::go_to(const words& w) {
    u64 count = 0;
    if (w.size() != 2 || !parse_number(w[1], count)) return say("goto COUNT");
    moved(rewinder_.to(count));
}

void cli::stepper::break_at(const words& w) {
    if (w.size() != 2) return say("break $FUNCTION, break LINE, or break 0xBYTE");
    u64 number = 0;
    u32 offset = tessera::no_index;
    if (!parse_number(w[1], number)) {
        const u32 f = find_function(module_, w[1]);
        if (f == tessera::no_index) return say("no function is called '" + std::string(w[1]) + "'");
        const auto first = debugger_.first_instruction(module_, f);
        if (!first) return say("'" + std::string(w[1]) + "' is imported");
        offset = *first;
    } else if (w[1].starts_with("0x") || w[1].starts_with("0X")) {
        offset = number < tessera::no_index ? u32(number) : tessera::no_index;
    } else {
        const auto place = number <= text_.lines() ? text_.on_line(u32(number)) : tessera::debug::listing::place();
        if (place.line == 0) return say("no instruction begins on line " + std::string(w[1]));
        offset = place.offset;
    }
    const auto made = debugger_.break_at(module_, offset);
    if (!made) return say("no instruction begins at byte " + std::string(w[1]));
    say("breakpoint " + std::to_string(*made) + " at line " + std::to_string(text_.at(offset).line));
}
void cli::stepper::watch(const words& w) {
    u64 at = 0, size = 4;
    const auto f = debugger_.at(0);
    if (!f) return say("watch needs a call that stands still");
    tessera::result<u32> made(tessera::msg::out_of_range);
    if (w.size() == 3 && w[1] == "global" && parse_number(w[2], at)) {
        const auto g = f.global(u32(std::min<u64>(at, tessera::no_index)));
        if (!g) return say("there is no global " + std::string(w[2]));
        made = debugger_.watch(*g);
    } else if ((w.size() == 2 || w.size() == 3) && parse_number(w[1], at) &&
               (w.size() == 2 || parse_number(w[2], size))) {
        const auto m = f.memory(0);
        if (!m) return say("there is no memory");
        made = debugger_.watch(*m, at, size);
        if (!made) return say("1 to 65536 bytes can be watched");
    } else {
        return say("watch ADDRESS [BYTES], or watch global N");
    }
    if (!made) return say(made.error());
    say("watchpoint " + std::to_string(*made));
}
void cli::stepper::remove(const words& w) {
    u64 number = 0;
    if (w.size() != 2 || !parse_number(w[1], number)) return say("delete NUMBER");
    if (number > tessera::no_index || !debugger_.remove(u32(number))) say("there is no point " + std::string(w[1]));
}
void cli::stepper::list_points(const words&) {
    for (const auto& b : debugger_.breakpoints())
        say(std::to_string(b.number) + "  break at line " + std::to_string(text_.at(b.offset).line));
    for (const auto& p : debugger_.watchpoints())
        say(std::to_string(p.number) +
            (p.is_global ? "  watch a global"
                         : "  watch " + std::to_string(p.last.size()) + " bytes at " + std::to_string(p.at)));
    if (debugger_.breakpoints().empty() && debugger_.watchpoints().empty()) say("none");
}

void cli::stepper::set(const words& w) {
    if (w.size() > 1 && w[1] == "memory") return set_memory(w);
    u64 index = 0;
    if (w.size() != 4 || !parse_number(w[2], index) || index >= tessera::no_index)
        return say("set local N VALUE, set stack N VALUE, set global N VALUE, or set memory ADDRESS BYTE...");
    const auto f = debugger_.at(screen_.shown_frame);
    const u32 i = u32(index);
    const auto global = w[1] == "global" ? f.global(i) : tessera::result<tessera::global>(tessera::msg::out_of_range);
    tessera::result<tessera::value> old(tessera::msg::out_of_range);
    if (w[1] == "local") old = f.local(i);
    else if (w[1] == "stack") old = f.operand(i);
    else if (global) old = global->get();
    if (!old) return say("there is no " + std::string(w[1]) + " " + std::string(w[2]));
    tessera::value v;
    if (!parse_value(w[3], old->type, v)) return say("'" + std::string(w[3]) + "' is no " + to_text(old->type));
    const auto ok = w[1] == "local" ? f.set_local(i, v) : w[1] == "stack" ? f.set_operand(i, v) : global->set(v);
    if (!ok) say(ok.error());
}
void cli::stepper::set_memory(const words& w) {
    u64 at = 0, byte = 0;
    if (w.size() < 4 || !parse_number(w[2], at)) return say("set memory ADDRESS BYTE...");
    std::vector<u8> bytes;
    for (std::size_t i = 3; i < w.size(); ++i) {
        if (!parse_number(w[i], byte) || byte > 255) return say("'" + std::string(w[i]) + "' is no byte");
        bytes.push_back(u8(byte));
    }
    const auto m = debugger_.at(0).memory(0);
    if (!m) return say("there is no memory");
    if (auto ok = m->write(at, std::span<const u8>(bytes)); !ok) say(ok.error());
}
void cli::stepper::memory(const words& w) {
    u64 at = 0;
    if (w.size() != 2 || !parse_number(w[1], at)) return say("memory ADDRESS");
    if (!debugger_.at(0).memory(0)) return say("there is no memory");
    screen_.shown_memory = at;
    if (!screen_.marks) // no part of the screen shows it
        for (const std::string& line : screen_.memory(at, 4)) say(line);
}
void cli::stepper::show_frame(const words& w) {
    u64 number = 0;
    if (w.size() != 2 || !parse_number(w[1], number)) return say("frame NUMBER");
    if (number >= debugger_.frames()) return say("there is no frame " + std::string(w[1]));
    screen_.shown_frame = u32(number);
    if (!screen_.marks) say(screen_.stack(u32(number)) + "  " + screen_.locals(u32(number)));
}
void cli::stepper::show(const words& w) {
    u64 lines = 12;
    const std::string_view what = w.size() > 1 ? w[1] : "";
    if (what == "locals") return say(screen_.locals(screen_.shown_frame, tessera::no_index));
    if (what == "stack") return say(screen_.stack(screen_.shown_frame));
    if (what == "globals") return say(screen_.globals());
    if (what == "output") {
        for (const std::string& line : cli::lines_of(world_.output())) say(line);
        return;
    }
    if (what == "calls")
        for (const std::string& line : screen_.calls()) say(line);
    else if (what == "source" && (w.size() == 2 || (parse_number(w[2], lines) && lines <= 10000)))
        for (const std::string& line : screen_.source(unsigned(lines), screen_.shown_frame)) say(line);
    else say("show calls, locals, stack, globals, output or source [LINES]");
}
void cli::stepper::help(const words&) {
    for (const row& r : table) {
        std::string names(r.name);
        if (!r.key.empty()) names += ", " + std::string(r.key);
        if (!r.arguments.empty()) names += " " + std::string(r.arguments);
        names.resize(std::max<std::size_t>(names.size(), 24), ' ');
        say("  " + names + "  " + std::string(r.help));
    }
    say("  An empty line repeats the last command.");
}
