// SPDX-License-Identifier: Apache-2.0
// The calls that demo and tests place: each returns what was measured, a record for each browser in the call.

import { LabPhone, sleep, until } from "./lab.mjs";

const PHONE_HERTZ = 440;
const SHARE_WANTED = 0.95; // of the packets

// The middle of a call: what passed and what was heard while it lasted.
async function measure(wic, seconds) {
	const before = await wic.stats();
	const started = Date.now();
	const heard = await wic.heard(Math.min(seconds, 4) * 1000);
	await sleep(Math.max(0, seconds * 1000 - (Date.now() - started)));
	const after = await wic.stats();
	const elapsed = (Date.now() - started) / 1000;
	const each = (name) => after.audio[name] - before.audio[name];
	return { after, heard, sentRate: each("sent") / elapsed, receivedRate: each("received") / elapsed };
}

function record(title, wic, call, measured) {
	const { after, heard, sentRate, receivedRate } = measured;
	return {
		title,
		user: wic.user,
		registeredBy: wic.mode === "token" ? "token" : "digest",
		local: after.ice.local?.text,
		remote: after.ice.remote?.text,
		iceState: after.ice.state,
		dtls: after.dtls,
		audio: after.audio,
		video: after.video,
		setupMs: call.setupMs,
		heard,
		sentRate,
		receivedRate,
		phone: null,
	};
}

async function over(wic) {
	await until(`the call of ${wic.user} is over`, async () => (await wic.get("current")).state === "ended", 8);
}

// The browser calls the phone, and hangs up.
export async function callFrom(wic, { target = "phone", seconds = 6, title = `${wic.user} calls the phone` } = {}) {
	const phone = new LabPhone();
	await phone.mark();
	const call = await wic.do("call", target);
	if (call.state !== "active") throw new Error(`${title}: ${call.cause} ${call.status ?? ""}`);
	const one = record(title, wic, call, await measure(wic, seconds));
	await wic.do("hangup");
	await over(wic);
	one.phone = await phone.result();
	return [one];
}

// The phone calls the browser, and hangs up.
export async function callTo(wic, { seconds = 6, title = `the phone calls ${wic.user}` } = {}) {
	const phone = new LabPhone();
	await phone.mark();
	await phone.dial(`sip:${wic.user}@ims.test`);
	await wic.state("incoming");
	await wic.do("answer");
	const call = await wic.state("active");
	const one = record(title, wic, call, await measure(wic, seconds));
	await LabPhone.control("hangup");
	await over(wic);
	one.phone = await phone.result();
	return [one];
}

// One browser calls another.
export async function callBetween(caller, callee, { seconds = 6, video = false } = {}) {
	const title = `${caller.user} calls ${callee.user}`;
	const calling = caller.do("call", `sip:${callee.user}@ims.test`, { video });
	calling.catch(() => {}); // told below, or by the callee's side
	await callee.state("incoming").catch(async (error) => {
		throw new Error(`${error.message}; the caller's side: ${JSON.stringify(await caller.get("current"))}`);
	});
	await callee.do("answer", { video });
	const call = await calling;
	if (call.state !== "active") throw new Error(`${title}: ${call.cause} ${call.status ?? ""}`);
	const answered = await callee.state("active");
	const [one, other] = await Promise.all([measure(caller, seconds), measure(callee, seconds)]);
	await caller.do("hangup");
	await Promise.all([over(caller), over(callee)]);
	return [record(`${title}: ${caller.user}`, caller, call, one), record(`${title}: ${callee.user}`, callee, answered, other)];
}

// Sentences about what is wrong with a call; none when it is good. hertz: the tone that the browser has to hear, and
// the tone of its own voice, that the phone has to hear.
export function problems(one, { hears = PHONE_HERTZ, voice = 1000 } = {}) {
	const found = [];
	const say = (holds, text) => holds || found.push(`${one.title}: ${text}`);
	const near = (a, b) => Math.abs(a - b) <= 20;
	const rate = 50; // 20 ms a packet

	say(["connected", "completed"].includes(one.iceState), `ICE is ${one.iceState}`);
	say(one.dtls.state === "connected", `DTLS is ${one.dtls.state}`);
	say(one.sentRate >= rate * SHARE_WANTED, `the browser sent ${one.sentRate.toFixed(1)} packets/s`);
	say(one.receivedRate >= rate * SHARE_WANTED, `the browser received ${one.receivedRate.toFixed(1)} packets/s`);
	say(one.audio.lossPercent <= 5, `${one.audio.lossPercent.toFixed(1)} % lost toward the browser`);
	say(near(one.heard.hertz, hears) && one.heard.share > 0.6, `the browser heard ${one.heard.hertz} Hz, not ${hears} Hz`);
	if (one.phone) {
		say(one.phone.received >= one.audio.sent * SHARE_WANTED, `the phone received ${one.phone.received} of ${one.audio.sent} packets`);
		say(near(one.phone.heard.hertz, voice) && one.phone.heard.seconds > 2,
			`the phone heard ${one.phone.heard.hertz} Hz for ${one.phone.heard.seconds} s, not ${voice} Hz`);
	}
	return found;
}
