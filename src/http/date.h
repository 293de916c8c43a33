/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_HTTP_DATE_H
#define TPMC_HTTP_DATE_H

#include <stdint.h>

/*
 * The time of an HTTP-date (RFC 9110 section 5.6.7) in any of its three forms, in milliseconds
 * since 1970; -1 for anything else, for days that no calendar has, and for times before 1970. The
 * day of the week must be one, but not the right one. A year of two digits is 1970 to 2069. The
 * locale plays no part.
 */
int64_t tpmc__http_date_ms(const char *text);

#endif
