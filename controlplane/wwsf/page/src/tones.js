// SPDX-License-Identifier: Apache-2.0
// Ringing, ringback and key tones, made by the browser: no sound files.

const KEYS = {
	1: [697, 1209], 2: [697, 1336], 3: [697, 1477],
	4: [770, 1209], 5: [770, 1336], 6: [770, 1477],
	7: [852, 1209], 8: [852, 1336], 9: [852, 1477],
	"*": [941, 1209], 0: [941, 1336], "#": [941, 1477],
};

let context = null;
let cadence = null;

function beep(frequencies, seconds, volume) {
	try {
		context ??= new AudioContext();
	} catch {
		return; // a machine without sound still makes calls
	}
	context.resume().catch(() => {});
	const gain = context.createGain();
	const end = context.currentTime + seconds;
	gain.gain.setValueAtTime(volume, context.currentTime);
	gain.gain.setValueAtTime(volume, end - 0.02);
	gain.gain.linearRampToValueAtTime(0, end);
	gain.connect(context.destination);
	for (const frequency of frequencies) {
		const tone = context.createOscillator();
		tone.frequency.value = frequency;
		tone.connect(gain);
		tone.start();
		tone.stop(end);
	}
}

export const keyTone = (key) => KEYS[key] && beep(KEYS[key], 0.12, 0.04);

// "ring" for a call that comes in, "ringback" for one that goes out, null for silence.
export function setCadence(kind) {
	if (cadence?.kind === kind) return;
	clearInterval(cadence?.timer);
	cadence = null;
	if (!kind) return;
	const play = kind === "ring" ? () => beep([440, 554], 0.9, 0.08) : () => beep([425], 1, 0.03);
	play();
	cadence = { kind, timer: setInterval(play, kind === "ring" ? 2200 : 5000) };
}
