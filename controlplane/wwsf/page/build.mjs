// SPDX-License-Identifier: Apache-2.0
// Builds the page into a folder: node build.mjs FOLDER DEPFILE

import { build } from "esbuild";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [folder, depfile] = process.argv.slice(2).map((path) => resolve(path));
const here = dirname(fileURLToPath(import.meta.url));
const copied = ["index.html", "style.css", "icon.svg"];

const { metafile } = await build({
	absWorkingDir: here,
	entryPoints: ["src/main.js"],
	bundle: true,
	minify: true,
	format: "esm",
	target: "es2022",
	sourcemap: "linked",
	metafile: true,
	outfile: join(folder, "wic.js"),
	logLevel: "warning",
});

// What is in the bundle and isn't ours comes with its licence.
const inputs = Object.keys(metafile.inputs);
const packages = new Set(inputs.map((path) => path.match(/^node_modules\/((@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean));
let licences = "";
for (const name of [...packages].sort()) {
	const about = JSON.parse(await readFile(join(here, "node_modules", name, "package.json"), "utf8"));
	let text = "";
	for (const file of ["LICENSE", "LICENSE.md", "license.md", "LICENSE.txt"])
		text ||= await readFile(join(here, "node_modules", name, file), "utf8").catch(() => "");
	licences += `${name} ${about.version} (${about.license})\n\n${text}\n\n`;
}
await writeFile(join(folder, "licenses.txt"), licences);
for (const name of copied) await copyFile(join(here, name), join(folder, name));

const sources = [...inputs, ...copied].map((path) => join(here, path).replaceAll(" ", "\\ "));
await writeFile(depfile, `${relative(process.cwd(), join(folder, "wic.js"))}: ${sources.join(" ")}\n`);
