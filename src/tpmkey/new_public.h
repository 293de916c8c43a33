/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPMKEY_NEW_PUBLIC_H
#define TPMC_TPMKEY_NEW_PUBLIC_H

#include "codec/digest.h"
#include "codec/private_key.h"
#include "tpmkey/template_int.h"

/*
 * The public area of a new key, by the options of its template. All functions are pure;
 * TPMC_ERR_ARGUMENT names the options that contradict each other.
 */

/* 1 when the option `algorithm` is one of the HMAC words. */
int tpmc__new_public_is_hmac(const tpmc_key_template *key_template);
/* Of a key that the TPM makes; `unique` is empty. */
int tpmc__new_public_created(const tpmc_key_template *key_template, tpmc__public *out,
                             tpmc_error *err);
/* Of a software key, whose type and size count; the option `algorithm`, if set, must agree. */
int tpmc__new_public_imported(const tpmc_key_template *key_template,
                              const tpmc__private_key *software, tpmc__public *out,
                              tpmc_error *err);
/* Of an HMAC secret that is imported; `unique` is empty. */
int tpmc__new_public_imported_hmac(const tpmc_key_template *key_template, tpmc__public *out,
                                   tpmc_error *err);
/* A TPM wants a child to be no better protected than the parent that is found. */
void tpmc__new_public_fit_parent(tpmc__public *key, const tpmc__public *parent);

#endif
