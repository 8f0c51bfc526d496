// SPDX-License-Identifier: MIT
// The host writes a text into a guest's memory, the guest (guests/words.c) counts its words.
//
//     03_memory [folder of the guests]
#include <tessera/tessera.hpp>

#include "../tests/files.hpp"
#include "report.hpp"

#include <string>
#include <string_view>

constexpr tessera::features profile = tessera::wasm_2_0;

int main(int argc, char** argv) {
    constexpr std::string_view text = "The tide comes in, the tide goes out; the SEA stays. It's the sea's way.";

    const std::string folder = argc > 1 ? argv[1] : "examples/guests";
    const auto bytes = read_file((folder + "/words.wasm").c_str());
    auto mod = tessera::module::parse<profile>(bytes);
    if (!mod) return report(mod.error());
    for (const auto& e : mod->exports()) std::printf("export %.*s\n", int(e.name.size()), e.name.data());

    tessera::store<profile> store;
    auto instance = store.instantiate(*mod);
    if (!instance) return report(instance.error());
    auto memory = instance->get<tessera::memory>("memory");
    auto buffer = instance->get<tessera::u32()>("buffer");
    auto count = instance->get<tessera::u32(tessera::u32)>("count");
    auto top = instance->get<tessera::u64()>("top");
    if (!memory) return report(memory.error());
    if (!buffer) return report(buffer.error());
    if (!count) return report(count.error());
    if (!top) return report(top.error());

    auto address = (*buffer)();
    if (!address) return report(address.error());
    if (auto ok = memory->write(*address, text); !ok) return report(ok.error()); // all of it, or an error

    auto words = (*count)(tessera::u32(text.size()));
    if (!words) return report(words.error());
    auto most = (*top)();
    if (!most) return report(most.error());
    // A view is checked when it is made and good until the memory grows; `view` gives bytes, `text` a string_view.
    auto word = memory->text(*most >> 32, tessera::u32(*most));
    if (!word) return report(word.error());
    std::printf("%u words, most often \"%.*s\"\n", unsigned(*words), int(word->size()), word->data());

    // Single values, little-endian on every host, each with its own check.
    if (auto ok = memory->store<tessera::u16>(*address, 0x6968); !ok) return report(ok.error());
    if (auto first = memory->load<tessera::u8>(*address)) std::printf("first byte now '%c'\n", *first);
    if (auto beyond = memory->load<tessera::u32>(memory->size() - 3); !beyond) report(beyond.error());
}
