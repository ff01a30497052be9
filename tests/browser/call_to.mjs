// SPDX-License-Identifier: Apache-2.0
// The phone calls alice: the gateway is the offerer, the browser answers; both hear each other.

import { Test } from "./lib/check.mjs";
import { SITE } from "./lib/lab.mjs";
import { callTo } from "./lib/calls.mjs";

await Test.run(async (test) => {
	const browser = await test.browser();
	const alice = await browser.wic(SITE.v4, "alice", "alicepw");
	test.calls(await callTo(alice));
});
