/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/hierarchy.h"

#include <string.h>

#define WRONG(name) "the password of the " name " hierarchy is wrong; it is not tried again"
#define MISSING(name, flag)                                                                        \
    "the " name " hierarchy has a password, and none was given (the program's " flag               \
    "); a persistent storage key does without it"

static const struct hierarchy {
    ESYS_TR tr;
    uint32_t handle;
    const char *wrong_text;
    const char *missing_text;
} hierarchies[TPMC__HIERARCHY_COUNT] = {
    [TPMC__PRIMARY_NULL] = { ESYS_TR_RH_NULL, TPM2_RH_NULL, WRONG("null"), WRONG("null") },
    [TPMC_HIERARCHY_OWNER] = { ESYS_TR_RH_OWNER, TPM2_RH_OWNER, WRONG("owner"),
                               MISSING("owner", "--ownerpassword") },
    [TPMC_HIERARCHY_ENDORSEMENT] = { ESYS_TR_RH_ENDORSEMENT, TPM2_RH_ENDORSEMENT,
                                     WRONG("endorsement"),
                                     MISSING("endorsement", "--endorsement-password") },
    [TPMC_HIERARCHY_PLATFORM] = { ESYS_TR_RH_PLATFORM, TPM2_RH_PLATFORM, WRONG("platform"),
                                  MISSING("platform", "--platform-password") },
};

int tpmc__hierarchy_by_handle(uint32_t handle)
{
    for (int i = 0; i < TPMC__HIERARCHY_COUNT; i++) {
        if (hierarchies[i].handle == handle)
            return i;
    }
    return -1;
}

uint32_t tpmc__hierarchy_handle(int hierarchy)
{
    return hierarchies[hierarchy].handle;
}

ESYS_TR tpmc__hierarchy_tr(int hierarchy)
{
    return hierarchies[hierarchy].tr;
}

void tpmc__hierarchy_use(tpmc_tpm *tpm, int hierarchy, tpmc__use *out)
{
    memset(out, 0, sizeof(*out));
    out->hierarchy = hierarchy;
    out->wrong_text = hierarchies[hierarchy].wrong_text;
    out->missing_text = hierarchies[hierarchy].missing_text;
    if (hierarchy == TPMC__PRIMARY_NULL)
        return;
    out->password = &tpm->hierarchy_auth[hierarchy];
    out->refused = &tpm->hierarchy_refused[hierarchy];
}
