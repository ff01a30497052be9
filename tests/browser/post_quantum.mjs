// SPDX-License-Identifier: Apache-2.0
// A ClientHello with a post-quantum key share comes in two datagrams; one without it in one. Both connect.

import { Test } from "./lib/check.mjs";
import { captured, SITE } from "./lib/lab.mjs";
import { callFrom } from "./lib/calls.mjs";

await Test.run(async (test) => {
	for (const postQuantum of [true, false]) {
		const browser = await test.browser({ postQuantum });
		const alice = await browser.wic(SITE.v4, "alice", "alicepw");
		const hellos = await captured("br-access", "udp", "dtls.handshake.type == 1", ["dtls.handshake.length", "dtls.handshake.fragment_length"],
			async () => test.calls(await callFrom(alice, { title: postQuantum ? "with ML-KEM" : "without ML-KEM" })));
		const [length, fragment] = (hellos[0] ?? [0, 0]).map((text) => Number(String(text).split(",")[0]));
		test.check(postQuantum ? length > 1200 && fragment < length : length > 0 && fragment === length,
			`ClientHello of ${length} bytes, ${fragment} in its first datagram`);
		await browser.close();
	}
});
