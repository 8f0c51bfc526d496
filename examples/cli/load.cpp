// SPDX-License-Identifier: MIT
#include "load.hpp"

#include "progress.hpp"
#include "report.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <sys/stat.h>

namespace {

/// A file that is closed at the end, unless it is one of the standard streams.
struct file {
    std::FILE* stream;
    bool own;
    file(const std::string& path, std::FILE* standard, const char* mode)
        : stream(path == "-" ? standard : std::fopen(path.c_str(), mode)), own(path != "-") {}
    file(const file&) = delete;
    file& operator=(const file&) = delete;
    ~file() {
        if (stream && own) std::fclose(stream);
    }
};

std::optional<tessera::module> checked(const std::string& path, tessera::result<tessera::module>&& made,
                                       tessera::features allowed) {
    if (!made) {
        cli::report({path}, made.error());
        return {};
    }
    if (const auto missing = allowed.first_missing(made->features_used()); missing != tessera::feature::count_) {
        cli::report(path, "needs the feature " + std::string(name(missing)) + ", which --features leaves out");
        return {};
    }
    return *made;
}

} // namespace

bool cli::read_file(const std::string& path, tessera::vec<tessera::u8>& to) {
    const auto wrong = [&](const char* what) { return report(path, what), false; };
    struct stat info {};
    if (path != "-" && ::stat(path.c_str(), &info) == 0) {
        if ((info.st_mode & S_IFMT) == S_IFDIR) return wrong("is a directory");
        if (info.st_size > 0 && !to.reserve(static_cast<std::size_t>(info.st_size) + 1))
            return wrong("is too large for the memory there is");
    }
    const file in(path, stdin, "rb");
    if (!in.stream) return wrong(std::strerror(errno));
    tessera::u8 block[65536];
    errno = 0;
    while (const std::size_t n = std::fread(block, 1, sizeof block, in.stream))
        if (!to.append(block, n)) return wrong("is too large for the memory there is");
    if (std::ferror(in.stream)) return wrong(std::strerror(errno));
    if (to.empty()) return wrong("is empty");
    return true;
}

bool cli::write_file(const std::string& path, std::string_view bytes) {
    errno = 0;
    const file out(path, stdout, "wb");
    bool fine = out.stream && std::fwrite(bytes.data(), 1, bytes.size(), out.stream) == bytes.size();
    fine = fine && std::fflush(out.stream) == 0;
    if (!fine) report(path == "-" ? "standard output" : path, std::strerror(errno));
    return fine;
}

std::optional<tessera::module> cli::load(const std::string& path, tessera::features allowed, validation when) {
    tessera::vec<tessera::u8> bytes;
    if (!read_file(path, bytes)) return {};
    const progress shown("loading", path, bytes.size());
    const std::span<const tessera::u8> all(bytes.data(), bytes.size());
    // A binary module begins with a zero byte, which no text does.
    if (bytes[0] != 0) {
        auto made = tessera::module::parse_text<built>({reinterpret_cast<const char*>(all.data()), all.size()});
        return checked(path, std::move(made), allowed);
    }
    if (when == validation::lazy && allowed == tessera::everything)
        return checked(path, tessera::module::parse_lazily<built>(std::move(bytes)), allowed);
    auto made = tessera::module::parse<built>(all);
    if (made) return checked(path, std::move(made), allowed);
    // To say in which function: where only a body is wrong, the rest of the module can be had.
    tessera::module rest;
    if (auto lazy = tessera::module::parse_lazily<built>(std::move(bytes))) rest = *lazy;
    report({path, &rest}, made.error());
    return {};
}
