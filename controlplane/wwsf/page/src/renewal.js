// SPDX-License-Identifier: Apache-2.0
// Keeps a token fresh: a new one at half of its life, sooner tried again when that fails.

const RETRY_MS = 2000;

export class Renewal {
	#renew;
	#onToken;
	#onEnd;
	#timer = null;
	#running = null;
	#expiresAt = 0;

	// renew() fetches an identity with a token; onToken(identity) takes it; onEnd(error) is called
	// when there will be no more: the session has ended, or the token has run out.
	constructor({ renew, onToken, onEnd }) {
		this.#renew = renew;
		this.#onToken = onToken;
		this.#onEnd = onEnd;
	}

	start(identity) {
		const life = identity.expires_in * 1000;
		this.#expiresAt = performance.now() + life;
		this.#after(life / 2);
	}

	stop() {
		clearTimeout(this.#timer);
		this.#expiresAt = 0;
	}

	#after(delay) {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.now(), delay);
	}

	// Renews at once; calls in the meantime share the same request.
	now() {
		this.#running ??= this.#once().finally(() => { this.#running = null; });
		return this.#running;
	}

	async #once() {
		const before = this.#expiresAt;
		try {
			const identity = await this.#renew();
			if (this.#expiresAt === 0) return; // stopped meanwhile
			this.start(identity);
			this.#onToken(identity);
		} catch (error) {
			if (this.#expiresAt === 0) return;
			if (error.status === 401 || performance.now() > before + 60000) {
				this.stop();
				this.#onEnd(error);
			} else {
				this.#after(RETRY_MS);
			}
		}
	}
}
