// SPDX-License-Identifier: MIT
#include "../../faults.hpp"

#include <tessera/wasi/host_filesystem.hpp>
#include <tessera/wasi/memory_filesystem.hpp>
#include <tessera/wasi/read_only.hpp>

#include <doctest/doctest.h>

#include <filesystem>

namespace filesystem_faults {

using namespace tessera::wasi;
using err = tessera::wasi::error_number;

/// True for success; else it must be a lack of memory.
inline bool fine(err e) {
    if (e == err::success) return true;
    CHECK((e == err::nomem || e == err::nospc));
    return false;
}
template <class T>
bool fine(const outcome<T>& r) {
    return fine(r ? err::success : r.error());
}
struct counter final : entry_taker {
    int n = 0;
    bool take(const directory_entry&) noexcept override { return ++n, true; }
};

/// As faults::each, with something to be undone after each attempt, however far that came.
template <class Step, class Undo>
void each(Step step, Undo undo) {
    CHECK(faults::each([&] {
              const bool done = step();
              faults::left = -1;
              undo();
              return done;
          }) >= 0);
}

/// Everything that may allocate, in a directory that is empty before and afterwards.
inline void use_everything(node& root, bool links) {
    const auto nothing = [] {};
    const auto unlink = [&](const char* path) {
        return [&root, path] { static_cast<void>(root.unlink_file_at(path)); };
    };
    open_options make;
    make.oflags = oflags::creat;
    make.read = make.write = true;
    make.lookup = lookupflags::symlink_follow;
    each([&] { return fine(root.create_directory_at("dir")); },
         [&] { static_cast<void>(root.remove_directory_at("dir")); });
    REQUIRE(root.create_directory_at("dir") == err::success);
    each(
        [&] {
            const auto file = root.open_at("dir/../dir/./file", make);
            if (!fine(file)) return false;
            const tessera::u8 text[200] = {1};
            const const_buffer from{text, sizeof text};
            return fine((*file)->write({&from, 1})) && fine((*file)->pwrite({&from, 1}, 1000)) &&
                   fine((*file)->set_size(5000));
        },
        unlink("dir/file"));
    REQUIRE(root.open_at("dir/file", make));
    each([&] { return fine(root.stat_at("dir/file", lookupflags::none)); }, nothing);
    each([&] { return fine(root.set_times_at("dir/file", lookupflags::none, 0, 0, fstflags::mtim)); }, nothing);
    each([&] { return fine(root.rename_at("dir/file", root, "dir/other")); },
         [&] { static_cast<void>(root.rename_at("dir/other", root, "dir/file")); });
    CHECK(root.stat_at("dir/file", lookupflags::none));
    each([&] { return fine(root.link_at(lookupflags::none, "dir/file", root, "dir/link")); }, unlink("dir/link"));
    if (links)
        each(
            [&] {
                return fine(root.symlink_at("dir", "to_dir")) && fine(root.open_at("to_dir/file", make)) &&
                       fine(root.stat_at("to_dir/", lookupflags::none));
            },
            unlink("to_dir"));
    each(
        [&] {
            counter c;
            return fine(root.readdir(0, c)) && c.n == 3;
        },
        nothing);
    CHECK(root.unlink_file_at("dir/file") == err::success);
    CHECK(root.remove_directory_at("dir") == err::success);
}

} // namespace filesystem_faults

TEST_CASE("out of memory: file systems") {
    using namespace filesystem_faults;
    const long before = faults::live;
    {
        auto m = memory_filesystem::make();
        REQUIRE(m);
        use_everything(*m->root(), true);
        CHECK(m->used() == 0);
        const auto put = [&] { return fine(m->put("a/b/file", "text")); };
        CHECK(faults::each(put) > 3);
        CHECK(faults::each([&] { return fine(m->get("a/b/file")); }) > 0);
        CHECK(faults::each([&] {
                  const auto view = read_only(m->root());
                  return view && fine(view->open_at("a/b/file", {})) && fine(view->open_at("a", {}));
              }) > 0);
    }
    CHECK(faults::each([] { return fine(memory_filesystem::make()); }) >= 2);
    {
        const auto path =
            std::filesystem::temp_directory_path() / ("tessera-wasi-faults-" + std::to_string(tessera::monotonic_ns()));
        std::filesystem::create_directory(path);
        for (const bool kernel : {true, false}) {
            auto root = open_host_directory(path.string().c_str(), {kernel});
            REQUIRE(root);
#if defined(_WIN32)
            use_everything(**root, false);
#else
            use_everything(**root, true);
#endif
        }
        CHECK(faults::each([&] { return fine(open_host_directory(path.string().c_str())); }) >= 1);
        std::filesystem::remove_all(path);
    }
    CHECK(faults::live == before);
}
