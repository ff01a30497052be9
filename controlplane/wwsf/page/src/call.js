// SPDX-License-Identifier: Apache-2.0
// One call: a JsSIP session with its media, told as a few states.
//
//   out: calling -> ringing -> active -> ended        in: incoming -> connecting -> active -> ended

import { readStats } from "./stats.js";

// JsSIP sends its offer when gathering is complete, with no limit of time. The host candidates that
// we need are there at once; the rest (TCP) is of no use to a gateway on UDP.
const GATHER_MS = 50;

export class Call extends EventTarget {
	#session;
	#startedAt = performance.now();
	#gather = null;
	state;
	direction;
	remote;
	cause = null;
	status = null;
	setupMs = null;
	activeAt = null;
	muted = false;
	early = false;
	remoteStream = new MediaStream();
	localStream = null;
	lastStats = null;

	constructor(session) {
		super();
		this.#session = session;
		this.direction = session.direction === "incoming" ? "in" : "out";
		this.state = this.direction === "in" ? "incoming" : "calling";
		this.remote = {
			uri: session.remote_identity.uri.toAor(),
			user: session.remote_identity.uri.user ?? session.remote_identity.uri.host,
			name: session.remote_identity.display_name || null,
		};
		this.#listen(session);
	}

	#listen(session) {
		// A call that goes out has its connection by now, one that comes in gets it when answered.
		if (session.connection) this.#media(session.connection);
		else session.on("peerconnection", ({ peerconnection }) => this.#media(peerconnection));
		session.on("icecandidate", ({ ready }) => {
			this.#gather ??= setTimeout(ready, GATHER_MS);
		});
		session.on("progress", ({ response }) => {
			if (this.direction !== "out") return;
			this.early = Boolean(response?.body);
			this.#become("ringing");
		});
		session.on("accepted", () => {
			if (this.direction === "out") this.#answered();
		});
		session.on("confirmed", () => this.#answered());
		session.on("ended", (event) => this.#over(event));
		session.on("failed", (event) => this.#over(event));
		session.on("muted", () => this.#mutedIs(true));
		session.on("unmuted", () => this.#mutedIs(false));
	}

	#media(connection) {
		connection.addEventListener("track", ({ track }) => {
			this.remoteStream.addTrack(track);
			this.#tell();
		});
		connection.addEventListener("iceconnectionstatechange", () => this.#tell());
	}

	#answered() {
		if (this.state === "active" || this.state === "ended") return;
		this.activeAt = performance.now();
		this.setupMs = Math.round(this.activeAt - this.#startedAt);
		const tracks = this.#session.connection.getSenders().map((sender) => sender.track);
		this.localStream = new MediaStream(tracks.filter(Boolean));
		this.#become("active");
	}

	#over({ cause, message }) {
		clearTimeout(this.#gather);
		this.cause = cause ?? null;
		this.status = message?.status_code ?? null;
		this.#become("ended");
	}

	#mutedIs(muted) {
		this.muted = muted;
		this.#tell();
	}

	#become(state) {
		if (this.state === "ended" || (state === "ringing" && this.state !== "calling")) return;
		this.state = state;
		this.#tell();
	}

	#tell() {
		this.dispatchEvent(new Event("change"));
	}

	answer({ video = false } = {}) {
		if (this.state !== "incoming") return;
		this.#startedAt = performance.now();
		this.#become("connecting");
		this.#session.answer({ mediaConstraints: { audio: true, video }, pcConfig: { iceServers: [] } });
	}

	hangup() {
		if (this.state === "ended") return;
		const reject = this.direction === "in" && this.state === "incoming";
		this.#session.terminate(reject ? { status_code: 486 } : {});
	}

	mute(on) {
		if (on) this.#session.mute({ audio: true });
		else this.#session.unmute({ audio: true });
	}

	// RFC 4733 events in the audio stream.
	dtmf(tones) {
		this.#session.sendDTMF(tones, { transportType: "RFC2833", duration: 120 });
	}

	hasVideo() {
		return this.remoteStream.getVideoTracks().length > 0;
	}

	async stats() {
		const connection = this.#session.connection;
		if (!connection || connection.signalingState === "closed") return this.lastStats;
		const stats = await readStats(connection);
		// The far end closes DTLS before we know that the call is over: what it was is still of use.
		if (stats.dtls.state === "closed" && this.lastStats) stats.dtls = this.lastStats.dtls;
		this.lastStats = stats;
		return stats;
	}

	// A copy without objects of the browser, fit for JSON.
	info() {
		const { state, direction, remote, cause, status, setupMs, muted } = this;
		return { state, direction, remote, cause, status, setupMs, muted };
	}
}
