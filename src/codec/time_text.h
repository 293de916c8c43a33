/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_TIME_TEXT_H
#define TPMC_CODEC_TIME_TEXT_H

#include "base/buf.h"

/* Times as text, UTC, in the proleptic Gregorian calendar, whatever the process's locale and time
 * zone. All are milliseconds since 1970. */

#define TPMC__TIME_MIN_MS (-62167219200000) /* 0000-01-01T00:00:00Z */
#define TPMC__TIME_MAX_MS 253402300799999   /* 9999-12-31T23:59:59.999Z */

/* A moment taken apart, in whole seconds. */
typedef struct tpmc__moment {
    int year; /* 0 to 9999 */
    int month;
    int day;
    int hour;
    int minute;
    int second;
} tpmc__moment;

/* `ms` must be within the limits above. */
void tpmc__moment_of(int64_t ms, tpmc__moment *out);
/*
 * Reads ISO 8601 in the form 2026-03-01T12:00:00Z, with an optional fraction of any length, cut to
 * milliseconds, and Z, +hh:mm or +hhmm. A 60th second is the first of the next minute.
 * TPMC_ERR_FORMAT for anything else, also for days that do not exist.
 */
int tpmc__time_parse(const char *text, size_t len, int64_t *out_ms);
/* These append a time; beyond the limits above TPMC_ERR_ARGUMENT sticks to the buffer. */
int tpmc__time_append(tpmc__buf *out, int64_t ms);       /* 2026-03-01T12:00:00Z */
int tpmc__time_append_basic(tpmc__buf *out, int64_t ms); /* 20260301T120000Z */
int tpmc__time_append_date(tpmc__buf *out, int64_t ms);  /* 20260301 */

#endif
