// SPDX-License-Identifier: Apache-2.0
// What the process before has left in the store, read while this one starts.
#include "cscf.h"

#include <errno.h>
#include <poll.h>

#define WAIT_MS 10000 // for the next records; a disk that takes longer is broken

struct load {
	struct cscf *cscf;
	store_on_record *on_record;
	bool is_done;
	int status;
};

static void on_record(const struct store_record *record, void *arg)
{
	const struct load *load = arg;

	load->on_record(record, load->cscf);
}

static void on_done(int status, void *arg)
{
	struct load *load = arg;

	load->is_done = true;
	load->status = status;
}

int load_all(struct cscf *cscf, enum store_kind kind, store_on_record *take)
{
	struct load load = {.cscf = cscf, .on_record = take};
	const struct store_done done = {.on_done = on_done, .arg = &load};
	struct pollfd fd = {.fd = store_fd(cscf->store), .events = POLLIN};
	int ret = store_load_all(cscf->store, kind, on_record, &done);

	if (ret < 0)
		return ret;
	while (!load.is_done) {
		ret = poll(&fd, 1, WAIT_MS);
		if (ret == 0) {
			store_cancel(cscf->store, &load);
			return -ETIMEDOUT;
		}
		store_dispatch(cscf->store);
	}
	return load.status;
}
