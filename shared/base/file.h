// SPDX-License-Identifier: Apache-2.0
// Files with secrets.
#pragma once

#include <stdbool.h>

// Whether everybody on the machine may read the file (its mode; a group may be meant). False where it can't be told. Any
// thread.
bool file_is_world_readable(const char *path);
