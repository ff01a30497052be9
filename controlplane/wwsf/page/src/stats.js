// SPDX-License-Identifier: Apache-2.0
// RTCStatsReport to the few numbers that tell how a call is.

const ms = (seconds) => (seconds === undefined ? null : Math.round(seconds * 10000) / 10);

function address(candidate) {
	if (!candidate) return null;
	const host = candidate.address ?? "hidden";
	return {
		address: host,
		port: candidate.port,
		type: candidate.candidateType,
		protocol: candidate.protocol,
		text: `${host.includes(":") ? `[${host}]` : host}:${candidate.port}`,
	};
}

function dtlsVersion(hex) {
	return { FEFD: "DTLS 1.2", FEFC: "DTLS 1.3", FEFF: "DTLS 1.0" }[hex?.toUpperCase()] ?? hex ?? null;
}

// RFC 3550 counters of one kind of media, both ways; null when there is none.
function media(report, kind) {
	const all = [...report.values()].filter((one) => one.kind === kind);
	const inbound = all.find((one) => one.type === "inbound-rtp");
	const outbound = all.find((one) => one.type === "outbound-rtp");
	const remote = all.find((one) => one.type === "remote-inbound-rtp");
	if (!inbound && !outbound) return null;
	const codec = report.get(outbound?.codecId ?? inbound?.codecId);
	const received = inbound?.packetsReceived ?? 0;
	const lost = inbound?.packetsLost ?? 0;
	return {
		codec: codec ? `${codec.mimeType.split("/")[1]}/${codec.clockRate}` : null,
		payloadType: codec?.payloadType ?? null,
		sent: outbound?.packetsSent ?? 0,
		received,
		lost,
		lossPercent: received + lost > 0 ? (100 * Math.max(lost, 0)) / (received + lost) : 0,
		jitterMs: ms(inbound?.jitter),
		bytesSent: outbound?.bytesSent ?? 0,
		bytesReceived: inbound?.bytesReceived ?? 0,
		rttMs: ms(remote?.roundTripTime),
		remoteLost: remote?.packetsLost ?? null,
		energy: inbound?.totalAudioEnergy ?? null,
		level: inbound?.audioLevel ?? null,
		framesDecoded: inbound?.framesDecoded ?? null,
		frameSize: inbound?.frameWidth ? `${inbound.frameWidth}x${inbound.frameHeight}` : null,
	};
}

// A plain object, fit for JSON: {audio, video, ice, dtls}.
export async function readStats(connection) {
	const report = await connection.getStats();
	const transport = [...report.values()].find((one) => one.type === "transport");
	const pair = report.get(transport?.selectedCandidatePairId);
	return {
		audio: media(report, "audio"),
		video: media(report, "video"),
		ice: {
			state: connection.iceConnectionState,
			local: address(report.get(pair?.localCandidateId)),
			remote: address(report.get(pair?.remoteCandidateId)),
			rttMs: ms(pair?.currentRoundTripTime),
		},
		dtls: {
			state: transport?.dtlsState ?? null,
			version: dtlsVersion(transport?.tlsVersion),
			cipher: transport?.dtlsCipher ?? null,
			srtp: transport?.srtpCipher ?? null,
			role: transport?.dtlsRole ?? null,
		},
	};
}
