// SPDX-License-Identifier: MIT
// A mutator for modules in the binary format: it changes the content of one section or function body
// and keeps the sizes around it right, so that what comes after is still read. Or it makes an instruction
// another one of the same type, so that what was valid still is.
#pragma once

#include <tessera/binary/body.hpp>

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
        if (!bodies_.empty() && random_() % 4) {
            const body& b = bodies_[random_() % bodies_.size()];
            return random_() % 2 ? exchange(b) : change(b.part, &b.section);
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
        std::vector<std::uint8_t> content(data_ + p.begin, data_ + p.end);
        const std::size_t old = content.size(), room = old + 16 < max_ ? old + 16 : max_;
        content.resize(room);
        if (old > room) return LLVMFuzzerMutate(data_, size_, max_);
        content.resize(LLVMFuzzerMutate(content.data(), old, room));
        return replace(p, outer, content);
    }
    /// True for what can stand in each other's place, but for numbers in the immediate.
    static bool are_alike(const tessera::op_row& a, const tessera::op_row& b) {
        const tessera::op_type &s = a.type, &t = b.type;
        return !s.poly && !t.poly && a.immediate == b.immediate && s.param_count == t.param_count &&
               s.result_count == t.result_count && std::memcmp(s.params, t.params, sizeof s.params) == 0 &&
               std::memcmp(s.results, t.results, sizeof s.results) == 0;
    }
    /// Makes an instruction of `b` another one of its type.
    std::size_t exchange(const body& b) {
        using tessera::imm;
        tessera::binary::instruction_reader<tessera::everything> in(
            data_, tessera::cursor(data_ + b.part.begin, data_ + b.part.end));
        struct place {
            std::size_t begin, end;
            tessera::binary::instruction what;
        };
        std::vector<place> places;
        tessera::binary::instruction one;
        if (!tessera::binary::local_declarations(in, 0, {}, [](tessera::u32, tessera::val_type) { return true; }))
            return change(b.part, &b.section);
        while (!in.done() && in.next(one))
            if (!tessera::row(one.code).type.poly) places.push_back({one.offset, in.offset(), one});
        if (places.empty()) return change(b.part, &b.section);
        const place& at = places[random_() % places.size()];
        const tessera::op_row& old = tessera::row(at.what.code);
        std::vector<tessera::op> alike;
        for (tessera::u16 i = 0; i < tessera::op_count; ++i)
            if (are_alike(old, tessera::op_table[i])) alike.push_back(tessera::op(i));
        const tessera::op fresh = alike[random_() % alike.size()];
        const tessera::op_row& row = tessera::row(fresh);

        std::vector<std::uint8_t> content(data_ + b.part.begin, data_ + at.begin);
        if (row.prefix) content.push_back(row.prefix), put_size(content, row.code);
        else content.push_back(std::uint8_t(row.code));
        switch (row.immediate) {
        case imm::none: break;
        case imm::memarg:
        case imm::memarg_lane:
            content.push_back(std::uint8_t(tessera::natural_align[tessera::u16(fresh)] | (at.what.index ? 0x40 : 0)));
            if (at.what.index) put_size(content, at.what.index);
            put_size(content, at.what.value);
            if (row.immediate == imm::memarg_lane)
                content.push_back(at.what.lane % (16 >> tessera::natural_align[tessera::u16(fresh)]));
            break;
        case imm::lane: content.push_back(at.what.lane % 2); break; // all have two lanes
        default: {                                                  // the immediate as it was
            tessera::cursor code(data_ + at.begin, data_ + at.end);
            tessera::u8 byte = 0;
            tessera::u32 number = 0;
            if (!code.byte(byte) || (old.prefix && !code.leb_u32(number))) break;
            content.insert(content.end(), data_ + (code.at() - data_), data_ + at.end);
        }
        }
        content.insert(content.end(), data_ + at.end, data_ + b.part.end);
        return replace(b.part, &b.section, content);
    }
    /// Puts `content` in the place of that of `p`, which may lie in `outer`.
    std::size_t replace(const sized_part& p, const sized_part* outer, const std::vector<std::uint8_t>& content) {
        std::vector<std::uint8_t> inner, all;
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
