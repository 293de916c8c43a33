/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/each_allocation.h"
#include "unit/keyfile_data.h"
#include "unit/keyfile_fixture.h"

#include "keyfile/keyfile_field.h"

typedef struct case_data {
    tpmc_env *env;
    tpmc_error *err;
    tpmc__keyfile file;
    tpmc__public parent;
    blob id;
} case_data;

static int setup(void **state)
{
    static case_data data;

    memset(&data, 0, sizeof(data));
    data.env = bare_env_new();
    data.file.parent = 0x81000001;
    parse_hex(h2_public_hex, &data.parent);
    assert_int_equal(tpmc_error_new(&data.err), 0);
    *state = &data;
    return 0;
}

static int teardown(void **state)
{
    case_data *data = *state;

    tpmc_error_free(data->err);
    tpmc_env_free(data->env);
    return 0;
}

static void state_parent(case_data *data, const char *hex)
{
    set_hex(&data->id, hex);
    data->file.parent_id = data->id.data;
    data->file.parent_id_len = data->id.len;
}

static void the_template_follows_the_file(void **state)
{
    case_data *data = *state;

    assert_int_equal(tpmc__keyfile_parent_template(&data->file), TPMC__TEMPLATE_H2);
    data->file.old_layout = 1;
    assert_int_equal(tpmc__keyfile_parent_template(&data->file), TPMC__TEMPLATE_OLD);
    data->file.old_layout = 0;
    data->file.rsa_parent = 1;
    assert_int_equal(tpmc__keyfile_parent_template(&data->file), TPMC__TEMPLATE_H1);
}

static void any_parent_will_do_where_none_is_stated(void **state)
{
    case_data *data = *state;

    expect_success(tpmc__keyfile_check_parent(data->env, &data->file, &data->parent, data->err),
                   data->err);
}

static void the_stated_parent_is_recognised(void **state)
{
    case_data *data = *state;

    state_parent(data, h2_name_hex);
    expect_success(tpmc__keyfile_check_parent(data->env, &data->file, &data->parent, data->err),
                   data->err);
    state_parent(data, h2_public_hex);
    expect_success(tpmc__keyfile_check_parent(data->env, &data->file, &data->parent, data->err),
                   data->err);
}

static void another_parent_is_refused(void **state)
{
    static const char *const others[] = { h1_name_hex, h1_public_hex, ecc384_name_hex };
    case_data *data = *state;
    size_t i;

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        state_parent(data, others[i]);
        expect_failure(tpmc__keyfile_check_parent(data->env, &data->file, &data->parent, data->err),
                       data->err, TPMC_ERR_WRONG_TPM,
                       "another parent than the one in this TPM at 0x81000001");
    }
}

static void a_stated_name_is_told(void **state)
{
    case_data *data = *state;
    uint8_t name[TPMC__NAME_MAX];
    size_t len = 1;

    expect_success(tpmc__keyfile_parent_name(data->env, &data->file, name, &len, data->err),
                   data->err);
    assert_int_equal(len, 0);
    state_parent(data, h1_public_hex);
    expect_success(tpmc__keyfile_parent_name(data->env, &data->file, name, &len, data->err),
                   data->err);
    assert_hex(name, len, h1_name_hex);
}

static int check_once(void *context)
{
    const case_data *data = context;

    return tpmc__keyfile_check_parent(data->env, &data->file, &data->parent, NULL);
}

static void lack_of_memory_is_reported(void **state)
{
    case_data *data = *state;

    state_parent(data, h2_public_hex);
    assert_true(each_allocation(check_once, data, TPMC_ERR_NOMEM) >= 2);
}

#define WITH_CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CASE(the_template_follows_the_file),
        WITH_CASE(any_parent_will_do_where_none_is_stated),
        WITH_CASE(the_stated_parent_is_recognised),
        WITH_CASE(another_parent_is_refused),
        WITH_CASE(a_stated_name_is_told),
        WITH_CASE(lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
