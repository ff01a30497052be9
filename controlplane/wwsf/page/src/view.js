// SPDX-License-Identifier: Apache-2.0
// What the user sees and touches. It changes nothing but the document; the phone decides.

import { clearStats, showStats } from "./panel.js";
import { keyTone, setCadence } from "./tones.js";

const find = (id) => document.getElementById(id);
const REGISTRATION = {
	offline: "Offline",
	connecting: "Connecting…",
	registering: "Registering…",
	registered: "Registered",
	failed: "Registration failed",
};
const CALL = {
	calling: "Calling…",
	ringing: "Ringing…",
	incoming: "Incoming call",
	connecting: "Connecting…",
	active: "In call",
	ended: "Call ended",
};

function clock(milliseconds) {
	const seconds = Math.floor(milliseconds / 1000);
	const two = (number) => String(number).padStart(2, "0");
	const hours = Math.floor(seconds / 3600);
	return `${hours ? `${hours}:` : ""}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

export class View {
	#phone;
	#acts;
	#ticker = null;
	#known = { state: null, call: null };
	#shown = null; // the call whose numbers are in the panel

	// acts: login(user, password), logout(), dial(target, {video})
	constructor({ phone, ...acts }) {
		this.#phone = phone;
		this.#acts = acts;
		phone.addEventListener("change", () => this.#render());
		this.#wireLogin();
		this.#wirePhone();
		this.#wireKeys();
	}

	#wireLogin() {
		find("login-form").addEventListener("submit", async (event) => {
			event.preventDefault();
			const user = find("user").value.trim();
			const password = find("password-row").hidden ? "" : find("password").value;
			if (!user) return this.#problem("login-problem", "Give your user name.");
			find("login-button").disabled = true;
			this.#problem("login-problem", "");
			try {
				await this.#acts.login(user, password);
			} catch (error) {
				this.#problem("login-problem", error.message);
			} finally {
				find("login-button").disabled = false;
			}
		});
		// Another name may need no password, or another one.
		find("user").addEventListener("input", () => this.#hidePassword());
	}

	#wirePhone() {
		find("logout").addEventListener("click", () => this.#acts.logout());
		find("dial-form").addEventListener("submit", (event) => {
			event.preventDefault();
			this.#dial();
		});
		find("backspace").addEventListener("click", () => {
			find("target").value = find("target").value.slice(0, -1);
			find("target").focus();
		});
		find("accept").addEventListener("click", () =>
			this.#phone.call?.answer({ video: find("video").checked }));
		find("reject").addEventListener("click", () => this.#phone.call?.hangup());
		find("hangup").addEventListener("click", () => this.#phone.call?.hangup());
		find("mute").addEventListener("click", () => {
			const call = this.#phone.call;
			call?.mute(!call.muted);
		});
	}

	#wireKeys() {
		for (const button of document.querySelectorAll("[data-key]"))
			button.addEventListener("click", () => this.#key(button.dataset.key, button));
		document.addEventListener("keydown", (event) => {
			const typing = event.target.closest("input, [contenteditable]") !== null;
			if (typing || event.ctrlKey || event.metaKey || event.altKey || find("phone").hidden) return;
			const button = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
			if (button) {
				event.preventDefault();
				this.#key(event.key, button);
			}
		});
	}

	#key(key, button) {
		const call = this.#phone.call;
		keyTone(key);
		button.classList.add("pressed");
		setTimeout(() => button.classList.remove("pressed"), 120);
		if (call?.state === "active") {
			call.dtmf(key);
			find("digits").textContent = (find("digits").textContent + key).slice(-24);
		} else if (!find("dial-form").hidden) {
			find("target").value += key;
		}
	}

	#dial() {
		const target = find("target").value.trim();
		if (!target) return find("target").focus();
		this.#problem("dial-problem", "");
		try {
			this.#acts.dial(target, { video: find("video").checked });
		} catch (error) {
			this.#problem("dial-problem", error.message);
		}
	}

	#problem(id, text) {
		find(id).textContent = text;
		find(id).hidden = !text;
	}

	#hidePassword() {
		find("password-row").hidden = true;
		find("password").value = "";
		find("login-button").textContent = "Continue";
	}

	showLogin(message = "") {
		find("phone").hidden = true;
		find("login").hidden = false;
		this.#hidePassword();
		this.#problem("login-problem", message);
		find("user").focus();
	}

	askPassword(user) {
		find("user").value = user;
		find("password-row").hidden = false;
		find("login-button").textContent = "Log in";
		find("password").focus();
	}

	showPhone(identity) {
		find("password").value = "";
		find("login").hidden = true;
		find("phone").hidden = false;
		find("whoami").textContent = identity.user;
		find("whoami-uri").textContent = identity.impu[0];
		find("mode").textContent = identity.mode === "ims" ? "SIP digest" : "token";
		find("target").focus();
		this.#render();
	}

	#render() {
		const { registration, reason, call } = this.#phone;
		find("registration").dataset.state = registration;
		find("registration-text").textContent = REGISTRATION[registration];
		find("registration").title = reason ?? "";
		this.#problem("registration-problem", reason ?? "");
		find("call-button").disabled = registration !== "registered";
		this.#renderCall(call);
	}

	#renderCall(call) {
		const state = call?.state ?? "idle";
		const busy = call !== null && state !== "ended";
		const first = call !== this.#known.call || state !== this.#known.state;
		find("dial-form").hidden = busy;
		find("call").hidden = !busy;
		if (busy) this.#renderBusy(call, state);
		if (!first) return;
		this.#known = { call, state };
		setCadence({ incoming: "ring", ringing: call?.early ? null : "ringback" }[state] ?? null);
		find("announce").textContent = call ? `${CALL[state]} ${call.remote.user}` : "";
		if (busy) this.#begin(call, state);
		else this.#end(call);
	}

	#renderBusy(call, state) {
		find("remote").textContent = call.remote.name || call.remote.user;
		find("remote-uri").textContent = call.remote.uri;
		find("avatar").textContent = (call.remote.name || call.remote.user || "?")[0].toUpperCase();
		find("call-state").textContent =
			state === "active" ? clock(performance.now() - call.activeAt) : CALL[state];
		find("call").dataset.state = state;
		find("incoming-buttons").hidden = state !== "incoming";
		find("call-buttons").hidden = state === "incoming";
		find("mute").setAttribute("aria-pressed", String(call.muted));
		find("mute").disabled = state !== "active";
		find("mute-text").textContent = call.muted ? "Unmute" : "Mute";
		if (find("remote-media").srcObject !== call.remoteStream)
			find("remote-media").srcObject = call.remoteStream;
		find("videos").hidden = !call.hasVideo();
		const own = call.localStream?.getVideoTracks().length ? call.localStream : null;
		if (find("local-media").srcObject !== own) find("local-media").srcObject = own;
		find("local-media").hidden = own === null;
	}

	#begin(call, state) {
		find("digits").textContent = "";
		this.#problem("dial-problem", "");
		if (state === "incoming") find("accept").focus();
		clearInterval(this.#ticker);
		if (call !== this.#shown) clearStats();
		this.#shown = call;
		this.#ticker = setInterval(() => this.#tick(call), 1000);
		if (state === "active") this.#tick(call);
	}

	#end(call) {
		clearInterval(this.#ticker);
		find("stats").dataset.live = "false";
		find("remote-media").srcObject = null;
		find("local-media").srcObject = null;
		if (!call) return;
		const failed = call.activeAt === null && call.cause && !["Canceled", "Terminated"].includes(call.cause);
		const code = call.status ? ` (${call.status})` : "";
		this.#problem("dial-problem", failed ? `${call.remote.user}: ${call.cause}${code}` : "");
		find("target").focus();
	}

	async #tick(call) {
		if (call.state === "active")
			find("call-state").textContent = clock(performance.now() - call.activeAt);
		const stats = await call.stats().catch(() => null);
		if (stats && call === this.#phone.call) showStats(stats, call);
	}
}
