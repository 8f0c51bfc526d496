// SPDX-License-Identifier: MIT
// Faults that are no guest's go to whoever handled them before.
#include "guard.hpp"

#include <tessera/native/fault_watch.hpp>

#if defined(__linux__)
#include <csignal>
#include <fstream>

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#endif

using namespace guard_test;

#if defined(__linux__)

namespace {

struct page {
    u8* at = static_cast<u8*>(mmap(nullptr, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ~page() { munmap(at, 65536); }
    // Accesses what cannot be.
    void touch() const { *const_cast<volatile u8*>(at + 5) = 1; }
    void open() const { REQUIRE(mprotect(at, 65536, PROT_READ | PROT_WRITE) == 0); }
    void close() const { REQUIRE(mprotect(at, 65536, PROT_NONE) == 0); }
};
page* volatile faulty = nullptr; // which the handlers here open
volatile std::sig_atomic_t low_calls = 0, high_calls = 0;
struct sigaction below_high; // what the handler `high` passes on to
void open_page(void* address) {
    const page* const p = faulty;
    if (p && address >= p->at && address < p->at + 65536) mprotect(p->at, 65536, PROT_READ | PROT_WRITE);
    else std::abort();
}
void low(int, siginfo_t* info, void*) {
    low_calls = low_calls + 1;
    open_page(info->si_addr);
}
void high(int number, siginfo_t* info, void* context) {
    high_calls = high_calls + 1;
    if ((below_high.sa_flags & SA_SIGINFO) != 0) below_high.sa_sigaction(number, info, context);
    else open_page(info->si_addr);
}
using handler_type = void (*)(int, siginfo_t*, void*);
struct sigaction set_handler(handler_type h, int flags = 0) {
    struct sigaction ours = {}, before = {};
    ours.sa_sigaction = h;
    ours.sa_flags = SA_SIGINFO | flags;
    REQUIRE(sigaction(SIGSEGV, &ours, &before) == 0);
    return before;
}
handler_type handler_now() {
    struct sigaction now = {};
    REQUIRE(sigaction(SIGSEGV, nullptr, &now) == 0);
    return (now.sa_flags & SA_SIGINFO) != 0 ? now.sa_sigaction : nullptr;
}
// Faults of guests end as traps, others get to the handler `low`.
void check_faults(guest& g, const page& p) {
    auto get = g.get<i32(u32)>("get");
    const int before = low_calls;
    for (int n = 0; n < 3; ++n) {
        CHECK(get(65533).error().why() == trap::out_of_bounds_memory);
        CHECK(*get(65532) == 0);
    }
    CHECK(low_calls == before);
    p.close();
    p.touch();
    CHECK(low_calls == before + 1);
    CHECK(get(65533).error().why() == trap::out_of_bounds_memory);
    CHECK(low_calls == before + 1);
}
constexpr std::string_view small_memory = R"((module (memory (export "m") 1)
  (func (export "get") (param i32) (result i32) (i32.load (local.get 0)))))";

} // namespace

TEST_CASE("faults that are not a guest's go to the handler that was there, which is put back in the end") {
    page p;
    faulty = &p;
    const struct sigaction former = set_handler(&low);
    {
        guest checked(small_memory, bounds::checked);
        CHECK_FALSE(checked.get<i32(u32)>("get")(65533).has_value());
        CHECK((handler_now() == &low)); // nobody has asked for guard pages
    }
    {
        guest first(small_memory, bounds::guarded);
        if (has_guards) CHECK((handler_now() != &low));
        check_faults(first, p);
        {
            guest second(small_memory, bounds::guarded);
            check_faults(second, p);
        }
        check_faults(first, p);
    }
    CHECK((handler_now() == &low));
    // What a reset store had is not watched any more either.
    guest g(small_memory, bounds::guarded);
    check_faults(g, p);
    REQUIRE(g.store.reset().has_value());
    CHECK((handler_now() == &low));
    REQUIRE(sigaction(SIGSEGV, &former, nullptr) == 0);
    faulty = nullptr;
}

TEST_CASE("a handler that was installed later stays, and so does ours below it") {
    if (!has_guards) return;
    page p;
    faulty = &p;
    const struct sigaction former = set_handler(&low);
    handler_type ours = nullptr;
    {
        guest g(small_memory, bounds::guarded);
        ours = handler_now();
        below_high = set_handler(&high, SA_NODEFER);
        CHECK((below_high.sa_sigaction == ours));
        const int before = high_calls;
        check_faults(g, p);
        CHECK(high_calls == before + 5); // four of the guest's
    }
    CHECK((handler_now() == &high));
    p.close();
    int before = low_calls;
    p.touch(); // passes through ours, which has nothing to answer
    CHECK(low_calls == before + 1);
    {
        guest g(small_memory, bounds::guarded);
        CHECK((handler_now() != &high));
        CHECK((handler_now() != ours));
        check_faults(g, p);
    }
    CHECK((handler_now() == &high));
    REQUIRE(sigaction(SIGSEGV, &below_high, nullptr) == 0); // `high` is gone, as it should be, last in first out
    {
        guest g(small_memory, bounds::guarded);
        CHECK((handler_now() == ours));
        check_faults(g, p);
    }
    CHECK((handler_now() == &low));
    REQUIRE(sigaction(SIGSEGV, &former, nullptr) == 0);
    faulty = nullptr;
}

TEST_CASE("whoever protects a part of a memory that the guest has gets the faults there") {
    const struct sigaction former = set_handler(&low);
    {
        guest g(small_memory, bounds::guarded);
        page p;
        munmap(p.at, 65536);
        p.at = g.get<tessera::memory>("m").bytes().data();
        faulty = &p;
        const int before = low_calls;
        p.close();
        CHECK(*g.get<i32(u32)>("get")(100) == 0);
        CHECK(low_calls == before + 1);
        CHECK_FALSE(g.get<i32(u32)>("get")(65533).has_value());
        CHECK(low_calls == before + 1);
        p.at = nullptr;
    }
    REQUIRE(sigaction(SIGSEGV, &former, nullptr) == 0);
    faulty = nullptr;
}

TEST_CASE("where address space is short memories are checked, and nothing fails") {
    struct rlimit before = {};
    REQUIRE(getrlimit(RLIMIT_AS, &before) == 0);
    u64 pages = 0; // of address space that the process has
    std::ifstream("/proc/self/statm") >> pages;
    REQUIRE(pages != 0);
    const struct rlimit little = {pages * u64(sysconf(_SC_PAGESIZE)) + (u64{4} << 30), before.rlim_max};
    guest g(R"((module))", bounds::guarded);
    REQUIRE(setrlimit(RLIMIT_AS, &little) == 0);
    auto with = g.add(small_memory);
    REQUIRE(setrlimit(RLIMIT_AS, &before) == 0);
    auto get = *with.get<i32(u32)>("get");
    for (int n = 0; n < 3; ++n) {
        CHECK(*get(65532) == 0);
        CHECK(get(65533).error().why() == trap::out_of_bounds_memory);
    }
    CHECK(g.guarded() == 0);
    if (has_guards) CHECK(native_counters_of(g.store).functions == 1);
}
#endif

#if defined(_WIN32)
namespace {
u8* faulty = nullptr; // a page that the handler here opens
int opened = 0;
long __stdcall open_page(::_EXCEPTION_POINTERS* what) {
    const auto& e = *reinterpret_cast<const native::prim::detail::exception_pointers*>(what);
    if (e.record->information[1] - u64(reinterpret_cast<std::uintptr_t>(faulty)) >= 65536) return 0;
    ++opened;
    return commit_pages(faulty, 65536) ? -1 : 0;
}
} // namespace

TEST_CASE("faults that are not a guest's go to the host's vectored handler") {
    void* const own = native::prim::detail::AddVectoredExceptionHandler(0, &open_page);
    guest g(R"((module (memory 1) (func (export "get") (param i32) (result i32) (i32.load (local.get 0)))))",
            bounds::guarded);
    auto get = g.get<i32(u32)>("get");
    for (int round = 1; round <= 2; ++round) {
        CHECK(get(65533).error().why() == trap::out_of_bounds_memory);
        CHECK(opened == round - 1);
        faulty = static_cast<u8*>(reserve_pages(65536, 0));
        REQUIRE(faulty != nullptr);
        *const_cast<volatile u8*>(faulty + 5) = 1;
        CHECK(opened == round);
        CHECK(*get(65532) == 0);
        release_pages(faulty, 65536);
    }
    if (has_guards) CHECK(g.guarded() == 1);
    REQUIRE(native::prim::detail::RemoveVectoredExceptionHandler(own) != 0);
}
#endif
