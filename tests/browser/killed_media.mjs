// SPDX-License-Identifier: Apache-2.0
// kill -9 of eims-agw in a call: ep-cscf ends the call toward both sides, and works again when eims-agw is back.

import { readFile } from "node:fs/promises";
import { Test } from "./lib/check.mjs";
import { LabPhone, RUN, run, SITE, sleep, TOP, until } from "./lib/lab.mjs";
import { callFrom } from "./lib/calls.mjs";

const lab = (...words) => run(`${TOP}/scripts/lab`, words);

async function without(test, alice, phone) {
	await until("the browser's call is ended", async () => (await alice.get("current")).state === "ended", 15);
	test.check(true, `the browser's call is ended (${(await alice.get("current")).cause})`);
	await phone.result();
	test.check(true, "the phone's call is ended");
	test.check((await alice.get("registration")) === "registered", "alice is still registered");
	const refused = await alice.do("call", "phone");
	test.check(refused.state === "ended" && refused.status >= 500, `a call without eims-agw is refused with ${refused.status}`);
}

await Test.run(async (test) => {
	const browser = await test.browser();
	const alice = await browser.wic(SITE.v4, "alice", "alicepw");
	const phone = new LabPhone();
	await phone.mark();
	await alice.do("call", "phone");
	await alice.state("active");
	await sleep(1000);
	process.kill(Number((await readFile(`${RUN}/eims-agw.pid`, "utf8")).split(" ")[0]), "SIGKILL");
	try {
		await without(test, alice, phone);
	} finally {
		await lab("stop", "eims-agw");
		await lab("start", "eims-agw");
	}
	await sleep(2000); // ep-cscf looks for it twice a second
	test.calls(await callFrom(alice, { title: "after the restart" }));
});
