// SPDX-License-Identifier: MIT
#include "trace.hpp"

#include "values.hpp"
#include "watched.hpp"

#include <cstdio>

namespace {

using tessera::u32;

/// Writes a line for each instruction, one level further in for each function around its own:
///   0x0029 $run  call $add [1 2] -> 3
/// What a call gives comes on a line of its own, when it is back.
class printer : public tessera::debug::listener {
public:
    printer(const tessera::module& m, const tessera::debug::listing& text, const std::vector<u32>& only)
        : module_(m), text_(text), only_(only) {}
    ~printer() override { finish(); }
    printer(const printer&) = delete;
    printer& operator=(const printer&) = delete;

    void begins(const tessera::debug::frame& at, u32 depth) noexcept override {
        flush();
        lines_.resize(depth + 1);
        if (!is_wanted(at.function())) return lines_[depth].clear();
        std::string& line = lines_[depth];
        char offset[16];
        std::snprintf(offset, sizeof offset, "0x%04x ", at.offset());
        line = offset + std::string(std::size_t{2} * depth, ' ') + function_name(at.function()) + "  ";
        const auto text = text_.instruction(at.offset());
        line += text.empty() ? std::string(at.instruction()) : cli::harmless(text);
        if (at.taken() == 0) return wait(depth);
        line += " [";
        for (u32 i = at.operands() - at.taken(); i < at.operands(); ++i)
            line += (line.back() == '[' ? "" : " ") + cli::to_text(*at.operand(i));
        line += ']';
        wait(depth);
    }
    void ends(u32 depth, tessera::view<tessera::value> results) noexcept override {
        if (waits_ && waiting_ != depth) flush();
        if (lines_.size() <= depth || lines_[depth].empty()) return;
        if (!waits_ && results.empty()) return;
        std::string line = lines_[depth];
        if (!results.empty()) line += " ->";
        for (const auto& v : results) line += " " + cli::to_text(v);
        waits_ = false;
        write(line);
    }
    /// Writes everything, the line too whose instruction has not ended.
    void finish() noexcept {
        flush();
        std::fwrite(out_.data(), 1, out_.size(), stderr);
        out_.clear();
    }

private:
    void flush() noexcept {
        if (std::exchange(waits_, false)) write(lines_[waiting_]);
    }
    void write(const std::string& line) noexcept {
        constexpr std::size_t enough = 1 << 16;
        out_ += line + '\n';
        if (out_.size() < enough) return;
        std::fwrite(out_.data(), 1, out_.size(), stderr);
        out_.clear();
    }
    void wait(u32 depth) noexcept { waits_ = true, waiting_ = depth; }
    bool is_wanted(u32 function) const noexcept {
        for (const u32 f : only_)
            if (f == function) return true;
        return only_.empty();
    }
    const std::string& function_name(u32 function) {
        if (names_.size() <= function) names_.resize(function + 1);
        if (names_[function].empty()) names_[function] = cli::function_name(module_, function);
        return names_[function];
    }

    const tessera::module& module_;
    const tessera::debug::listing& text_;
    const std::vector<u32>& only_;
    std::string out_;
    std::vector<std::string> names_;
    std::vector<std::string> lines_; ///< by depth: of the instruction that began last
    bool waits_ = false;             ///< the line at `waiting_` is not written yet
    u32 waiting_ = 0;
};

} // namespace

int cli::trace(const trace_options& options) {
    guest g(options);
    if (int bad = g.prepare()) return bad;
    const auto text = list(g.module(), options.file);
    if (!text) return failed;
    std::vector<u32> only;
    for (const std::string& name : options.functions) {
        only.push_back(find_function(g.module(), name));
        if (only.back() == tessera::no_index) return usage("--function: no function is called '" + name + "'");
    }
    printer lines(g.module(), *text, only);
    tessera::debug::debugger d;
    if (auto ok = d.attach(g.store()); !ok) return report(g.where(), ok.error());
    d.tell(&lines);
    if (int bad = g.instantiate()) return bad;
    return g.call([&] { lines.finish(); });
}
