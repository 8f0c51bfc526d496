// SPDX-License-Identifier: MIT
// Writes every stub, filled with a few registers and numbers, to a file that a disassembler can read: 64 bytes each,
// and the names to the standard output.
#include <tessera/native/atomic_stubs.hpp>
#include <tessera/native/object_stubs.hpp>
#include <tessera/native/vector_stubs.hpp>

#include <cstdio>
#include <string>

using namespace tessera;
using namespace tessera::native;
using tessera::u8;

namespace {
std::FILE* file = nullptr;

void show(const std::string& name, const stub& s) {
    if (s.size == 0) return;
    fillings values;
    values[from::a] = 9;
    values[from::b] = 13;
    values[from::c] = 64;
    values[from::d] = 3;
    values[from::x] = 8;
    u8 bytes[stub::most_bytes];
    const auto write = [&](const char* which) {
        const unsigned size = copy_stub(bytes, s, values);
        std::fill(bytes + size, bytes + stub::most_bytes, u8(0x90));
        std::fwrite(bytes, 1, stub::most_bytes, file);
        std::printf("%u %s%s\n", size, name.c_str(), which);
        return size;
    };
    if (write("") == s.size) return;
    for (i64& v : values.of) v += 0x1000; // the registers stay the same, and the displacement does not fit into 8 bits
    write(".far");
}
void show(const std::string& name, const stubs::shapes& s) {
    show(name + ".r", s.r);
    show(name + ".m", s.m);
    show(name + ".i", s.i);
}
void show(const std::string& name, const stubs::access& s) {
    show(name + ".r", s.r);
    show(name + ".i", s.i);
    show(name + ".o", s.o);
}
template <class T, std::size_t N>
void show(const std::string& name, const std::array<T, N>& all);
template <class T, std::size_t N>
void show(const std::string& name, const std::array<T, N>& all) {
    for (std::size_t i = 0; i < N; ++i) show(name + "[" + std::to_string(i) + "]", all[i]);
}
} // namespace

#define SHOW(name) show(#name, stubs::name)

int main(int argc, char** argv) {
    if (argc != 2 || !(file = std::fopen(argv[1], "wb"))) return 2;
    SHOW(move), SHOW(move_imm64), SHOW(zero), SHOW(store_slot), SHOW(store_slot_imm);
    SHOW(alus), SHOW(alus_imm8), SHOW(compare_slot_imm), SHOW(test), SHOW(multiply), SHOW(add_to), SHOW(add_imm_to);
    SHOW(shifts_imm), SHOW(shifts_cl), SHOW(check_divisor), SHOW(divide_signed), SHOW(remainder_signed);
    SHOW(divide_unsigned), SHOW(leading_zeros), SHOW(trailing_zeros), SHOW(population);
    SHOW(extend8), SHOW(extend16), SHOW(extend32);
    SHOW(set), SHOW(jump_if), SHOW(jump), SHOW(move_if), SHOW(set_equal), SHOW(set_unequal), SHOW(jump_equal);
    SHOW(jump_table);
    SHOW(float_move), SHOW(float_zero), SHOW(float_load_slot), SHOW(float_store_slot), SHOW(floats), SHOW(float_min);
    SHOW(float_max), SHOW(float_compare), SHOW(float_round), SHOW(float_of_bits), SHOW(bits_of_float);
    SHOW(clear_sign), SHOW(turn_sign), SHOW(take_sign), SHOW(demote), SHOW(promote), SHOW(convert32), SHOW(convert64);
    SHOW(truncate_i32), SHOW(truncate_u32), SHOW(truncate_i64), SHOW(truncate_u64);
    SHOW(access_end), SHOW(check_bounds), SHOW(loads), SHOW(stores), SHOW(access_place), SHOW(mark_page),
        SHOW(index_address);
    SHOW(index_constant), SHOW(field_load), SHOW(field_store), SHOW(field_load_float);
    SHOW(field_store_float);
    SHOW(call);
    SHOW(call_rax);
    SHOW(call_entry);
    SHOW(jump_entry);
    SHOW(align_stack);
    SHOW(restore_stack);
    SHOW(compare_field);
    SHOW(ret);
    SHOW(address);
    SHOW(charge);
    SHOW(check_flag);
    SHOW(vector_load_slot), SHOW(vector_store_slot), SHOW(field_load_vector), SHOW(field_store_vector);
    SHOW(vector_load_field), SHOW(vector_store_field), SHOW(vector_load_constant), SHOW(vector_bits);
    SHOW(vector_ones), SHOW(vector_of_rax), SHOW(vector_of_halves), SHOW(vector_order), SHOW(vector_low);
    SHOW(vector_pairs), SHOW(vector_shifts_imm), SHOW(vector_accesses), SHOW(vector_lanes);
    for (const bool avx : {false, true})
        for (const auto& v : stubs::vectors[avx])
            show((avx ? "vectors.avx." : "vectors.") + std::string(row(v.what).text) + (v.swapped ? ".swapped" : "") +
                     (v.in_place ? ".in_place" : "") + (v.apart ? ".apart" : "") + (v.fixed ? ".fixed" : ""),
                 v.code);
    SHOW(atomic_loads), SHOW(atomic_exchange), SHOW(atomic_add), SHOW(atomic_replace), SHOW(zero_extend), SHOW(negate);
    SHOW(check_alignment), SHOW(atomic_place), SHOW(atomic_place_of_other), SHOW(alus_field), SHOW(fence);
    SHOW(field_loads), SHOW(field_stores), SHOW(element_loads), SHOW(element_stores), SHOW(object_address);
    SHOW(field_load32), SHOW(field_add32), SHOW(set_words), SHOW(check_field), SHOW(call_register);
    SHOW(header_of_object), SHOW(type_of_header), SHOW(add_pointer), SHOW(compare_type), SHOW(compare_form);
    SHOW(compare_super), SHOW(test_low);
    return std::fclose(file);
}
