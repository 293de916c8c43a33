/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/error_int.h"
#include "codec/digest.h"
#include "codec/text.h"
#include "keyfile/keyfile_field.h"
#include "keyfile/tpm_names.h"

/* Nothing of a key file is longer than the file. */
#define HEX_MAX (2 * TPMC__KEYFILE_MAX)
#define TEXT_MAX 64

/*
 * Every step below returns 0 or TPMC_ERR_NOMEM. A child that could not be made is refused by
 * tpmc__json_add(), so a tree is either whole or reported as lost.
 */
static int add_hex(tpmc__json *to, const char *name, const void *data, size_t len)
{
    tpmc__buf hex;
    int status;

    tpmc__buf_init(&hex, HEX_MAX);
    status = tpmc__hex_encode(data, len, &hex);
    if (status == 0)
        status = tpmc__json_add_text(to, name, hex.len ? (const char *)hex.data : "");
    tpmc__buf_free(&hex);
    return status;
}

static int add_number(tpmc__json *to, const char *name, uint32_t number)
{
    char text[TEXT_MAX];

    snprintf(text, sizeof(text), "0x%08lx", (unsigned long)number);
    return tpmc__json_add_text(to, name, text);
}

static int add_algorithm(tpmc__json *to, const char *name, uint16_t algorithm)
{
    const char *known = tpmc__alg_name(algorithm);
    char text[TEXT_MAX];

    if (known)
        return tpmc__json_add_text(to, name, known);
    snprintf(text, sizeof(text), "0x%04x", algorithm);
    return tpmc__json_add_text(to, name, text);
}

static tpmc__json *attributes_json(uint32_t attributes)
{
    tpmc__json *array = tpmc__json_new_array();
    int status = array ? 0 : TPMC_ERR_NOMEM;
    unsigned bit;

    for (bit = 0; bit < 32 && status == 0; bit++) {
        const char *name = tpmc__attribute_name(bit);

        if (name && attributes >> bit & 1)
            status = tpmc__json_append(array, tpmc__json_new_text(name));
    }
    if (status == 0)
        return array;
    tpmc__json_free(array);
    return NULL;
}

static int add_symmetric(tpmc__json *to, const tpmc__sym_def *symmetric)
{
    int status = add_algorithm(to, "symmetric", symmetric->algorithm);

    if (status || symmetric->algorithm == TPMC__ALG_NULL)
        return status;
    status = tpmc__json_add_integer(to, "symmetric_bits", symmetric->key_bits);
    if (status == 0)
        status = add_algorithm(to, "symmetric_mode", symmetric->mode);
    return status;
}

static int add_scheme(tpmc__json *to, const tpmc__scheme *scheme)
{
    int status = add_algorithm(to, "scheme", scheme->algorithm);

    if (status == 0 && scheme->hash)
        status = add_algorithm(to, "scheme_hash", scheme->hash);
    if (status == 0 && scheme->kdf)
        status = add_algorithm(to, "scheme_kdf", scheme->kdf);
    if (status == 0 && scheme->count)
        status = tpmc__json_add_integer(to, "scheme_count", scheme->count);
    return status;
}

static int add_rsa(tpmc__json *to, const tpmc__public *key)
{
    int status = tpmc__json_add_integer(to, "key_bits", key->key_bits);

    if (status == 0)
        status = tpmc__json_add_integer(to, "exponent", key->exponent ? key->exponent : 65537);
    if (status == 0)
        status = add_hex(to, "modulus", key->unique, key->unique_len);
    return status;
}

static int add_ecc(tpmc__json *to, const tpmc__public *key)
{
    const tpmc__curve *curve = tpmc__curve_find(key->curve);
    int status;

    if (curve)
        status = tpmc__json_add_text(to, "curve", curve->name);
    else
        status = add_number(to, "curve", key->curve);
    if (status == 0 && key->kdf.algorithm != TPMC__ALG_NULL)
        status = add_algorithm(to, "kdf", key->kdf.algorithm);
    if (status == 0 && key->kdf.hash)
        status = add_algorithm(to, "kdf_hash", key->kdf.hash);
    if (status == 0)
        status = add_hex(to, "x", key->unique, key->unique_len);
    if (status == 0)
        status = add_hex(to, "y", key->unique_y, key->unique_y_len);
    return status;
}

static int add_parameters(tpmc__json *to, const tpmc__public *key)
{
    int status = 0;

    if (key->type != TPMC__ALG_KEYEDHASH)
        status = add_symmetric(to, &key->symmetric);
    if (status == 0 && key->type != TPMC__ALG_SYMCIPHER)
        status = add_scheme(to, &key->scheme);
    if (status)
        return status;
    if (key->type == TPMC__ALG_RSA)
        return add_rsa(to, key);
    if (key->type == TPMC__ALG_ECC)
        return add_ecc(to, key);
    return add_hex(to, "unique", key->unique, key->unique_len);
}

static tpmc__json *public_json(const tpmc__public *key)
{
    tpmc__json *object = tpmc__json_new_object();
    char kind[TEXT_MAX];
    int status = object ? 0 : TPMC_ERR_NOMEM;

    if (status == 0)
        status = add_algorithm(object, "type", key->type);
    if (status == 0)
        status = tpmc__public_kind_text(key, kind, sizeof(kind));
    if (status == 0)
        status = tpmc__json_add_text(object, "kind", kind);
    if (status == 0)
        status = add_algorithm(object, "name_alg", key->name_alg);
    if (status == 0)
        status = tpmc__json_add(object, "attributes", attributes_json(key->attributes));
    if (status == 0)
        status = add_hex(object, "auth_policy", key->auth_policy, key->auth_policy_len);
    if (status == 0)
        status = add_parameters(object, key);
    if (status == 0)
        return object;
    tpmc__json_free(object);
    return NULL;
}

static tpmc__json *step_json(const tpmc__keyfile_step *step)
{
    const char *name = tpmc__policy_command_name(step->command);
    tpmc__json *object = tpmc__json_new_object();
    int status = object ? 0 : TPMC_ERR_NOMEM;

    if (status == 0 && name)
        status = tpmc__json_add_text(object, "command", name);
    if (status == 0 && !name)
        status = add_number(object, "command", step->command);
    if (status == 0)
        status = add_number(object, "code", step->command);
    if (status == 0)
        status = add_hex(object, "data", step->data, step->len);
    if (status == 0)
        return object;
    tpmc__json_free(object);
    return NULL;
}

static tpmc__json *steps_json(const tpmc__keyfile_steps *steps)
{
    tpmc__json *array = tpmc__json_new_array();
    int status = array ? 0 : TPMC_ERR_NOMEM;
    size_t i;

    for (i = 0; i < steps->count && status == 0; i++)
        status = tpmc__json_append(array, step_json(&steps->items[i]));
    if (status == 0)
        return array;
    tpmc__json_free(array);
    return NULL;
}

static tpmc__json *auth_policy_json(const tpmc__keyfile_auth_policy *policy)
{
    tpmc__json *object = tpmc__json_new_object();
    int status = object ? 0 : TPMC_ERR_NOMEM;

    if (status == 0 && policy->name)
        status = tpmc__json_add_text(object, "name", policy->name);
    if (status == 0)
        status = tpmc__json_add(object, "policy", steps_json(&policy->policy));
    if (status == 0)
        return object;
    tpmc__json_free(object);
    return NULL;
}

static tpmc__json *auth_policies_json(const tpmc__keyfile *file)
{
    tpmc__json *array = tpmc__json_new_array();
    int status = array ? 0 : TPMC_ERR_NOMEM;
    size_t i;

    for (i = 0; i < file->auth_policy_count && status == 0; i++)
        status = tpmc__json_append(array, auth_policy_json(&file->auth_policies[i]));
    if (status == 0)
        return array;
    tpmc__json_free(array);
    return NULL;
}

static const char *parent_kind(uint32_t parent)
{
    switch (parent) {
    case 0x40000001:
        return "owner";
    case 0x40000007:
        return "null";
    case 0x4000000b:
        return "endorsement";
    case 0x4000000c:
        return "platform";
    default:
        return parent >> 24 == 0x81 ? "persistent" : "unknown";
    }
}

static int add_head(tpmc__json *to, const tpmc__keyfile *file)
{
    const char *format = file->old_layout ? "TSS2 KEY BLOB" : "TSS2 PRIVATE KEY";
    int status = tpmc__json_add_text(to, "format", format);

    if (status == 0)
        status = tpmc__json_add_text(to, "layout", file->old_layout ? "old" : "current");
    if (status == 0)
        status = tpmc__json_add_text(to, "type", tpmc__keyfile_type_name(file->type));
    if (status == 0 && file->has_empty_auth)
        status = tpmc__json_add_boolean(to, "empty_auth", file->empty_auth);
    if (status == 0 && file->description)
        status = tpmc__json_add_text(to, "description", file->description);
    if (status == 0 && file->handle)
        status = add_number(to, "persistent_handle", file->handle);
    return status;
}

/* A persistent parent is what it is; of a hierarchy the primary is meant that a template makes. */
static int add_parent(tpmc__json *to, const tpmc__keyfile *file)
{
    const char *made = tpmc__template_text(tpmc__keyfile_parent_template(file));
    int status = add_number(to, "parent", file->parent);

    if (status == 0)
        status = tpmc__json_add_text(to, "parent_kind", parent_kind(file->parent));
    if (status == 0 && file->parent >> 24 != 0x81)
        status = tpmc__json_add_text(to, "parent_template", made);
    if (status == 0)
        status = tpmc__json_add_boolean(to, "rsa_parent", file->rsa_parent);
    return status;
}

static int add_parent_id(tpmc__json *to, const tpmc__keyfile *file, const tpmc__span *name)
{
    int status = 0;

    if (file->parent_id)
        status = add_hex(to, "parent_id", file->parent_id, file->parent_id_len);
    if (status == 0 && file->parent_id)
        status = add_hex(to, "parent_name", name->data, name->len);
    return status;
}

static int add_tail(tpmc__json *to, const tpmc__keyfile *file)
{
    int status = tpmc__json_add(to, "policy", steps_json(&file->policy));

    /* Steps of an object without a policy of its own lead nowhere. */
    if (status == 0 && file->policy.count)
        status = tpmc__json_add_boolean(to, "policy_applies", file->key.auth_policy_len != 0);
    if (status == 0)
        status = tpmc__json_add_integer(to, "auth_policy_count", (int64_t)file->auth_policy_count);
    if (status == 0)
        status = tpmc__json_add(to, "auth_policies", auth_policies_json(file));
    if (status == 0)
        status = tpmc__json_add_boolean(to, "secret", file->secret != NULL);
    return status;
}

typedef struct names {
    tpmc__span key;
    tpmc__span parent; /* empty when the file does not state it */
} names;

static int add_all(tpmc__json *to, const tpmc__keyfile *file, const names *known)
{
    int status = add_head(to, file);

    if (status == 0)
        status = add_parent(to, file);
    if (status == 0)
        status = add_parent_id(to, file, &known->parent);
    if (status == 0)
        status = tpmc__json_add(to, "public", public_json(&file->key));
    if (status == 0)
        status = add_hex(to, "name", known->key.data, known->key.len);
    if (status == 0)
        status = add_tail(to, file);
    return status;
}

int tpmc__keyfile_describe(tpmc_env *env, const tpmc__keyfile *file, tpmc__json **out,
                           tpmc_error *err)
{
    tpmc__json *object = NULL;
    uint8_t name[TPMC__NAME_MAX];
    uint8_t parent_name[TPMC__NAME_MAX];
    names known = { { name, 0 }, { parent_name, 0 } };
    int status;

    *out = NULL;
    status = tpmc__public_name(env, &file->key, name, &known.key.len, err);
    if (status == 0)
        status = tpmc__keyfile_parent_name(env, file, parent_name, &known.parent.len, err);
    if (status)
        return status;
    object = tpmc__json_new_object();
    status = object ? add_all(object, file, &known) : TPMC_ERR_NOMEM;
    if (status) {
        tpmc__json_free(object);
        return tpmc__fail_nomem(err);
    }
    *out = object;
    return 0;
}
