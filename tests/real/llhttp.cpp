// SPDX-License-Identifier: MIT
// Drives the HTTP parser of the npm package undici 5.28.4, a C program compiled by others, through
// its own interface: whole messages, messages in pieces, broken ones.
#include "../engine.hpp"

#include <doctest/doctest.h>
#include <files.hpp>

#include <string>
#include <string_view>
#include <tuple>

namespace {

using tessera::i32;
using tessera::u32;

constexpr tessera::features profile = engines::plain;

enum type : i32 { request = 1, response = 2 };
enum code : i32 { ok = 0, invalid_version = 9, invalid_status = 13, headers_refused = 17 };

/// What the parser said of one message. Spans are joined over the pieces in which they came.
struct heard {
    std::string url, status, fields, values, body;
    std::size_t url_at = 0, body_at = 0; // where the first piece stands in the whole input
    int begins = 0, headers = 0, completes = 0, parser = 0;
    i32 status_code = 0, upgrade = 0, keep_alive = 0;
    i32 result = 0, method = 0, major = 0, minor = 0;
    std::size_t error_at = 0;
    std::string reason;

    friend bool operator==(const heard&, const heard&) = default;
};

class parser {
    template <class Signature, class... Arguments>
    auto call(const char* name, Arguments... arguments) {
        auto function = instance_.get<Signature>(name);
        REQUIRE(function);
        auto answer = (*function)(arguments...);
        REQUIRE(answer);
        if constexpr (!std::is_void_v<typename decltype(answer)::value_type>) return *answer;
    }

public:
    explicit parser(const tessera::module& mod, i32 refuse_headers = 0) {
        using tessera::caller;
        using tessera::result;
        tessera::imports env;
        const auto on = [&](const char* name, auto function) { env.define("env", name, function); };
        on("wasm_on_message_begin", [this](i32) -> i32 { return ++heard_.begins, 0; });
        on("wasm_on_message_complete", [this](i32) -> i32 { return ++heard_.completes, 0; });
        on("wasm_on_headers_complete", [this, refuse_headers](i32, i32 status, i32 upgrade, i32 keep_alive) -> i32 {
            ++heard_.headers;
            std::tie(heard_.status_code, heard_.upgrade, heard_.keep_alive) = std::tie(status, upgrade, keep_alive);
            return refuse_headers;
        });
        const auto span = [&](const char* name, std::string heard::*text, std::size_t heard::*where) {
            on(name, [this, text, where](caller& c, i32, u32 at, u32 size) -> result<i32> {
                auto memory = c.get<tessera::memory>("memory");
                if (!memory) return memory.error();
                auto bytes = memory->text(at, size);
                if (!bytes) return bytes.error();
                if (where && (heard_.*text).empty()) heard_.*where = consumed_ + at - piece_;
                heard_.*text += *bytes;
                return 0;
            });
        };
        span("wasm_on_url", &heard::url, &heard::url_at);
        span("wasm_on_status", &heard::status, nullptr);
        span("wasm_on_header_field", &heard::fields, nullptr);
        span("wasm_on_header_value", &heard::values, nullptr);
        span("wasm_on_body", &heard::body, &heard::body_at);

        auto instance = store_.instantiate(mod, env);
        REQUIRE(instance);
        instance_ = *instance;
        call<void()>("_initialize");
    }

    /// Parses `text` cut at `cuts`; stops at the first piece that is refused.
    heard parse(type kind, std::string_view text, std::initializer_list<std::size_t> cuts = {}) {
        heard_ = {};
        consumed_ = 0;
        const i32 self = call<i32(i32)>("llhttp_alloc", i32(kind));
        const auto feed = [&](std::string_view piece) {
            piece_ = u32(call<i32(i32)>("malloc", i32(piece.size() + 1)));
            auto memory = instance_.get<tessera::memory>("memory");
            REQUIRE(memory);
            REQUIRE(memory->write(piece_, piece));
            heard_.result = call<i32(i32, i32, i32)>("llhttp_execute", self, i32(piece_), i32(piece.size()));
            if (heard_.result != ok) {
                heard_.error_at = consumed_ + u32(call<i32(i32)>("llhttp_get_error_pos", self)) - piece_;
                for (u32 at = u32(call<i32(i32)>("llhttp_get_error_reason", self));; ++at) {
                    auto c = memory->load<tessera::u8>(at);
                    REQUIRE(c);
                    if (*c == 0) break;
                    heard_.reason += char(*c);
                }
            }
            call<void(i32)>("free", i32(piece_));
            consumed_ += piece.size();
        };
        std::size_t from = 0;
        for (std::size_t cut : cuts) {
            feed(text.substr(from, cut - from));
            from = cut;
            if (heard_.result != ok) break;
        }
        if (heard_.result == ok) feed(text.substr(from));
        heard_.method = call<i32(i32)>("llhttp_get_method", self);
        heard_.major = call<i32(i32)>("llhttp_get_http_major", self);
        heard_.minor = call<i32(i32)>("llhttp_get_http_minor", self);
        call<void(i32)>("llhttp_free", self);
        return heard_;
    }

private:
    tessera::store<profile> store_;
    tessera::instance instance_;
    heard heard_;
    u32 piece_ = 0;            ///< where the piece being parsed stands in the guest
    std::size_t consumed_ = 0; ///< how many bytes came before it
};

constexpr std::string_view a_request =
    "POST /tiles?x=3&y=4 HTTP/1.1\r\nHost: example.org\r\nContent-Length: 11\r\n\r\nhello world";
constexpr std::string_view a_response = "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\nServer: none\r\n\r\n"
                                        "5\r\nhello\r\n3\r\n, w\r\n0\r\n\r\n";

struct fixture {
    std::vector<std::byte> bytes = read_file(LLHTTP_WASM);
    bool there() const {
        if (bytes.empty()) std::puts("skipped: llhttp.wasm is not there; npm could not fetch it");
        return !bytes.empty();
    }
    tessera::module module() const {
        auto mod = tessera::module::parse<profile>(bytes);
        REQUIRE(mod);
        return std::move(*mod);
    }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "llhttp: a request") {
    if (!there()) return;
    const tessera::module mod = module();
    parser p(mod);
    const heard h = p.parse(request, a_request);
    CHECK(h.result == ok);
    CHECK(h.method == 3); // POST
    CHECK(h.major == 1);
    CHECK(h.minor == 1);
    CHECK(h.url == "/tiles?x=3&y=4");
    CHECK(h.url_at == 5);
    CHECK(h.fields == "HostContent-Length");
    CHECK(h.values == "example.org11");
    CHECK(h.body == "hello world");
    CHECK(h.body_at == 71);
    CHECK(h.keep_alive == 1);
    CHECK(h.begins == 1);
    CHECK(h.headers == 1);
    CHECK(h.completes == 1);
}

TEST_CASE_FIXTURE(fixture, "llhttp: a chunked response") {
    if (!there()) return;
    const tessera::module mod = module();
    parser p(mod);
    const heard h = p.parse(response, a_response);
    CHECK(h.result == ok);
    CHECK(h.status_code == 404);
    CHECK(h.status == "Not Found");
    CHECK(h.fields == "Transfer-EncodingServer");
    CHECK(h.values == "chunkednone");
    CHECK(h.body == "hello, w");
    CHECK(h.body_at == 71);
    CHECK(h.completes == 1);
}

TEST_CASE_FIXTURE(fixture, "llhttp: in pieces, at every cut") {
    if (!there()) return;
    const tessera::module mod = module();
    parser p(mod);
    for (auto [kind, text] : {std::tuple{request, a_request}, std::tuple{response, a_response}}) {
        const heard whole = p.parse(kind, text);
        for (std::size_t cut = 1; cut < text.size(); ++cut) {
            CAPTURE(cut);
            CHECK(p.parse(kind, text, {cut}) == whole);
        }
        for (std::size_t third = 1; 3 * third < text.size(); third += 5)
            CHECK(p.parse(kind, text, {third, third, 3 * third}) == whole);
    }
}

TEST_CASE_FIXTURE(fixture, "llhttp: broken input") {
    if (!there()) return;
    const tessera::module mod = module();
    parser p(mod);
    const heard status = p.parse(response, "HTTP/1.1 2x0 OK\r\n\r\n");
    CHECK(status.result == invalid_status);
    CHECK(status.error_at == 10);
    CHECK(status.reason == "Invalid response status");
    CHECK(status.headers == 0);
    const heard version = p.parse(request, "GET / HTTP/9.9\r\n\r\n", {6, 13});
    CHECK(version.result == invalid_version);
    CHECK(version.error_at == 14);
    CHECK(version.reason == "Invalid HTTP version");
    CHECK(version.url == "/");
    // The instance is as good as before.
    CHECK(p.parse(request, a_request).result == ok);
}

TEST_CASE_FIXTURE(fixture, "llhttp: the host refuses the headers") {
    if (!there()) return;
    const tessera::module mod = module();
    parser p(mod, -1);
    const heard h = p.parse(request, a_request);
    CHECK(h.result == headers_refused);
    CHECK(h.headers == 1);
    CHECK(h.completes == 0);
}
