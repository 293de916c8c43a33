/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_BASE_REF_H
#define TPMC_BASE_REF_H

#include <stdatomic.h>

/* What every shared object begins with: how many hold it, and whether setting is over. */
typedef struct tpmc__ref {
    atomic_uint count;
    atomic_int frozen;
} tpmc__ref;

void tpmc__ref_init(tpmc__ref *ref); /* one holder, not frozen */
void tpmc__ref_take(tpmc__ref *ref);
int tpmc__ref_drop(tpmc__ref *ref); /* 1 when the last holder is gone */
void tpmc__ref_freeze(tpmc__ref *ref);
int tpmc__ref_frozen(tpmc__ref *ref);

#endif
