// SPDX-License-Identifier: MIT
// Makes modules with binaryen's wasm-opt, many in one process: the script of its npm package is compiled once and
// then executed for each. `node make.cjs WASM_OPT OPTIONS MODULE...`, where OPTIONS is a list with commas and MODULE
// a path; MODULE.seed, bytes that decide everything, becomes MODULE.wasm. Tested with the release compare.py names.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const [script, options, ...modules] = process.argv.slice(2);
const names = ["require", "module", "exports", "__filename", "__dirname", "process", "Module", "WebAssembly"];
const source = fs.readFileSync(script, "utf8").replace(/^#!.*\n/, "");
const body = vm.runInThisContext(`(function (${names}) {${source}\n})`, {filename: script});

let compiled;
const cached = Object.create(WebAssembly);
cached.instantiate = async (bytes, imports) => {
    compiled ??= await WebAssembly.compile(bytes);
    return {module: compiled, instance: await WebAssembly.instantiate(compiled, imports)};
};

function execute(args) {
    return new Promise((done) => {
        const own = Object.create(process, {argv: {value: ["node", script, ...args]}});
        const settings = {postRun: [done], onAbort: done, printErr() {}};
        body(require, {exports: {}}, {}, script, path.dirname(script), own, settings, cached);
    });
}
(async () => {
    for (const m of modules) await execute([m + ".seed", ...options.split(","), "-o", m + ".wasm"]);
    process.exitCode = 0;
})();
