/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_TPM_MAKER_H
#define TESTS_TPM_MAKER_H

#include "support/tpm_fixture.h"

/* What the tests of making keys share. */

#define MAKER_CC_CREATE 0x153u
#define MAKER_CC_EVICT_CONTROL 0x120u
#define MAKER_CC_GET_CAPABILITY 0x17au

/* A template with the options of "algorithm=ecc256 scheme=ecdsa"; `password` NULL sets none. */
tpmc_key_template *maker_template(fixture *f, const char *options, const char *password);
/* What tpmc_key_create() returns. */
int maker_create(fixture *f, const char *options, const char *password, tpmc_bytes **pem);
/* A new key that signs or makes MACs with this algorithm, on a new connection. */
void maker_assert_works(fixture *f, const tpmc_bytes *pem, const char *password,
                        const char *algorithm);
/* The key's attributes (TPMA_OBJECT). */
uint32_t maker_attributes(const tpmc_bytes *pem);
/* 1 when the key file's description holds these bytes of JSON. */
int maker_describes(fixture *f, const tpmc_bytes *pem, const char *words);

/* Another program makes a storage key of the owner persistent: ECC, with this password. */
void maker_persist(uint32_t handle, const char *password);
int maker_is_persistent(uint32_t handle);

/* An attempt at something that fails where the tap breaks it. */
typedef int (*maker_attempt)(fixture *f, void *context);
/* Breaks each command of the attempt in several ways: it must fail cleanly or succeed, and the TPM
 * holds nothing of it afterwards. */
void maker_break_each_command(fixture *f, maker_attempt attempt, void *context);

/* Everything is freed, and nothing stays in the TPM. */
void maker_teardown(fixture *f);

#endif
