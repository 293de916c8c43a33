/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_TPM_FIXTURE_H
#define TESTS_SUPPORT_TPM_FIXTURE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "support/tcti_tap.h"
#include "support/tpm_raw.h"
#include "tpmcloud/tpmkey.h"

/* A TPM in this process, a tap, and a connection through it. Waiting costs no time: the sleep hook
 * moves the monotonic clock on, and while a reply stalls every look at the clock does. */
typedef struct fixture {
    tap *tap;
    tpmc_error *err;
    tpmc_env *env;
    tpmc_tpm *tpm;
    atomic_llong skew_ms;           /* how far the monotonic clock is ahead */
    atomic_llong slept_ms;          /* how long the library wanted to sleep */
    tpm_raw_handles others;         /* transient objects that are not ours */
    tpm_raw_handles other_sessions; /* loaded sessions that are not ours */
} fixture;

/* How a key is made; NULL members are left at the template's defaults. */
typedef struct fixture_template {
    const char *password;
    const char *scheme;
    const char *description;
    const char *parent_name;
    const char *dictionary_attack;
} fixture_template;

#define FIXTURE_MESSAGE "what the tests sign"

/* A new TPM, the tap and the environment; hooks of the environment can be replaced now. */
void fixture_begin(fixture *f, int pollable);
/* The same with the TPM that is there, for forked children. */
void fixture_attach(fixture *f, int pollable);
/* Makes the connection through the tap; returns what the library returned. */
int fixture_connect(fixture *f);
/* Both, and checks. */
void fixture_open(fixture *f, int pollable);
/* Frees everything but the tap and the TPM; may be called twice. */
void fixture_detach(fixture *f);
/* Frees everything and switches the TPM off. */
void fixture_close(fixture *f);
/* Drops the connection and makes a new one; the TPM stays as it is. */
void fixture_reconnect(fixture *f);
/* What is in the TPM now belongs to others. */
void fixture_mark_others(fixture *f);
/* 1 when the TPM holds what others hold, and nothing else. */
int fixture_holds_only_others(fixture *f);
/* The same without a look at sessions. */
int fixture_holds_only_other_objects(fixture *f);

/* Imports the software RSA key of 2048 bits. */
int fixture_import(fixture *f, const fixture_template *t, tpmc_bytes **pem);
int fixture_import_bytes(fixture *f, const fixture_template *t, const void *data, size_t len,
                         tpmc_bytes **pem);
/* A key object from a key file; `password` NULL sets none. */
int fixture_key(fixture *f, const tpmc_bytes *pem, const char *password, tpmc_key **key);
/* The same from PEM text. */
int fixture_key_text(fixture *f, const char *pem, const char *password, tpmc_key **key);
/* Signs FIXTURE_MESSAGE. A signature that does not verify ends the process. */
int fixture_sign(fixture *f, tpmc_key *key, const char *algorithm);
/* As fixture_sign() with an error object of its own, for use on several threads; `err` may be
 * NULL. */
int fixture_sign_with(tpmc_key *key, const char *algorithm, tpmc_error *err);
/* 1 when the text of the last failure contains all of these words, separated by '|'. */
int fixture_error_says(const fixture *f, const char *words);

#endif
