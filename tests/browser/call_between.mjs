// SPDX-License-Identifier: Apache-2.0
// One browser calls another, in both directions: alice by digest, bob by token, each with a voice of his own.

import { Test } from "./lib/check.mjs";
import { SITE } from "./lib/lab.mjs";
import { callBetween } from "./lib/calls.mjs";

await Test.run(async (test) => {
	const [one, other] = await Promise.all([test.browser({ voice: 1000 }), test.browser({ voice: 700 })]);
	const alice = await one.wic(SITE.v4, "alice", "alicepw");
	const bob = await other.wic(SITE.v4, "bob", "bobpw");
	test.calls(await callBetween(alice, bob), { hears: 700 }, { hears: 1000 });
	test.calls(await callBetween(bob, alice), { hears: 1000 }, { hears: 700 });
});
