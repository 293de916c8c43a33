/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPMKEY_TEMPLATE_INT_H
#define TPMC_TPMKEY_TEMPLATE_INT_H

#include "base/bytes_int.h"
#include "keyfile/tpm_public.h"
#include "tpm/tpm_int.h"
#include "tpmkey/parent_int.h"

struct tpmc_key_template {
    tpmc__ref ref;
    tpmc_env *env;
    tpmc__options options;
    tpmc__secret password;
    tpmc__secret parent_password;
    tpmc_policy *policy; /* that new keys are bound to; NULL: none, or by the options */
    int parent_refused;  /* guarded by the connection that it is used with */
};

/* A template of our own with the defaults where the caller gave none; it is freed by the caller of
 * this in either case. */
int tpmc__key_template_use(tpmc_env *env, tpmc_key_template *given, tpmc_key_template **out,
                           tpmc_error *err);
/* Where a template's keys are made. */
void tpmc__template_place(tpmc_key_template *key_template, tpmc__parent_place *out);
/* The parent under which a template's keys are made, within an operation; fails unless it is the
 * pinned one. Dropped with tpmc__parent_drop(). */
int tpmc__template_parent(tpmc_tpm *tpm, tpmc_key_template *key_template, tpmc__parent *out,
                          tpmc_error *err);

/* 0, or TPMC_ERR_ARGUMENT when two parents are named. */
int tpmc__template_check(const tpmc_key_template *key_template, tpmc_error *err);
/* The word that a choice option has. */
const char *tpmc__template_word(const tpmc_key_template *key_template, size_t option);
/* The door of what makes keys with a TPM: checks, both objects frozen, and a template to work with,
 * freed by the caller after success. */
int tpmc__template_enter(tpmc_tpm *tpm, tpmc_key_template *given, tpmc_key_template **out,
                         tpmc_error *err);
/* The same for what needs no TPM, and with the template that was given. */
int tpmc__template_enter_offline(tpmc_key_template *given, tpmc_error *err);

/* One try of an operation; the loop that tries it again is in tpmc__template_run(). */
typedef int (*tpmc__template_step)(tpmc_tpm *tpm, void *context, tpmc_error *err);
int tpmc__template_run(tpmc_tpm *tpm, tpmc__template_step step, void *context, tpmc_error *err);
/* The Name of a public area as a result. */
int tpmc__template_give_name(tpmc_env *env, const tpmc__public *public, tpmc_bytes **out,
                             tpmc_error *err);

#endif
