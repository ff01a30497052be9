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

// Starts tcpdump on a link; the function that it resolves with ends it and returns fields of what tshark displays.
async function capture(namespace, link, filter) {
	const path = `${RUN}/captured-${namespace}-${process.pid}.pcap`;
	const dump = spawn("ip", ["netns", "exec", namespace, "tcpdump", "--immediate-mode", "-qUni", link, "-w", path, filter], { stdio: ["ignore", "ignore", "pipe"] });
	await new Promise((resolve) => dump.stderr.once("data", resolve));
	return async (display, fields) => {
		const ended = new Promise((resolve) => dump.once("exit", resolve));
		dump.kill("SIGINT");
		await ended;
		const words = ["-r", path, "-Y", display, "-T", "fields", ...fields.flatMap((field) => ["-e", field])];
		const { stdout } = await run("tshark", words, { maxBuffer: 1 << 26 });
		return stdout.split("\n").filter(Boolean).map((line) => line.split("\t"));
	};
}

// What passes a bridge of gw while act() runs, as fields of tshark.
export async function captured(bridge, filter, display, fields, act) {
	const end = await capture("gw", bridge, filter);
	try {
		await act();
	} catch (error) {
		await end(display, fields);
		throw error;
	}
	return end(display, fields);
}

// The IMS phone (baresip). It answers at once and plays 440 Hz. Its packets are counted on the wire.
export class LabPhone {
	#heardBefore;
	#logBefore;
	#capture;

	static async control(...words) {
		const { stdout } = await run(`${TOP}/tests/lab/phone`, words);
		return stdout;
	}

	// Before a call: result() tells of what comes after this.
	async mark() {
		this.#heardBefore = new Set(await readdir(`${RUN}/heard`));
		this.#logBefore = (await readFile(`${RUN}/phone.log`, "utf8")).length;
		this.#capture = await capture("phone", "eth0", "udp portrange 40000-41000");
	}

	dial(uri) {
		return LabPhone.control("dial", uri);
	}

	async #hasEnded() {
		const log = (await readFile(`${RUN}/phone.log`, "utf8")).slice(this.#logBefore);
		return /terminated \(duration|session closed/.test(log);
	}

	// When the call is over: the RTP packets it received and sent (RTP has the even ports), and the tone it heard.
	async result() {
		const ended = await until("the phone ends its call", () => this.#hasEnded(), 8).catch((error) => error);
		const ports = await this.#capture("udp", ["udp.srcport", "udp.dstport"]);
		if (ended instanceof Error) throw ended;
		const count = (column) => ports.filter((pair) => pair[column] >= 40000 && pair[column] <= 41000 && pair[column] % 2 === 0).length;
		const names = (await readdir(`${RUN}/heard`)).filter((name) => !this.#heardBefore.has(name) && name.endsWith("-dec.wav"));
		const heard = names.length ? await tone(`${RUN}/heard/${names[0]}`) : { hertz: 0, seconds: 0 };
		return { received: count(1), sent: count(0), heard };
	}
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
