// SPDX-License-Identifier: MIT
/// @file wasi/windows_system.hpp
/// The calls of Windows that open files relative to an open directory. They are those of its kernel, in ntdll: Win32
/// has none of that kind. Declared here as their headers do, which bring a thousand macros.
#pragma once

#if defined(_WIN32)

#include <tessera/wasi/path.hpp>
#include <tessera/wasi/realtime.hpp>

struct _SECURITY_ATTRIBUTES;
struct HINSTANCE__;

namespace tessera::inline TESSERA_ABI::wasi {

namespace windows {

using handle = void*;
using status = long;
using dword = unsigned long;
using unit = wchar_t; // 16 bits

extern "C" __declspec(dllimport) handle
    __stdcall CreateFileW(const unit*, dword, dword, ::_SECURITY_ATTRIBUTES*, dword, dword, handle);
extern "C" __declspec(dllimport) int __stdcall CloseHandle(handle);
extern "C" __declspec(dllimport) dword __stdcall GetLastError();
extern "C" __declspec(dllimport)::HINSTANCE__* __stdcall GetModuleHandleA(const char*);
#if defined(_WIN64)
extern "C" __declspec(dllimport) long long(__stdcall* __stdcall GetProcAddress(::HINSTANCE__*, const char*))();
#else
extern "C" __declspec(dllimport) int(__stdcall* __stdcall GetProcAddress(::HINSTANCE__*, const char*))();
#endif

struct counted_name {
    u16 length; // bytes
    u16 capacity;
    unit* text;
};
struct object_attributes {
    dword size;
    handle root;
    const counted_name* name;
    dword attributes;
    void* security;
    void* quality;
};
struct io_status {
    union {
        status code;
        void* pointer;
    };
    std::uintptr_t information;
};

/// Found at run time: ntdll has no import library that every compiler knows.
struct calls {
    status(__stdcall* create)(handle*, dword, object_attributes*, io_status*, const i64*, dword, dword, dword, dword,
                              void*, dword);
    status(__stdcall* query)(handle, io_status*, void*, dword, int);
    status(__stdcall* set)(handle, io_status*, const void*, dword, int);
    status(__stdcall* query_volume)(handle, io_status*, void*, dword, int);
    status(__stdcall* list)(handle, handle, void*, void*, io_status*, void*, dword, int, u8, counted_name*, u8);
    status(__stdcall* read)(handle, handle, void*, void*, io_status*, void*, dword, const i64*, dword*);
    status(__stdcall* write)(handle, handle, void*, void*, io_status*, const void*, dword, const i64*, dword*);
    status(__stdcall* flush)(handle, io_status*);

    static const calls& of_system() noexcept {
        static const calls all = find_all();
        return all;
    }
    bool complete() const noexcept { return create && query && set && query_volume && list && read && write && flush; }

private:
    static calls find_all() noexcept {
        calls c{};
        ::HINSTANCE__* const ntdll = GetModuleHandleA("ntdll.dll");
        if (!ntdll) return c;
        find(ntdll, "NtCreateFile", c.create);
        find(ntdll, "NtQueryInformationFile", c.query);
        find(ntdll, "NtSetInformationFile", c.set);
        find(ntdll, "NtQueryVolumeInformationFile", c.query_volume);
        find(ntdll, "NtQueryDirectoryFile", c.list);
        find(ntdll, "NtReadFile", c.read);
        find(ntdll, "NtWriteFile", c.write);
        find(ntdll, "NtFlushBuffersFile", c.flush);
        return c;
    }
    template <class F>
    static void find(::HINSTANCE__* from, const char* name, F& to) noexcept {
        const auto found = GetProcAddress(from, name);
        static_assert(sizeof found == sizeof to);
        std::memcpy(&to, &found, sizeof to);
    }
};

// Numbers of the system, by what they mean.
inline constexpr dword read_data = 1, write_data = 2, traverse = 0x20, read_attributes = 0x80, write_attributes = 0x100,
                       may_delete = 0x1'0000, generic_read = 0x12'0089, generic_write = 0x12'0116,
                       synchronize = 0x10'0000;
inline constexpr dword share_all = 7;
inline constexpr dword must_exist = 1, must_be_new = 2, open_or_make = 3;
inline constexpr dword directory_only = 1, write_through = 2, one_after_another = 0x20, no_directory = 0x40,
                       the_link_itself = 0x20'0000;
inline constexpr dword is_read_only = 1, is_directory = 0x10, is_ordinary = 0x80, is_link = 0x400;
inline constexpr int basic_information = 4, standard_information = 5, internal_information = 6, rename_information = 10,
                     link_information = 11, disposition_information = 13, end_information = 20, tag_information = 35,
                     listing_information = 37, disposition_information_ex = 64;

struct basic {
    i64 created, accessed, written, changed;
    dword attributes;
};
struct standard {
    i64 allocated, size;
    dword links;
    u8 delete_pending, directory;
};
struct tag {
    dword attributes, reparse;
};

inline error_number error_of(status s) noexcept {
    struct pair {
        u32 theirs;
        error_number ours;
    };
    static constexpr pair pairs[] = {
        {0xc000'0034, error_number::noent}, // object name not found
        {0xc000'003a, error_number::noent}, // object path not found
        {0xc000'000f, error_number::noent}, // no such file
        {0xc000'0123, error_number::noent}, // file deleted
        {0xc000'0056, error_number::noent}, // delete pending
        {0xc000'0033, error_number::inval}, // object name invalid
        {0xc000'0035, error_number::exist}, // object name collision
        {0xc000'0022, error_number::acces}, // access denied
        {0xc000'0043, error_number::acces}, // sharing violation
        {0xc000'0121, error_number::acces}, // cannot delete
        {0xc000'0103, error_number::notdir},   {0xc000'00ba, error_number::isdir},
        {0xc000'0101, error_number::notempty}, {0xc000'007f, error_number::nospc},
        {0xc000'0044, error_number::dquot},    {0xc000'00d4, error_number::xdev},
        {0xc000'0265, error_number::mlink},    {0xc000'0106, error_number::nametoolong},
        {0xc000'000d, error_number::inval},    {0xc000'0008, error_number::badf},
        {0xc000'0017, error_number::nomem},    {0xc000'009a, error_number::nomem},
        {0xc000'00a2, error_number::rofs},     {0xc000'00bb, error_number::notsup},
        {0xc000'0010, error_number::notsup},                                        // invalid device request
        {0xc000'0002, error_number::notsup},                                        // not a call of this file system
        {0xc000'0003, error_number::notsup},                                        // invalid information class
        {0xc000'011f, error_number::mfile},    {0xc000'014b, error_number::pipe},   // pipe broken
        {0xc000'0904, error_number::fbig},     {0xc000'0054, error_number::deadlk}, // file lock conflict
    };
    if (s >= 0) return error_number::success;
    for (const pair& p : pairs)
        if (p.theirs == u32(s)) return p.ours;
    return error_number::io;
}

/// A handle that is closed at the end of its life.
class owned {
public:
    owned() noexcept = default;
    explicit owned(handle h) noexcept : handle_(h) {}
    owned(owned&& other) noexcept : handle_(other.handle_) { other.handle_ = nullptr; }
    owned& operator=(owned&& other) noexcept {
        handle const mine = handle_;
        handle_ = other.handle_;
        other.handle_ = mine;
        return *this;
    }
    ~owned() {
        if (handle_) static_cast<void>(CloseHandle(handle_));
    }
    handle get() const noexcept { return handle_; }

private:
    handle handle_ = nullptr;
};

/// Calls `put(scalar)` for each scalar value of `text`, which is UTF-8, while it returns true.
template <class F>
bool each_scalar(std::string_view text, F&& put) noexcept {
    for (std::size_t i = 0; i < text.size();) {
        const u8 lead = u8(text[i]);
        const std::size_t extra = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0x80 ? 1 : 0;
        u32 scalar = extra ? lead & (0x3fu >> extra) : lead;
        for (std::size_t k = 1; k <= extra; ++k) scalar = scalar << 6 | (u8(text[i + k]) & 0x3fu);
        i += extra + 1;
        if (!put(scalar)) return false;
    }
    return true;
}
/// Writes `text` as UTF-16 with a zero behind it, and how many units before that it is. False: there is no room.
template <std::size_t N>
bool to_utf16(std::string_view text, unit (&to)[N], std::size_t& size) noexcept {
    size = 0;
    const bool fits = each_scalar(text, [&](u32 scalar) {
        if (size + 3 > N) return false;
        if (scalar >= 0x10000) {
            to[size++] = unit(0xd800 + ((scalar - 0x10000) >> 10));
            scalar = 0xdc00 + ((scalar - 0x10000) & 0x3ff);
        }
        to[size++] = unit(scalar);
        return true;
    });
    to[size] = 0;
    return fits;
}

/// A name in a directory, as the system wants it.
struct name {
    static constexpr std::size_t room = max_name + 2;
    unit text[room] = {};
    std::size_t size = 0; // units
};
/// Of a name that is UTF-8. Fails with `inval` for what Windows has other uses for: separators, streams, wildcards, and
/// dots and blanks at the end, which Win32 programs cannot name; and with `nametoolong`.
inline error_number name_of(std::string_view from, name& to) noexcept {
    const bool plain = each_scalar(from, [](u32 scalar) {
        return scalar >= 0x20 && (scalar >= 0x80 || !std::strchr("\\/:*?\"<>|", int(scalar)));
    });
    if (!plain || from.empty() || from.back() == '.' || from.back() == ' ') return error_number::inval;
    return to_utf16(from, to.text, to.size) ? error_number::success : error_number::nametoolong;
}

/// Opens `which` in the directory `root`, or `root` itself again where `which` is empty. Follows nothing.
inline status open(handle root, const name& which, dword access, dword how, dword options, owned& to) noexcept {
    unit text[name::room];
    std::memcpy(text, which.text, sizeof text);
    const counted_name counted{u16(which.size * 2), u16(which.size * 2), text};
    constexpr dword case_insensitive = 0x40;
    object_attributes at{sizeof at, root, &counted, case_insensitive, nullptr, nullptr};
    io_status io{};
    handle made = nullptr;
    const status s = calls::of_system().create(&made, access | synchronize, &at, &io, nullptr, is_ordinary, share_all,
                                               how, options | one_after_another | the_link_itself, nullptr, 0);
    if (s >= 0) to = owned(made);
    return s;
}

template <class T>
status query(handle h, int what, T& to) noexcept {
    io_status io{};
    return calls::of_system().query(h, &io, &to, sizeof to, what);
}
template <class T>
status set(handle h, int what, const T& from) noexcept {
    io_status io{};
    return calls::of_system().set(h, &io, &from, sizeof from, what);
}

inline timestamp time_of(i64 t) noexcept { return u64(t) > windows_epoch ? (u64(t) - windows_epoch) * 100 : 0; }
inline i64 time_from(timestamp t) noexcept { return i64(t / 100 + windows_epoch); }

inline outcome<filestat> stat_of(handle h) noexcept {
    basic b{};
    standard s{};
    i64 number = 0;
    for (const status wrong : {query(h, basic_information, b), query(h, standard_information, s)})
        if (wrong < 0) return error_of(wrong);
    static_cast<void>(query(h, internal_information, number));
    struct {
        i64 made;
        dword serial, length;
        u8 rest[64 + 2];
    } volume{};
    io_status io{};
    static_cast<void>(calls::of_system().query_volume(h, &io, &volume, sizeof volume, 1));
    filestat out;
    out.dev = volume.serial;
    out.ino = inode(number);
    out.type = b.attributes & is_link ? filetype::symbolic_link
               : s.directory          ? filetype::directory
                                      : filetype::regular_file;
    out.nlink = s.links;
    out.size = filesize(s.size);
    out.atim = time_of(b.accessed);
    out.mtim = time_of(b.written);
    out.ctim = time_of(b.changed);
    return out;
}

inline error_number set_times(handle h, timestamp atim, timestamp mtim, fstflags which) noexcept {
    if (const auto wrong = check_times(which); wrong != error_number::success) return wrong;
    basic b{}; // 0: stays
    if (has(which, fstflags::atim)) b.accessed = time_from(atim);
    if (has(which, fstflags::atim_now)) b.accessed = time_from(realtime_ns());
    if (has(which, fstflags::mtim)) b.written = time_from(mtim);
    if (has(which, fstflags::mtim_now)) b.written = time_from(realtime_ns());
    return which == fstflags::none ? error_number::success : error_of(set(h, basic_information, b));
}

} // namespace windows

} // namespace tessera
#endif
