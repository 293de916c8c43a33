/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_TPM_TCTI_H
#define TPMC_TPM_TCTI_H

#include <tss2/tss2_tcti.h>

#include "base/error_int.h"

#define TPMC__TCTI_MAX 4096

/* What kind of thing a TCTI string reaches. */
typedef enum tpmc__tcti_kind {
    TPMC__TCTI_DEVICE,
    TPMC__TCTI_SIMULATOR, /* swtpm or mssim on loopback */
    TPMC__TCTI_BROKER,    /* tabrmd */
    TPMC__TCTI_OTHER      /* only with allow_any_tcti */
} tpmc__tcti_kind;

/*
 * Checks a TCTI string: opening one runs code of its choosing, so only known kinds and, for
 * sockets, loopback addresses pass unless `allow_any`. Pure. TPMC_ERR_ARGUMENT says what is
 * allowed.
 */
int tpmc__tcti_check(const char *tcti, int allow_any, tpmc__tcti_kind *kind, tpmc_error *err);
/* Opens it. TPMC_ERR_TPM_UNAVAILABLE names the cause as far as the system tells: no such device, no
 * permission, busy. */
int tpmc__tcti_open(const char *tcti, tpmc__tcti_kind kind, TSS2_TCTI_CONTEXT **out,
                    tpmc_error *err);
/* Finalizes what tpmc__tcti_open() returned; NULL is fine. */
void tpmc__tcti_close(TSS2_TCTI_CONTEXT *tcti);
/* In a forked child: closes the descriptors that the TCTI shows, and leaves the rest, whose
 * finalize would write to the parent's connection. */
void tpmc__tcti_abandon(TSS2_TCTI_CONTEXT *tcti);

#endif
