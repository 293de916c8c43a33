/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CODEC_CERTIFICATE_TIME_H
#define TPMC_CODEC_CERTIFICATE_TIME_H

#include "codec/der.h"

/*
 * Takes the next element, a UTCTime (1950 to 2049) or GeneralizedTime of the one form that RFC 5280
 * section 4.1.2.5 allows: whole seconds and "Z". Gives ms since 1970, negative before;
 * TPMC_ERR_FORMAT.
 */
int tpmc__certificate_take_time(tpmc__der *in, int64_t *ms);

#endif
