// SPDX-License-Identifier: Apache-2.0
// Replayed SRTP, SRTP with a bad tag, and media from a source that passed no ICE check: none of it reaches the phone,
// and the call goes on.

import { Test } from "./lib/check.mjs";
import { run, SITE, TOP } from "./lib/lab.mjs";
import { callFrom } from "./lib/calls.mjs";

await Test.run(async (test) => {
	const browser = await test.browser();
	const alice = await browser.wic(SITE.v4, "alice", "alicepw");
	for (const how of ["replay", "badtag", "stranger"]) {
		const [records, { stdout }] = await Promise.all([
			callFrom(alice, { seconds: 8, title: how }),
			run(`${TOP}/tests/browser/lib/frames.py`, [how, "6"]),
		]);
		const [one] = records;
		test.calls(records);
		test.check(Number(stdout) > 100, `${how}: ${stdout.trim()} frames were sent beside the call`);
		test.check(one.phone.received <= one.audio.sent + 60,
			`${how}: the phone received ${one.phone.received} packets, the browser had sent ${one.audio.sent} a moment before the end`);
	}
});
