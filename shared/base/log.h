// SPDX-License-Identifier: Apache-2.0
// Levelled log lines on standard error, one line a call, for systemd and for people.
#pragma once

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

// Names the program in every line and sets the highest level written. Not thread-safe: call it once,
// before threads start. The default is "isthmus" and LOG_LEVEL_INFO.
void log_open(const char *program, enum log_level level);

// Level by its name (error, warn, info, debug): 0, or -EINVAL.
int log_level_parse(const char *name, enum log_level *level);

// One line: time, program, level, text. Thread-safe (one write(2) a line, cut at 1 KiB). Control
// bytes are written as '?', so that bytes of a peer can't forge lines. Never from a worker's loop.
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
