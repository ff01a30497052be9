// SPDX-License-Identifier: Apache-2.0
// Calls as a table: a column a call, a row a fact.

const ROWS = [
	["registered by", (one) => one.registeredBy],
	["ICE here", (one) => one.local],
	["ICE gateway", (one) => one.remote],
	["DTLS", (one) => one.dtls.version],
	["cipher", (one) => one.dtls.cipher?.replace(/^TLS_/, "")],
	["SRTP", (one) => one.dtls.srtp],
	["codec", (one) => one.audio.codec],
	["packets sent", (one) => one.audio.sent],
	["packets received", (one) => one.audio.received],
	["loss", (one) => `${one.audio.lossPercent.toFixed(1)} % (${one.audio.lost})`],
	["jitter", (one) => `${one.audio.jitterMs} ms`],
	["call set-up", (one) => `${one.setupMs} ms`],
	["browser hears", (one) => `${one.heard.hertz} Hz`],
	["phone got in all", (one) => (one.phone ? `${one.phone.received} packets` : "-")],
	["phone hears", (one) => (one.phone ? `${one.phone.heard.hertz} Hz, ${one.phone.heard.seconds} s` : "-")],
];

export function table(calls) {
	const cells = [["", ...calls.map((one) => one.title)], ...ROWS.map(([name, value]) => [name, ...calls.map((one) => String(value(one) ?? "?"))])];
	const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
	const line = (row) => row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd();
	return [line(cells[0]), widths.map((width) => "-".repeat(width)).join("  "), ...cells.slice(1).map(line)].join("\n");
}
