/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPMKEY_TEMPLATE_INT_H
#define TPMC_TPMKEY_TEMPLATE_INT_H

#include "keyfile/tpm_public.h"
#include "tpm/tpm_int.h"

struct tpmc_key_template {
    tpmc__ref ref;
    tpmc_env *env;
    tpmc__options options;
    tpmc__secret password;
};

/* A template of our own with the defaults where the caller gave none; it is freed by the caller of
 * this in either case. */
int tpmc__key_template_use(tpmc_env *env, tpmc_key_template *given, tpmc_key_template **out,
                           tpmc_error *err);
/* The parent under which a template's keys are made, within an operation; fails unless it is the
 * pinned one. */
int tpmc__parent_create(tpmc_tpm *tpm, const tpmc_key_template *key_template,
                        tpmc__public *public_out, tpmc__loaded **out, tpmc_error *err);

#endif
