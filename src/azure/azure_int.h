/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_AZURE_AZURE_INT_H
#define TPMC_AZURE_AZURE_INT_H

#include <stdatomic.h>

#include "base/env_int.h"
#include "http/retry.h"
#include "proto/cache_lines.h"
#include "proto/certificate_file.h"
#include "tpmcloud/azure.h"

/* The most bytes of a certificate that is given as such. */
#define TPMC__AZURE_CERTIFICATE_MAX (64 * 1024)

struct tpmc_azure {
    tpmc__ref ref;
    tpmc_env *env;
    tpmc_key *key;
    tpmc__options options;
    tpmc__buf certificate; /* its bytes, where they were given */
    tpmc__cache_lines *tokens;
    _Atomic(tpmc__certificate_file *) certificates; /* made by the first thread that needs it */
    tpmc__http_clock clock;
};

/* The door of the operations. */
int tpmc__azure_enter(tpmc_azure *azure, tpmc_error *err);
/* How the key signs as the issuer of a federated credential, of which Entra takes no PSS unless it
 * is asked for. `*out` is a literal. TPMC_ERR_UNSUPPORTED. */
int tpmc__azure_issuer_algorithm(tpmc_azure *azure, const char **out, tpmc_error *err);

/* What assertions are signed with: the certificate as it is now, or the id of the key. */
typedef struct tpmc__azure_signer {
    const char *algorithm;
    const char *fallback; /* for a TPM whose PSS signatures have another salt; or NULL */
    tpmc__certificate_set *certificates;
    tpmc__buf key_id;
} tpmc__azure_signer;

/* Finds out how to sign, looks at the certificate, and opens the key, which may ask a person for a
 * password: all that must be done before the time is taken. Freed in every case. */
int tpmc__azure_signer_open(tpmc_azure *azure, tpmc__azure_signer *signer, tpmc_error *err);
void tpmc__azure_signer_free(tpmc__azure_signer *signer);
/* Appends a new assertion for the endpoint `audience`. `offset_ms` is how far its clock is ahead of
 * ours. */
int tpmc__azure_signer_sign(tpmc_azure *azure, const tpmc__azure_signer *signer,
                            const char *audience, int64_t offset_ms, tpmc__buf *out,
                            tpmc_error *err);

#endif
