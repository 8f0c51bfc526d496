// SPDX-License-Identifier: MIT
// Runs modules in V8 and prints of them what run.cpp prints. `node run.cjs FILE...`, with the flag
// --experimental-wasm-type-reflection, by which a function says what arguments it takes.
"use strict";
const fs = require("node:fs");

let text = "";
const print = (line) => { text += line + "\n"; };
function flush() {
    fs.writeSync(1, text);
    text = "";
}

// ---- what is printed

const host = {host: true};
const view = new DataView(new ArrayBuffer(8));
const hex = (bits, digits) => bits.toString(16).padStart(digits, "0");
function f32(x) {
    view.setFloat32(0, x);
    return Number.isNaN(x) ? "f32:nan" : "f32:" + hex(view.getUint32(0), 8);
}
function f64(x) {
    view.setFloat64(0, x);
    return Number.isNaN(x) ? "f64:nan" : "f64:" + hex(view.getBigUint64(0), 16);
}
function reference(x) {
    switch (typeof x) {
    case "function": return "function";
    case "number": return "i31:" + x;
    case "object": return x === null ? "null" : x === host ? "host" : "object";
    default: return `a ${typeof x}`;
    }
}
const formats = {i32: (x) => "i32:" + x, i64: (x) => "i64:" + x, f32, f64};
const format = (type, x) => (formats[type] ?? reference)(x);

// What V8 says, and the name of that in run.cpp.
const traps = [
    [/^unreachable$/, "unreachable"],
    [/^(divide|remainder) by zero$/, "division by zero"],
    [/^(divide result|float) unrepresentable/, "no such integer"],
    [/^(memory access|data segment) out of bounds$|unaligned accesses$/, "memory"],
    [/^table index is out of bounds$|^(table access|element segment) out of bounds$/, "table"],
    [/^(null function or )?function signature mismatch$/, "indirect call"],
    [/^dereferencing a null pointer$|^rethrowing null value$/, "null"],
    [/^array element access out of bounds$/, "array"],
    [/^illegal cast$/, "cast"],
    [/^atomic.*shared/i, "not shared"],
];
const exhausted = /^Maximum call stack size exceeded$|^requested new array is too large$|out of memory/i;

// ---- one module

/// A function of type [v128] -> [] that gives the halves to `f`: vectors do not cross JavaScript's border.
function halves(f) {
    const bytes = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,                         // header
        0x01, 0x0a, 0x02, 0x60, 0x01, 0x7b, 0x00, 0x60, 0x02, 0x7e, 0x7e, 0x00,            // [v128], [i64 i64] -> []
        0x02, 0x07, 0x01, 0x01, 0x61, 0x01, 0x62, 0x00, 0x01,                              // import "a" "b"
        0x03, 0x02, 0x01, 0x00, 0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x01,                  // export "f"
        0x0a, 0x10, 0x01, 0x0e, 0x00, 0x20, 0x00, 0xfd, 0x1d, 0x00, 0x20, 0x00, 0xfd, 0x1d, 0x01, 0x10, 0x00, 0x0b];
    return new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)), {a: {b: f}}).exports.f;
}
const crosses = (type) => !/^(v128|exnref|nullexnref)$|\b(no)?exn\)$/.test(type);
const defaultable = (type) => !/^\(ref (?!null)/.test(type);

function run(module) {
    const wasm_tag = new WebAssembly.Tag({parameters: ["i32"]});
    let functions = [], table;

    function print_error(e) {
        if (e instanceof WebAssembly.Exception)
            print("exception " + (e.is(wasm_tag) ? "wasm i32:" + e.getArg(wasm_tag, 0) : "own"));
        else if (!(e instanceof Error)) print("exception js " + reference(e));
        else if (exhausted.test(e.message)) print("exhausted " + e.message);
        else if (e instanceof WebAssembly.RuntimeError)
            print("trap " + (traps.find(([words]) => words.test(e.message))?.[1] ?? e.message));
        else print(`error ${e.message}`);
    }
    function call(f) {
        const {parameters, results} = f.type();
        if (!parameters.every((t) => crosses(t) && defaultable(t)) || !results.every(crosses)) return print("not callable");
        let made = f(...parameters.map((t) => t === "i64" ? 0n : t in formats ? 0 : null));
        if (results.length < 2) made = results.length ? [made] : [];
        print(["result", ...results.map((t, n) => format(t, made[n]))].join(" "));
    }
    function call_export(which) {
        if (!functions.length) throw host;
        call(functions[(which >>> 0) % functions.length][1]);
    }
    function call_reference(f) {
        if (f === null) throw host;
        call(f);
    }
    function caught(body) {
        try {
            body();
            return 0;
        } catch (e) {
            if (e instanceof Error && !(e instanceof WebAssembly.Exception)) throw e;
            return 1;
        }
    }
    function entry(at) {
        if (!table || at >>> 0 >= Number(table.length)) throw host;
        return typeof table.length === "bigint" ? BigInt(at >>> 0) : at >>> 0;
    }
    const log = (type) => (x) => print("log " + format(type, x));
    const support = {
        "log-i32": log("i32"), "log-i64": log("i64"), "log-f32": log("f32"), "log-f64": log("f64"),
        "log-v128": halves((low, high) =>
            print(`log v128:${hex(BigInt.asUintN(64, low), 16)}:${hex(BigInt.asUintN(64, high), 16)}`)),
        "log-anyref": log("anyref"), "log-funcref": log("funcref"), "log-externref": log("externref"),
        "throw": (x) => { throw x ? new WebAssembly.Exception(wasm_tag, [x]) : host; },
        "table-get": (at) => table.get(entry(at)),
        "table-set": (at, f) => table.set(entry(at), f),
        "call-export": call_export,
        "call-export-catch": (which) => caught(() => call_export(which)),
        "call-ref": call_reference,
        "call-ref-catch": (f) => caught(() => call_reference(f)),
        "sleep": (time, x) => x,
        "wasmtag": wasm_tag,
        "jstag": WebAssembly.JSTag,
    };
    const imports = {"fuzzing-support": support};
    for (const i of WebAssembly.Module.imports(module))
        if (i.kind === "global") (imports[i.module] ??= {})[i.name] = host;

    print("instantiate");
    try {
        const {exports} = new WebAssembly.Instance(module, imports);
        functions = Object.entries(exports).filter(([, x]) => typeof x === "function");
        table = exports.table;
    } catch (e) {
        return print_error(e);
    }
    for (const [name, f] of functions) {
        print("export " + name);
        try {
            call(f);
        } catch (e) {
            print_error(e);
        }
    }
}

for (const file of process.argv.slice(2)) {
    print("module " + file);
    flush();
    try {
        const module = new WebAssembly.Module(fs.readFileSync(file));
        run(module);
    } catch (e) {
        print("refused " + e.message);
    }
    print("end");
    flush();
}
