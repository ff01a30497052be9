// SPDX-License-Identifier: Apache-2.0
// bob's token lives ten seconds and his call more than three of them: it is renewed without touching the call.

import { Test } from "./lib/check.mjs";
import { need, SITE } from "./lib/lab.mjs";
import { callFrom } from "./lib/calls.mjs";

need("wwsf-short");
await Test.run(async (test) => {
	const browser = await test.browser();
	const bob = await browser.wic(SITE.short, "bob", "bobpw");
	let reloads = 0;
	bob.page.on("load", () => { reloads += 1; });
	test.calls(await callFrom(bob, { seconds: 34 }));
	test.check((await bob.get("renewals")) >= 4, `the token was renewed ${await bob.get("renewals")} times`);
	test.check((await bob.get("registration")) === "registered", "bob is still registered");
	test.check(reloads === 0, "the page was not reloaded");
	test.calls(await callFrom(bob, { title: "bob calls once more" }));
});
