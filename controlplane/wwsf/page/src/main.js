// SPDX-License-Identifier: Apache-2.0
// Brings the parts together: login, token renewal, phone, view, and window.wic for automation.

import * as api from "./api.js";
import { Phone } from "./phone.js";
import { Renewal } from "./renewal.js";
import { View } from "./view.js";

const phone = new Phone();
const REMEMBERED = "wic.token-user";
let lastUnauthorized = 0;
let renewals = 0;

const renewal = new Renewal({
	renew: api.renewToken,
	onToken: (identity) => {
		renewals += 1;
		phone.useToken(identity);
	},
	onEnd: () => leave("Your session has ended. Log in again."),
});

function enter(identity, password) {
	if (identity.mode === "token") {
		sessionStorage.setItem(REMEMBERED, identity.user);
		renewal.start(identity);
	}
	phone.start(identity, password);
	view.showPhone(identity);
}

function leave(message) {
	renewal.stop();
	sessionStorage.removeItem(REMEMBERED);
	phone.stop();
	view.showLogin(message);
}

// "password" when one is needed and wasn't given, else the mode that was logged in with. In ims mode
// the password goes no further than the SIP digest that JsSIP computes.
async function login(user, password) {
	const answer = await api.loginMode(user);
	if (!password) {
		view.askPassword(user);
		return "password";
	}
	if (answer.mode === "ims") enter(answer, password);
	else enter(await api.loginPassword(user, password));
	return answer.mode;
}

async function logout() {
	const wasToken = phone.identity?.mode === "token";
	leave();
	if (wasToken) await api.logout().catch(() => {});
}

const view = new View({
	phone,
	login,
	logout,
	dial: (target, options) => phone.dial(target, options),
});

// A token can be refused before its time (the machine slept): one new try each ten seconds.
phone.addEventListener("unauthorized", () => {
	if (phone.identity.mode !== "token" || performance.now() - lastUnauthorized < 10000) return;
	lastUnauthorized = performance.now();
	renewal.now();
});

window.addEventListener("pagehide", () => phone.stop());

// Resolves when the condition holds for the phone.
function until(condition) {
	return new Promise((resolve) => {
		const look = () => {
			if (!condition()) return;
			phone.removeEventListener("change", look);
			resolve();
		};
		phone.addEventListener("change", look);
		look();
	});
}

// The one stable surface for monitoring and browser tests. Nothing here is private, nothing else is
// promised.
window.wic = Object.freeze({
	version: 1,
	// "offline", "connecting", "registering", "registered" or "failed", and why if it failed.
	get registration() { return phone.registration; },
	get reason() { return phone.reason; },
	get identity() {
		if (!phone.identity) return null;
		const { mode, user, impi, impu, domain, wss_url } = phone.identity;
		return { mode, user, impi, impu, domain, wss_url };
	},
	// How often the token was renewed since the page was loaded.
	get renewals() { return renewals; },
	// null, or {state, direction, remote, cause, status, setupMs, muted} of the last call.
	get current() { return phone.call?.info() ?? null; },
	login, // (user, password) -> promise of the mode
	logout, // () -> promise
	renew: () => renewal.now(),
	// Resolves with `current` when the call is answered or has ended; never rejects.
	async call(target, options) {
		const call = phone.dial(target, options);
		await until(() => call.state === "active" || call.state === "ended");
		return call.info();
	},
	answer: (options) => phone.call?.answer(options),
	hangup: () => phone.call?.hangup(),
	mute: (on = true) => phone.call?.mute(on),
	dtmf: (tones) => phone.call?.dtmf(tones),
	// Promise of {audio, video, ice, dtls} of the last call, or null; after its end the last reading.
	async stats() { return (await phone.call?.stats()) ?? null; },
});

// A reload doesn't ask for the password again while the session lives.
if (sessionStorage.getItem(REMEMBERED)) {
	api.renewToken().then((identity) => enter(identity), () => view.showLogin());
} else {
	view.showLogin();
}
