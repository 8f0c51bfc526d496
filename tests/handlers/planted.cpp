// SPDX-License-Identifier: MIT
// A handler as it must not be: it calls, so it saves registers. check.py --planted has to find fault with it.
#include <tessera/exec/variants.hpp>

void somewhere();

namespace planted::exec {

template <tessera::u64 Id>
void run(tessera::u64* slots) {
    somewhere();
    slots[0] += Id;
    somewhere();
}
using tessera::exec::loc;
constexpr tessera::exec::variant add{
    tessera::exec::family::binary, 0, tessera::op::i32_add, {loc::slot, loc::slot, loc::none, loc::slot}};
template void run<add.pack()>(tessera::u64*);

} // namespace planted::exec
