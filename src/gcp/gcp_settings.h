/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_GCP_GCP_SETTINGS_H
#define TPMC_GCP_GCP_SETTINGS_H

#include "base/option_int.h"
#include "base/option_table.h"

#define TPMC__GCP_UNIVERSE "googleapis.com"

/* What an identity's options say and, where they do not, its service-account file. */
typedef struct tpmc__gcp_settings {
    const tpmc__options *options;
    tpmc__options file;  /* by the names of the options */
    int has_private_key; /* the file holds one, which is never used */
} tpmc__gcp_settings;

/* Reads the file if there is one. Freed by the caller in every case; `options` must outlive it. */
int tpmc__gcp_settings_read(const tpmc__options *options, tpmc__gcp_settings *out, tpmc_error *err);
void tpmc__gcp_settings_free(tpmc__gcp_settings *settings);

/* TPMC__GCP_KIND_* */
int tpmc__gcp_kind(const tpmc__gcp_settings *settings);
/* A text option, by the file where it is not set; NULL without either. */
const char *tpmc__gcp_text(const tpmc__gcp_settings *settings, size_t index);
const char *tpmc__gcp_universe(const tpmc__gcp_settings *settings);
int tpmc__gcp_is_default_universe(const tpmc__gcp_settings *settings);
/* The account that a call to IAM is about, which may be the identity itself; NULL when none is
 * needed. */
const char *tpmc__gcp_iam_account(const tpmc__gcp_settings *settings);

#endif
