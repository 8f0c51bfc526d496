#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lists the public declarations of the headers, one a line, sorted.

    declarations.py INCLUDE_DIRECTORY

Public is what stands in namespace tessera itself, or is public in a class of it, and
- is declared in a door (a header of the top folder) or in runtime/api/, or is a number type, or
- is named by another public declaration, or is its base class or what it returns by value, or
- is a constant or a function about such a type, in the type's header.
What only the library can use, since it takes an object of an inner namespace or hands out the address of one, and what
its comment says is for the library, is left out.

A declaration is written as its tokens, without body, attributes, names of parameters, `inline` and internal macros, so
a member whose body moves out of its class stays the same line. Of constants in the namespace the type is listed, not the
value: `latest` may grow. Of the messages of errors those are listed that the comment of a public declaration names. The
macros a user may set or read come first.
"""
import collections
import pathlib
import re
import sys

try:
    from clang import cindex
except ImportError:  # a python that is not Debian's does not look where Debian puts its modules
    sys.path.append("/usr/lib/python3/dist-packages")
    from clang import cindex

Kind = cindex.CursorKind
FUNCTIONS = {Kind.FUNCTION_DECL, Kind.FUNCTION_TEMPLATE, Kind.CXX_METHOD, Kind.CONSTRUCTOR, Kind.DESTRUCTOR,
             Kind.CONVERSION_FUNCTION}
CLASSES = {Kind.CLASS_DECL, Kind.STRUCT_DECL, Kind.UNION_DECL, Kind.CLASS_TEMPLATE,
           Kind.CLASS_TEMPLATE_PARTIAL_SPECIALIZATION}
ALIASES = {Kind.TYPE_ALIAS_DECL, Kind.TYPEDEF_DECL, Kind.TYPE_ALIAS_TEMPLATE_DECL, Kind.USING_DECLARATION}
VARIABLES = {Kind.VAR_DECL, Kind.FIELD_DECL}
TYPES = CLASSES | ALIASES | {Kind.ENUM_DECL}
REFERENCES = {Kind.TYPE_REF, Kind.TEMPLATE_REF}
ADDRESSES = {cindex.TypeKind.POINTER, cindex.TypeKind.LVALUEREFERENCE, cindex.TypeKind.RVALUEREFERENCE}

# What a function's signature can be made of, named by no other declaration.
WORDS = {"v128", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64"}
# In namespace tessera, and yet no business of a user: a module's structure, which the decoder fills in.
INNER = {"module_owner", "module_data", "import_def", "export_def", "custom_def"}
# Enumerators that count the others.
COUNTS = {"count_"}


def user_macros(include):
    """The macros that config.hpp tests or defines, with their parameters, but for those undef.hpp takes away."""
    internal = set(re.findall(r"^#undef (\w+)", (include / "tessera/undef.hpp").read_text(encoding="utf-8"), re.M))
    config = (include / "tessera/config.hpp").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = "\n".join(re.findall(r"^\s*#\s*(?:if|ifdef|ifndef|elif|define)\b.*", config, re.M))
    names = set(re.findall(r"\bTESSERA_[A-Z]\w*", lines)) - internal
    parameters = dict(re.findall(r"#\s*define (\w+)(\([^)]*\))", lines))
    return internal, [f"#define {name}{parameters.get(name, '')}" for name in names]


def spaced(tokens):
    """`tokens` as one line; where the spaces are depends on the tokens alone."""
    text, last = "", ""
    for token in tokens:
        tight = (last in ("", "(", "[", "{", "::", "<", "~", "!")
                 or token in (")", "]", "}", ",", "::", "<", ">", ">>", "(", "[", "*", "&", "...")
                 or token == "{" and last != "=" or last == "operator" and not token[0].isalpha())
        text += token if tight else " " + token
        last = token
    return text


def closing(tokens, start):
    """The position of the bracket that closes the one at `start`."""
    pairs, depth = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}, 0
    for at in range(start, len(tokens)):
        depth += pairs.get(tokens[at], 0)
        if depth == 0:
            return at
    return len(tokens) - 1


class Listing:
    """Walks the headers' declarations and gathers the lines."""

    def __init__(self, include):
        self.include = include.resolve()
        self.internal_macros, self.macros = user_macros(include)
        self.lines = set(self.macros)
        self.messages = set()  # names of namespace msg
        self.queue = []      # public declarations that are not written yet
        self.known = set()   # USRs of the types in it, written or not
        self.beside = collections.defaultdict(list)  # header: its constants and functions in the namespace

        text = "#include <tessera/tessera.hpp>\n"
        unit = cindex.Index.create().parse(
            "api.cpp", args=["-std=c++20", f"-I{self.include}"], unsaved_files=[("api.cpp", text)],
            options=cindex.TranslationUnit.PARSE_SKIP_FUNCTION_BODIES)
        errors = [str(d) for d in unit.diagnostics if d.severity >= cindex.Diagnostic.Error]
        if errors:
            sys.exit("\n".join(errors))
        self.unit = unit  # keeps the cursors alive
        for cursor in unit.cursor.get_children():
            if cursor.kind == Kind.NAMESPACE and cursor.spelling == "tessera":
                for inside in cursor.get_children():
                    if inside.kind == Kind.NAMESPACE and cindex.conf.lib.clang_Cursor_isInlineNamespace(inside):
                        self.abi = inside.spelling
                        self.namespace(inside)
        while self.queue:
            self.write(self.queue.pop())

    # ---- what is public

    def header(self, cursor):
        file = cursor.location.file
        path = pathlib.Path(file.name).resolve() if file else None
        return path.relative_to(self.include / "tessera").as_posix() if path and self.include in path.parents else ""

    def scope(self, cursor):
        """The names around `cursor`, without the inline namespace, whose name varies."""
        names, parent = [], cursor.semantic_parent
        while parent and parent.kind != Kind.TRANSLATION_UNIT:
            if parent.kind != Kind.NAMESPACE or not cindex.conf.lib.clang_Cursor_isInlineNamespace(parent):
                names.insert(0, self.class_name(parent))
            parent = parent.semantic_parent
        return "::".join(names)

    def class_name(self, cursor):
        """With the arguments of a partial specialisation."""
        if cursor.kind != Kind.CLASS_TEMPLATE_PARTIAL_SPECIALIZATION:
            return cursor.spelling
        head = self.tokens(cursor)
        at = next(i for i, token in enumerate(head) if token == cursor.spelling)
        depth = 0
        for end in range(at + 1, len(head)):
            depth += {"<": 1, ">": -1}.get(head[end], 0)
            if depth == 0:
                return spaced(head[at:end + 1])
        return cursor.spelling

    def namespace(self, cursor):
        for inside in cursor.get_children():
            if inside.kind == Kind.NAMESPACE and inside.spelling == "msg":
                self.messages.update(c.spelling for c in inside.get_children() if c.kind == Kind.VAR_DECL)
            header = self.header(inside)
            if inside.kind not in FUNCTIONS | VARIABLES | TYPES or not header:
                continue
            if self.scope(inside) != "tessera":
                continue  # a member's definition outside its class
            if "/" not in header or header.startswith("runtime/api/") or inside.spelling in WORDS:
                self.add(inside)
            elif inside.kind in FUNCTIONS | VARIABLES:
                self.beside[header].append(inside)

    def is_inner(self, cursor):
        scope = self.scope(cursor)
        return scope.startswith("tessera") and (scope != "tessera" or cursor.spelling in INNER) \
            and (cursor.semantic_parent.kind == Kind.NAMESPACE or self.is_inner(cursor.semantic_parent))

    def add(self, cursor):
        """Makes `cursor` public, and if it is a type the constants and functions about it that stand beside it."""
        if cursor.kind in CLASSES | {Kind.ENUM_DECL}:
            cursor = cursor.get_definition() or cursor
        if cursor.kind in TYPES:
            if cursor.get_usr() in self.known or cursor.spelling in INNER:
                return
            self.known.add(cursor.get_usr())
        self.queue.append(cursor)
        header = self.header(cursor)
        if cursor.kind in CLASSES | {Kind.ENUM_DECL} and header in self.beside:
            for other in self.beside[header]:
                types = [other.type] if other.kind == Kind.VAR_DECL else [a.type for a in other.get_arguments() or ()]
                if any(declaration == cursor for t in types for declaration in self.declarations(t)):
                    self.queue.append(other)

    def declarations(self, type_):
        """Declarations of `type_`, without reference, pointer and array, and of its template arguments."""
        while type_.kind in ADDRESSES:
            type_ = type_.get_pointee()
        if type_.get_array_element_type().kind != cindex.TypeKind.INVALID:
            type_ = type_.get_array_element_type()
        for i in range(max(0, type_.get_num_template_arguments())):
            yield from self.declarations(type_.get_template_argument_type(i))
        declaration = type_.get_declaration()
        if declaration.kind != Kind.NO_DECL_FOUND:
            yield declaration.get_definition() or declaration

    def is_for_the_library(self, cursor):
        if re.search(r"\bFor the library\b", cursor.raw_comment or ""):
            return True
        parameters = [c for c in cursor.get_children() if c.kind == Kind.PARM_DECL]
        inner = any(self.is_inner(d) for p in parameters for d in self.declarations(p.type))
        result = cursor.result_type
        address = result.kind in ADDRESSES
        return inner or address and any(self.is_inner(d) for d in self.declarations(result))

    def follow(self, cursor):
        """Makes public what a public declaration names."""
        for inside in cursor.get_children():
            if inside.kind == Kind.COMPOUND_STMT or cursor.kind in CLASSES and inside.kind not in REFERENCES | {
                    Kind.CXX_BASE_SPECIFIER, Kind.TEMPLATE_NON_TYPE_PARAMETER, Kind.TEMPLATE_TYPE_PARAMETER}:
                continue
            if inside.kind in REFERENCES and inside.referenced and self.header(inside.referenced):
                named = inside.referenced
                if named.kind in TYPES and (not self.is_inner(named) or cursor.kind == Kind.CXX_BASE_SPECIFIER):
                    self.add(named)
            self.follow(inside)

    # ---- how it is written

    def written(self, cursor):
        """The tokens of a declaration as they stand in its file, where the first may be a macro's name."""
        ends = [cindex.SourceLocation.from_offset(self.unit, cursor.extent.start.file, end.offset)
                for end in (cursor.extent.start, cursor.extent.end)]
        return [t for t in self.unit.get_tokens(extent=cindex.SourceRange.from_locations(*ends))
                if t.kind != cindex.TokenKind.COMMENT]

    def tokens(self, cursor):
        """The tokens of a declaration without body, attributes, names of parameters and what may come and go."""
        names = {c.location.offset for c in cursor.get_children() if c.kind == Kind.PARM_DECL and c.spelling}
        all_ = [t.spelling for t in self.written(cursor) if t.extent.start.offset not in names]
        kept, at = [], 0
        while at < len(all_):
            token = all_[at]
            if token == "[" and all_[at:at + 2] == ["[", "["]:
                at = closing(all_, at)
            elif token in ("(", "["):
                end = closing(all_, at)
                kept += all_[at:end + 1]
                at = end
            elif token == "{" and (kept[-1:] == ["requires"] or kept[-1:] == [")"] and "requires requires" in " ".join(kept)):
                # A requires-expression, no body.
                end = closing(all_, at)
                kept += all_[at:end + 1]
                at = end
            elif token in ("{", ";") or token == ":" and cursor.kind in FUNCTIONS:
                break
            elif token == "=" and cursor.kind in FUNCTIONS and all_[at + 1:at + 2] == ["default"]:
                break
            elif token not in self.internal_macros and token != "inline":
                kept.append(token)
            at += 1
        return kept

    def variable(self, cursor):
        written = self.written(cursor)
        before = [t.spelling for t in written if t.extent.start.offset < cursor.location.offset]
        after = [t.spelling for t in written if t.extent.start.offset > cursor.location.offset]
        kind = " ".join(word for word in ("static", "constexpr", "mutable") if word in before)
        type_ = cursor.type.spelling
        if after[:2] == ["[", "]"]:  # as many as there are initialisers
            type_ = re.sub(r"\[\d+\]$", "[]", type_)
        if cursor.kind == Kind.VAR_DECL and cursor.semantic_parent.kind == Kind.NAMESPACE or "=" not in after:
            value = ""
        else:
            value = " " + spaced(after[after.index("="):])
        return f"{kind} {type_} {cursor.spelling}{value}".strip()

    def put(self, cursor, text):
        self.lines.add(f"{self.scope(cursor)}: {text.replace(self.abi + '::', '')}")
        for message in re.findall(r"\bmsg::(\w+)", cursor.raw_comment or ""):
            if message not in self.messages:
                sys.exit(f"a comment names msg::{message}, which is not there: {self.scope(cursor)}::{cursor.spelling}")
            self.lines.add(f"tessera::msg: {message}")

    def write(self, cursor):
        if cursor.kind in FUNCTIONS:
            if not self.is_for_the_library(cursor) and cursor.canonical == cursor:
                self.put(cursor, spaced(self.tokens(cursor)))
                self.follow(cursor)
                returned = cursor.result_type
                if returned.kind not in ADDRESSES:
                    for declaration in self.declarations(returned):
                        if self.header(declaration):
                            self.add(self.template_of(declaration))
        elif cursor.kind in VARIABLES:
            self.put(cursor, self.variable(cursor))
            self.follow(cursor)
        elif cursor.kind in ALIASES:
            self.put(cursor, spaced(self.tokens(cursor)))
            self.follow(cursor)
        elif cursor.kind == Kind.ENUM_DECL:
            self.put(cursor, spaced(self.tokens(cursor)))
            for inside in cursor.get_children():
                if inside.kind == Kind.ENUM_CONSTANT_DECL and inside.spelling not in COUNTS:
                    self.lines.add(f"{self.scope(inside)}: {inside.spelling} = {inside.enum_value}")
            self.follow(cursor)
        elif cursor.kind in CLASSES and cursor.spelling:
            self.put(cursor, spaced(self.tokens(cursor)))
            self.follow(cursor)
            for inside in cursor.get_children():
                if inside.kind == Kind.FRIEND_DECL:
                    for friend in inside.get_children():
                        if friend.kind in FUNCTIONS:
                            self.put_friend(cursor, friend)
                elif (inside.kind in FUNCTIONS | VARIABLES | TYPES
                      and inside.access_specifier == cindex.AccessSpecifier.PUBLIC):
                    self.add(inside)

    def put_friend(self, cursor, friend):
        scope = f"{self.scope(cursor)}::{self.class_name(cursor)}"
        self.lines.add(f"{scope}: friend {spaced(t for t in self.tokens(friend) if t != 'friend')}")

    @staticmethod
    def template_of(cursor):
        template = cindex.conf.lib.clang_getSpecializedCursorTemplate(cursor)
        return template if template and template.kind in CLASSES else cursor


def declarations(include):
    return sorted(Listing(pathlib.Path(include)).lines)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print("\n".join(declarations(sys.argv[1])))
