// SPDX-License-Identifier: Apache-2.0
// kill -9 of ep-cscf in a call: media keeps flowing. A new ep-cscf finds the context that has no dialog and calls go again.

import { readFile } from "node:fs/promises";
import { Test } from "./lib/check.mjs";
import { RUN, run, SITE, sleep, TOP } from "./lib/lab.mjs";
import { callFrom } from "./lib/calls.mjs";

const pid = async (part) => Number((await readFile(`${RUN}/${part}.pid`, "utf8")).split(" ")[0]);

async function received(alice, seconds) {
	const before = (await alice.stats()).audio.received;
	await sleep(seconds * 1000);
	return ((await alice.stats()).audio.received - before) / seconds;
}

await Test.run(async (test) => {
	const browser = await test.browser();
	const alice = await browser.wic(SITE.v4, "alice", "alicepw");
	await alice.do("call", "phone");
	await alice.state("active");
	await sleep(1000);
	process.kill(await pid("ep-cscf"), "SIGKILL");
	const rate = await received(alice, 5);
	test.check(rate >= 47.5, `without ep-cscf the browser receives ${rate.toFixed(1)} packets/s`);
	await run(`${TOP}/scripts/lab`, ["stop", "ep-cscf"]);
	await run(`${TOP}/scripts/lab`, ["start", "ep-cscf"]);
	test.check(true, "a new ep-cscf is ready");
	await browser.close();
	await run(`${TOP}/tests/lab/phone`, ["hangup"]).catch(() => {});
	const other = await test.browser();
	test.calls(await callFrom(await other.wic(SITE.v4, "alice", "alicepw"), { title: "after the restart" }));
});
