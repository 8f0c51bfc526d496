// SPDX-License-Identifier: MIT
/// @file figures.hpp
/// What a run of the comparison amounts to: calls that were compared, how they ended, what they cost, which
/// instructions they were made of; and what a long run has to reach.
#pragma once

#include "engine_side.hpp"

namespace diff {

class figures {
public:
    /// One call that was the same on all sides.
    void add(tessera::trap why, u64 fuel) {
        finished_ += why == tessera::trap::none ? 1 : 0;
        fuel_.push_back(fuel);
    }
    u64 executions() const { return fuel_.size(); }

    void print() {
        const std::string missing = not_executed();
        std::printf(
            "%llu executions, %u %% finish without a trap, median fuel %llu; instructions that are missing:%s\n",
            static_cast<unsigned long long>(executions()), percent_finished(),
            static_cast<unsigned long long>(median_fuel()), missing.empty() ? " none" : missing.c_str());
    }
    /// True if so many calls were compared, at least half of them finished without a trap, half of them cost 1,000 or
    /// more, and all instructions were among them.
    bool reach(u64 executions_wanted) {
        return executions() >= executions_wanted && percent_finished() >= 50 && median_fuel() >= 1000 &&
               not_executed().empty();
    }

private:
    u32 percent_finished() const { return fuel_.empty() ? 0 : u32(100 * finished_ / fuel_.size()); }
    u64 median_fuel() {
        if (fuel_.empty()) return 0;
        const auto middle = fuel_.begin() + std::ptrdiff_t(fuel_.size() / 2);
        std::nth_element(fuel_.begin(), middle, fuel_.end());
        return *middle;
    }
    /// True for what is never part of a program: the blocks of a proposal that was replaced, and what waits for another
    /// thread.
    static bool is_left_out(op o) {
        return !tessera::has(profile - tessera::feature::legacy_exceptions, o) || o == op::memory_atomic_wait32 ||
               o == op::memory_atomic_wait64;
    }
    static std::string not_executed() {
        std::string missing;
        for (u16 i = 0; i < tessera::op_count; ++i)
            if (tessera::has(profile, op(i)) && !is_left_out(op(i)) && !evaluator<profile>::executed[i])
                missing += " " + std::string(tessera::op_table[i].text);
        return missing;
    }
    std::vector<u64> fuel_; ///< of each call
    u64 finished_ = 0;
};

} // namespace diff
