// SPDX-License-Identifier: Apache-2.0
// Two browsers in a video call: the gateway relays the video as it is.

import { Test } from "./lib/check.mjs";
import { SITE } from "./lib/lab.mjs";
import { callBetween } from "./lib/calls.mjs";

await Test.run(async (test) => {
	const [one, other] = await Promise.all([test.browser({ voice: 1000 }), test.browser({ voice: 700 })]);
	const alice = await one.wic(SITE.v4, "alice", "alicepw");
	const bob = await other.wic(SITE.v4, "bob", "bobpw");
	const records = await callBetween(alice, bob, { video: true, seconds: 8 });
	test.calls(records, { hears: 700 }, { hears: 1000 });
	for (const { title, video } of records)
		test.check(video?.framesDecoded > 40, `${title}: ${video?.framesDecoded ?? 0} frames of ${video?.codec ?? "no video"} decoded`);
});
