/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes_int.h"
#include "tpm/hierarchy.h"
#include "tpm/persistent.h"
#include "tpmkey/template_int.h"

#define FIRST_OF_OWNER 0x81000000u
#define FIRST_OF_PLATFORM 0x81800000u
#define LAST_OF_PLATFORM 0x81ffffffu

struct persisting {
    tpmc_key_template *key_template;
    uint32_t handle;
    tpmc__public public;
};

/* Endorsement primaries stand among the owner's, and only platform ones among the platform's
 * (TPM 2.0 Part 3, 28.5). */
static int hierarchy_of(uint32_t handle)
{
    return handle < FIRST_OF_PLATFORM ? TPMC_HIERARCHY_OWNER : TPMC_HIERARCHY_PLATFORM;
}

static int check(tpmc_key_template *key_template, uint32_t handle, tpmc_error *err)
{
    tpmc__parent_place place;
    int hierarchy = 0;

    if (handle < FIRST_OF_OWNER || handle > LAST_OF_PLATFORM)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "0x%08x is no persistent handle; those are 0x%08x to 0x%08x",
                          (unsigned)handle, FIRST_OF_OWNER, LAST_OF_PLATFORM);
    tpmc__template_place(key_template, &place);
    hierarchy = tpmc__hierarchy_by_handle(place.handle);
    if (hierarchy < 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the option 'template_parent_handle' names a key that is persistent "
                          "already; name a primary by the option 'parent'");
    if (hierarchy == TPMC__PRIMARY_NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "a primary of the null hierarchy is lost at every reset of the TPM; it "
                          "cannot be made persistent");
    if ((hierarchy == TPMC_HIERARCHY_PLATFORM) != (hierarchy_of(handle) == TPMC_HIERARCHY_PLATFORM))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the handle 0x%08x is not one for the option 'parent' (%s): the platform "
                          "hierarchy has 0x81800000 to 0x81ffffff, the others have 0x81000000 to "
                          "0x817fffff",
                          (unsigned)handle,
                          tpmc__template_word(key_template, TPMC__KEY_TEMPLATE_PARENT));
    return 0;
}

static int fail_taken(uint32_t handle, tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_STATE,
                      "another object stands at the handle 0x%08x already; choose another handle, "
                      "or evict that object if nothing needs it",
                      (unsigned)handle);
}

/* Whether this very key stands at the handle; TPMC_ERR_STATE when another object does. */
static int look(tpmc_tpm *tpm, uint32_t handle, const tpmc__loaded *parent, int *stands,
                tpmc_error *err)
{
    tpmc__loaded *found = NULL;
    int status = 0;

    *stands = 0;
    /* What was known may be out of date by now. */
    tpmc__persistent_forget(tpm, handle);
    status = tpmc__persistent_get(tpm, handle, NULL, &found, err);
    if (status == TPMC_ERR_WRONG_TPM) {
        tpmc__error_clear(err);
        return 0;
    }
    if (status == TPMC_ERR_FORMAT || status == TPMC_ERR_UNSUPPORTED)
        return fail_taken(handle, err);
    if (status != 0)
        return status;
    if (found->name_len != parent->name_len ||
        memcmp(found->name, parent->name, found->name_len) != 0)
        return fail_taken(handle, err);
    *stands = 1;
    return 0;
}

static int evict_control(tpmc_tpm *tpm, uint32_t handle, const tpmc__parent *parent,
                         tpmc_error *err)
{
    ESYS_TR made = ESYS_TR_NONE;
    tpmc__use use;
    TSS2_RC rc = 0;
    int status = 0;

    tpmc__hierarchy_use(tpm, hierarchy_of(handle), &use);
    use.salt = parent->use.salt;
    status = tpmc__use_begin(tpm, &use, 0, err);
    if (status != 0)
        return status;
    rc = Esys_EvictControl(tpm->esys, use.tr, parent->loaded->tr, use.session, ESYS_TR_NONE,
                           ESYS_TR_NONE, handle, &made);
    status = tpmc__use_end(tpm, &use, rc, "TPM2_EvictControl", err);
    if (status == 0)
        Esys_TR_Close(tpm->esys, &made);
    return status;
}

static int persist_once(tpmc_tpm *tpm, void *context, tpmc_error *err)
{
    struct persisting *persisting = context;
    tpmc__parent parent;
    int stands = 0;
    int status = tpmc__template_parent(tpm, persisting->key_template, &parent, err);

    if (status != 0)
        return status;
    status = look(tpm, persisting->handle, parent.loaded, &stands, err);
    if (status == 0 && !stands)
        status = evict_control(tpm, persisting->handle, &parent, err);
    if (status == 0)
        persisting->public = parent.public;
    tpmc__parent_drop(tpm, &parent);
    return status;
}

int tpmc_tpm_persist_parent(tpmc_tpm *tpm, tpmc_key_template *key_template, uint32_t handle,
                            tpmc_bytes **name, tpmc_error *err)
{
    struct persisting persisting = { .handle = handle };
    int status = 0;

    tpmc__error_clear(err);
    if (name != NULL)
        *name = NULL;
    status = tpmc__template_enter(tpm, key_template, &persisting.key_template, err);
    if (status != 0)
        return status;
    status = check(persisting.key_template, handle, err);
    if (status == 0)
        status = tpmc__template_run(tpm, persist_once, &persisting, err);
    tpmc_key_template_free(persisting.key_template);
    if (status == 0 && name != NULL)
        status = tpmc__template_give_name(tpm->env, &persisting.public, name, err);
    return status;
}
