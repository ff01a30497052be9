// SPDX-License-Identifier: Apache-2.0
// kill -9 of ep-cscf in a call: media keeps flowing; the page comes back by itself to the next ep-cscf and has its call still.

import { readFile } from "node:fs/promises";
import { Test } from "./lib/check.mjs";
import { LabPhone, RUN, run, SITE, sleep, TOP, until } from "./lib/lab.mjs";
import { callFrom } from "./lib/calls.mjs";

const pid = async (part) => Number((await readFile(`${RUN}/${part}.pid`, "utf8")).split(" ")[0]);
const lab = (words, environment) => run(`${TOP}/scripts/lab`, words, { env: { ...process.env, ...environment } });

async function ctl(...words) {
	const build = (await readFile(`${RUN}/build`, "utf8")).trim();
	const { stdout } = await run(`${build}/controlplane/ctl/isthmusctl`, ["--admin", `${RUN}/ep-cscf.sock`, "--json", ...words]);
	return JSON.parse(stdout);
}

async function received(alice, seconds) {
	const before = (await alice.stats()).audio.received;
	await sleep(seconds * 1000);
	return ((await alice.stats()).audio.received - before) / seconds;
}

// The page tries again after 2 to 15 seconds, by chance.
async function killed(test, alice, seconds) {
	process.kill(await pid("ep-cscf"), "SIGKILL");
	const rate = await received(alice, seconds);
	test.check(rate >= 47.5, `without ep-cscf the browser receives ${rate.toFixed(1)} packets/s`);
	await lab(["stop", "ep-cscf"]);
	await lab(["start", "ep-cscf"], { PARK_TIME_MS: "32000" });
	await until("the page is back with its call", async () => {
		const { calls } = await ctl("calls");
		return calls.length === 1 && calls[0].state === "up" && !calls[0].parked;
	}, 25);
	test.check((await alice.get("current")).state === "active", "the page is back by itself, with its call");
	const after = await received(alice, 2);
	test.check(after >= 47.5, `then it receives ${after.toFixed(1)} packets/s`);
}

async function nothingIsLeft(test) {
	const contexts = async () => (await ctl("contexts")).contexts;
	await until("the context is gone", async () => (await contexts()).length === 0);
	test.check(true, "no media context is left");
}

await Test.run(async (test) => {
	const browser = await test.browser();
	const alice = await browser.wic(SITE.v4, "alice", "alicepw");
	const phone = new LabPhone();
	await phone.mark();
	await alice.do("call", "phone");
	await alice.state("active");
	await sleep(1000);
	await killed(test, alice, 5);
	await LabPhone.control("hangup");
	await until("the phone's hang-up reaches the page", async () => (await alice.get("current")).state === "ended", 8);
	test.check(true, "the phone hangs up, and the page hears it");
	await phone.result();
	await nothingIsLeft(test);
	await phone.mark();
	await alice.do("call", "phone");
	await alice.state("active");
	await killed(test, alice, 1);
	await alice.do("hangup");
	await phone.result();
	test.check(true, "the page hangs up, and the phone hears it");
	await nothingIsLeft(test);
	await lab(["stop", "ep-cscf"]);
	await lab(["start", "ep-cscf"]);
	const other = await test.browser();
	test.calls(await callFrom(await other.wic(SITE.v4, "alice", "alicepw"), { title: "after the restart" }));
});
