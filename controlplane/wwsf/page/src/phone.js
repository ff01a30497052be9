// SPDX-License-Identifier: Apache-2.0
// The user agent: registration over secure WebSocket, and the one call it has at a time.

import JsSIP from "jssip";
import { Call } from "./call.js";

const RETRY_MS = 5000;

// The instance outlives a reload, so that the gateway knows the same client by it (RFC 5626).
function instanceId() {
	const key = "wic.instance";
	let id = sessionStorage.getItem(key);
	if (!id) {
		id = crypto.randomUUID();
		sessionStorage.setItem(key, id);
	}
	return id;
}

function configuration(identity, password) {
	const uri = identity.impu.find((impu) => impu.startsWith("sip:"));
	const common = {
		sockets: [new JsSIP.WebSocketInterface(identity.wss_url)],
		uri,
		instance_id: instanceId(),
		registrar_server: `sip:${identity.domain}`,
		user_agent: "Isthmus WIC",
		connection_recovery_min_interval: 2,
		connection_recovery_max_interval: 15,
	};
	if (identity.mode === "token") return { ...common, authorization_jwt: `Bearer ${identity.token}` };
	return { ...common, authorization_user: identity.impi, realm: identity.realm, password };
}

export class Phone extends EventTarget {
	#ua = null;
	identity = null;
	registration = "offline"; // connecting, registering, registered, failed
	reason = null;
	call = null;

	start(identity, password) {
		const ua = new JsSIP.UA(configuration(identity, password));
		// An agent that was stopped has nothing to say any more.
		const on = (event, act) => ua.on(event, (data) => this.#ua === ua && act(data));
		this.#ua = ua;
		this.identity = identity;
		on("connecting", () => this.#become("connecting"));
		on("connected", () => this.#become("registering"));
		on("disconnected", ({ error, reason }) =>
			this.#become("connecting", error ? reason || "no connection to the gateway" : null));
		on("registered", () => this.#become("registered"));
		on("unregistered", ({ cause }) => this.#become("offline", cause));
		on("registrationFailed", ({ response, cause }) => this.#failed(response, cause));
		on("newRTCSession", ({ session }) => this.#session(session));
		this.#become("connecting");
		ua.start();
	}

	// Unregisters and ends the call. The phone can be started again.
	stop() {
		const ua = this.#ua;
		this.#ua = null;
		ua?.stop();
		this.#become("offline");
	}

	// The new token is in every request from now on; the registration lives as long as it does.
	useToken(identity) {
		this.identity = identity;
		if (!this.#ua) return;
		this.#ua.set("authorization_jwt", `Bearer ${identity.token}`);
		if (this.#ua.isConnected()) this.#ua.register();
	}

	#become(registration, reason = null) {
		this.registration = registration;
		this.reason = reason;
		this.#tell();
	}

	#failed(response, cause) {
		const status = response?.status_code ?? 408;
		this.#become("failed", response ? `The network answered ${status} ${response.reason_phrase}.` : `${cause}.`);
		if (status === 401) this.dispatchEvent(new Event("unauthorized"));
		// JsSIP tries again only when its socket comes back; a busy network deserves a second try.
		const ua = this.#ua;
		if (status === 408 || status >= 500)
			setTimeout(() => ua === this.#ua && ua.isConnected() && ua.register(), RETRY_MS * (1 + Math.random()));
	}

	#tell() {
		this.dispatchEvent(new Event("change"));
	}

	#session(session) {
		if (this.call && this.call.state !== "ended") {
			session.terminate({ status_code: 486 });
			return;
		}
		const call = new Call(session);
		this.call = call;
		call.addEventListener("change", () => this.#tell());
		this.#tell();
	}

	// Starts a call to a user name, number or URI and returns it.
	dial(target, { video = false } = {}) {
		if (!this.#ua) throw new Error("log in first");
		if (this.call && this.call.state !== "ended") throw new Error("there is a call already");
		this.#ua.call(target.trim(), {
			mediaConstraints: { audio: true, video },
			pcConfig: { iceServers: [] },
		});
		return this.call;
	}
}
