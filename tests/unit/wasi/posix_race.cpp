// SPDX-License-Identifier: MIT
// Another process changes the tree while a guest uses it: nothing outside is read, made or removed. The same race
// against a resolver that looks first and opens then must be lost, which shows that the race is one.
#if !defined(_WIN32)
#include "filesystems.hpp"

#include <stdio.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

using namespace filesystems;

namespace {

using seconds = std::chrono::duration<double>;
double since(std::chrono::steady_clock::time_point start) {
    return seconds(std::chrono::steady_clock::now() - start).count();
}

/// A tree in which a name is now a directory, now a link that leads out:
///     top/a/b/file    "inside"      top/spare -> ../outside, changes places with top/a/b
///     outside/file    "outside"
/// The way "a/b/../../a/b/file" and others lead through the name that changes.
class battlefield {
public:
    battlefield() {
        namespace fs = std::filesystem;
        fs::create_directories(here_.path() / "top/a/b/c");
        fs::create_directories(here_.path() / "outside/c");
        write_host(here_ / "top/a/b/file", "inside");
        write_host(here_ / "top/a/b/c/file", "inside");
        write_host(here_ / "outside/file", "outside");
        write_host(here_ / "outside/c/file", "outside");
        write_host(here_ / "file", "outside"); // what "../file" of top is
        fs::create_symlink(here_.path() / "outside", here_.path() / "top/spare");
        fs::create_symlink("b", here_.path() / "top/a/link");
    }
    std::string top() const { return here_ / "top"; }
    std::string outside() const { return here_ / "outside"; }

    /// Runs `guest` again and again for so long, or until it returns true, while another thread changes the tree.
    bool run(double limit, const std::function<bool()>& guest) {
        std::atomic<bool> over{false};
        std::thread enemy([&] {
            const auto name = here_ / "top/a/b", spare = here_ / "top/spare", away = here_ / "top/away";
            while (!over.load(std::memory_order_relaxed)) {
                // The directory aside, the link in its place; then back.
                static_cast<void>(::rename(name.c_str(), away.c_str()));
                static_cast<void>(::rename(spare.c_str(), name.c_str()));
                static_cast<void>(::rename(name.c_str(), spare.c_str()));
                static_cast<void>(::rename(away.c_str(), name.c_str()));
            }
        });
        const auto start = std::chrono::steady_clock::now();
        bool won = false;
        while (!won && since(start) < limit)
            for (int i = 0; i < 100 && !won; ++i) won = guest();
        over = true;
        enemy.join();
        return won;
    }

private:
    scratch here_;
};

constexpr const char* ways[] = {"a/b/file",      "a/b/c/file",  "a/b/c/../file",
                                "a/b/../b/file", "a/link/file", "a/b/c/../../b/c/file"};

/// What one must not do: each part is looked at and, if it is no link, passed by its name.
std::string naive_read(const std::string& top, std::string_view path) {
    std::string at = top;
    while (!path.empty()) {
        const auto step = first_step(path);
        path = step.rest;
        at += '/';
        at += step.name;
        struct ::stat s;
        if (::lstat(at.c_str(), &s) != 0 || S_ISLNK(s.st_mode)) return "";
    }
    return read_host(at);
}

constexpr double patience = 60; // seconds until the naive resolver must have lost
constexpr double duration = 2;  // seconds that the right one is tried

} // namespace

TEST_CASE("posix race: who looks first and opens then is led out") {
    battlefield field;
    const auto top = field.top();
    const auto start = std::chrono::steady_clock::now();
    CHECK(field.run(patience, [&] { return naive_read(top, "a/b/file") == "outside"; }));
    MESSAGE("led out after ", since(start), " s");
}

TEST_CASE("posix race: nothing outside is read") {
    for (const bool kernel : {true, false}) {
        INFO((kernel ? "by the kernel" : "by hand"));
        battlefield field;
        const auto root = open_host_directory(field.top().c_str(), {kernel});
        REQUIRE(root);
        const auto foreign = *(*open_host_directory(field.outside().c_str()))->stat_at("file", lookupflags::none);
        std::size_t inside = 0, refused = 0, other = 0, turn = 0;
        const bool escaped = field.run(duration, [&] {
            const char* const path = ways[turn++ % std::size(ways)];
            const auto file = (*root)->open_at(path, reading());
            if (file) {
                const auto text = read(**file);
                if (text == "inside") ++inside;
                else return true;
            } else if (file.error() == err::perm) ++refused;
            else ++other;
            const auto s = (*root)->stat_at(path, lookupflags::symlink_follow);
            return s && s->ino == foreign.ino && s->dev == foreign.dev;
        });
        CHECK_FALSE(escaped);
        CHECK(inside > 0); // the race was one: both happened
        CHECK(refused > 0);
        const std::string way = kernel ? "by the kernel: " : "by hand: ";
        MESSAGE(way, inside, " times inside, ", refused, " refused, ", other, " missing");
    }
}

TEST_CASE("posix race: nothing outside is made, changed or removed") {
    for (const bool kernel : {true, false}) {
        INFO((kernel ? "by the kernel" : "by hand"));
        battlefield field;
        const auto root = open_host_directory(field.top().c_str(), {kernel});
        REQUIRE(root);
        node& top = **root;
        const auto count = [&] {
            std::size_t n = 0;
            for (const auto& e : std::filesystem::recursive_directory_iterator(field.outside())) n += e.exists();
            return n;
        };
        REQUIRE(count() == 3);
        put(top, "mine", "inside");
        int turn = 0;
        field.run(duration, [&] {
            switch (turn++ % 8) {
            case 0: static_cast<void>(top.open_at("a/b/new", writing())); break;
            case 1: static_cast<void>(top.create_directory_at("a/b/dir")); break;
            case 2: static_cast<void>(top.symlink_at("x", "a/b/sym")); break;
            case 3: static_cast<void>(top.link_at(lookupflags::none, "mine", top, "a/b/hard")); break;
            case 4: static_cast<void>(top.open_at("a/b/../b/file", writing(oflags::trunc))); break;
            case 5:
                static_cast<void>(top.set_times_at("a/b/file", lookupflags::symlink_follow, 1, 1, fstflags::mtim));
                break;
            case 6: static_cast<void>(top.unlink_file_at("a/b/c/file")); break;
            default:
                for (const char* path : {"a/b/new", "a/b/sym", "a/b/hard"}) static_cast<void>(top.unlink_file_at(path));
                static_cast<void>(top.remove_directory_at("a/b/dir"));
                static_cast<void>(top.rename_at("a/b/c", top, "stolen"));
                static_cast<void>(top.rename_at("stolen", top, "a/b/c"));
            }
            return false;
        });
        CHECK(count() == 3);
        CHECK(read_host(field.outside() + "/file") == "outside");
        CHECK(read_host(field.outside() + "/c/file") == "outside");
        const auto changed = std::filesystem::last_write_time(field.outside() + "/file").time_since_epoch();
        const auto now = std::filesystem::file_time_type::clock::now().time_since_epoch();
        CHECK(now - changed < std::chrono::hours(1));
    }
}

TEST_CASE("posix race: a directory that is moved up while a path goes down in it") {
    // "a/b/../../../file" is above the top wherever a/b is; a resolver that asks the system for ".." in a directory
    // that was moved meanwhile would be one level too high.
    for (const bool kernel : {true, false}) {
        INFO((kernel ? "by the kernel" : "by hand"));
        const scratch here;
        std::filesystem::create_directories(here.path() / "top/a/b/c");
        write_host(here / "file", "outside");
        write_host(here / "top/file", "inside");
        const auto root = open_host_directory((here / "top").c_str(), {kernel});
        REQUIRE(root);
        std::atomic<bool> over{false};
        std::thread enemy([&] {
            const auto low = here / "top/a/b/c", high = here / "top/c";
            while (!over.load(std::memory_order_relaxed)) {
                static_cast<void>(::rename(low.c_str(), high.c_str()));
                static_cast<void>(::rename(high.c_str(), low.c_str()));
            }
        });
        std::size_t inside = 0;
        bool escaped = false;
        const auto start = std::chrono::steady_clock::now();
        while (!escaped && since(start) < duration)
            for (int i = 0; i < 100 && !escaped; ++i) {
                const auto file = (*root)->open_at("a/b/c/../../../file", reading());
                if (!file) continue;
                const auto text = read(**file);
                escaped = text != "inside";
                inside += text == "inside";
            }
        over = true;
        enemy.join();
        CHECK_FALSE(escaped);
        CHECK(inside > 0);
    }
}
#endif
