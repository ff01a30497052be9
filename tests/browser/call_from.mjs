// SPDX-License-Identifier: Apache-2.0
// alice registers by SIP digest and calls the phone: both hear each other.

import { Test } from "./lib/check.mjs";
import { SITE } from "./lib/lab.mjs";
import { callFrom } from "./lib/calls.mjs";

await Test.run(async (test) => {
	const browser = await test.browser();
	const alice = await browser.wic(SITE.v4, "alice", "alicepw");
	test.check(alice.mode === "ims", "alice registers by digest");
	test.calls(await callFrom(alice));
});
