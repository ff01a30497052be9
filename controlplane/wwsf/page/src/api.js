// SPDX-License-Identifier: Apache-2.0
// The web server function's three requests. A refusal is thrown as an Error with its status.

async function post(path, body) {
	const answer = await fetch(path, {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify(body ?? {}),
		credentials: "same-origin",
		cache: "no-store",
	});
	const text = await answer.text();
	const data = text ? JSON.parse(text) : {};
	if (!answer.ok) {
		const error = new Error(data.error ?? `the server answered ${answer.status}`);
		error.status = answer.status;
		throw error;
	}
	return data;
}

// How this user proves who he is: {mode: "ims", ...identity} or {mode: "token"}.
export const loginMode = (user) => post("login", { user });

// For token mode: the identity with a token.
export const loginPassword = (user, password) => post("login", { user, password });

// The identity with a new token, by the session cookie.
export const renewToken = () => post("token");

export const logout = () => post("logout");
