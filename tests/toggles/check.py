#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lists what unoptimised objects of the engine contain, and compares it with the instruction table.

    check.py [--some] NM OBJDUMP TABLE name=OBJECT...

TABLE is the program of table.cpp. Every build of toggles.def has an object, with --some only some of them, and `whole`
is the full build. Of each object are read: the interpreter's handlers (functions exec::run<Id>, where Id is the
variant, packed), the rules of valid/ and exec/ that rows marked `poly` have, the decoder's tables, and whether
there is anything of the marks of written pages.
Each must hold what the table's rows say for the build's features, no more and no less; so what differs
from the full build is what the rows of the missing features are, which is printed for each of them.
"""
import re
import subprocess
import sys
from collections import namedtuple

Op = namedtuple("Op", "name prefix code poly needs")

HANDLER = re.compile(r"4exec3runIL[my](\d+)E")
RULE = re.compile(r"(?:5valid\d+\w*?_rules|5valid14code_validatorI\w+?E|4exec8loweringI\w+?E|4exec16function_builder|4exec17aggregate_builder)(\d+)(\w+)")
DECODER = re.compile(r"6binary14opcode_entriesI\w*?8featuresEL[my](\d+)E\w*?L[hj](\d+)E")
MARKS = re.compile(r" [TtWwVvuDdBbRr] \S*11dirty_pages")  # functions and data of the marks of written pages
NO_INSTRUCTION = 0xffff

# Families that are one instruction's, and those of a feature; in all others the instruction is the
# handler's own, or the handler serves instructions that every build has.
OF_INSTRUCTION = {
    "call_ref": "call_ref",
    "return_call": "return_call",
    "return_call_lazy": "return_call",
    "return_call_record": "return_call",
    "return_call_indirect": "return_call_indirect",
    "return_call_ref": "return_call_ref",
    "null_check": "ref_as_non_null",
    "throw_": "throw_",
    "failed": "throw_",
    "land": "throw_",
    "struct_new": "struct_new",
    "struct_get": "struct_get",
    "struct_set": "struct_set",
    "array_get": "array_get",
    "array_set": "array_set",
    "array_len": "array_len",
    "ref_test": "ref_test",
    "ref_cast": "ref_cast",
    "make_room": "struct_new",
}
BY_CODE = {"unary", "binary", "ternary", "shuffle", "extract_lane", "replace_lane", "load", "load_indexed", "store", "load_wide",
           "store_wide", "br_compare", "latch", "special", "atomic"}
OVER_CLASS = {"move", "select", "global_get", "global_set", "imported_get", "imported_set", "return_"}  # the code is a class; that of vectors is simd's
OF_FIELD = {"struct_get", "struct_set", "array_get", "array_set"}  # the code is a load or store; that of vectors is simd's

# Executed rows that become handlers of others: a select of any type, a constant, a comparison and a branch, a throw;
# and those that are in tables only.
WITHOUT_HANDLER = {"select_t", "ref_null", "ref_is_null", "br_on_null", "br_on_non_null", "v128_const",
                   "throw_ref", "try_table", "try_", "catch_", "catch_all", "delegate", "rethrow",
                   "ref_eq", "struct_get_s", "struct_get_u", "array_get_s", "array_get_u", "ref_test_null", "ref_cast_null",
                   "br_on_cast", "br_on_cast_fail", "any_convert_extern", "extern_convert_any", "ref_i31", "i31_get_s",
                   "i31_get_u"} \
    | {f"v128_{access}{bits}_lane" for access in ("load", "store") for bits in (8, 16, 32, 64)}

# Rules that are not called like their row; by function.
RULE_NAMES = {
    "data": ["data_drop"], "ref_test": ["ref_test", "ref_test_null"],
    "ref_cast": ["ref_cast", "ref_cast_null"], "br_on_cast": ["br_on_cast", "br_on_cast_fail"],
    "convert": ["any_convert_extern", "extern_convert_any"], "i31_get": ["i31_get_s", "i31_get_u"],
    "struct_get": ["struct_get", "struct_get_s", "struct_get_u"], "array_get": ["array_get", "array_get_s", "array_get_u"],
}
# Rules beside those of rows: what else only a feature makes the validator and the lowering do.
RULES_OF_FEATURE = {
    "extended": "extended-const",  # constant expressions
    "lower_atomic": "threads",
    "lower_call_ref": "function-references", "lower_null_check": "function-references",
    "lower_br_on_null": "function-references", "lower_br_on_non_null": "function-references",
    "lower_try_table": "exceptions", "lower_throw": "exceptions", "lower_throw_ref": "exceptions",
    "lower_try": "legacy-exceptions", "lower_catch": "legacy-exceptions", "lower_delegate": "legacy-exceptions",
    "lower_rethrow": "legacy-exceptions", "lower_aggregate": "gc",
}


class Table:
    def __init__(self, program):
        self.features, self.ops, self.families, self.flags, self.toggles = {}, [], {}, {}, {}
        for line in subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines():
            kind, *rest = line.split()
            if kind == "feature":
                self.features[rest[1]] = int(rest[0])
            elif kind == "op":
                values = dict(part.split("=") for part in rest[2:])
                needs = sum(1 << int(bit) for bit in values["needs"].split(","))
                self.ops.append(Op(rest[1], int(values["prefix"]), int(values["code"]), values["poly"] == "1", needs))
            elif kind == "family":
                self.families[int(rest[0])] = rest[1]
            elif kind == "flag":
                self.flags[rest[0]] = int(rest[1])
            elif kind == "vectors":
                self.vectors = int(rest[0])
            elif kind == "options":
                self.options = int(rest[0])
            else:
                self.toggles[rest[0]] = int(rest[1])
        self.by_name = {op.name: op for op in self.ops}
        self.everything = self.toggles["everything"]

    def built(self, bits):
        """The rows a build has."""
        return {op.name for op in self.ops if op.needs & ~bits == 0}

    def rules(self, bits):
        """The rules a build has: of rows, by the names of functions, and others."""
        special = {name for names in RULE_NAMES.values() for name in names} | {"try_"}  # a block
        of_rows = {op.name: [op.name] for op in self.ops if op.poly and op.name not in special and op.needs != 1}
        of_rows.update(RULE_NAMES)
        rows = self.built(bits)
        there = {rule for rule, names in of_rows.items() if any(name in rows for name in names)}
        there |= {rule for rule, feature in RULES_OF_FEATURE.items() if bits >> self.features[feature] & 1}
        return there

    def owner(self, packed):
        """The instruction a handler is for, None if it serves several, and whether it is for vectors only."""
        family, code = self.families[packed & 0xff], packed >> 16 & 0xffff
        name = OF_INSTRUCTION.get(family) or (self.ops[code].name if family in BY_CODE else None)
        return name, family == "vector_constant" or (family == "pins" and packed >> 44 != 0) or (family in OVER_CLASS and code == self.vectors) or \
            (family in OF_FIELD and self.ops[code].name.startswith("v128"))


class Object:
    def __init__(self, nm, objdump, path, tracked):
        symbols = subprocess.run([nm, path], capture_output=True, text=True, check=True).stdout
        self.handlers = {int(n) for n in HANDLER.findall(symbols)}
        self.marks = bool(MARKS.search(symbols))
        self.rules = {found[2][:int(found[1])] for found in RULE.finditer(symbols)} & tracked
        self.decoders = {}  # of sets of features: {(prefix, code): number of the instruction}
        names = {line.split()[-1] for line in symbols.splitlines() if DECODER.search(line)}
        dump = subprocess.run([objdump, "-s"] + [f"--section=.rodata.{name}" for name in names] + [path],
                              capture_output=True, text=True, check=True).stdout
        for name, content in re.findall(r"Contents of section \.rodata\.(\S+):\n((?: [0-9a-f]+ .*\n?)+)", dump):
            data = bytes.fromhex("".join(line[line.index(" ", 1) + 1:][:35].split("  ")[0].replace(" ", "")
                                         for line in content.splitlines()))
            bits, prefix = map(int, DECODER.search(name).groups())
            table = self.decoders.setdefault(bits, {})
            for code in range(len(data) // 4):
                op = int.from_bytes(data[4 * code:4 * code + 2], "little")
                table[prefix, code] = op


class Check:
    def __init__(self, table, full):
        self.table, self.full, self.faults = table, full, []

    def expect(self, name, what, actual, wanted):
        for one, extra in (("left over", actual - wanted), ("missing", wanted - actual)):
            if extra:
                shown = ", ".join(sorted(map(str, extra))[:12])
                self.faults.append(f"{name}: {what} {one}: {shown}" + (" …" if len(extra) > 12 else ""))

    def variants(self, packed):
        t = self.table
        return {" ".join(filter(None, (t.families[p & 0xff], t.owner(p)[0], f"{p:#x}"))) for p in packed}

    def build(self, name, bits, object_):
        t = self.table
        added = {"tracing": {"trace"}, "native": {"tally", "hot"}}  # options that add handlers, and no flag
        language, options = bits & ~t.options, bits & t.options & ~sum(1 << t.features[o] for o in added)
        rows = t.built(language)
        simd = bits >> t.features["simd"] & 1

        handlers = object_.handlers
        for option, families in added.items():
            its = {p for p in object_.handlers if t.families[p & 0xff] in families}
            if len(its) != (len(families) if bits >> t.features[option] & 1 else 0):
                self.faults.append(f"{name}: {len(its)} handlers of {option}")
            handlers = handlers - its

        # The handlers' instructions are the rows, and the handlers those of the full build that are theirs.
        with_handler = {op.name for op in t.ops if op.name in rows} - WITHOUT_HANDLER - self.mvp_without_handler() \
            - self.of_others()
        owners = {t.owner(p)[0] for p in handlers} - {None}
        self.expect(name, "instructions with handlers", owners, with_handler)
        wanted = {p for p in self.full.handlers if t.owner(p)[0] in rows | {None} and (simd or not t.owner(p)[1])}
        if options:
            flag = sum(t.flags[option] for option in t.flags if bits >> t.features[option] & 1)
            carrying = {p for p in handlers if p >> 8 & flag}
            if not carrying:
                self.faults.append(f"{name}: no handler carries the flag")
            # Those without the flag are the full build's; those with it stand for one of them, replaced or
            # beside it (a branch forwards and one back), or for the entry, which only these builds have.
            replaced = wanted - handlers
            self.expect(name, "handlers", self.variants(handlers - carrying), self.variants(wanted - replaced))
            self.expect(name, "handlers replaced by none", self.variants({p for p in replaced if p | flag << 8 not in carrying}), set())
            self.expect(name, "flagged handlers of none", self.variants(
                {p for p in carrying if p & ~(flag << 8) not in wanted and t.families[p & 0xff] not in ("entry", "latch")}), set())
        else:
            self.expect(name, "handlers", self.variants(handlers), self.variants(wanted))

        if object_.marks != bool(bits >> t.features["dirty-marks"] & 1):
            self.faults.append(f"{name}: code of the marks of written pages is {'there' if object_.marks else 'missing'}")
        self.expect(name, "rules", object_.rules, t.rules(language))
        decoder = object_.decoders.get(bits & ~t.options, {})
        decoded = {t.ops[op].name for op in decoder.values() if op < len(t.ops)}
        misplaced = {t.ops[op].name for (prefix, code), op in decoder.items()
                     if op < len(t.ops) and (t.ops[op].prefix, t.ops[op].code) != (prefix, code)}
        self.expect(name, "decoded instructions", decoded, rows)
        self.expect(name, "misplaced instructions", misplaced, set())
        return len(self.full.handlers - object_.handlers), len(object_.handlers - self.full.handlers), \
            len(self.full.rules - object_.rules), len(t.ops) - len(decoded)

    def of_others(self):
        """Rows that run the handlers of others: atomic instructions of i64 on fewer bits, those of i32."""
        return {op.name for op in self.table.ops if re.match(r"i64_atomic_(load|store|rmw)(8|16|32)(_|$)", op.name)}

    def mvp_without_handler(self):
        """Rows of the first version that are control or go into operands; not the business of toggles."""
        return {op.name for op in self.table.ops if op.needs == 1 and op.poly} - {"memory_size", "memory_grow"} \
            | {"nop", "i32_const", "i64_const", "f32_const", "f64_const"}


def main():
    some = sys.argv[1] == "--some"
    nm, objdump, program, *objects = sys.argv[1 + some:]
    table = Table(program)
    tracked = table.rules(table.everything)
    paths = dict(pair.split("=", 1) for pair in objects)
    full = Object(nm, objdump, paths.pop("whole"), tracked)
    check = Check(table, full)
    if len(full.handlers) < 500:
        check.faults.append(f"only {len(full.handlers)} handlers in the full build")
    missing = [name for name in table.features if name != "mvp"
               and (name.replace("-", "_") if table.options >> table.features[name] & 1 else "no_" + name.replace("-", "_").removesuffix("_to_int"))
               not in table.toggles]
    if missing or not (set(paths) < set(table.toggles) if some else set(paths) == set(table.toggles)):
        check.faults.append(f"toggles.def lacks {missing}, or objects are not those of toggles.def")

    print(f"{'build':<24}{'handlers':>9}{'fewer':>7}{'more':>6}{'rules':>7}{'fewer':>7}{'decoded':>9}{'fewer':>7}")
    check.build("full", table.everything, full)
    for name, path in paths.items():
        bits, object_ = table.toggles[name], Object(nm, objdump, path, tracked)
        fewer, more, rules, codes = check.build(name, bits, object_)
        print(f"{name:<24}{len(object_.handlers):>9}{fewer:>7}{more:>6}{len(object_.rules):>7}{rules:>7}{len(table.ops) - codes:>9}{codes:>7}")
        # A feature that is off must be missing somewhere, unless it has neither a row nor a rule.
        lacking = table.everything & ~bits
        has_handlers = any(op.needs & lacking and op.name not in WITHOUT_HANDLER for op in table.ops)
        has_rules = table.rules(table.everything) != table.rules(bits & ~table.options)
        has_rows = any(op.needs & lacking for op in table.ops)
        for there, count, what in ((has_handlers, fewer, "handlers"), (has_rules, rules, "rules"), (has_rows, codes, "decoded instructions")):
            if there and count == 0:
                check.faults.append(f"{name}: has all {what}")
        if lacking and fewer + rules + codes == 0:
            print(f"{'':<24}no instruction of its own")
    for fault in check.faults:
        print(fault)
    print(f"{len(paths)} objects, {len(check.faults)} faults")
    sys.exit(bool(check.faults))


if __name__ == "__main__":
    main()
