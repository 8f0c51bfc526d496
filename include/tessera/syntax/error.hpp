// SPDX-License-Identifier: MIT
/// @file error.hpp
/// What went wrong, where: a kind, a text from messages.hpp, a position, a detail, a backtrace.
#pragma once

#include <tessera/syntax/messages.hpp>
#include <tessera/syntax/value.hpp>
#include <tessera/util/result.hpp>
#include <tessera/util/vec.hpp>

#include <atomic>
#include <string_view>

namespace tessera::inline TESSERA_ABI {

/// One frame of a backtrace, innermost first.
struct trace_frame {
    u32 func = 0;   ///< function index in its module
    u32 offset = 0; ///< byte offset in the module of the instruction, 0 for a host function
    u32 line = 0;   ///< position of the instruction, for a module that came from text
    u32 column = 0;
    char name[56] = {};     ///< from the name section or the export, cut if longer, NUL-terminated
    u32 instance = ~u32{0}; ///< the store's number for the instance, as debug::places uses it; none for a host function
};

namespace detail {
/// What an exception that nobody caught is. The library's: error::payload and basic_store::tag_of show it.
struct exception_data {
    const void* store = nullptr; ///< whose tag it is; null where there is no exception
    u32 epoch = 0;
    u32 tag = 0; ///< place in the store
    vec<value> values;
};
} // namespace detail

/// The frames of a trapped call. Shared and counted, since errors are copied.
struct backtrace {
    std::atomic<u32> owners{1};
    vec<trace_frame> frames; ///< innermost first, at most 64 of the innermost and the outermost
    u32 left_out = 0;        ///< how many frames between those two groups are not listed
    detail::exception_data thrown;
};

/// An error value. Copies share the backtrace.
class error {
public:
    /// For the library: where a failure is written that will most likely not come. Cheap to make.
    struct unlikely {};
    explicit error(unlikely) noexcept : what_(&msg::out_of_memory) { detail_[0] = 0; }
    TESSERA_COLD error(const message& what, u64 offset = no_offset) noexcept : what_(&what), offset_(offset) {
        detail_[0] = 0;
    }
    TESSERA_COLD error(const message& what, std::string_view detail, u64 offset = no_offset) noexcept
        : what_(&what), offset_(offset) {
        set_detail(detail);
    }
    TESSERA_COLD error(tessera::trap why) noexcept : what_(&msg::traps[std::size_t(why)]), trap_(why) {
        detail_[0] = 0;
    }
    TESSERA_COLD error(const error& other) noexcept
        : what_(other.what_), offset_(other.offset_), line_(other.line_), column_(other.column_),
          exit_code_(other.exit_code_), trap_(other.trap_), trace_(other.trace_) {
        std::memcpy(detail_, other.detail_, sizeof detail_);
        if (trace_) trace_->owners.fetch_add(1, std::memory_order_relaxed);
    }
    TESSERA_COLD error& operator=(const error& other) noexcept {
        if (this != &other) {
            this->~error();
            ::new (static_cast<void*>(this)) error(other);
        }
        return *this;
    }
    /// What ends a guest that asked for it; `code` is what it says to its host.
    static error exit(u32 code, const message& what = msg::exited) noexcept {
        error e(what);
        e.exit_code_ = code;
        return e;
    }
    ~error() {
        if (TESSERA_UNLIKELY(trace_ != nullptr)) let_go();
    }

    static constexpr u64 no_offset = ~u64{0};

    tessera::kind kind() const noexcept { return what_->kind; }
    /// The text of the table, the specification's wording; NUL-terminated.
    std::string_view message() const noexcept { return what_->text; }
    /// What the text is about: an instruction, an import's name; may be empty; NUL-terminated.
    std::string_view detail() const noexcept { return detail_; }
    /// Byte offset in the module, `no_offset` if there is none.
    u64 offset() const noexcept { return offset_; }
    /// Position in the text, counted from 1; 0 if the module did not come from text.
    u32 line() const noexcept { return line_; }
    u32 column() const noexcept { return column_; }
    /// Which trap it is; `trap::none` for other kinds.
    tessera::trap why() const noexcept { return trap_; }
    /// With kind::exit, the code the guest ended with; else 0.
    u32 exit_code() const noexcept { return exit_code_; }
    /// The frames of the call that failed, innermost first; empty where there are none.
    view<trace_frame> frames() const noexcept {
        return trace_ ? view<trace_frame>(trace_->frames) : view<trace_frame>();
    }
    /// How many frames of the middle are missing from `frames()`.
    u32 frames_left_out() const noexcept { return trace_ ? trace_->left_out : 0; }
    /// What an exception that nobody caught carries, of the types of its tag; see basic_store::tag_of. References mean
    /// something as long as the guest or the store keep what they refer to.
    view<value> payload() const noexcept { return trace_ ? view<value>(trace_->thrown.values) : view<value>(); }
    bool is(const tessera::message& what) const noexcept { return what_ == &what; }

    // For the library: sets what is known later than the error itself.
    error& set_offset(u64 offset) noexcept { return offset_ = offset, *this; }
    error& set_position(u32 line, u32 column) noexcept { return line_ = line, column_ = column, *this; }
    error& set_detail(std::string_view text) noexcept {
        const std::size_t n = text.size() < sizeof detail_ - 1 ? text.size() : sizeof detail_ - 1;
        if (n) std::memcpy(detail_, text.data(), n);
        detail_[n] = 0;
        return *this;
    }
    const detail::exception_data* exception() const noexcept {
        return trace_ && trace_->thrown.store ? &trace_->thrown : nullptr;
    }
    /// Takes over one count of `trace`, which may be null.
    error& set_trace(backtrace* trace) noexcept {
        if (trace_) let_go();
        trace_ = trace;
        return *this;
    }

private:
    TESSERA_COLD void let_go() noexcept {
        if (trace_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(trace_);
    }

    const tessera::message* what_;
    u64 offset_ = no_offset;
    u32 line_ = 0;
    u32 column_ = 0;
    u32 exit_code_ = 0;
    tessera::trap trap_ = tessera::trap::none;
    char detail_[75]; ///< up to the NUL
    backtrace* trace_ = nullptr;
};

} // namespace tessera
