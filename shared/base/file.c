// SPDX-License-Identifier: Apache-2.0
// Who may read a file.
#include "file.h"

#include <sys/stat.h>

bool file_is_world_readable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & S_IROTH) != 0;
}
