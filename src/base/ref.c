/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ref.h"

void tpmc__ref_init(tpmc__ref *ref)
{
    atomic_init(&ref->count, 1);
    atomic_init(&ref->frozen, 0);
}

void tpmc__ref_take(tpmc__ref *ref)
{
    atomic_fetch_add_explicit(&ref->count, 1, memory_order_relaxed);
}

int tpmc__ref_drop(tpmc__ref *ref)
{
    /* The last holder must see everything that the others did to the object. */
    return atomic_fetch_sub_explicit(&ref->count, 1, memory_order_acq_rel) == 1;
}

void tpmc__ref_freeze(tpmc__ref *ref)
{
    atomic_store_explicit(&ref->frozen, 1, memory_order_release);
}

int tpmc__ref_frozen(tpmc__ref *ref)
{
    return atomic_load_explicit(&ref->frozen, memory_order_acquire);
}
