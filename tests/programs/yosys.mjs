// SPDX-License-Identifier: MIT
// What the package's own runYosys makes of a design, and its share/ as files: yosys.mjs PACKAGE FOLDER DESIGN SCRIPT
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const [packageFolder, folder, design, script] = process.argv.slice(2);
const { runYosys } = await import(pathToFileURL(join(packageFolder, "gen/bundle.js")));
const { filesystem } = await import(pathToFileURL(join(packageFolder, "gen/resources-yosys.js")));

const write = (entries, to) => {
    for (const [name, entry] of Object.entries(entries)) {
        const path = join(to, name);
        if (typeof entry === "string" || entry instanceof Uint8Array) {
            mkdirSync(dirname(path), { recursive: true });
            writeFileSync(path, entry);
        } else if (!(entry instanceof URL)) write(entry, path);
    }
};
cpSync(join(packageFolder, "gen/share"), join(folder, "share"), { recursive: true });
write(filesystem, folder);

const files = await runYosys(["-q", "-p", script], { "top.v": readFileSync(design, "utf8") });
writeFileSync(join(folder, "node.json"), files["out.json"]);
