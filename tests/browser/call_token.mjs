// SPDX-License-Identifier: Apache-2.0
// bob registers with a token: the core takes the gateway's word (TNA). Calls from him and to him.

import { Test } from "./lib/check.mjs";
import { SITE } from "./lib/lab.mjs";
import { callFrom, callTo } from "./lib/calls.mjs";

await Test.run(async (test) => {
	const browser = await test.browser();
	const bob = await browser.wic(SITE.v4, "bob", "bobpw");
	test.check(bob.mode === "token", "bob registers by token");
	test.calls(await callFrom(bob));
	test.calls(await callTo(bob));
});
