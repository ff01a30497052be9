// SPDX-License-Identifier: Apache-2.0
// A browser that has IPv6 only: page, signalling and media.

import { Test } from "./lib/check.mjs";
import { SITE, withoutFamily } from "./lib/lab.mjs";
import { callFrom, callTo } from "./lib/calls.mjs";

await Test.run((test) => withoutFamily("v4", async () => {
	const browser = await test.browser();
	const alice = await browser.wic(SITE.v6, "alice", "alicepw");
	for (const records of [await callFrom(alice), await callTo(alice)]) {
		test.calls(records);
		test.check(records[0].local.startsWith("["), `the media goes by ${records[0].local}`);
	}
}));
