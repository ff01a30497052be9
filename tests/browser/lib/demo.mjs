// SPDX-License-Identifier: Apache-2.0
// The calls of scripts/demo, as a table; the last line is the verdict.

import { Browser } from "./browser.mjs";
import { callBetween, callFrom, callTo, problems } from "./calls.mjs";
import { SITE } from "./lab.mjs";
import { table } from "./table.mjs";

const browsers = [];

async function demo() {
	const say = (text) => console.log(`demo: ${text}`);
	browsers.push(await Browser.launch({ voice: 1000 }), await Browser.launch({ voice: 700 }));
	const alice = await browsers[0].wic(SITE.v4, "alice", "alicepw");
	say("alice is registered by SIP digest");
	const calls = await callFrom(alice);
	say("alice has called the phone");
	calls.push(...(await callTo(alice)));
	say("the phone has called alice");
	const bob = await browsers[1].wic(SITE.v6, "bob", "bobpw");
	say("bob is registered by token");
	const between = await callBetween(bob, alice);
	say("bob has called alice");
	console.log(`\n${table([...calls, ...between])}\n`);
	return [...calls.flatMap((one) => problems(one)), ...problems(between[0], { hears: 1000 }), ...problems(between[1], { hears: 700 })];
}

const found = await demo().catch((error) => [error.message]);
for (const browser of browsers) await browser.close().catch(() => {});
for (const text of found) console.log(`demo: ${text}`);
console.log(found.length ? `demo: FAIL ${found[0]}` : "demo: PASS");
process.exit(found.length ? 1 : 0);
