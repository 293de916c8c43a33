/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/each_allocation.h"
#include "unit/keyfile_data.h"
#include "unit/keyfile_fixture.h"

#include "codec/pem.h"
#include "keyfile/keyfile.h"

static uint8_t auth_bytes[] = { 0xaa, 0xbb };
static uint8_t secret_bytes[] = { 0x00, 0x02, 0xcc, 0xdd };
static char name_text[] = "first";
static char description_text[] = "m\xc3\xbcnchni";

static tpmc__keyfile_step policy_steps[] = { { 0x17f, auth_bytes, sizeof(auth_bytes) },
                                             { 0x16b, NULL, 0 } };
static tpmc__keyfile_step signed_steps[] = { { 0x8000016a, auth_bytes, 1 } };
static tpmc__keyfile_auth_policy auth_policies[] = { { name_text, { signed_steps, 1 } },
                                                     { NULL, { NULL, 0 } } };

static void fill(tpmc__keyfile *file)
{
    static blob bytes;

    memset(file, 0, sizeof(*file));
    file->type = TPMC__KEYFILE_LOADABLE;
    file->parent = 0x40000001;
    parse_hex(hmac_public_hex, &file->key);
    set_hex(&bytes, hmac_public_hex);
    memcpy(file->public_bytes, bytes.data, bytes.len);
    file->public_len = bytes.len;
    set_hex(&bytes, "0003 010203");
    memcpy(file->private_bytes, bytes.data, bytes.len);
    file->private_len = bytes.len;
}

static void fill_all(tpmc__keyfile *file)
{
    fill(file);
    file->type = TPMC__KEYFILE_IMPORTABLE;
    file->has_empty_auth = 1;
    file->empty_auth = 1;
    file->policy.items = policy_steps;
    file->policy.count = 2;
    file->secret = secret_bytes;
    file->secret_len = sizeof(secret_bytes);
    file->auth_policies = auth_policies;
    file->auth_policy_count = 2;
    file->description = description_text;
    file->rsa_parent = 1;
    file->parent = 0x81000001;
}

static void write_pem(const tpmc__keyfile *file, tpmc__buf *out)
{
    tpmc__buf_init(out, TPMC__KEYFILE_MAX);
    assert_int_equal(tpmc__keyfile_write(file, out), 0);
}

static void assert_der(const tpmc__keyfile *file, const blob *expected)
{
    tpmc__pem_block block;
    size_t offset = 0;
    tpmc__buf pem;

    write_pem(file, &pem);
    assert_int_equal(tpmc__pem_next((const char *)pem.data, pem.len, &offset, &block, NULL), 1);
    assert_string_equal(block.label, "TSS2 PRIVATE KEY");
    assert_int_equal(block.der.len, expected->len);
    assert_memory_equal(block.der.data, expected->data, expected->len);
    tpmc__pem_block_free(&block);
    tpmc__buf_free(&pem);
}

static void the_smallest_file_has_four_fields(void **state)
{
    tpmc__keyfile file;
    static blob bytes;

    (void)state;
    fill(&file);
    set_hex(&bytes, "0606 6781050a0103 0204 40000001 0432");
    add_hex(&bytes, hmac_public_hex);
    add_hex(&bytes, "0405 0003 010203");
    wrap_from(&bytes, 0, 0x30);
    assert_der(&file, &bytes);
    file.empty_auth = 1;
    assert_der(&file, &bytes);
}

static void a_known_empty_auth_is_written_also_when_false(void **state)
{
    tpmc__keyfile file;
    static blob bytes;

    (void)state;
    fill(&file);
    file.has_empty_auth = 1;
    set_hex(&bytes, "0606 6781050a0103 a003 010100 0204 40000001 0432");
    add_hex(&bytes, hmac_public_hex);
    add_hex(&bytes, "0405 0003 010203");
    wrap_from(&bytes, 0, 0x30);
    assert_der(&file, &bytes);
}

static void fields_stand_in_the_order_of_their_tags(void **state)
{
    tpmc__keyfile file;
    static blob bytes;

    (void)state;
    fill_all(&file);
    set_hex(&bytes, "0606 6781050a0104 a003 0101ff");
    add_hex(&bytes, "a11c 301a 300c a004 0202017f a104 0402 aabb 300a a004 0202016b a102 0400");
    add_hex(&bytes, "a206 0404 0002ccdd");
    add_hex(&bytes, "a327 3025 301d a007 0c05 6669727374");
    add_hex(&bytes, "a112 3010 300e a007 0205 008000016a a103 0401 aa");
    add_hex(&bytes, "3004 a102 3000");
    add_hex(&bytes, "a40a 0c08 6dc3bc6e63686e69 a503 0101ff 0205 0081000001 0432");
    add_hex(&bytes, hmac_public_hex);
    add_hex(&bytes, "0405 0003 010203");
    wrap_from(&bytes, 0, 0x30);
    assert_der(&file, &bytes);
}

static void assert_same_steps(const tpmc__keyfile_steps *a, const tpmc__keyfile_steps *b)
{
    size_t i;

    assert_int_equal(a->count, b->count);
    for (i = 0; i < a->count; i++) {
        assert_int_equal(a->items[i].command, b->items[i].command);
        assert_int_equal(a->items[i].len, b->items[i].len);
        if (a->items[i].len)
            assert_memory_equal(a->items[i].data, b->items[i].data, a->items[i].len);
    }
}

static void assert_same_text(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a)
        assert_string_equal(a, b);
}

static void assert_same_bytes(const void *a, size_t a_len, const void *b, size_t b_len)
{
    assert_int_equal(a == NULL, b == NULL);
    assert_int_equal(a_len, b_len);
    if (a_len)
        assert_memory_equal(a, b, a_len);
}

static void assert_same_file(const tpmc__keyfile *a, const tpmc__keyfile *b)
{
    size_t i;

    assert_int_equal(a->type, b->type);
    assert_int_equal(a->old_layout, b->old_layout);
    assert_int_equal(a->has_empty_auth, b->has_empty_auth);
    assert_int_equal(a->empty_auth, b->empty_auth);
    assert_same_steps(&a->policy, &b->policy);
    assert_same_bytes(a->secret, a->secret_len, b->secret, b->secret_len);
    assert_int_equal(a->auth_policy_count, b->auth_policy_count);
    for (i = 0; i < a->auth_policy_count; i++) {
        assert_same_text(a->auth_policies[i].name, b->auth_policies[i].name);
        assert_same_steps(&a->auth_policies[i].policy, &b->auth_policies[i].policy);
    }
    assert_same_text(a->description, b->description);
    assert_int_equal(a->rsa_parent, b->rsa_parent);
    assert_same_bytes(a->parent_id, a->parent_id_len, b->parent_id, b->parent_id_len);
    assert_int_equal(a->parent, b->parent);
    assert_int_equal(a->handle, b->handle);
    assert_memory_equal(&a->key, &b->key, sizeof(a->key));
    assert_same_bytes(a->public_bytes, a->public_len, b->public_bytes, b->public_len);
    assert_same_bytes(a->private_bytes, a->private_len, b->private_bytes, b->private_len);
}

/* What is written reads as what was written. */
static void assert_round_trip(const tpmc__keyfile *file)
{
    tpmc__keyfile back;
    tpmc__buf pem;

    write_pem(file, &pem);
    assert_int_equal(tpmc__keyfile_parse(pem.data, pem.len, &back, NULL), 0);
    assert_same_file(&back, file);
    tpmc__keyfile_free(&back);
    tpmc__buf_free(&pem);
}

static void set_key(tpmc__keyfile *file, const char *hex)
{
    static blob bytes;

    parse_hex(hex, &file->key);
    set_hex(&bytes, hex);
    memcpy(file->public_bytes, bytes.data, bytes.len);
    file->public_len = bytes.len;
}

static void what_is_written_reads_alike(void **state)
{
    static const char *const keys[] = { rsa_public_hex,        pss_public_hex,  ecc_public_hex,
                                        ecc384_public_hex,     hmac_public_hex, aes_public_hex,
                                        restricted_public_hex, seal_public_hex };
    static const uint32_t parents[] = { 0x40000001, 0x40000007, 0x4000000b,
                                        0x4000000c, 0x81000001, 0x81ffffff };
    tpmc__keyfile file;
    size_t i;

    (void)state;
    fill(&file);
    assert_round_trip(&file);
    fill_all(&file);
    assert_round_trip(&file);
    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        fill(&file);
        set_key(&file, keys[i]);
        assert_round_trip(&file);
        file.type = TPMC__KEYFILE_IMPORTABLE;
        file.secret = secret_bytes;
        file.secret_len = sizeof(secret_bytes);
        assert_round_trip(&file);
    }
    for (i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
        fill(&file);
        file.parent = parents[i];
        file.rsa_parent = (int)(i & 1);
        assert_round_trip(&file);
    }
}

static void sealed_data_is_written(void **state)
{
    tpmc__keyfile file;

    (void)state;
    fill(&file);
    file.type = TPMC__KEYFILE_SEALED;
    set_key(&file, seal_public_hex);
    assert_round_trip(&file);
    file.secret = secret_bytes;
    file.secret_len = sizeof(secret_bytes);
    assert_round_trip(&file);
}

static void the_parents_identity_is_written(void **state)
{
    static const char *const forms[] = { h2_name_hex, h1_public_hex };
    static blob id;
    tpmc__keyfile file;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        fill_all(&file);
        set_hex(&id, forms[i]);
        file.parent_id = id.data;
        file.parent_id_len = id.len;
        assert_round_trip(&file);
    }
}

static void persistent_keys_are_written_by_their_handle(void **state)
{
    tpmc__keyfile file;
    static blob bytes;

    (void)state;
    fill(&file);
    memset(file.private_bytes, 0, sizeof(file.private_bytes));
    file.private_len = 0;
    file.handle = 0x81000010;
    set_hex(&bytes, "0606 6781050a0103 0204 40000001 0432");
    add_hex(&bytes, hmac_public_hex);
    add_hex(&bytes, "0404 81000010");
    wrap_from(&bytes, 0, 0x30);
    assert_der(&file, &bytes);
    assert_round_trip(&file);
}

/* Read, written, read and written again: the second text is the first. */
static void assert_stable(const char *text)
{
    tpmc__keyfile file;
    tpmc__keyfile again;
    tpmc__buf first;
    tpmc__buf second;

    assert_int_equal(tpmc__keyfile_parse(text, strlen(text), &file, NULL), 0);
    write_pem(&file, &first);
    assert_int_equal(tpmc__keyfile_parse(first.data, first.len, &again, NULL), 0);
    write_pem(&again, &second);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.data, second.data, first.len);
    tpmc__buf_free(&first);
    tpmc__buf_free(&second);
    tpmc__keyfile_free(&file);
    tpmc__keyfile_free(&again);
}

static void files_of_other_programs_stay_what_they_are(void **state)
{
    (void)state;
    assert_stable(tools_pem);
    assert_stable(provider_pem);
    assert_stable(pytss_pem);
}

/* The writer refuses the file, writes nothing, and the refusal sticks to the buffer. */
static void assert_refused(const tpmc__keyfile *file)
{
    tpmc__buf out;

    tpmc__buf_init(&out, TPMC__KEYFILE_MAX);
    assert_int_equal(tpmc__keyfile_write(file, &out), TPMC_ERR_ARGUMENT);
    assert_int_equal(out.len, 0);
    assert_int_equal(tpmc__buf_status(&out), TPMC_ERR_ARGUMENT);
    tpmc__buf_free(&out);
}

static void what_the_reader_refuses_is_not_written(void **state)
{
    static char control_text[] = "a\x1b[31m";
    static tpmc__keyfile_auth_policy bad_auth_policies[] = { { control_text, { NULL, 0 } } };
    static uint8_t data[TPMC__KEYFILE_STEP_MAX + 1];
    static tpmc__keyfile_step long_steps[] = { { 0x16b, data, sizeof(data) } };
    tpmc__keyfile file;

    (void)state;
    fill(&file);
    file.type = TPMC__KEYFILE_IMPORTABLE;
    assert_refused(&file);
    file.type = (tpmc__keyfile_type)3;
    assert_refused(&file);
    fill(&file);
    file.secret = secret_bytes;
    file.secret_len = sizeof(secret_bytes);
    assert_refused(&file);
    file.type = TPMC__KEYFILE_IMPORTABLE;
    file.secret_len = 2;
    assert_refused(&file);
    fill(&file);
    file.public_len = 0;
    assert_refused(&file);
    fill(&file);
    file.public_len = sizeof(file.public_bytes) + 1;
    assert_refused(&file);
    fill(&file);
    file.public_bytes[3]++;
    assert_refused(&file);
    fill(&file);
    file.private_len = 0;
    assert_refused(&file);
    fill(&file);
    file.private_len--;
    assert_refused(&file);
    fill(&file);
    file.private_len = sizeof(file.private_bytes) + 1;
    assert_refused(&file);
    fill(&file);
    file.description = control_text;
    assert_refused(&file);
    fill(&file);
    file.auth_policies = bad_auth_policies;
    file.auth_policy_count = 1;
    assert_refused(&file);
    fill(&file);
    file.policy.items = long_steps;
    file.policy.count = 1;
    assert_refused(&file);
}

static void refused_parents_and_handles_are_not_written(void **state)
{
    static const uint32_t parents[] = { 0, 0x4000000a, 0x80000000, 0x01000002, 0xffffffff };
    static uint8_t no_name[] = { 0, 0x0b, 1, 2 };
    tpmc__keyfile file;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
        fill(&file);
        file.parent = parents[i];
        assert_refused(&file);
    }
    fill(&file);
    file.handle = 0x81000001;
    assert_refused(&file);
    file.private_len = 0;
    file.handle = 0x80000001;
    assert_refused(&file);
    file.handle = 0x81000001;
    file.type = TPMC__KEYFILE_IMPORTABLE;
    file.secret = secret_bytes;
    file.secret_len = sizeof(secret_bytes);
    assert_refused(&file);
    fill(&file);
    file.parent_id = no_name;
    file.parent_id_len = sizeof(no_name);
    assert_refused(&file);
    /* A signing key is not sealed data, whatever it is called. */
    fill(&file);
    file.type = TPMC__KEYFILE_SEALED;
    assert_refused(&file);
    fill(&file);
    file.old_layout = 1;
    assert_refused(&file);
}

static void ceilings_hold(void **state)
{
    static tpmc__keyfile_step steps[64];
    static uint8_t data[4096];
    tpmc__keyfile file;
    tpmc__buf out;
    size_t i;

    (void)state;
    fill(&file);
    for (i = 0; i < 64; i++)
        steps[i] = (tpmc__keyfile_step){ 0x16b, data, sizeof(data) };
    file.policy.items = steps;
    file.policy.count = 64;
    tpmc__buf_init(&out, TPMC__KEYFILE_MAX);
    assert_int_equal(tpmc__keyfile_write(&file, &out), TPMC_ERR_ARGUMENT);
    tpmc__buf_free(&out);
    fill(&file);
    tpmc__buf_init(&out, 16);
    assert_int_equal(tpmc__keyfile_write(&file, &out), TPMC_ERR_ARGUMENT);
    tpmc__buf_free(&out);
}

static int write_once(void *context)
{
    tpmc__buf out;
    int status;

    tpmc__buf_init(&out, TPMC__KEYFILE_MAX);
    status = tpmc__keyfile_write(context, &out);
    tpmc__buf_free(&out);
    return status;
}

static void lack_of_memory_is_reported(void **state)
{
    static blob id;
    tpmc__keyfile file;

    (void)state;
    fill_all(&file);
    set_hex(&id, h2_public_hex);
    file.parent_id = id.data;
    file.parent_id_len = id.len;
    assert_true(each_allocation(write_once, &file, TPMC_ERR_NOMEM) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_file_has_four_fields),
        cmocka_unit_test(a_known_empty_auth_is_written_also_when_false),
        cmocka_unit_test(fields_stand_in_the_order_of_their_tags),
        cmocka_unit_test(what_is_written_reads_alike),
        cmocka_unit_test(sealed_data_is_written),
        cmocka_unit_test(the_parents_identity_is_written),
        cmocka_unit_test(persistent_keys_are_written_by_their_handle),
        cmocka_unit_test(files_of_other_programs_stay_what_they_are),
        cmocka_unit_test(what_the_reader_refuses_is_not_written),
        cmocka_unit_test(refused_parents_and_handles_are_not_written),
        cmocka_unit_test(ceilings_hold),
        cmocka_unit_test(lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
