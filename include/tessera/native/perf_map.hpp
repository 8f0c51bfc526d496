// SPDX-License-Identifier: MIT
/// @file native/perf_map.hpp
/// Names of machine code for profilers that read the format of Linux' perf: a line with the address, the size, both in
/// hexadecimal digits, and the name.
#pragma once

#include <tessera/util/integers.hpp>

#include <cstdio>
#include <string_view>

namespace tessera::inline TESSERA_ABI::native {

class perf_map {
public:
    perf_map() noexcept = default;
    perf_map(const perf_map&) = delete;
    perf_map& operator=(const perf_map&) = delete;
    ~perf_map() {
        if (file_) static_cast<void>(std::fclose(file_));
    }

    /// Lines will be added at the end of the file. False: it cannot be opened.
    [[nodiscard]] bool open(const char* path) noexcept { return (file_ = std::fopen(path, "a")) != nullptr; }

    /// The code of a function, which is called by its number if it has no name. Does nothing without a file.
    void add(const u8* code, u64 size, std::string_view name, u32 number) noexcept {
        if (!file_) return;
        begin(code, size);
        if (name.empty()) std::fprintf(file_, "function %lu", static_cast<unsigned long>(number));
        for (const char c : name.substr(0, most_of_name)) std::fputc(c >= 0 && c < ' ' ? '?' : c, file_);
        end();
    }
    /// The code that functions share.
    void add_shared(const u8* code, u64 size) noexcept {
        if (!file_) return;
        begin(code, size);
        std::fputs("shared code", file_);
        end();
    }

private:
    static constexpr std::size_t most_of_name = 1000; ///< bytes; longer ones are cut
    void begin(const u8* code, u64 size) noexcept {
        std::fprintf(file_,
                     "%llx %llx tessera: ", static_cast<unsigned long long>(reinterpret_cast<std::uintptr_t>(code)),
                     static_cast<unsigned long long>(size));
    }
    /// Who reads it may do so while the program runs, and the program may end in any way.
    void end() noexcept {
        std::fputc('\n', file_);
        static_cast<void>(std::fflush(file_));
    }
    std::FILE* file_ = nullptr;
};

} // namespace tessera::native
