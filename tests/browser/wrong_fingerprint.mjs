// SPDX-License-Identifier: Apache-2.0
// The certificate of the browser isn't the one that its offer names: the gateway refuses the handshake and no media passes.

import { Test } from "./lib/check.mjs";
import { LabPhone, SITE, sleep } from "./lib/lab.mjs";

const FINGERPRINT = /(a=fingerprint:sha-256 )(\w\w)/g;

await Test.run(async (test) => {
	const browser = await test.browser();
	const alice = await browser.page(SITE.v4);
	let changed = 0;
	await alice.page.routeWebSocket(/:8443/, (socket) => {
		const server = socket.connectToServer();
		socket.onMessage((message) => {
			const text = String(message);
			const other = text.replace(FINGERPRINT, (all, head, byte) => head + (byte === "00" ? "01" : "00"));
			changed += other !== text;
			server.send(other);
		});
	});
	await alice.page.reload();
	alice.user = "alice";
	await alice.login("alicepw");
	const phone = new LabPhone();
	await phone.mark();
	alice.do("call", "phone").catch(() => {});
	await sleep(6000);
	const stats = await alice.stats();
	test.check(changed > 0, "the fingerprint of the offer was changed on its way");
	test.check(stats?.dtls.state !== "connected", `DTLS is ${stats?.dtls.state}`);
	test.check(!stats?.audio?.received, `the browser received ${stats?.audio?.received ?? 0} packets`);
	await alice.do("hangup").catch(() => {});
	const { received } = await phone.result().catch(() => ({ received: 0 }));
	test.check(received === 0, `the phone received ${received} packets`);
});
