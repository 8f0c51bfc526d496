// SPDX-License-Identifier: MIT
// A mutator for modules in the binary format: it changes the content of one section or function body
// and keeps the sizes around it right, so that what comes after is still read.
#pragma once

#include <tessera/util/cursor.hpp>

#include <cstring>
#include <random>
#include <string_view>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max);

namespace fuzz {

/// A custom section that says nothing to a module; targets draw from its content.
inline constexpr std::string_view seed_section = "seed";

/// A part whose size is written before it.
struct sized_part {
    std::size_t size_at = 0, begin = 0, end = 0; ///< offsets of the size and of the content
};

class module_mutator {
public:
    module_mutator(std::uint8_t* data, std::size_t size, std::size_t max, unsigned seed)
        : data_(data), size_(size), max_(max), random_(seed) {}

    std::size_t run() {
        if (random_() % 3 == 0 || !scan() || sections_.empty()) return LLVMFuzzerMutate(data_, size_, max_);
        if (random_() % 16 == 0) return add_seed();
        if (!bodies_.empty() && random_() % 2) {
            const body& b = bodies_[random_() % bodies_.size()];
            return change(b.part, &b.section);
        }
        return change(sections_[random_() % sections_.size()], nullptr);
    }

private:
    struct body {
        sized_part part, section;
    };
    bool part(tessera::cursor& in, sized_part& out) {
        tessera::u32 n = 0;
        out.size_at = std::size_t(in.at() - data_);
        if (!in.leb_u32(n)) return false;
        out.begin = std::size_t(in.at() - data_);
        if (n > size_ - out.begin) return false;
        out.end = out.begin + n;
        in.seek(data_ + out.end);
        return true;
    }
    bool scan() {
        if (size_ < 8) return false;
        tessera::cursor in(data_ + 8, data_ + size_);
        while (!in.done()) {
            tessera::u8 id = 0;
            sized_part section;
            if (!in.byte(id) || !part(in, section)) return false;
            sections_.push_back(section);
            if (id != 10) continue;
            tessera::cursor code(data_ + section.begin, data_ + section.end);
            tessera::u32 n = 0;
            sized_part one;
            if (!code.leb_u32(n)) continue;
            while (!code.done() && part(code, one) && one.end <= section.end) bodies_.push_back({one, section});
        }
        return true;
    }
    static void put_size(std::vector<std::uint8_t>& to, std::size_t n) {
        for (; n >= 0x80; n >>= 7) to.push_back(std::uint8_t(n | 0x80));
        to.push_back(std::uint8_t(n));
    }
    /// Changes `p`, which may lie in `outer`.
    std::size_t change(const sized_part& p, const sized_part* outer) {
        std::vector<std::uint8_t> content(data_ + p.begin, data_ + p.end), inner, all;
        const std::size_t old = content.size(), room = old + 16 < max_ ? old + 16 : max_;
        content.resize(room);
        if (old > room) return LLVMFuzzerMutate(data_, size_, max_);
        content.resize(LLVMFuzzerMutate(content.data(), old, room));
        put_size(inner, content.size());
        inner.insert(inner.end(), content.begin(), content.end());
        all.assign(data_, data_ + (outer ? outer->size_at : p.size_at));
        if (outer) {
            put_size(all, p.size_at - outer->begin + inner.size() + outer->end - p.end);
            all.insert(all.end(), data_ + outer->begin, data_ + p.size_at);
        }
        all.insert(all.end(), inner.begin(), inner.end());
        all.insert(all.end(), data_ + p.end, data_ + size_);
        return put(all);
    }
    std::size_t add_seed() {
        std::vector<std::uint8_t> all(data_, data_ + size_);
        all.push_back(0);
        put_size(all, 1 + seed_section.size() + 4);
        put_size(all, seed_section.size());
        all.insert(all.end(), seed_section.begin(), seed_section.end());
        for (int i = 0; i < 4; ++i) all.push_back(std::uint8_t(random_()));
        return put(all);
    }
    std::size_t put(const std::vector<std::uint8_t>& all) {
        if (all.size() > max_) return LLVMFuzzerMutate(data_, size_, max_);
        std::memcpy(data_, all.data(), all.size());
        return all.size();
    }

    std::uint8_t* data_;
    std::size_t size_, max_;
    std::minstd_rand random_;
    std::vector<sized_part> sections_;
    std::vector<body> bodies_;
};

} // namespace fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max, unsigned seed) {
    return fuzz::module_mutator(data, size, max, seed).run();
}
