// SPDX-License-Identifier: Apache-2.0
// What the lab offers to a test: its programs, its phone, its addresses.

import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const RUN = "/run/isthmus-lab";
export const TOP = join(dirname(fileURLToPath(import.meta.url)), "../../..");
export const SITE = { v4: "https://203.0.113.1:8444", v6: "https://[fd00:203::1]:8444", short: "https://203.0.113.1:8454" };

export const run = promisify(execFile);
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Resolves with the first true value of look(), or throws after that many seconds.
export async function until(what, look, seconds = 10) {
	const end = Date.now() + seconds * 1000;
	for (;;) {
		const value = await look();
		if (value) return value;
		if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
		await sleep(50);
	}
}

// The parts of the lab that a test can't do without; else it ends as skipped.
export function need(...parts) {
	for (const part of parts) {
		if (existsSync(`${RUN}/${part}.pid`)) continue;
		console.log(`skipped: the lab runs no ${part} (scripts/lab up)`);
		process.exit(77);
	}
}

// The strongest frequency of a recording, and for how many seconds it is heard.
export async function tone(path) {
	const { stdout } = await run(`${TOP}/tests/lab/tone`, [path]).catch((error) => error);
	const [hertz, seconds] = stdout.split(" ").map(Number);
	return { hertz, seconds };
}

// The IMS phone (baresip). It answers at once and plays 440 Hz.
export class LabPhone {
	#heardBefore;
	#logBefore;

	static async control(...words) {
		const { stdout } = await run(`${TOP}/tests/lab/phone`, words);
		return stdout;
	}

	// Remembers where its log and recordings are, so that result() tells of the next call only.
	async mark() {
		this.#heardBefore = new Set(await readdir(`${RUN}/heard`));
		this.#logBefore = (await readFile(`${RUN}/phone.log`, "utf8")).length;
	}

	dial(uri) {
		return LabPhone.control("dial", uri);
	}

	async #log() {
		return (await readFile(`${RUN}/phone.log`, "utf8")).slice(this.#logBefore);
	}

	// When the call is over: the packets it received and sent, and the tone it heard.
	async result() {
		const summary = await until("the phone ends its call", async () => /EX=BareSip;.*/.exec(await this.#log())?.[0], 8);
		const field = (name) => Number(new RegExp(`;${name}=(\\d+)`).exec(summary)?.[1] ?? 0);
		const names = (await readdir(`${RUN}/heard`)).filter((name) => !this.#heardBefore.has(name) && name.endsWith("-dec.wav"));
		const heard = names.length ? await tone(`${RUN}/heard/${names[0]}`) : { hertz: 0, seconds: 0 };
		return { received: field("PR"), sent: field("PS"), heard };
	}
}

// What passes a bridge of gw while act() runs, as fields of tshark.
export async function captured(bridge, filter, display, fields, act) {
	const path = `${RUN}/captured-${process.pid}.pcap`;
	const dump = spawn("ip", ["netns", "exec", "gw", "tcpdump", "-qUni", bridge, "-w", path, filter], { stdio: ["ignore", "ignore", "pipe"] });
	await new Promise((resolve) => dump.stderr.once("data", resolve));
	const ended = new Promise((resolve) => dump.once("exit", resolve));
	try {
		await act();
	} finally {
		dump.kill("SIGINT");
		await ended;
	}
	const { stdout } = await run("tshark", ["-r", path, "-Y", display, "-T", "fields", ...fields.flatMap((field) => ["-e", field])]);
	return stdout.split("\n").filter(Boolean).map((line) => line.split("\t"));
}

// Takes the address of one family from the browsers' namespace while act() runs.
export async function withoutFamily(family, act) {
	const address = family === "v6" ? "fd00:203::2/64" : "203.0.113.2/24";
	const command = (verb, ...more) => run("ip", ["-n", "wic", "address", verb, address, "dev", "eth0", ...more]);
	await command("del");
	try {
		return await act();
	} finally {
		await command("add", ...(family === "v6" ? ["nodad"] : []));
	}
}
