// SPDX-License-Identifier: Apache-2.0
// The frame of a browser test: needs the lab, prints the table and each finding, exits 0 or 1.

import { Browser } from "./browser.mjs";
import { need } from "./lab.mjs";
import { problems } from "./calls.mjs";
import { table } from "./table.mjs";

export class Test {
	#browsers = [];
	#calls = [];
	#failed = 0;

	check(holds, what) {
		console.log(`${holds ? "ok  " : "FAIL"} ${what}`);
		if (!holds) this.#failed += 1;
	}

	async browser(options) {
		const browser = await Browser.launch(options);
		this.#browsers.push(browser);
		return browser;
	}

	// Takes the records of a call and checks each; tones: what each browser has to hear.
	calls(records, ...tones) {
		this.#calls.push(...records);
		records.forEach((one, index) => {
			const found = problems(one, tones[index]);
			found.forEach((text) => this.check(false, text));
			if (!found.length) this.check(true, `${one.title}: media both ways`);
		});
	}

	static async run(act) {
		need("kamailio", "phone", "eims-agw", "ep-cscf", "wwsf");
		const test = new Test();
		try {
			await act(test);
		} catch (error) {
			test.check(false, error.message);
		}
		if (test.#calls.length) console.log(table(test.#calls));
		for (const browser of test.#browsers) await browser.close().catch(() => {});
		process.exit(test.#failed ? 1 : 0);
	}
}
