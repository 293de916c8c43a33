/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_TPM_TURNS_H
#define TESTS_TPM_TURNS_H

#include "support/tpm_fixture.h"
#include "support/tss2_file.h"
#include "tpm/bound_key.h"

/* Keys of every sort that a connection may be asked to use by turns, and one use of each that is
 * checked against OpenSSL. */
typedef enum turn_sort {
    TURN_PLAIN,           /* RSA, no password */
    TURN_PASSWORD,        /* RSA */
    TURN_PROTECTED,       /* RSA, password, subject to dictionary-attack lockout */
    TURN_HMAC,            /* at once */
    TURN_HMAC_LONG,       /* by a sequence */
    TURN_RESTRICTED,      /* EC */
    TURN_RESTRICTED_LONG, /* by a sequence */
    TURN_BOUND,           /* and the next ones: bound to policies, in the order of bound_kind */
    TURN_SORTS = TURN_BOUND + BOUND_KINDS
} turn_sort;

#define TURN_KEY_PASSWORD "password of keys that take turns"

/* Key files, made once for the TPM of this process. */
typedef struct turn_files {
    tpmc_bytes *rsa[3]; /* by sort */
    char hmac[TSS2_FILE_TEXT_MAX];
    char restricted[TSS2_FILE_TEXT_MAX];
    tpmc_bytes *bound[BOUND_KINDS];
} turn_files;

void turns_make(turn_files *files);
void turns_free(turn_files *files);
/* A key object of this sort. */
tpmc_key *turn_key(fixture *f, const turn_files *files, turn_sort sort);
/* Uses it once. A result that is wrong ends the process. */
int turn_use(fixture *f, tpmc_key *key, turn_sort sort);
/* How many commands since the last tap_clear() the TPM refused, its own "try again" left out. */
size_t turns_refused(fixture *f);

#endif
