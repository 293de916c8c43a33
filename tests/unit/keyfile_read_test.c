/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/each_allocation.h"
#include "unit/keyfile_data.h"
#include "unit/keyfile_fixture.h"

#include <stdio.h>

#include "base/error_int.h"
#include "codec/pem.h"
#include "keyfile/keyfile.h"

#define LOADABLE "0606 6781050a0103"
#define IMPORTABLE "0606 6781050a0104"
#define SEALED "0606 6781050a0105"
#define OLD "0605 6781050a02"
#define OWNER "0204 40000001"
#define PRIVATE "0405 0003 010203"
#define SECRET "a207 0405 0003 aabbcc"

/* The elements of a file as hex; NULL stands for the usual one. */
typedef struct parts {
    const char *type;
    const char *optional;
    const char *parent;
    const char *pubkey; /* the element, or NULL for that of an HMAC key */
    const char *privkey;
    const char *tail;
} parts;

static void add_part(blob *to, const char *hex, const char *usual)
{
    add_hex(to, hex ? hex : usual);
}

static void build(blob *out, const parts *from)
{
    size_t start;

    out->len = 0;
    add_part(out, from->type, LOADABLE);
    add_part(out, from->optional, "");
    add_part(out, from->parent, OWNER);
    start = out->len;
    if (from->pubkey) {
        add_hex(out, from->pubkey);
    } else {
        add_hex(out, hmac_public_hex);
        wrap_from(out, start, 0x04);
    }
    add_part(out, from->privkey, PRIVATE);
    add_part(out, from->tail, "");
    wrap_from(out, 0, 0x30);
}

static int read_parts(const parts *from, tpmc__keyfile *out, tpmc_error *err)
{
    static blob bytes;

    build(&bytes, from);
    return tpmc__keyfile_parse(bytes.data, bytes.len, out, err);
}

static void files_of_other_programs_are_read(void **state)
{
    tpmc_error *err = *state;
    tpmc__keyfile file;

    expect_success(tpmc__keyfile_parse(tools_pem, strlen(tools_pem), &file, err), err);
    assert_int_equal(file.type, TPMC__KEYFILE_LOADABLE);
    assert_int_equal(file.has_empty_auth, 1);
    assert_int_equal(file.empty_auth, 0);
    assert_int_equal(file.parent, 0x40000001);
    assert_int_equal(file.key.type, TPMC__ALG_RSA);
    assert_hex(file.public_bytes, file.public_len, rsa_public_hex);
    assert_int_equal(file.private_len, 224);
    tpmc__keyfile_free(&file);
    expect_success(tpmc__keyfile_parse(provider_pem, strlen(provider_pem), &file, err), err);
    assert_int_equal(file.has_empty_auth, 1);
    assert_int_equal(file.empty_auth, 0);
    assert_int_equal(file.key.type, TPMC__ALG_ECC);
    tpmc__keyfile_free(&file);
    expect_success(tpmc__keyfile_parse(pytss_pem, strlen(pytss_pem), &file, err), err);
    assert_int_equal(file.has_empty_auth, 1);
    assert_int_equal(file.empty_auth, 1);
    assert_int_equal(file.key.exponent, 65537);
    assert_int_equal(file.private_len, 256);
    tpmc__keyfile_free(&file);
}

static void the_smallest_file_has_no_optional_field(void **state)
{
    const parts from = { 0 };
    tpmc_error *err = *state;
    tpmc__keyfile file;

    expect_success(read_parts(&from, &file, err), err);
    assert_int_equal(file.has_empty_auth, 0);
    assert_int_equal(file.empty_auth, 0);
    assert_int_equal(file.policy.count, 0);
    assert_null(file.secret);
    assert_int_equal(file.auth_policy_count, 0);
    assert_null(file.description);
    assert_int_equal(file.rsa_parent, 0);
    assert_hex(file.private_bytes, file.private_len, "0003 010203");
    tpmc__keyfile_free(&file);
    tpmc__keyfile_free(&file);
    tpmc__keyfile_free(NULL);
}

/* [0] to [5] and two unknown ones. */
static const char all_fields_hex[] =
    "a003 0101ff"
    "a11e 301c 300e a004 0202017f a106 0404 deadbeef 300a a004 0202016b a102 0400" SECRET
    "a323 3021 3019 a007 0c05 66697273 74 a10e 300c 300a a004 0202016a a102 0400"
    "3004 a102 3000"
    "a40a 0c08 6dc3bc6e63686e69"
    "a503 010101 a602 0500 be03 020100";

static void every_field_is_read(void **state)
{
    const parts from = { IMPORTABLE, all_fields_hex, "0205 0081000001", NULL, NULL, NULL };
    tpmc_error *err = *state;
    tpmc__keyfile file;

    expect_success(read_parts(&from, &file, err), err);
    assert_int_equal(file.type, TPMC__KEYFILE_IMPORTABLE);
    assert_int_equal(file.empty_auth, 1);
    assert_int_equal(file.policy.count, 2);
    assert_int_equal(file.policy.items[0].command, 0x17f);
    assert_hex(file.policy.items[0].data, file.policy.items[0].len, "deadbeef");
    assert_int_equal(file.policy.items[1].command, 0x16b);
    assert_null(file.policy.items[1].data);
    assert_int_equal(file.policy.items[1].len, 0);
    assert_hex(file.secret, file.secret_len, "0003 aabbcc");
    assert_int_equal(file.auth_policy_count, 2);
    assert_string_equal(file.auth_policies[0].name, "first");
    assert_int_equal(file.auth_policies[0].policy.count, 1);
    assert_int_equal(file.auth_policies[0].policy.items[0].command, 0x16a);
    assert_null(file.auth_policies[1].name);
    assert_int_equal(file.auth_policies[1].policy.count, 0);
    assert_string_equal(file.description, "m\xc3\xbcnchni");
    assert_int_equal(file.rsa_parent, 1);
    assert_int_equal(file.parent, 0x81000001);
    tpmc__keyfile_free(&file);
}

typedef struct choice {
    const char *hex;
    uint32_t value;
} choice;

static void any_octet_makes_a_boolean(void **state)
{
    static const choice booleans[] = {
        { "a003 010100", 0 }, { "a003 010101", 1 }, { "a003 010142", 1 }, { "a003 0101ff", 1 }
    };
    tpmc_error *err = *state;
    tpmc__keyfile file;
    size_t i;

    for (i = 0; i < sizeof(booleans) / sizeof(booleans[0]); i++) {
        const parts from = { NULL, booleans[i].hex, NULL, NULL, NULL, NULL };

        expect_success(read_parts(&from, &file, err), err);
        assert_int_equal(file.has_empty_auth, 1);
        assert_int_equal(file.empty_auth, booleans[i].value);
        tpmc__keyfile_free(&file);
    }
}

static void parents_are_hierarchies_or_persistent(void **state)
{
    static const choice parents[] = {
        { "0204 40000001", 0x40000001 },
        { "0204 40000007", 0x40000007 },
        { "0204 4000000b", 0x4000000b },
        { "0204 4000000c", 0x4000000c },
        { "0205 0081000001", 0x81000001 },
        { "0205 0081ffffff", 0x81ffffff },
        /* Zero means the owner; handles written as negative numbers. */
        { "0201 00", 0x40000001 },
        { "0204 81000001", 0x81000001 },
        { "0205 ff81000001", 0x81000001 },
        { "0205 0040000001", 0x40000001 },
    };
    tpmc_error *err = *state;
    tpmc__keyfile file;
    size_t i;

    for (i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
        const parts from = { NULL, NULL, parents[i].hex, NULL, NULL, NULL };

        expect_success(read_parts(&from, &file, err), err);
        assert_int_equal(file.parent, parents[i].value);
        tpmc__keyfile_free(&file);
    }
}

/* An OCTET STRING that holds a public area. */
static const char *public_element(const char *public_hex)
{
    static char element[2200];
    size_t len = strlen(public_hex) / 2;

    assert_true(len < 0x80 || len > 0xff);
    snprintf(element, sizeof(element), len < 0x80 ? "04%02zx%s" : "0482%04zx%s", len, public_hex);
    return element;
}

static void types_are_told_by_their_oid(void **state)
{
    static const choice types[] = { { LOADABLE, TPMC__KEYFILE_LOADABLE },
                                    { SEALED, TPMC__KEYFILE_SEALED },
                                    { OLD, TPMC__KEYFILE_LOADABLE } };
    tpmc_error *err = *state;
    tpmc__keyfile file;
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        const parts from = { .type = types[i].hex, .pubkey = public_element(seal_public_hex) };

        expect_success(read_parts(&from, &file, err), err);
        assert_int_equal(file.type, types[i].value);
        assert_int_equal(file.old_layout, 0);
        tpmc__keyfile_free(&file);
    }
    assert_string_equal(tpmc__keyfile_type_name(TPMC__KEYFILE_LOADABLE), "loadable");
    assert_string_equal(tpmc__keyfile_type_name(TPMC__KEYFILE_IMPORTABLE), "importable");
    assert_string_equal(tpmc__keyfile_type_name(TPMC__KEYFILE_SEALED), "sealed");
}

static void sealed_data_may_be_importable(void **state)
{
    const parts from = { .type = SEALED,
                         .optional = SECRET,
                         .pubkey = public_element(seal_public_hex) };
    tpmc_error *err = *state;
    tpmc__keyfile file;

    expect_success(read_parts(&from, &file, err), err);
    assert_int_equal(file.type, TPMC__KEYFILE_SEALED);
    assert_hex(file.secret, file.secret_len, "0003 aabbcc");
    tpmc__keyfile_free(&file);
}

static void keys_that_are_called_sealed_are_keys(void **state)
{
    static const char *const keys[] = { hmac_public_hex, rsa_public_hex, ecc_public_hex,
                                        aes_public_hex };
    tpmc_error *err = *state;
    tpmc__keyfile file;
    size_t i;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        parts from = { .type = SEALED, .pubkey = public_element(keys[i]) };

        expect_success(read_parts(&from, &file, err), err);
        assert_int_equal(file.type, TPMC__KEYFILE_LOADABLE);
        tpmc__keyfile_free(&file);
        from.optional = SECRET;
        expect_success(read_parts(&from, &file, err), err);
        assert_int_equal(file.type, TPMC__KEYFILE_IMPORTABLE);
        tpmc__keyfile_free(&file);
    }
}

static void persistent_keys_have_a_handle_only(void **state)
{
    const parts from = { .privkey = "0404 81010005" };
    tpmc_error *err = *state;
    tpmc__keyfile file;

    expect_success(read_parts(&from, &file, err), err);
    assert_int_equal(file.handle, 0x81010005);
    assert_int_equal(file.private_len, 0);
    assert_int_equal(file.type, TPMC__KEYFILE_LOADABLE);
    assert_int_equal(file.key.type, TPMC__ALG_KEYEDHASH);
    tpmc__keyfile_free(&file);
}

static void persistent_sealed_data_is_refused(void **state)
{
    const parts from = { .type = SEALED,
                         .pubkey = public_element(seal_public_hex),
                         .privkey = "0404 81000001" };
    tpmc_error *err = *state;
    tpmc__keyfile file;

    expect_failure(read_parts(&from, &file, err), err, TPMC_ERR_FORMAT,
                   "says that the key is sealed");
}

/* A file of the old layout: optional fields before and after its public area. */
typedef struct old_parts {
    const char *before;
    const char *public_hex; /* NULL: absent */
    const char *after;
    const char *privkey;
} old_parts;

static void build_old(blob *out, const old_parts *from)
{
    size_t start;

    set_hex(out, OLD);
    add_part(out, from->before, "");
    start = out->len;
    if (from->public_hex) {
        add_hex(out, from->public_hex);
        wrap_from(out, start, 0x04);
        wrap_from(out, start, 0xa2);
    }
    add_part(out, from->after, "");
    add_part(out, from->privkey, PRIVATE);
    wrap_from(out, 0, 0x30);
}

static int read_old(const old_parts *from, tpmc__keyfile *out, tpmc_error *err)
{
    static blob bytes;

    build_old(&bytes, from);
    return tpmc__keyfile_parse(bytes.data, bytes.len, out, err);
}

#define OLD_POLICY "a312 3010 300e a004 0202017f a106 0404 deadbeef"

static void the_old_layout_is_read(void **state)
{
    const old_parts smallest = { .public_hex = ecc_public_hex };
    const old_parts all = { "a003 010101 a107 0205 0081000002", rsa_public_hex, OLD_POLICY, NULL };
    const old_parts handle = { .public_hex = ecc_public_hex, .privkey = "0404 81000009" };
    tpmc_error *err = *state;
    tpmc__keyfile file;

    expect_success(read_old(&smallest, &file, err), err);
    assert_int_equal(file.old_layout, 1);
    assert_int_equal(file.type, TPMC__KEYFILE_LOADABLE);
    assert_int_equal(file.has_empty_auth, 0);
    assert_int_equal(file.parent, 0x40000001);
    assert_hex(file.public_bytes, file.public_len, ecc_public_hex);
    assert_hex(file.private_bytes, file.private_len, "0003 010203");
    assert_int_equal(tpmc__keyfile_parent_template(&file), TPMC__TEMPLATE_OLD);
    tpmc__keyfile_free(&file);
    expect_success(read_old(&all, &file, err), err);
    assert_int_equal(file.empty_auth, 1);
    assert_int_equal(file.parent, 0x81000002);
    assert_int_equal(file.key.type, TPMC__ALG_RSA);
    assert_int_equal(file.policy.count, 1);
    assert_int_equal(file.policy.items[0].command, 0x17f);
    tpmc__keyfile_free(&file);
    expect_success(read_old(&handle, &file, err), err);
    assert_int_equal(file.handle, 0x81000009);
    tpmc__keyfile_free(&file);
}

static void flaws_of_the_old_layout_are_named(void **state)
{
    static const struct {
        old_parts from;
        const char *words;
    } flaws[] = {
        { { .public_hex = NULL }, "which has the old layout 'TSS2 KEY BLOB', lacks the field" },
        { { .before = "a102 0500", .public_hex = ecc_public_hex },
          "'parent' should have tag 0x02" },
        { { .before = "a106 0204 4000000a", .public_hex = ecc_public_hex }, "lockout" },
        { { .before = "a107 0205 0080000000", .public_hex = ecc_public_hex }, "transient" },
        { { .before = "a108 0204 40000001 0500", .public_hex = ecc_public_hex },
          "'parent' of the key file has 2 bytes after" },
        { { .before = "a204 0402 0000" }, "'pubkey' of the key file: bad TPM2B_PUBLIC" },
        { { .public_hex = ecc_public_hex, .after = "a302 0500" }, "'policy'" },
        { { .public_hex = ecc_public_hex, .after = "a106 0204 40000001" }, "[1] stands after [2]" },
        { { .public_hex = ecc_public_hex, .privkey = "" }, "lacks the field 'privkey'" },
        { { .public_hex = ecc_public_hex, .privkey = "0400" },
          "'privkey' of the key file is empty" },
        { { .public_hex = ecc_public_hex, .privkey = PRIVATE "0500" }, "unknown element after" },
    };
    tpmc_error *err = *state;
    tpmc__keyfile file;
    size_t i;

    for (i = 0; i < sizeof(flaws) / sizeof(flaws[0]); i++)
        expect_failure(read_old(&flaws[i].from, &file, err), err, TPMC_ERR_FORMAT, flaws[i].words);
}

/* The label says nothing that the content does not say better. */
static void either_label_stands_for_either_layout(void **state)
{
    static const char *const labels[] = { "TSS2 PRIVATE KEY", "TSS2 KEY BLOB" };
    const parts current = { .type = OLD };
    const old_parts old = { .public_hex = ecc_public_hex };
    tpmc_error *err = *state;
    static blob bytes;
    tpmc__keyfile file;
    tpmc__buf pem;
    size_t i;

    for (i = 0; i < 4; i++) {
        if (i & 1)
            build_old(&bytes, &old);
        else
            build(&bytes, &current);
        tpmc__buf_init(&pem, TPMC__KEYFILE_MAX);
        assert_int_equal(tpmc__pem_write(labels[i / 2], bytes.data, bytes.len, &pem), 0);
        expect_success(tpmc__keyfile_parse(pem.data, pem.len, &file, err), err);
        assert_int_equal(file.old_layout, i & 1);
        tpmc__keyfile_free(&file);
        tpmc__buf_free(&pem);
    }
}

static void truncations_of_the_old_layout_name_a_field(void **state)
{
    const old_parts from = { "a003 0101ff a107 0205 0081000002", ecc_public_hex, OLD_POLICY, NULL };
    tpmc_error *err = *state;
    static blob bytes;
    tpmc__keyfile file;
    size_t len;

    build_old(&bytes, &from);
    for (len = 1; len < bytes.len; len++)
        expect_failure(tpmc__keyfile_parse(bytes.data, len, &file, err), err, TPMC_ERR_FORMAT,
                       "truncated");
    expect_failure(tpmc__keyfile_parse(bytes.data, bytes.len - 8, &file, err), err, TPMC_ERR_FORMAT,
                   "truncated in the field 'policy'");
}

/* Steps of an object without authPolicy are read all the same: the steps may be of no use. */
static void steps_need_no_auth_policy(void **state)
{
    const parts from = { .optional = "a10e 300c 300a a004 0202016b a102 0400" };
    tpmc_error *err = *state;
    tpmc__keyfile file;

    expect_success(read_parts(&from, &file, err), err);
    assert_int_equal(file.policy.count, 1);
    assert_int_equal(file.key.auth_policy_len, 0);
    tpmc__keyfile_free(&file);
}

typedef struct refusal {
    parts from;
    int code;
    const char *words;
} refusal;

static const refusal refusals[] = {
    /* type */
    { { .type = "0603 2a0304" }, TPMC_ERR_UNSUPPORTED, "of the type 1.2.3.4" },
    { { .type = "0606 6781050a0106" }, TPMC_ERR_UNSUPPORTED, "2.23.133.10.1.6" },
    { { .type = "0600" }, TPMC_ERR_UNSUPPORTED, "of the type" },
    { { .type = "0400" }, TPMC_ERR_FORMAT, "tag 0x04 where the field 'type'" },
    { { .type = OLD, .optional = "a106 0204 40000001", .parent = "" },
      TPMC_ERR_FORMAT,
      "lacks the field 'pubkey'" },
    /* tags */
    { { .optional = "a003 0101ff a003 0101ff" }, TPMC_ERR_FORMAT, "optional field [0] twice" },
    { { .optional = "a403 0c0161 a003 0101ff" }, TPMC_ERR_FORMAT, "[0] stands after [4]" },
    { { .optional = "a602 0500 a602 0500" }, TPMC_ERR_FORMAT, "optional field [6] twice" },
    { { .optional = "a702 0500 a602 0500" }, TPMC_ERR_FORMAT, "[6] stands after [7]" },
    { { .optional = "bf1f02 0500" }, TPMC_ERR_FORMAT, "not valid DER" },
    { { .optional = "8001ff" }, TPMC_ERR_FORMAT, "tag 0x80 where the field 'parent'" },
    { { .optional = "0500" }, TPMC_ERR_FORMAT, "tag 0x05 where the field 'parent'" },
    /* emptyAuth and rsaParent */
    { { .optional = "a000" }, TPMC_ERR_FORMAT, "lacks the field 'emptyAuth'" },
    { { .optional = "a002 0100" }, TPMC_ERR_FORMAT, "'emptyAuth' of the key file is a BOOLEAN of" },
    { { .optional = "a004 01020000" }, TPMC_ERR_FORMAT, "BOOLEAN of 2 bytes" },
    { { .optional = "a003 020101" }, TPMC_ERR_FORMAT, "'emptyAuth' should have tag 0x01" },
    { { .optional = "a005 0101ff 0500" }, TPMC_ERR_FORMAT, "'emptyAuth' of the key file has 2" },
    { { .optional = "a503 020101" }, TPMC_ERR_FORMAT, "'rsaParent'" },
    { { .optional = "a003 0102ff" }, TPMC_ERR_FORMAT, "truncated in the field 'emptyAuth'" },
    { { .optional = "a004 018101ff" },
      TPMC_ERR_FORMAT,
      "'emptyAuth' of the key file is not valid" },
    { { .optional = "a005 0180ff0000" }, TPMC_ERR_FORMAT, "'emptyAuth' of the key file is not" },
    /* policy */
    { { .optional = "a102 0500" }, TPMC_ERR_FORMAT, "the field 'policy'" },
    { { .optional = "a104 3002 0500" }, TPMC_ERR_FORMAT, "the field 'policy'" },
    { { .optional = "a104 3000 0500" }, TPMC_ERR_FORMAT, "'policy' of the key file has 2 bytes" },
    { { .optional = "a104 3002 3005" }, TPMC_ERR_FORMAT, "'policy' of the key file is not valid" },
    { { .optional = "a104 3002 3000" }, TPMC_ERR_FORMAT, "lacks the field 'commandCode'" },
    { { .optional = "a109 3007 3005 a003 0201ff" }, TPMC_ERR_FORMAT, "command code" },
    { { .optional = "a10d 300b 3009 a007 0205 0100000000" }, TPMC_ERR_FORMAT, "command code" },
    { { .optional = "a10a 3008 3006 a004 0202016b" },
      TPMC_ERR_FORMAT,
      "lacks the field "
      "'commandPolicy'" },
    { { .optional = "a10e 300c 300a a006 0202016b 0500" },
      TPMC_ERR_FORMAT,
      "'commandCode' of the key file has 2 bytes" },
    { { .optional = "a110 300e 300c a004 0202016b a104 0400 0500" },
      TPMC_ERR_FORMAT,
      "'commandPolicy' of the key file has 2 bytes" },
    { { .optional = "a110 300e 300c a004 0202016b a102 0400 0500" },
      TPMC_ERR_FORMAT,
      "'policy' of the key file has 2 bytes" },
    /* secret */
    { { .type = IMPORTABLE }, TPMC_ERR_FORMAT, "importable and lacks the field 'secret'" },
    { { .optional = SECRET }, TPMC_ERR_FORMAT, "loadable and has a field 'secret'" },
    { { .type = IMPORTABLE, .optional = "a202 0400" }, TPMC_ERR_FORMAT, "'secret'" },
    { { .type = IMPORTABLE, .optional = "a204 0402 0000" }, TPMC_ERR_FORMAT, "'secret'" },
    { { .type = IMPORTABLE, .optional = "a206 0404 0003aabb" }, TPMC_ERR_FORMAT, "'secret'" },
    { { .type = IMPORTABLE, .optional = "a206 0404 0001aabb" }, TPMC_ERR_FORMAT, "'secret'" },
    /* authPolicy */
    { { .optional = "a302 0500" }, TPMC_ERR_FORMAT, "'authPolicy'" },
    { { .optional = "a304 3002 3000" }, TPMC_ERR_FORMAT, "lacks the field 'authPolicy'" },
    { { .optional = "a30d 300b 3009 a003 0c010a a102 3000" },
      TPMC_ERR_FORMAT,
      "'authPolicy name' of the key file holds control" },
    /* description */
    { { .optional = "a403 0c01ff" },
      TPMC_ERR_FORMAT,
      "'description' of the key file is not valid "
      "UTF-8" },
    { { .optional = "a403 0c0100" }, TPMC_ERR_FORMAT, "'description'" },
    { { .optional = "a403 0c011b" },
      TPMC_ERR_FORMAT,
      "'description' of the key file holds control" },
    { { .optional = "a403 0c017f" }, TPMC_ERR_FORMAT, "holds control characters" },
    { { .optional = "a404 0c02c285" }, TPMC_ERR_FORMAT, "holds control characters" },
    { { .optional = "a403 040161" }, TPMC_ERR_FORMAT, "'description' should have tag 0x0c" },
    /* parent */
    { { .parent = "" }, TPMC_ERR_FORMAT, "where the field 'parent' should" },
    { { .parent = "0200" }, TPMC_ERR_FORMAT, "'parent' of the key file is out of range" },
    { { .parent = "0206 000040000001" }, TPMC_ERR_FORMAT, "a number of 6 bytes" },
    { { .parent = "0209 014000000140000001" }, TPMC_ERR_FORMAT, "a number of 9 bytes" },
    { { .parent = "0204 02000000" }, TPMC_ERR_FORMAT, "0x02000000, which is a session" },
    { { .parent = "0204 03000000" }, TPMC_ERR_FORMAT, "which is a session" },
    { { .parent = "0204 4000000a" }, TPMC_ERR_FORMAT, "0x4000000a, which is the lockout" },
    { { .parent = "0204 40000000" }, TPMC_ERR_FORMAT, "which is a permanent handle" },
    { { .parent = "0204 01000002" }, TPMC_ERR_FORMAT, "0x01000002, which is an NV index" },
    { { .parent = "0201 07" }, TPMC_ERR_FORMAT, "which is a PCR" },
    { { .parent = "0205 0080000000" }, TPMC_ERR_FORMAT, "0x80000000, which is a transient" },
    { { .parent = "0201 ff" }, TPMC_ERR_FORMAT, "0xffffffff, which is no handle of a parent" },
    { { .parent = "0204 41000001" }, TPMC_ERR_FORMAT, "which is no handle of a parent" },
    { { .parent = "0205 0082000001" }, TPMC_ERR_FORMAT, "which is no handle of a parent" },
    /* pubkey */
    { { .pubkey = "", .privkey = "" }, TPMC_ERR_FORMAT, "the key file lacks the field 'pubkey'" },
    { { .pubkey = "0400" }, TPMC_ERR_FORMAT, "'pubkey' of the key file: bad TPM2B_PUBLIC" },
    { { .pubkey = "0402 0000" }, TPMC_ERR_FORMAT, "bad TPM2B_PUBLIC: it is empty" },
    { { .pubkey = "0404 0003 0023" }, TPMC_ERR_FORMAT, "states 3 bytes and 2 bytes follow" },
    { { .pubkey = "0404 0001 0023" }, TPMC_ERR_FORMAT, "states 1 bytes and 2 bytes follow" },
    { { .pubkey = "041c 001a0023000b000304720000000600800043001000030010 00000000" },
      TPMC_ERR_FORMAT,
      "not that of a key: its point is missing" },
    { { .pubkey = "041c 001a0001000b0003047200000006008000430010080000000000 0000" },
      TPMC_ERR_FORMAT,
      "RSA modulus is missing" },
    { { .pubkey = "0210 00" }, TPMC_ERR_FORMAT, "'pubkey' should have tag 0x04" },
    /* privkey */
    { { .privkey = "" }, TPMC_ERR_FORMAT, "lacks the field 'privkey'" },
    { { .privkey = "0400" }, TPMC_ERR_FORMAT, "'privkey' of the key file is empty" },
    { { .privkey = "0402 0000" }, TPMC_ERR_FORMAT, "'privkey' of the key file is empty" },
    { { .privkey = "0401 00" }, TPMC_ERR_FORMAT, "bad TPM2B_PRIVATE" },
    { { .privkey = "0404 0003 0102" }, TPMC_ERR_FORMAT, "bad TPM2B_PRIVATE" },
    { { .privkey = "0404 0001 0102" }, TPMC_ERR_FORMAT, "bad TPM2B_PRIVATE" },
    { { .privkey = "0404 80000001" }, TPMC_ERR_FORMAT, "bad TPM2B_PRIVATE" },
    { { .type = IMPORTABLE, .optional = SECRET, .privkey = "0404 81000001" },
      TPMC_ERR_FORMAT,
      "persistent key 0x81000001 and has a field 'secret'" },
    { { .optional = SECRET, .privkey = "0404 81000001" }, TPMC_ERR_FORMAT, "and has a field" },
    { { .type = IMPORTABLE, .privkey = "0404 81000001" },
      TPMC_ERR_FORMAT,
      "persistent key 0x81000001 and says that the key is importable" },
    /* the end */
    { { .tail = "0500" }, TPMC_ERR_FORMAT, "unknown element after the field 'privkey'" },
    { { .tail = PRIVATE }, TPMC_ERR_FORMAT, "unknown element after the field 'privkey'" },
};

static void each_flaw_is_named(void **state)
{
    static const tpmc__keyfile empty;
    tpmc_error *err = *state;
    tpmc__keyfile file;
    size_t i;

    for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        expect_failure(read_parts(&refusals[i].from, &file, err), err, refusals[i].code,
                       refusals[i].words);
        assert_memory_equal(&file, &empty, sizeof(file));
    }
}

static void data_after_the_file_is_refused(void **state)
{
    const parts from = { 0 };
    tpmc_error *err = *state;
    static blob bytes;
    tpmc__keyfile file;

    build(&bytes, &from);
    add_hex(&bytes, "00");
    expect_failure(tpmc__keyfile_parse(bytes.data, bytes.len, &file, err), err, TPMC_ERR_FORMAT,
                   "1 bytes of trailing data");
}

static void indefinite_lengths_are_refused(void **state)
{
    const parts from = { 0 };
    tpmc_error *err = *state;
    static blob bytes;
    tpmc__keyfile file;

    build(&bytes, &from);
    bytes.data[1] = 0x80;
    add_hex(&bytes, "0000");
    expect_failure(tpmc__keyfile_parse(bytes.data, bytes.len, &file, err), err, TPMC_ERR_FORMAT,
                   "not valid DER");
}

static void repeat(blob *to, const char *hex, size_t count)
{
    while (count--)
        add_hex(to, hex);
}

/* A file whose field `tag` is a SEQUENCE of `count` times the same element. */
static int read_repeated(int tag, const char *element, size_t count, tpmc__keyfile *file,
                         tpmc_error *err)
{
    static blob bytes;
    size_t start;

    set_hex(&bytes, LOADABLE);
    start = bytes.len;
    repeat(&bytes, element, count);
    wrap_from(&bytes, start, 0x30);
    wrap_from(&bytes, start, tag);
    add_hex(&bytes, OWNER);
    start = bytes.len;
    add_hex(&bytes, hmac_public_hex);
    wrap_from(&bytes, start, 0x04);
    add_hex(&bytes, PRIVATE);
    wrap_from(&bytes, 0, 0x30);
    return tpmc__keyfile_parse(bytes.data, bytes.len, file, err);
}

static void counts_have_ceilings(void **state)
{
    static const char step[] = "300a a004 0202016b a102 0400";
    static const char auth_policy[] = "3004 a102 3000";
    tpmc_error *err = *state;
    tpmc__keyfile file;

    expect_success(read_repeated(0xa1, step, TPMC__KEYFILE_MAX_POLICY_STEPS, &file, err), err);
    assert_int_equal(file.policy.count, TPMC__KEYFILE_MAX_POLICY_STEPS);
    tpmc__keyfile_free(&file);
    expect_failure(read_repeated(0xa1, step, TPMC__KEYFILE_MAX_POLICY_STEPS + 1, &file, err), err,
                   TPMC_ERR_FORMAT, "'policy' of the key file has more than 64 entries");
    tpmc__error_clear(err);
    expect_success(read_repeated(0xa3, auth_policy, TPMC__KEYFILE_MAX_AUTH_POLICIES, &file, err),
                   err);
    tpmc__keyfile_free(&file);
    expect_failure(
        read_repeated(0xa3, auth_policy, TPMC__KEYFILE_MAX_AUTH_POLICIES + 1, &file, err), err,
        TPMC_ERR_FORMAT, "'authPolicy' of the key file has more than 64 entries");
}

/* One policy step with data of `len` bytes, and privkey of `private_len` bytes with its size. */
static int read_sizes(size_t len, size_t private_len, tpmc__keyfile *file, tpmc_error *err)
{
    static blob bytes;
    size_t start;
    size_t step;

    set_hex(&bytes, LOADABLE);
    start = bytes.len;
    add_hex(&bytes, "a004 0202016b");
    step = bytes.len;
    repeat(&bytes, "00", len);
    wrap_from(&bytes, step, 0x04);
    wrap_from(&bytes, step, 0xa1);
    wrap_from(&bytes, start, 0x30);
    wrap_from(&bytes, start, 0x30);
    wrap_from(&bytes, start, 0xa1);
    add_hex(&bytes, OWNER);
    start = bytes.len;
    add_hex(&bytes, hmac_public_hex);
    wrap_from(&bytes, start, 0x04);
    start = bytes.len;
    bytes.data[bytes.len++] = (uint8_t)((private_len - 2) >> 8);
    bytes.data[bytes.len++] = (uint8_t)(private_len - 2);
    repeat(&bytes, "55", private_len - 2);
    wrap_from(&bytes, start, 0x04);
    wrap_from(&bytes, 0, 0x30);
    return tpmc__keyfile_parse(bytes.data, bytes.len, file, err);
}

static void sizes_have_ceilings(void **state)
{
    tpmc_error *err = *state;
    tpmc__keyfile file;

    expect_success(read_sizes(4096, TPMC__KEYFILE_PRIVATE_MAX, &file, err), err);
    assert_int_equal(file.policy.items[0].len, 4096);
    assert_int_equal(file.private_len, TPMC__KEYFILE_PRIVATE_MAX);
    tpmc__keyfile_free(&file);
    expect_failure(read_sizes(4097, 16, &file, err), err, TPMC_ERR_FORMAT,
                   "a policy step of the key file has 4097 bytes");
    expect_failure(read_sizes(1, TPMC__KEYFILE_PRIVATE_MAX + 1, &file, err), err, TPMC_ERR_FORMAT,
                   "'privkey' of the key file has 2049 bytes");
}

static void every_truncation_names_a_field(void **state)
{
    const parts from = { IMPORTABLE, all_fields_hex, NULL, NULL, NULL, NULL };
    tpmc_error *err = *state;
    static blob bytes;
    tpmc__keyfile file;
    size_t len;

    build(&bytes, &from);
    for (len = 1; len < bytes.len; len++) {
        expect_failure(tpmc__keyfile_parse(bytes.data, len, &file, err), err, TPMC_ERR_FORMAT,
                       "truncated");
    }
    len = bytes.len - 1;
    expect_failure(tpmc__keyfile_parse(bytes.data, len, &file, err), err, TPMC_ERR_FORMAT,
                   "truncated in the field 'privkey'");
    len = bytes.len - 10;
    expect_failure(tpmc__keyfile_parse(bytes.data, len, &file, err), err, TPMC_ERR_FORMAT,
                   "truncated in the field 'pubkey'");
    bytes.data[2]++;
    expect_failure(tpmc__keyfile_parse(bytes.data, bytes.len, &file, err), err, TPMC_ERR_FORMAT,
                   "truncated after the field 'privkey'");
}

static void changed_bytes_never_crash(void **state)
{
    const parts from = { IMPORTABLE, all_fields_hex, NULL, NULL, NULL, NULL };
    static blob bytes;
    tpmc__keyfile file;
    size_t at;
    unsigned value;

    (void)state;
    build(&bytes, &from);
    for (at = 0; at < bytes.len; at++) {
        uint8_t original = bytes.data[at];

        for (value = 0; value < 256; value++) {
            bytes.data[at] = (uint8_t)value;
            if (tpmc__keyfile_parse(bytes.data, bytes.len, &file, NULL) == 0)
                tpmc__keyfile_free(&file);
        }
        bytes.data[at] = original;
    }
}

static void changed_text_never_crashes(void **state)
{
    char text[sizeof(provider_pem)];
    tpmc__keyfile file;
    size_t at;
    unsigned value;

    (void)state;
    memcpy(text, provider_pem, sizeof(text));
    for (at = 0; at + 1 < sizeof(text); at++) {
        for (value = 0; value < 256; value += 5) {
            text[at] = (char)value;
            if (tpmc__keyfile_parse(text, sizeof(text) - 1, &file, NULL) == 0)
                tpmc__keyfile_free(&file);
        }
        text[at] = provider_pem[at];
    }
}

static int parse_once(void *context)
{
    const blob *bytes = context;
    tpmc__keyfile file;
    int status = tpmc__keyfile_parse(bytes->data, bytes->len, &file, NULL);

    if (status == 0)
        tpmc__keyfile_free(&file);
    return status;
}

static void lack_of_memory_is_reported(void **state)
{
    const parts from = { IMPORTABLE, all_fields_hex, NULL, NULL, NULL, NULL };
    static blob bytes;

    (void)state;
    build(&bytes, &from);
    assert_true(each_allocation(parse_once, &bytes, TPMC_ERR_NOMEM) >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(files_of_other_programs_are_read),
        WITH_ERROR(the_smallest_file_has_no_optional_field),
        WITH_ERROR(every_field_is_read),
        WITH_ERROR(any_octet_makes_a_boolean),
        WITH_ERROR(parents_are_hierarchies_or_persistent),
        WITH_ERROR(types_are_told_by_their_oid),
        WITH_ERROR(sealed_data_may_be_importable),
        WITH_ERROR(keys_that_are_called_sealed_are_keys),
        WITH_ERROR(persistent_keys_have_a_handle_only),
        WITH_ERROR(persistent_sealed_data_is_refused),
        WITH_ERROR(the_old_layout_is_read),
        WITH_ERROR(flaws_of_the_old_layout_are_named),
        WITH_ERROR(either_label_stands_for_either_layout),
        WITH_ERROR(truncations_of_the_old_layout_name_a_field),
        WITH_ERROR(steps_need_no_auth_policy),
        WITH_ERROR(each_flaw_is_named),
        WITH_ERROR(data_after_the_file_is_refused),
        WITH_ERROR(indefinite_lengths_are_refused),
        WITH_ERROR(counts_have_ceilings),
        WITH_ERROR(sizes_have_ceilings),
        WITH_ERROR(every_truncation_names_a_field),
        cmocka_unit_test(changed_bytes_never_crash),
        cmocka_unit_test(changed_text_never_crashes),
        cmocka_unit_test(lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
