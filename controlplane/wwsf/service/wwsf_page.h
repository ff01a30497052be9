// SPDX-License-Identifier: Apache-2.0
// The static files of the page, held in memory: what wasn't loaded can't be asked for.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct page_file {
	char *name;
	char *bytes;
	size_t len;
	const char *content_type;
	char etag[36]; // with its quotes
};

// Loads the regular files of the folder whose type is known; not sub-folders, dot files or links.
// Needs index.html. NULL with errno; the reason is logged.
struct page *page_load(const char *folder);
void page_destroy(struct page *page);

// The file for a request path ("/" is index.html), or NULL. Read-only, any thread.
const struct page_file *page_find(const struct page *page, const char *path);
