// SPDX-License-Identifier: MIT
// Fuzzes the functions of WASI: calls that the input decides, with descriptors, pointers, sizes, flags and paths at
// random. All files are in memory and time stands still, so nothing of the host is reached and nothing waits.

#define TESSERA_WASI 1
#include "../wasi/guest.hpp"
#include "require.hpp"

#include <fuzzer/FuzzedDataProvider.h>

#include <vector>

namespace {

using namespace tessera;
using fuzz::require;

constexpr unsigned most_calls = 100;
constexpr u32 memory_size = 2 * 65536;

/// What the parameters mean, in the order of wasi_guest::functions: f descriptor, p and n path and its length, v and c
/// iovecs and their count, s subscriptions, o where a result goes, l lookup flags, k flags, q number, r rights.
constexpr std::string_view meanings[] = {
    "oo",  "oo",   "oo",   "oo",   "ko",    "kqo",     "fqqk",    "fqq",       "f",      "f",     "fo",     "fk",
    "frr", "fo",   "fq",   "fqqk", "fvcqo", "fo",      "foq",     "fvcqo",     "fvco",   "foqqo", "ff",     "fqko",
    "f",   "fo",   "fvco", "fpn",  "flpno", "flpnqqk", "flpnfpn", "flpnkrrko", "fpnoqo", "fpn",   "fpnfpn", "pnfpn",
    "fpn", "soco", "k",    "",     "oq",    "fko",     "fvckoo",  "fvcko",     "fk"};
static_assert(std::size(meanings) == std::size(wasi_guest::functions));

class program {
public:
    explicit program(std::span<const u8> input) : in_(input.data(), input.size()) {
        require(files_.put("file", "content") == wasi::error_number::success);
        require(files_.put("dir/deep/file", "deeper") == wasi::error_number::success);
        require(fixed_.put("file", "fixed") == wasi::error_number::success);
        wasi::limits few;
        few.descriptors = 24;
        few.subscriptions = 64;
        context_.argument("program").variable("A", "1").limit(few);
        context_.standard_input(wasi::text_input("some input")).standard_output(wasi::buffer_output(output_, 5000));
        context_.preopen("/", files_.root()).preopen_read_only("/fixed", fixed_.root());
        guest_.emplace(context_);
        require(bool(guest_->in));
    }
    ~program() {
        guest_.reset();
        // What is read only stays as it is, and nothing is kept beyond the limit.
        const auto all = fixed_.get("file");
        require(all && std::string_view(reinterpret_cast<const char*>(all->data()), all->size()) == "fixed");
        require(output_.size() <= 5000);
    }
    void run() {
        for (unsigned i = 0; i < most_calls && in_.remaining_bytes() > 0; ++i) {
            prepare();
            call();
        }
    }

private:
    u32 below(std::size_t n) { return in_.ConsumeIntegralInRange<u32>(0, u32(n) - 1); }

    /// Something for the next calls to find in the memory.
    void prepare() {
        const u32 at = place();
        switch (below(4)) {
        case 0: path(at); break;
        case 1: iovecs(at); break;
        case 2: subscriptions(at); break;
        default: break;
        }
    }
    /// How long it is.
    u32 path(u32 at) {
        static constexpr std::string_view paths[] = {"file", "dir",   "dir/deep", "dir/deep/file", "..",
                                                     ".",    "/file", "../file",  "link",          "new",
                                                     "",     "dir/",  "a//b",     "x/../file"};
        if (below(8) == 0) return guest_->put(at, in_.ConsumeRandomLengthString(40));
        return guest_->put(at, paths[below(std::size(paths))]);
    }
    void iovecs(u32 at) {
        for (u32 i = 0; i < 4; ++i) guest_->iovec(at + 8 * i, u32(number()), below(8) ? below(300) : u32(number()));
    }
    void subscriptions(u32 at) {
        for (u32 i = 0; i < 3; ++i) {
            const u64 here = at + u64{48} * i;
            guest_->put<u64>(here, i);
            guest_->put<u64>(here + 8, below(4));
            guest_->put<u64>(here + 16, below(6));
            guest_->put<u64>(here + 24, number());
            guest_->put<u64>(here + 40, below(3));
        }
    }
    /// An argument of this meaning that makes sense.
    u64 sensible(char meaning) {
        constexpr u32 at = 8192; // of what is made for one call
        switch (meaning) {
        case 'f': return below(8) ? 3 + below(6) : below(3);
        case 'p': next_ = at + 256 * below(2); return length_ = path(next_), next_;
        case 'n': return length_;
        case 'v': return iovecs(at + 512), at + 512;
        case 's': return subscriptions(at + 1024), at + 1024;
        case 'c': return below(4);
        case 'l': return below(2);
        case 'k': return below(16) ? below(10) : below(64);
        case 'r': return below(4) ? u64(wasi::rights::all) : number();
        case 'q': return below(8) ? below(600) : number();
        default: return place();
        }
    }
    /// An address that is used again and again.
    u32 place() { return 256 * below(16); }
    u64 number() {
        static constexpr u64 edges[] = {0,
                                        1,
                                        2,
                                        3,
                                        4,
                                        8,
                                        16,
                                        24,
                                        48,
                                        255,
                                        256,
                                        4095,
                                        4096,
                                        memory_size,
                                        memory_size - 1,
                                        memory_size - 8,
                                        memory_size - 24,
                                        0x7fffffff,
                                        0x80000000,
                                        0xffffffff,
                                        0x100000000,
                                        ~0ull,
                                        ~0ull >> 1,
                                        1ull << 63};
        switch (below(4)) {
        case 0: return edges[below(std::size(edges))];
        case 1: return place();
        case 2: return below(32);
        default: return in_.ConsumeIntegral<u64>() >> below(64);
        }
    }
    void call() {
        constexpr std::size_t count = std::size(wasi_guest::functions);
        const u32 which = below(count + 1);
        if (which == count) {
            const u32 code = u32(number());
            require(!(*guest_)("proc_exit", code));
            require(guest_->why.kind() == kind::exit && guest_->why.exit_code() == code);
            return;
        }
        const auto [name, params] = wasi_guest::functions[which];
        const bool sense = below(4) != 0;
        value args[10];
        for (std::size_t i = 0; i < params.size(); ++i) {
            const u64 n = sense ? sensible(meanings[which][i]) : number();
            args[i] = params[i] == 'l' ? value::i64(n) : value::i32(u32(n));
        }
        value out[1];
        const auto r = guest_->in.call(name, {args, params.size()}, {out, 1});
        require(r ? out[0].bits <= 76 : r.error().is(msg::raised));
    }

    FuzzedDataProvider in_;
    u32 next_ = 0;   ///< where the last path is
    u32 length_ = 0; ///< and how long
    wasi::memory_filesystem files_ = *wasi::memory_filesystem::make(256 * 1024);
    wasi::memory_filesystem fixed_ = *wasi::memory_filesystem::make(256 * 1024);
    vec<char> output_;
    wasi::context context_;
    std::optional<wasi_guest::guest> guest_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    program({data, size}).run();
    return 0;
}
