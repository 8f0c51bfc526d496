// SPDX-License-Identifier: MIT
/// @file game/declaring.hpp
/// The bodies of game/binding.hpp: declarations in C and in AssemblyScript.
#pragma once

#include <tessera/game/binding.hpp>
#include <tessera/text/output.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::game {

namespace detail {

/// What both languages have in common: the types in an order in which each comes after those it consists of.
class declarer {
public:
    using type = declared_type;
    using param = declared_param;

    explicit declarer(const binding& of) noexcept : of_(of) {}

protected:
    bool collect() noexcept {
        for (const declared_function& f : of_.functions()) {
            if (f.gives) collect(*f.gives);
            for (const param& p : f.params) {
                if (p.type) collect(*p.type);
                if (!p.signature) continue;
                if (p.signature->gives) collect(*p.signature->gives);
                for (const type* t : p.signature->params) collect(*t);
            }
        }
        return !lost_;
    }
    void collect(const type& t) noexcept {
        for (const type* known : types_)
            if (known == &t) return;
        if (t.element) collect(*t.element);
        for (const declared_field& f : t.fields) collect(*f.type);
        lost_ |= !types_.push_back(&t);
    }
    const char* name_of(const type& object) const noexcept {
        for (const declared_objects& o : of_.objects())
            if (o.key == object.key) return o.name;
        return nullptr;
    }
    /// The name of a parameter; `more` is what comes behind it.
    std::string_view name_of(const declared_function& f, std::size_t i) const noexcept {
        return i < f.names.size() ? f.names[i] : "result";
    }
    static bool takes_function(const declared_function& f) noexcept {
        for (const param& p : f.params)
            if (p.form == param::function) return true;
        return false;
    }
    result<vec<char>> take() noexcept {
        if (lost_ || out_.failed()) return msg::out_of_memory;
        return out_.take();
    }

    const binding& of_;
    text::text_output out_;
    vec<const type*> types_;
    bool lost_ = false;
};

class c_declarer : declarer {
public:
    using declarer::declarer;
    result<vec<char>> run() noexcept {
        if (auto ok = of_.status(); !ok) return ok.error();
        if (!collect()) return msg::out_of_memory;
        out_ << "/* The functions of \"" << of_.name()
             << "\", made from the host's description of them. */\n#pragma once\n\n#include <stdbool.h>\n#include "
                "<stddef.h>\n#include <stdint.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#define "
                "_Static_assert static_assert\n#endif\n";
        for (const declared_objects& o : of_.objects())
            out_ << "\n/* The number of an object of the host's; 0 is none. */\ntypedef uint32_t " << o.name << ";\n";
        for (const type* t : types_) {
            if (t->form == type::enumeration) enumeration(*t);
            if (t->form == type::structure) structure(*t);
        }
        for (const declared_function& f : of_.functions()) function(f);
        out_ << "\n#ifdef __cplusplus\n#undef _Static_assert\n}\n#endif\n";
        return take();
    }

private:
    void put(const type& t) noexcept {
        const char* const object = t.form == type::object ? name_of(t) : nullptr;
        out_ << (t.form == type::object ? object ? object : "uint32_t" : t.c);
    }
    void enumeration(const type& t) noexcept {
        out_ << "\ntypedef " << t.element->c << " " << t.c << ";\nenum {";
        const char* comma = " ";
        for (const declared_value& v : t.values) {
            out_ << comma << t.c << "_" << v.name << " = " << v.value;
            comma = ", ";
        }
        out_ << " };\n";
    }
    void structure(const type& t) noexcept {
        out_ << "\ntypedef struct " << t.c << " {\n";
        for (const declared_field& f : t.fields) {
            const type* element = f.type;
            while (element->form == type::array) element = element->element;
            out_ << "    ";
            put(*element);
            out_ << " " << f.name;
            for (const type* a = f.type; a->form == type::array; a = a->element) out_ << "[" << a->length << "]";
            out_ << ";\n";
        }
        out_ << "} " << t.c << ";\n_Static_assert(sizeof(" << t.c << ") == " << t.size << ", \"" << t.c << "\");\n";
        for (const declared_field& f : t.fields)
            out_ << "_Static_assert(offsetof(" << t.c << ", " << f.name << ") == " << f.offset << ", \"" << t.c << "."
                 << f.name << "\");\n";
    }
    void parameter(const param& p, std::string_view name) noexcept {
        switch (p.form) {
        case param::value: put(*p.type), out_ << " " << name; break;
        case param::text: out_ << "const char *" << name << ", uint32_t " << name << "_size"; break;
        case param::c_text: out_ << "const char *" << name; break;
        case param::room: out_ << "char *" << name << ", uint32_t " << name << "_size"; break;
        case param::span: put(*p.type), out_ << " *" << name << ", uint32_t " << name << "_count"; break;
        case param::input: out_ << "const ", put(*p.type), out_ << " *" << name; break;
        case param::optional: out_ << "const ", put(*p.type), out_ << " *" << name << " /* or NULL */"; break;
        case param::output: put(*p.type), out_ << " *" << name; break;
        case param::callback: {
            p.signature->gives ? put(*p.signature->gives) : static_cast<void>(out_ << "void");
            out_ << " (*" << name << ")(";
            for (std::size_t i = 0; i < p.signature->params.size(); ++i) {
                if (i) out_ << ", ";
                put(*p.signature->params[i]);
            }
            out_ << (p.signature->params.empty() ? "void)" : ")");
            break;
        }
        case param::function: break;
        }
    }
    void function(const declared_function& f) noexcept {
        out_ << "\n/* " << f.help << " */\n";
        if (takes_function(f)) {
            out_ << "/* " << f.name << " takes a reference to a function, which C does not have. */\n";
            return;
        }
        if (f.check) out_ << "__attribute__((export_name(\"" << f.name << "\")))\n";
        else out_ << "__attribute__((import_module(\"" << of_.name() << "\"), import_name(\"" << f.name << "\")))\n";
        f.gives ? put(*f.gives) : static_cast<void>(out_ << "void");
        out_ << " ";
        if (!f.check) out_ << of_.name() << "_";
        out_ << f.name << "(";
        for (std::size_t i = 0; i < f.params.size(); ++i) {
            if (i) out_ << ", ";
            parameter(f.params[i], name_of(f, i));
        }
        out_ << (f.params.empty() ? "void);\n" : ");\n");
    }
};

class script_declarer : declarer {
public:
    using declarer::declarer;
    result<vec<char>> run() noexcept {
        if (auto ok = of_.status(); !ok) return ok.error();
        if (!collect()) return msg::out_of_memory;
        out_ << "// The functions of \"" << of_.name()
             << "\", made from the host's description of them. A module that passes callbacks needs --exportTable.\n";
        for (const declared_objects& o : of_.objects())
            out_ << "\n/** The number of an object of the host's; 0 is none. */\nexport type " << o.name << " = u32;\n";
        for (const type* t : types_) {
            if (t->form == type::enumeration) enumeration(*t);
            if (t->form == type::structure) structure(*t);
        }
        for (const declared_function& f : of_.functions()) f.check ? expected(f) : function(f);
        return take();
    }

private:
    void put(const type& t) noexcept {
        const char* const object = t.form == type::object ? name_of(t) : nullptr;
        out_ << (t.form == type::object ? object ? object : "u32" : t.script);
    }
    void enumeration(const type& t) noexcept {
        out_ << "\nexport enum " << t.c << " {";
        const char* comma = " ";
        for (const declared_value& v : t.values) {
            out_ << comma << v.name << " = " << v.value;
            comma = ", ";
        }
        out_ << " }\n";
    }
    /// Classes there have no members that are classes: these are taken apart, with what lies between them.
    void structure(const type& t) noexcept {
        out_ << "\n/** " << t.size << " bytes. */\n@unmanaged export class " << t.c << " {\n";
        u32 at = 0, gap = 0;
        vec<char> prefix;
        fields(t, 0, prefix, at, gap);
        pad(t.size, 1, at, gap);
        out_ << "}\n";
    }
    void pad(u32 to, u32 align, u32& at, u32& gap) noexcept {
        while ((at + align - 1) / align * align < to) out_ << "  private _" << gap++ << ": u8 = 0;\n", ++at;
    }
    void fields(const type& t, u32 from, vec<char>& prefix, u32& at, u32& gap) noexcept {
        for (const declared_field& f : t.fields) {
            const std::size_t before = prefix.size();
            const std::string_view name = f.name;
            lost_ |= !prefix.append(name.data(), name.size());
            field(*f.type, from + f.offset, prefix, at, gap);
            prefix.truncate(before);
        }
    }
    void field(const type& t, u32 offset, vec<char>& name, u32& at, u32& gap) noexcept {
        const std::size_t before = name.size();
        if (t.form == type::structure) {
            lost_ |= !name.push_back('_');
            fields(t, offset, name, at, gap);
        } else if (t.form == type::array) {
            for (u32 i = 0; i < t.length; ++i) {
                lost_ |= !name.push_back('_');
                char digits[10];
                u32 n = 0;
                for (u32 rest = i; n == 0 || rest; rest /= 10) digits[n++] = char('0' + rest % 10);
                while (n) lost_ |= !name.push_back(digits[--n]);
                field(*t.element, offset + i * t.element->size, name, at, gap);
                name.truncate(before);
            }
        } else {
            pad(offset, t.align, at, gap);
            out_ << "  " << std::string_view(name.data(), name.size()) << ": ";
            put(t);
            out_ << (t.form == type::number && std::string_view(t.script) == "bool" ? " = false;\n" : " = 0;\n");
            at = offset + t.size;
        }
        name.truncate(before);
    }

    static bool is_wrapped(const param& p) noexcept {
        return p.form == param::text || p.form == param::c_text || p.form == param::callback ||
               (p.form == param::span && p.type->form != type::structure);
    }
    /// A value of an enumeration is an i32 on its way, whatever it is in a structure.
    void put_value(const type& t) noexcept {
        if (t.form == type::enumeration) out_ << t.c;
        else put(t);
    }
    void raw(const param& p, std::string_view name) noexcept {
        switch (p.form) {
        case param::value: out_ << name << ": ", put_value(*p.type); break;
        case param::text:
        case param::room: out_ << name << ": usize, " << name << "_size: u32"; break;
        case param::span: out_ << name << ": usize, " << name << "_count: u32"; break;
        case param::callback: out_ << name << ": u32"; break;
        case param::input:
            out_ << name << ": ";
            put(*p.type);
            break;
        case param::output:
            out_ << name << ": ";
            if (p.type->form == type::structure) put(*p.type);
            else out_ << "usize";
            break;
        case param::optional:
            out_ << name << ": ";
            if (p.type->form == type::structure) put(*p.type), out_ << " | null";
            else out_ << "usize";
            break;
        case param::c_text:
        case param::function: out_ << name << ": usize"; break;
        }
    }
    void pleasant(const param& p, std::string_view name) noexcept {
        switch (p.form) {
        case param::text:
        case param::c_text: out_ << name << ": string"; break;
        case param::span: out_ << name << ": StaticArray<", put(*p.type), out_ << ">"; break;
        case param::callback: {
            out_ << name << ": ((";
            for (std::size_t i = 0; i < p.signature->params.size(); ++i) {
                out_ << (i ? ", _" : "_") << u32(i) << ": ";
                put_value(*p.signature->params[i]);
            }
            out_ << ") => ";
            p.signature->gives ? put_value(*p.signature->gives) : static_cast<void>(out_ << "void");
            out_ << ") | null";
            break;
        }
        default: raw(p, name);
        }
    }
    void result_of(const declared_function& f) noexcept {
        out_ << "): ";
        f.gives ? put_value(*f.gives) : static_cast<void>(out_ << "void");
    }
    void function(const declared_function& f) noexcept {
        out_ << "\n/** " << f.help << " */\n";
        if (takes_function(f)) {
            out_ << "// " << f.name << " takes a reference to a function, which AssemblyScript does not have.\n";
            return;
        }
        bool wrapped = false;
        for (const param& p : f.params) wrapped |= is_wrapped(p);
        out_ << "// @ts-ignore: decorator\n@external(\"" << of_.name() << "\", \"" << f.name << "\")\n"
             << (wrapped ? "declare function __" : "export declare function ") << f.name << "(";
        for (std::size_t i = 0; i < f.params.size(); ++i) {
            if (i) out_ << ", ";
            raw(f.params[i], name_of(f, i));
        }
        result_of(f);
        out_ << ";\n";
        if (wrapped) wrapper(f);
    }
    void wrapper(const declared_function& f) noexcept {
        out_ << "export function " << f.name << "(";
        for (std::size_t i = 0; i < f.params.size(); ++i) {
            if (i) out_ << ", ";
            pleasant(f.params[i], name_of(f, i));
        }
        result_of(f);
        out_ << " {\n";
        for (std::size_t i = 0; i < f.params.size(); ++i) {
            const std::string_view name = name_of(f, i);
            if (f.params[i].form == param::text)
                out_ << "  const _" << name << " = String.UTF8.encode(" << name << ");\n";
            if (f.params[i].form == param::c_text)
                out_ << "  const _" << name << " = String.UTF8.encode(" << name << ", true);\n";
        }
        out_ << (f.gives ? "  return __" : "  __") << f.name << "(";
        for (std::size_t i = 0; i < f.params.size(); ++i) {
            if (i) out_ << ", ";
            const std::string_view name = name_of(f, i);
            switch (is_wrapped(f.params[i]) ? f.params[i].form : param::value) {
            case param::text: out_ << "changetype<usize>(_" << name << "), _" << name << ".byteLength"; break;
            case param::c_text: out_ << "changetype<usize>(_" << name << ")"; break;
            case param::span: out_ << "changetype<usize>(" << name << "), " << name << ".length"; break;
            case param::callback: out_ << name << " ? " << name << ".index : 0"; break;
            default:
                out_ << name;
                if (f.params[i].form == param::room) out_ << ", " << name << "_size";
                if (f.params[i].form == param::span) out_ << ", " << name << "_count";
            }
        }
        out_ << ");\n}\n";
    }
    /// What a guest exports can only be told.
    void expected(const declared_function& f) noexcept {
        out_ << "\n// A guest exports: " << f.help << "\n//   export function " << f.name << "(";
        for (std::size_t i = 0; i < f.params.size(); ++i) {
            if (i) out_ << ", ";
            raw(f.params[i], name_of(f, i));
        }
        result_of(f);
        out_ << "\n";
    }
};

} // namespace detail

TESSERA_API result<vec<char>> binding::c_header() const noexcept { return detail::c_declarer(*this).run(); }
TESSERA_API result<vec<char>> binding::assembly_script() const noexcept { return detail::script_declarer(*this).run(); }

} // namespace tessera::game
TESSERA_SMALL_END
