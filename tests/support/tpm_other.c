/* SPDX-License-Identifier: Apache-2.0 */
#include "support/tpm_other.h"

#include <stdio.h>
#include <string.h>

#include <tss2/tss2_mu.h>

#include "support/check.h"
#include "support/tcti_libtpms.h"
#include "support/tss2_file.h"

#define NV_CHUNK 512

static const uint8_t policy_a[32] = {
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
    0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
};
static const uint8_t policy_c[32] = {
    0x37, 0x67, 0xe2, 0xed, 0xd4, 0x3f, 0xf4, 0x5a, 0x3a, 0x7e, 0x1e, 0xae, 0xfc, 0xef, 0x78, 0x64,
    0x3d, 0xca, 0x96, 0x46, 0x32, 0xe7, 0xaa, 0xd8, 0x2c, 0x67, 0x3a, 0x30, 0xd8, 0x63, 0x3f, 0xde,
};

#define STORAGE                                                                                    \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |            \
     TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)
#define EK                                                                                         \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |            \
     TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)
#define USER                                                                                       \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |            \
     TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA)

static const struct shape {
    TPMI_ALG_PUBLIC type;
    TPMA_OBJECT attributes;
    int is_storage;
    int is_ek;
    int has_zeros;
} shapes[] = {
    [OTHER_H2] = { TPM2_ALG_ECC, STORAGE | TPMA_OBJECT_NODA, 1, 0, 0 },
    [OTHER_H1] = { TPM2_ALG_RSA, STORAGE | TPMA_OBJECT_NODA, 1, 0, 0 },
    [OTHER_RSA_DA] = { TPM2_ALG_RSA, STORAGE, 1, 0, 0 },
    [OTHER_ECC_DA] = { TPM2_ALG_ECC, STORAGE, 1, 0, 0 },
    [OTHER_ECC_ZEROS] = { TPM2_ALG_ECC, STORAGE | TPMA_OBJECT_NODA, 1, 0, 1 },
    [OTHER_RSA_ZEROS] = { TPM2_ALG_RSA, STORAGE | TPMA_OBJECT_NODA, 1, 0, 1 },
    [OTHER_EK_RSA] = { TPM2_ALG_RSA, EK, 1, 1, 1 },
    [OTHER_EK_ECC] = { TPM2_ALG_ECC, EK, 1, 1, 1 },
    [OTHER_SIGNER] = { TPM2_ALG_ECC, USER | TPMA_OBJECT_SIGN_ENCRYPT, 0, 0, 0 },
    [OTHER_HMAC] = { TPM2_ALG_KEYEDHASH, USER | TPMA_OBJECT_SIGN_ENCRYPT, 0, 0, 0 },
    [OTHER_SEALED] = { TPM2_ALG_KEYEDHASH, USER & ~(TPMA_OBJECT)TPMA_OBJECT_SENSITIVEDATAORIGIN, 0,
                       0, 0 },
};

static void fill_symmetric(const struct shape *shape, TPMT_SYM_DEF_OBJECT *out)
{
    out->algorithm = TPM2_ALG_NULL;
    if (!shape->is_storage)
        return;
    out->algorithm = TPM2_ALG_AES;
    out->keyBits.aes = 128;
    out->mode.aes = TPM2_ALG_CFB;
}

void other_template_fill(other_template which, TPM2B_PUBLIC *out)
{
    const struct shape *shape = &shapes[which];
    TPMT_PUBLIC *public = &out->publicArea;

    memset(out, 0, sizeof(*out));
    public->type = shape->type;
    public->nameAlg = TPM2_ALG_SHA256;
    public->objectAttributes = shape->attributes;
    if (shape->is_ek) {
        public->authPolicy.size = sizeof(policy_a);
        memcpy(public->authPolicy.buffer, policy_a, sizeof(policy_a));
    }
    if (shape->type == TPM2_ALG_RSA) {
        fill_symmetric(shape, &public->parameters.rsaDetail.symmetric);
        public->parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
        public->parameters.rsaDetail.keyBits = 2048;
        public->unique.rsa.size = shape->has_zeros ? 256 : 0;
    } else if (shape->type == TPM2_ALG_ECC) {
        fill_symmetric(shape, &public->parameters.eccDetail.symmetric);
        public->parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
        public->parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
        public->parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
        public->unique.ecc.x.size = shape->has_zeros ? 32 : 0;
        public->unique.ecc.y.size = public->unique.ecc.x.size;
    } else {
        public->parameters.keyedHashDetail.scheme.scheme =
            which == OTHER_HMAC ? TPM2_ALG_HMAC : TPM2_ALG_NULL;
        public->parameters.keyedHashDetail.scheme.details.hmac.hashAlg = TPM2_ALG_SHA256;
    }
}

/* A context of its own for each deed, so that nothing is known from before. */
typedef struct other {
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
} other;

static void begin(other *o)
{
    o->tcti = libtpms_tcti_new();
    check(Esys_Initialize(&o->esys, o->tcti, NULL) == TSS2_RC_SUCCESS);
}

static void end(other *o)
{
    Esys_Finalize(&o->esys);
    libtpms_tcti_free(o->tcti);
}

static TPM2B_AUTH make_auth(const char *password)
{
    TPM2B_AUTH auth = { 0 };

    if (password == NULL)
        return auth;
    auth.size = (UINT16)strlen(password);
    check(auth.size <= sizeof(auth.buffer));
    memcpy(auth.buffer, password, auth.size);
    return auth;
}

static void set_auth(other *o, ESYS_TR tr, const char *password)
{
    TPM2B_AUTH auth = make_auth(password);

    check(Esys_TR_SetAuth(o->esys, tr, &auth) == TSS2_RC_SUCCESS);
}

static void check_rc(TSS2_RC rc, const char *what)
{
    if (rc != TSS2_RC_SUCCESS)
        fprintf(stderr, "%s: %#x\n", what, (unsigned)rc);
    check(rc == TSS2_RC_SUCCESS);
}

static ESYS_TR make_primary(other *o, ESYS_TR hierarchy, const TPM2B_PUBLIC *in,
                            const char *password)
{
    static const TPM2B_DATA no_data = { 0 };
    static const TPML_PCR_SELECTION no_pcr = { 0 };
    TPM2B_SENSITIVE_CREATE sensitive = { 0 };
    ESYS_TR tr = ESYS_TR_NONE;

    sensitive.sensitive.userAuth = make_auth(password);
    check_rc(Esys_CreatePrimary(o->esys, hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                &sensitive, in, &no_data, &no_pcr, &tr, NULL, NULL, NULL, NULL),
             "CreatePrimary");
    return tr;
}

static void get_name(other *o, ESYS_TR tr, TPM2B_NAME *out)
{
    TPM2B_NAME *name = NULL;

    if (out == NULL)
        return;
    check_rc(Esys_TR_GetName(o->esys, tr, &name), "TR_GetName");
    *out = *name;
    Esys_Free(name);
}

void other_persist(const other_persistent *place, const TPM2B_PUBLIC *in, TPM2B_NAME *name)
{
    ESYS_TR by = place->hierarchy == ESYS_TR_RH_PLATFORM ? ESYS_TR_RH_PLATFORM : ESYS_TR_RH_OWNER;
    ESYS_TR tr = ESYS_TR_NONE;
    ESYS_TR persistent = ESYS_TR_NONE;
    other o;

    begin(&o);
    set_auth(&o, place->hierarchy, place->hierarchy_password);
    tr = make_primary(&o, place->hierarchy, in, place->password);
    check_rc(Esys_EvictControl(o.esys, by, tr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                               place->handle, &persistent),
             "EvictControl");
    get_name(&o, persistent, name);
    check_rc(Esys_FlushContext(o.esys, tr), "FlushContext");
    end(&o);
}

void other_persist_key(const other_persistent *place, other_template kind)
{
    TPM2B_PUBLIC in;

    other_template_fill(kind, &in);
    other_persist(place, &in, NULL);
}

void other_evict(uint32_t handle)
{
    ESYS_TR tr = ESYS_TR_NONE;
    ESYS_TR gone = ESYS_TR_NONE;
    other o;

    begin(&o);
    check_rc(Esys_TR_FromTPMPublic(o.esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &tr),
             "TR_FromTPMPublic");
    check_rc(Esys_EvictControl(o.esys, ESYS_TR_RH_OWNER, tr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                               ESYS_TR_NONE, handle, &gone),
             "EvictControl");
    end(&o);
}

void other_primary_name(ESYS_TR hierarchy, const TPM2B_PUBLIC *in, TPM2B_NAME *name)
{
    ESYS_TR tr = ESYS_TR_NONE;
    other o;

    begin(&o);
    tr = make_primary(&o, hierarchy, in, NULL);
    get_name(&o, tr, name);
    check_rc(Esys_FlushContext(o.esys, tr), "FlushContext");
    end(&o);
}

void other_name_hex(const TPM2B_NAME *name, char *out)
{
    UINT16 i;

    for (i = 0; i < name->size; i++)
        (void)snprintf(out + 2 * (size_t)i, 3, "%02x", name->name[i]);
}

void other_set_password(ESYS_TR hierarchy, const char *old, const char *password)
{
    TPM2B_AUTH auth = make_auth(password);
    other o;

    begin(&o);
    set_auth(&o, hierarchy, old);
    check_rc(Esys_HierarchyChangeAuth(o.esys, hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                      ESYS_TR_NONE, &auth),
             "HierarchyChangeAuth");
    end(&o);
}

static ESYS_TR start_policy(other *o, const other_key *key)
{
    static const TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };
    TPML_DIGEST branches = { .count = 2 };
    ESYS_TR session = ESYS_TR_NONE;

    check_rc(Esys_StartAuthSession(o->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                   ESYS_TR_NONE, NULL, TPM2_SE_POLICY, &none, TPM2_ALG_SHA256,
                                   &session),
             "StartAuthSession");
    set_auth(o, ESYS_TR_RH_ENDORSEMENT, key->endorsement_password);
    check_rc(Esys_PolicySecret(o->esys, ESYS_TR_RH_ENDORSEMENT, session, ESYS_TR_PASSWORD,
                               ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL, NULL, 0, NULL, NULL),
             "PolicySecret");
    if (key->by_policy < 2)
        return session;
    branches.digests[0].size = sizeof(policy_a);
    memcpy(branches.digests[0].buffer, policy_a, sizeof(policy_a));
    branches.digests[1].size = sizeof(policy_c);
    memcpy(branches.digests[1].buffer, policy_c, sizeof(policy_c));
    check_rc(Esys_PolicyOR(o->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &branches),
             "PolicyOR");
    return session;
}

static ESYS_TR get_parent(other *o, const other_key *key)
{
    ESYS_TR tr = ESYS_TR_NONE;

    if (key->parent != NULL)
        return make_primary(o, key->hierarchy, key->parent, NULL);
    check_rc(
        Esys_TR_FromTPMPublic(o->esys, key->handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &tr),
        "TR_FromTPMPublic");
    set_auth(o, tr, key->parent_password);
    return tr;
}

static void create(other *o, const other_key *key, ESYS_TR parent, ESYS_TR session, tss2_file *out)
{
    static const TPM2B_DATA no_data = { 0 };
    static const TPML_PCR_SELECTION no_pcr = { 0 };
    TPM2B_SENSITIVE_CREATE sensitive = { 0 };
    TPM2B_PRIVATE *private = NULL;
    TPM2B_PUBLIC *public = NULL;
    TPM2B_PUBLIC in;

    other_template_fill(key->kind, &in);
    sensitive.sensitive.userAuth = make_auth(key->password);
    if (key->secret != NULL) {
        sensitive.sensitive.data.size = (UINT16)strlen(key->secret);
        memcpy(sensitive.sensitive.data.buffer, key->secret, strlen(key->secret));
    }
    check_rc(Esys_Create(o->esys, parent, session, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &in,
                         &no_data, &no_pcr, &private, &public, NULL, NULL, NULL),
             "Create");
    check_rc(Tss2_MU_TPM2B_PUBLIC_Marshal(public, out->public_area, sizeof(out->public_area),
                                          &out->public_len),
             "marshal");
    check_rc(Tss2_MU_TPM2B_PRIVATE_Marshal(private, out->private_area, sizeof(out->private_area),
                                           &out->private_len),
             "marshal");
    Esys_Free(private);
    Esys_Free(public);
}

static uint32_t hierarchy_handle(ESYS_TR hierarchy)
{
    if (hierarchy == ESYS_TR_RH_ENDORSEMENT)
        return TPM2_RH_ENDORSEMENT;
    if (hierarchy == ESYS_TR_RH_PLATFORM)
        return TPM2_RH_PLATFORM;
    return hierarchy == ESYS_TR_RH_NULL ? TPM2_RH_NULL : TPM2_RH_OWNER;
}

void other_make_key(const other_key *key, char *pem)
{
    tss2_file file = { .type = key->kind == OTHER_SEALED ? 5 : 3 };
    ESYS_TR parent = ESYS_TR_NONE;
    ESYS_TR session = ESYS_TR_PASSWORD;
    other o;

    begin(&o);
    parent = get_parent(&o, key);
    if (key->by_policy)
        session = start_policy(&o, key);
    create(&o, key, parent, session, &file);
    if (key->by_policy)
        check_rc(Esys_FlushContext(o.esys, session), "FlushContext");
    if (key->parent != NULL)
        check_rc(Esys_FlushContext(o.esys, parent), "FlushContext");
    end(&o);
    file.empty_auth = key->password == NULL;
    file.parent = key->handle != 0 ? key->handle : hierarchy_handle(key->hierarchy);
    (void)tss2_file_write(&file, pem);
}

void other_write_nv(uint32_t index, const void *data, size_t len)
{
    static const TPM2B_AUTH no_auth = { 0 };
    const TPM2B_NV_PUBLIC in = { .nvPublic = { .nvIndex = index,
                                               .nameAlg = TPM2_ALG_SHA256,
                                               .attributes = TPMA_NV_PPWRITE | TPMA_NV_PPREAD |
                                                             TPMA_NV_OWNERREAD | TPMA_NV_AUTHREAD |
                                                             TPMA_NV_NO_DA | TPMA_NV_PLATFORMCREATE,
                                               .dataSize = (UINT16)len } };
    TPM2B_MAX_NV_BUFFER chunk;
    ESYS_TR tr = ESYS_TR_NONE;
    size_t at;
    other o;

    begin(&o);
    check_rc(Esys_NV_DefineSpace(o.esys, ESYS_TR_RH_PLATFORM, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                 ESYS_TR_NONE, &no_auth, &in, &tr),
             "NV_DefineSpace");
    for (at = 0; at < len; at += NV_CHUNK) {
        memset(&chunk, 0, sizeof(chunk));
        chunk.size = (UINT16)(len - at < NV_CHUNK ? len - at : NV_CHUNK);
        memcpy(chunk.buffer, (const uint8_t *)data + at, chunk.size);
        check_rc(Esys_NV_Write(o.esys, ESYS_TR_RH_PLATFORM, tr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                               ESYS_TR_NONE, &chunk, (UINT16)at),
                 "NV_Write");
    }
    end(&o);
}

void other_remove_nv(uint32_t index)
{
    ESYS_TR tr = ESYS_TR_NONE;
    other o;

    begin(&o);
    check_rc(Esys_TR_FromTPMPublic(o.esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &tr),
             "TR_FromTPMPublic");
    check_rc(Esys_NV_UndefineSpace(o.esys, ESYS_TR_RH_PLATFORM, tr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                   ESYS_TR_NONE),
             "NV_UndefineSpace");
    end(&o);
}

static void event(unsigned int pcr, int resets)
{
    static const TPM2B_EVENT data = { .size = 5, .buffer = "event" };
    /* The handle of a PCR is its number. */
    ESYS_TR tr = ESYS_TR_PCR0 + pcr;
    TPML_DIGEST_VALUES *digests = NULL;
    other o;

    begin(&o);
    if (resets)
        check_rc(Esys_PCR_Reset(o.esys, tr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE),
                 "PCR_Reset");
    else
        check_rc(Esys_PCR_Event(o.esys, tr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &data,
                                &digests),
                 "PCR_Event");
    Esys_Free(digests);
    end(&o);
}

void other_extend_pcr(unsigned int pcr)
{
    event(pcr, 0);
}

void other_reset_pcr(unsigned int pcr)
{
    event(pcr, 1);
}

void other_define_index(const other_index *index)
{
    const TPM2B_AUTH auth = make_auth(index->password);
    const TPM2B_NV_PUBLIC in = { .nvPublic = { .nvIndex = index->index,
                                               .nameAlg = TPM2_ALG_SHA256,
                                               .attributes = index->attributes,
                                               .dataSize = (UINT16)index->size } };
    ESYS_TR tr = ESYS_TR_NONE;
    other o;

    begin(&o);
    check_rc(Esys_NV_DefineSpace(o.esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                 ESYS_TR_NONE, &auth, &in, &tr),
             "NV_DefineSpace");
    end(&o);
}

static ESYS_TR find_index(other *o, uint32_t index)
{
    ESYS_TR tr = ESYS_TR_NONE;

    check_rc(Esys_TR_FromTPMPublic(o->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &tr),
             "TR_FromTPMPublic");
    return tr;
}

void other_write_index(uint32_t index, const void *data, size_t len)
{
    TPM2B_MAX_NV_BUFFER chunk = { 0 };
    other o;

    begin(&o);
    check(len <= NV_CHUNK);
    chunk.size = (UINT16)len;
    memcpy(chunk.buffer, data, len);
    check_rc(Esys_NV_Write(o.esys, ESYS_TR_RH_OWNER, find_index(&o, index), ESYS_TR_PASSWORD,
                           ESYS_TR_NONE, ESYS_TR_NONE, &chunk, 0),
             "NV_Write");
    end(&o);
}

void other_undefine_index(uint32_t index)
{
    other o;

    begin(&o);
    check_rc(Esys_NV_UndefineSpace(o.esys, ESYS_TR_RH_OWNER, find_index(&o, index),
                                   ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE),
             "NV_UndefineSpace");
    end(&o);
}

void other_keep_one_bank(void)
{
    static const TPMI_ALG_HASH banks[] = { TPM2_ALG_SHA1, TPM2_ALG_SHA256, TPM2_ALG_SHA384,
                                           TPM2_ALG_SHA512 };
    TPML_PCR_SELECTION wanted = { .count = sizeof(banks) / sizeof(banks[0]) };
    TPMI_YES_NO done = TPM2_NO;
    UINT32 most;
    UINT32 needed;
    UINT32 available;
    UINT32 i;
    other o;

    for (i = 0; i < wanted.count; i++) {
        wanted.pcrSelections[i].hash = banks[i];
        wanted.pcrSelections[i].sizeofSelect = 3;
        memset(wanted.pcrSelections[i].pcrSelect, banks[i] == TPM2_ALG_SHA256 ? 0xff : 0, 3);
    }
    begin(&o);
    check_rc(Esys_PCR_Allocate(o.esys, ESYS_TR_RH_PLATFORM, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                               ESYS_TR_NONE, &wanted, &done, &most, &needed, &available),
             "PCR_Allocate");
    check(done == TPM2_YES);
    end(&o);
}
