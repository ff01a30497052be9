// SPDX-License-Identifier: Apache-2.0
// The panel of live numbers beside a call.

const find = (id) => document.getElementById(id);
const HISTORY = 40;
let history = [];
let before = null;

const number = (value, unit = "") => (value === null || value === undefined ? "–" : `${value}${unit}`);

function fill(id, text) {
	find(id).textContent = text;
	find(id).title = text;
}

// Packets received a second, as a line of the last readings.
function draw(media) {
	if (before !== null) history.push(Math.max(0, media.received - before));
	before = media.received;
	history = history.slice(-HISTORY);
	const top = Math.max(60, ...history);
	const points = history.map((value, i) =>
		`${(((HISTORY - history.length + i) / (HISTORY - 1)) * 200).toFixed(1)},${(38 - (value / top) * 34).toFixed(1)}`);
	find("spark-line").setAttribute("points", points.join(" "));
	fill("stat-rate", history.length ? `${history.at(-1)} packets/s` : "–");
}

export function clearStats() {
	history = [];
	before = null;
	find("spark-line").setAttribute("points", "");
	find("stat-video-row").hidden = true;
	for (const value of document.querySelectorAll("#stats dd")) fill(value.id, "–");
}

export function showStats({ audio, video, ice, dtls }, call) {
	find("stats").dataset.live = String(call.state === "active");
	if (audio) {
		fill("stat-codec", number(audio.codec));
		fill("stat-sent", audio.sent.toLocaleString("en"));
		fill("stat-received", audio.received.toLocaleString("en"));
		fill("stat-loss", `${audio.lossPercent.toFixed(1)} % (${audio.lost})`);
		fill("stat-jitter", number(audio.jitterMs, " ms"));
		fill("stat-rtt", number(audio.rttMs ?? ice.rttMs, " ms"));
		draw(audio);
	}
	find("stat-video-row").hidden = !video;
	if (video)
		fill("stat-video", `${number(video.codec)} ${number(video.frameSize)}, ${video.received} in, ${video.sent} out`);
	fill("stat-ice", ice.state);
	fill("stat-local", number(ice.local?.text));
	fill("stat-remote", number(ice.remote?.text));
	fill("stat-dtls", dtls.version ? `${dtls.version}, ${dtls.state}` : number(dtls.state));
	fill("stat-cipher", number(dtls.cipher));
	fill("stat-srtp", number(dtls.srtp));
	fill("stat-setup", number(call.setupMs, " ms"));
}
