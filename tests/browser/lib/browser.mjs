// SPDX-License-Identifier: Apache-2.0
// Headless Chromium in the lab, and a page of it with the WIC.

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { chromium } from "playwright-core";
import { RUN, TOP, run, until } from "./lab.mjs";

const ARGS = [
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
	"--autoplay-policy=no-user-gesture-required",
	"--use-fake-ui-for-media-stream",
	"--use-fake-device-for-media-stream",
];

// A new, empty home whose certificate store trusts the lab's authority, and a voice: bursts of a tone, because a
// steady one is taken for noise and removed by the browser.
async function homeMake(hertz) {
	const home = await mkdtemp(`${RUN}/browser-`);
	const store = `sql:${home}/.pki/nssdb`;
	await mkdir(`${home}/.pki/nssdb`, { recursive: true });
	await run("certutil", ["-N", "-d", store, "--empty-password"]);
	await run("certutil", ["-A", "-d", store, "-n", "lab", "-t", "C,,", "-i", `${RUN}/ca.crt`]);
	await run("sox", ["-n", "-r", "48000", "-c", "1", "-b", "16", `${home}/voice.wav`,
		..."synth 0.6 sine".split(" "), String(hertz), ..."gain -6 pad 0 0.2 repeat 9".split(" ")]);
	return home;
}

export class Browser {
	#home;
	#browser;

	// voice: Hz of the tone that its microphone hears; postQuantum: whether its ClientHello has an ML-KEM share.
	static async launch({ voice = 1000, postQuantum = true } = {}) {
		const self = new Browser();
		self.#home = await homeMake(voice);
		self.#browser = await chromium.launch({
			executablePath: `${TOP}/tests/browser/lib/chromium-in-wic`,
			chromiumSandbox: false,
			env: { ...process.env, WIC_HOME: self.#home },
			args: [
				...ARGS,
				`--use-file-for-fake-audio-capture=${self.#home}/voice.wav`,
				...(postQuantum ? [] : ["--disable-features=WebRtcPqcForDtls"]),
			],
		});
		return self;
	}

	// A page of its own profile, logged in and registered.
	async wic(site, user, password) {
		const context = await this.#browser.newContext({ permissions: ["microphone", "camera"] });
		const page = await context.newPage();
		const wic = new Wic(page, user);
		await wic.open(site);
		await wic.login(password);
		return wic;
	}

	async page(site) {
		const context = await this.#browser.newContext({ permissions: ["microphone", "camera"] });
		const wic = new Wic(await context.newPage(), null);
		await wic.open(site);
		return wic;
	}

	async close() {
		await this.#browser?.close();
		await rm(this.#home, { recursive: true, force: true });
	}
}

// One WIC page. What it says on its console is kept for the report of a failure.
export class Wic {
	console = [];

	constructor(page, user) {
		this.page = page;
		this.user = user;
		page.on("console", (message) => this.console.push(message.text()));
		page.on("pageerror", (error) => this.console.push(String(error)));
	}

	async open(site) {
		await this.page.goto(site);
		await this.page.waitForFunction(() => window.wic?.version === 1);
	}

	get(name) {
		return this.page.evaluate((field) => window.wic[field], name);
	}

	do(name, ...words) {
		return this.page.evaluate(([method, list]) => window.wic[method](...list), [name, words]);
	}

	async login(password) {
		this.mode = await this.do("login", this.user, password);
		const state = await until(`${this.user} registers`, async () => {
			const now = await this.get("registration");
			return ["registered", "failed"].includes(now) && now;
		}, 15).catch(async (error) => {
			throw new Error(`${error.message}; the page says: ${await this.get("registration")}, ${await this.get("reason")}`);
		});
		if (state === "failed") throw new Error(`${this.user} isn't registered: ${await this.get("reason")}`);
	}

	// Waits for a state of the call; its end instead is an error. The call before an incoming one may have ended.
	async state(wanted, seconds = 15) {
		const call = await until(`the call of ${this.user} is ${wanted}`, async () => {
			const now = await this.get("current");
			return now && (now.state === wanted || (now.state === "ended" && wanted !== "incoming")) && now;
		}, seconds);
		if (call.state !== wanted) throw new Error(`the call of ${this.user} ended: ${call.cause} ${call.status ?? ""}`);
		return call;
	}

	stats() {
		return this.do("stats");
	}

	// Listens for that long: the frequency that was strongest most often, and its share of the loud moments.
	heard(ms) {
		return this.page.evaluate(async (duration) => {
			const context = new AudioContext();
			const source = context.createMediaStreamSource(document.getElementById("remote-media").srcObject);
			const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
			source.connect(analyser);
			const bins = new Float32Array(analyser.frequencyBinCount);
			const found = new Map();
			let loud = 0;
			for (let at = 0; at < duration; at += 200) {
				await new Promise((resolve) => setTimeout(resolve, 200));
				analyser.getFloatFrequencyData(bins);
				const top = bins.reduce((best, value, index) => (value > bins[best] ? index : best), 0);
				if (bins[top] < -60) continue;
				const hertz = Math.round((top * context.sampleRate) / analyser.fftSize / 10) * 10;
				found.set(hertz, (found.get(hertz) ?? 0) + 1);
				loud += 1;
			}
			await context.close();
			const [hertz, count] = [...found].sort((a, b) => b[1] - a[1])[0] ?? [0, 0];
			return { hertz, share: loud ? count / loud : 0 };
		}, ms);
	}
}
