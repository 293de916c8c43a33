/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/policy_file_fixture.h"

#include "unit/codec_env.h"
#include "unit/each_allocation.h"
#include "unit/keyfile_data.h"

#include <stdio.h>

#include "base/error_int.h"

#define HASH TPMC__HASH_SHA256
#define TREES 400

static maker_key owner; /* signs policies */
static tpmc__keyfile file;
static tpmc__policy_steps steps;
static tpmc__policy_steps found;
static tpmc_error *err;

static int setup(void **state)
{
    (void)state;
    file_begin(&file, HASH);
    memset(&steps, 0, sizeof(steps));
    memset(&found, 0, sizeof(found));
    return tpmc_error_new(&err);
}

static int teardown(void **state)
{
    (void)state;
    tpmc__policy_free_steps(&steps);
    tpmc__policy_free_steps(&found);
    tpmc__keyfile_free(&file);
    tpmc_error_free(err);
    return 0;
}

static void write_steps(tpmc_env *env)
{
    expect_success(tpmc__policy_file_write(env, &steps, HASH, &file, err), err);
}

static void expect_refused(tpmc_env *env, int code, const char *words)
{
    expect_failure(tpmc__policy_file_write(env, &steps, HASH, &file, err), err, code, words);
    assert_int_equal(file.policy.count, 0);
    assert_null(file.policy.items);
    assert_int_equal(file.auth_policy_count, 0);
    assert_null(file.auth_policies);
}

static void expect_commands(const tpmc__keyfile_steps *written, const uint32_t *commands,
                            size_t count)
{
    assert_int_equal(written->count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(written->items[i].command, commands[i]);
}

static void plain_steps(void **state)
{
    static const uint32_t commands[] = { 0x17f, 0x16b };

    make_pcr(&steps, 23, 0);
    make_step(&steps, TPMC__POLICY_ACTION)->u.action = tpmc__mem_copy_text("nothing of the TPM's");
    make_step(&steps, TPMC__POLICY_AUTH_VALUE);
    write_steps(*state);
    expect_commands(&file.policy, commands, 2);
    assert_hex(file.policy.items[0].data, file.policy.items[0].len,
               "00000001 000b 03 000080"
               "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925");
    assert_null(file.policy.items[1].data);
    assert_int_equal(file.auth_policy_count, 0);
}

/* Each branch begins with what stands before the PolicyOR; an unknown one leaves no steps. */
static void branches_stand_before(void **state)
{
    static const uint32_t commands[] = { 0x16f, 0x16b, 0x16f, 0x16c, 0x171, 0x187 };
    tpmc__policy_step *step = NULL;

    make_locality(&steps, 1);
    step = make_or(&steps, 3);
    make_step(branch_of(step, 0), TPMC__POLICY_AUTH_VALUE);
    step->u.or.branches[1].is_unknown = 1;
    step->u.or.branches[1].digest.len = 32;
    make_command_code(branch_of(step, 2), 0x15d);
    make_step(&steps, TPMC__POLICY_PHYSICAL_PRESENCE);
    write_steps(*state);
    expect_commands(&file.policy, commands, 6);
}

static tpmc__policy_step *make_authorize(tpmc_env *env, tpmc__policy_steps *to, size_t count)
{
    tpmc__policy_step *step = make_step(to, TPMC__POLICY_AUTHORIZE);

    maker_signer(env, &owner, &step->u.authorize.key);
    if (count > 0)
        make_approved(step, count);
    return step;
}

static void set_approved(tpmc_env *env, const tpmc__policy_step *step, size_t i, const char *name,
                         uint8_t locality)
{
    tpmc__policy_approved *approved = &step->u.authorize.approved[i];

    approved->name = name == NULL ? NULL : tpmc__mem_copy_text(name);
    make_locality(&approved->steps, locality);
    maker_approve(env, &owner, step, approved);
}

static void signed_policies_are_entries(void **state)
{
    static const uint32_t commands[] = { 0x16f, 0x16a };
    const tpmc__policy_step *step = make_authorize(*state, &steps, 2);
    const tpmc__keyfile_step *last = NULL;

    set_approved(*state, step, 0, "one", 1);
    set_approved(*state, step, 1, NULL, 2);
    write_steps(*state);
    assert_int_equal(file.policy.count, 1);
    last = &file.policy.items[0];
    assert_hex(last->data + last->len - 4, 4, "0000 0010");
    assert_int_equal(file.auth_policy_count, 2);
    assert_string_equal(file.auth_policies[0].name, "one");
    assert_null(file.auth_policies[1].name);
    expect_commands(&file.auth_policies[1].policy, commands, 2);
    last = &file.auth_policies[1].policy.items[1];
    assert_memory_equal(last->data + last->len - step->u.authorize.approved[1].signature_len,
                        step->u.authorize.approved[1].signature,
                        step->u.authorize.approved[1].signature_len);
}

/* Two branches that accept the same signed policy. */
static void what_branches_share_is_written_once(void **state)
{
    tpmc__policy_step *step = make_or(&steps, 2);

    set_approved(*state, make_authorize(*state, branch_of(step, 0), 1), 0, "one", 1);
    assert_int_equal(tpmc__policy_copy(branch_of(step, 0), branch_of(step, 1), NULL), 0);
    make_locality(branch_of(step, 1), 2);
    write_steps(*state);
    assert_int_equal(file.auth_policy_count, 1);
    file_bind(*state, &file, &steps);
    expect_success(tpmc__policy_file_read(*state, &file, &found, err), err);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(branch_of(&found.items[0], i)->items[0].u.authorize.count, 1);
}

static void what_files_have_no_words_for(void **state)
{
    tpmc__policy_step *step = NULL;

    make_step(&steps, TPMC__POLICY_AUTH_VALUE);
    make_step(&steps, TPMC__POLICY_NV);
    expect_refused(*state, TPMC_ERR_UNSUPPORTED, "PolicyNV");
    tpmc__policy_free_steps(&steps);
    step = make_authorize(*state, &steps, 1);
    set_approved(*state, step, 0, "one", 1);
    make_step(&step->u.authorize.approved[0].steps, TPMC__POLICY_SIGNED);
    expect_refused(*state, TPMC_ERR_UNSUPPORTED, "PolicySigned");
    tpmc__policy_free_steps(&steps);
    step = make_authorize(*state, &steps, 1);
    make_authorize(*state, &step->u.authorize.approved[0].steps, 1);
    expect_refused(*state, TPMC_ERR_UNSUPPORTED, "signed policies of a signed policy");
    tpmc__policy_free_steps(&steps);
    make_pcr(&steps, 1, 0)->u.pcr.known = TPMC__PCR_NOW;
    expect_refused(*state, TPMC_ERR_STATE, "registers");
}

static void more_steps_than_a_file_takes(void **state)
{
    for (size_t i = 0; i < 64; i++)
        make_step(&steps, TPMC__POLICY_AUTH_VALUE);
    write_steps(*state);
    tpmc__keyfile_free(&file);
    file_begin(&file, HASH);
    make_step(&steps, TPMC__POLICY_AUTH_VALUE);
    expect_refused(*state, TPMC_ERR_ARGUMENT, "more than the 64 steps");
}

/* Each PolicyOR in a row doubles what stands before it. */
static void a_row_of_branches_is_bounded(void **state)
{
    for (size_t i = 0; i < 30; i++) {
        tpmc__policy_step *step = make_or(&steps, 8);

        for (size_t j = 0; j < 8; j++)
            make_locality(branch_of(step, j), (uint8_t)(j + 1));
    }
    expect_refused(*state, TPMC_ERR_ARGUMENT, "for a key file");
}

static void more_signed_policies_than_a_file_takes(void **state)
{
    tpmc__policy_step *step = make_or(&steps, 2);

    for (size_t i = 0; i < 2; i++) {
        tpmc__policy_step *authorize = NULL;

        (void)make_authorize(*state, branch_of(step, i), 33);
        make_locality(branch_of(step, i), (uint8_t)(i + 1));
        authorize = &branch_of(step, i)->items[0];
        for (size_t j = 0; j < 33; j++) {
            authorize->u.authorize.approved[j].signature_len = 1;
            authorize->u.authorize.approved[j].signature[0] = (uint8_t)(33 * i + j);
        }
    }
    expect_refused(*state, TPMC_ERR_ARGUMENT, "more than the 64 signed policies");
}

static int add(tpmc_env *env, const char *name, uint8_t locality)
{
    static tpmc__policy_approved approved;
    tpmc__policy_steps authorize = { 0 };
    tpmc__policy_signer signer;
    int status = 0;

    (void)make_authorize(env, &authorize, 0);
    signer = authorize.items[0].u.authorize.key;
    memset(&approved, 0, sizeof(approved));
    approved.name = name == NULL ? NULL : tpmc__mem_copy_text(name);
    make_locality(&approved.steps, locality);
    maker_approve(env, &owner, &authorize.items[0], &approved);
    status = tpmc__policy_file_add_approved(env, &signer, &approved, HASH, &file, err);
    tpmc__mem_free(approved.name);
    tpmc__policy_free_steps(&approved.steps);
    tpmc__policy_free_steps(&authorize);
    return status;
}

static void expect_entry(size_t i, const char *name, uint8_t locality)
{
    const tpmc__keyfile_auth_policy *entry = &file.auth_policies[i];

    if (name == NULL)
        assert_null(entry->name);
    else
        assert_string_equal(entry->name, name);
    assert_int_equal(entry->policy.items[0].data[0], locality);
}

static void the_newest_stands_first(void **state)
{
    expect_success(add(*state, "one", 1), err);
    expect_success(add(*state, NULL, 2), err);
    expect_success(add(*state, "three", 3), err);
    expect_success(add(*state, NULL, 4), err);
    assert_int_equal(file.auth_policy_count, 4);
    expect_entry(0, NULL, 4);
    expect_entry(1, "three", 3);
    expect_entry(2, NULL, 2);
    expect_entry(3, "one", 1);
    expect_success(add(*state, "one", 5), err);
    assert_int_equal(file.auth_policy_count, 4);
    expect_entry(0, NULL, 4);
    expect_entry(3, "one", 5);
}

static void a_full_file_takes_replacements_only(void **state)
{
    for (unsigned i = 0; i < TPMC__KEYFILE_MAX_AUTH_POLICIES; i++) {
        char name[16];

        snprintf(name, sizeof(name), "policy %u", i);
        expect_success(add(*state, name, 1), err);
    }
    expect_failure(add(*state, "one more", 1), err, TPMC_ERR_ARGUMENT,
                   "64 signed policies already");
    assert_int_equal(file.auth_policy_count, 64);
    tpmc_error_free(err);
    assert_int_equal(tpmc_error_new(&err), 0);
    expect_success(add(*state, "policy 63", 2), err);
    expect_entry(0, "policy 63", 2);
}

/* A sequence that is the same on every machine. */
static uint32_t seed;

static uint32_t next(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static void fill_bytes(tpmc__policy_bytes *out, size_t len)
{
    out->len = len;
    for (size_t i = 0; i < len; i++)
        out->data[i] = (uint8_t)(0x80u + next(0x80));
}

static void fill_name(tpmc__policy_bytes *out)
{
    fill_bytes(out, 34);
    out->data[0] = 0;
    out->data[1] = 0x0b;
}

static void grow_secret(tpmc__policy_steps *to)
{
    make_owner_secret(to);
    fill_bytes(&to->items[to->count - 1].u.secret.policy_ref, next(3) * 32);
}

static void grow_counter_timer(tpmc__policy_steps *to)
{
    tpmc__policy_step *step = make_step(to, TPMC__POLICY_COUNTER_TIMER);

    fill_bytes(&step->u.counter_timer.operand, 1 + next(17));
    step->u.counter_timer.offset = (uint16_t)next(8);
    step->u.counter_timer.operation = (uint16_t)next(12);
}

static void grow_duplication(tpmc__policy_steps *to)
{
    tpmc__policy_step *step = make_step(to, TPMC__POLICY_DUPLICATION_SELECT);

    step->u.duplication.include_object = (int)next(2);
    fill_name(&step->u.duplication.new_parent_name);
    if (step->u.duplication.include_object)
        fill_name(&step->u.duplication.object_name);
}

static void grow_step(tpmc__policy_steps *to, uint16_t hash)
{
    static const tpmc__policy_kind empty[] = { TPMC__POLICY_AUTH_VALUE, TPMC__POLICY_PASSWORD,
                                               TPMC__POLICY_PHYSICAL_PRESENCE };
    static const tpmc__policy_kind digests[] = { TPMC__POLICY_CP_HASH, TPMC__POLICY_NAME_HASH,
                                                 TPMC__POLICY_TEMPLATE };

    switch (next(9)) {
    case 0:
        (void)make_pcr(to, next(24), (int)next(256));
        break;
    case 1:
        grow_secret(to);
        break;
    case 2:
        grow_counter_timer(to);
        break;
    case 3:
        grow_duplication(to);
        break;
    case 4:
        make_locality(to, (uint8_t)(1 + next(255)));
        break;
    case 5:
        make_command_code(to, 0x120 + next(0x70));
        break;
    case 6:
        make_step(to, TPMC__POLICY_NV_WRITTEN)->u.nv_written = (int)next(2);
        break;
    case 7:
        fill_bytes(&make_step(to, digests[next(3)])->u.digest, tpmc__hash_size(hash));
        break;
    default:
        (void)make_step(to, empty[next(3)]);
        break;
    }
}

static void grow(tpmc__policy_steps *to, uint16_t hash, unsigned depth)
{
    size_t count = 1 + next(3);

    for (size_t i = 0; i < count; i++) {
        tpmc__policy_step *step = NULL;
        size_t branches = 2 + next(2);

        if (depth == 0 || next(3) != 0) {
            grow_step(to, hash);
            continue;
        }
        step = make_or(to, branches);
        for (size_t j = 0; j < branches; j++) {
            step->u.or.branches[j].is_unknown = next(6) == 0;
            if (step->u.or.branches[j].is_unknown)
                fill_bytes(&step->u.or.branches[j].digest, tpmc__hash_size(hash));
            else
                grow(branch_of(step, j), hash, depth - 1);
        }
    }
}

/* A policy as a file says it: what stands before a PolicyOR begins each of its branches. */
static void normalize(const tpmc__policy_steps *from, tpmc__policy_steps *out)
{
    size_t at = from->count;

    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < from->count; i++) {
        if (from->items[i].kind == TPMC__POLICY_OR)
            at = i;
    }
    if (at == from->count) {
        assert_int_equal(tpmc__policy_copy(from, out, NULL), 0);
        return;
    }
    const tpmc__policy_steps before = { from->items, at };
    const tpmc__policy_steps rest = { from->items + at, from->count - at };

    assert_int_equal(tpmc__policy_copy(&rest, out, NULL), 0);
    for (size_t i = 0; i < out->items[0].u.or.count; i++) {
        tpmc__policy_steps whole;
        tpmc__policy_steps *branch = branch_of(&out->items[0], i);

        if (out->items[0].u.or.branches[i].is_unknown)
            continue;
        assert_int_equal(tpmc__policy_copy(&before, &whole, NULL), 0);
        assert_int_equal(tpmc__policy_append_copy(&whole, branch, NULL), 0);
        tpmc__policy_free_steps(branch);
        normalize(&whole, branch);
        tpmc__policy_free_steps(&whole);
    }
}

static void expect_same(tpmc_env *env, uint16_t hash, const tpmc__policy_steps *a,
                        const tpmc__policy_steps *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const tpmc__policy_step *one = &a->items[i];
        const tpmc__policy_step *two = &b->items[i];

        /* These two are the same step. */
        if (one->kind != TPMC__POLICY_PASSWORD && one->kind != TPMC__POLICY_AUTH_VALUE)
            assert_int_equal(one->kind, two->kind);
        if (one->kind != TPMC__POLICY_OR) {
            const tpmc__policy_steps alone[2] = { { a->items + i, 1 }, { b->items + i, 1 } };
            tpmc__policy_bytes digests[2];

            digest_of(env, &alone[0], hash, &digests[0]);
            digest_of(env, &alone[1], hash, &digests[1]);
            assert_int_equal(tpmc__policy_bytes_equal(&digests[0], &digests[1]), 1);
            continue;
        }
        assert_int_equal(one->u.or.count, two->u.or.count);
        for (size_t j = 0; j < one->u.or.count; j++) {
            assert_int_equal(one->u.or.branches[j].is_unknown, two->u.or.branches[j].is_unknown);
            expect_same(env, hash, &one->u.or.branches[j].steps, &two->u.or.branches[j].steps);
        }
    }
}

/* Makes a whole file of the steps that were written, as PEM and back. */
static void through_pem(void)
{
    static blob bytes;
    tpmc__buf area;
    tpmc__buf pem;

    file.type = TPMC__KEYFILE_LOADABLE;
    file.parent = 0x40000001;
    tpmc__buf_init(&area, TPMC__PUBLIC_MAX);
    assert_int_equal(tpmc__public_write(&file.key, &area), 0);
    memcpy(file.public_bytes, area.data, area.len);
    file.public_len = area.len;
    tpmc__buf_free(&area);
    set_hex(&bytes, "0003 010203");
    memcpy(file.private_bytes, bytes.data, bytes.len);
    file.private_len = bytes.len;
    tpmc__buf_init(&pem, TPMC__KEYFILE_MAX);
    assert_int_equal(tpmc__keyfile_write(&file, &pem), 0);
    tpmc__keyfile_free(&file);
    file_begin(&file, HASH);
    expect_success(tpmc__keyfile_parse(pem.data, pem.len, &file, err), err);
    tpmc__buf_free(&pem);
}

/* 0 when it was too long for a file. */
static int round_trip(tpmc_env *env, uint16_t hash, const tpmc__policy_steps *tree)
{
    tpmc__policy_steps normal;
    tpmc__policy_bytes digest;
    int status = 0;

    parse_hex(ecc_public_hex, &file.key);
    file.key.name_alg = hash;
    file_bind(env, &file, tree);
    status = tpmc__policy_file_write(env, tree, hash, &file, err);
    if (status == TPMC_ERR_ARGUMENT)
        return 0;
    expect_success(status, err);
    through_pem();
    expect_success(tpmc__policy_file_read(env, &file, &found, err), err);
    digest_of(env, &found, hash, &digest);
    assert_int_equal(digest.len, file.key.auth_policy_len);
    assert_memory_equal(digest.data, file.key.auth_policy, digest.len);
    normalize(tree, &normal);
    expect_same(env, hash, &normal, &found);
    tpmc__policy_free_steps(&normal);
    return 1;
}

static void what_is_written_reads_alike(void **state)
{
    static const uint16_t hashes[] = { TPMC__HASH_SHA1, TPMC__HASH_SHA256, TPMC__HASH_SHA384,
                                       TPMC__HASH_SHA512 };
    int done = 0;

    for (unsigned i = 0; i < TREES; i++) {
        uint16_t hash = hashes[i % 4];

        seed = i;
        tpmc__policy_free_steps(&steps);
        tpmc__policy_free_steps(&found);
        tpmc__keyfile_free(&file);
        file_begin(&file, hash);
        tpmc__error_clear(err);
        grow(&steps, hash, 3);
        done += round_trip(*state, hash, &steps);
    }
    print_message("%d of %d policies fit into a file\n", done, TREES);
    assert_true(done > TREES / 2);
}

static void signed_policies_read_alike(void **state)
{
    tpmc__policy_step *step = make_authorize(*state, &steps, 3);
    const tpmc__policy_step *read = NULL;

    for (unsigned i = 0; i < 3; i++) {
        tpmc__policy_approved *approved = &step->u.authorize.approved[i];
        char name[16];

        snprintf(name, sizeof(name), "policy %u", i);
        approved->name = tpmc__mem_copy_text(name);
        seed = i;
        grow(&approved->steps, HASH, 1);
        maker_approve(*state, &owner, step, approved);
    }
    make_step(&steps, TPMC__POLICY_AUTH_VALUE);
    assert_int_equal(round_trip(*state, HASH, &steps), 1);
    step = &steps.items[0];
    read = &found.items[0];
    assert_int_equal(read->u.authorize.count, 3);
    for (size_t i = 0; i < 3; i++) {
        const tpmc__policy_approved *a = &step->u.authorize.approved[i];
        const tpmc__policy_approved *b = &read->u.authorize.approved[i];
        tpmc__policy_steps normal;

        assert_string_equal(a->name, b->name);
        assert_int_equal(a->signature_len, b->signature_len);
        assert_memory_equal(a->signature, b->signature, a->signature_len);
        normalize(&a->steps, &normal);
        expect_same(*state, HASH, &normal, &b->steps);
        tpmc__policy_free_steps(&normal);
    }
}

static int attempt(void *context)
{
    int status = tpmc__policy_file_write(context, &steps, HASH, &file, NULL);

    if (status != 0) {
        assert_null(file.policy.items);
        assert_null(file.auth_policies);
    }
    tpmc__keyfile_free(&file);
    file_begin(&file, HASH);
    return status;
}

static tpmc__policy_steps one_authorize;
static tpmc__policy_approved one_approved;

static int attempt_to_add(void *context)
{
    int status = tpmc__policy_file_add_approved(context, &one_authorize.items[0].u.authorize.key,
                                                &one_approved, HASH, &file, NULL);

    assert_int_equal(file.auth_policy_count, status == 0 ? 1 : 0);
    tpmc__keyfile_free(&file);
    file_begin(&file, HASH);
    return status;
}

static void every_allocation_fails_once(void **state)
{
    tpmc__policy_step *step = NULL;

    set_approved(*state, make_authorize(*state, &steps, 1), 0, "one", 1);
    step = make_or(&steps, 2);
    make_step(branch_of(step, 0), TPMC__POLICY_AUTH_VALUE);
    make_locality(branch_of(step, 1), 1);
    assert_true(each_allocation(attempt, *state, TPMC_ERR_NOMEM) > 15);
    (void)make_authorize(*state, &one_authorize, 0);
    one_approved = steps.items[0].u.authorize.approved[0];
    assert_true(each_allocation(attempt_to_add, *state, TPMC_ERR_NOMEM) > 5);
    tpmc__policy_free_steps(&one_authorize);
}

static int setup_group(void **state)
{
    maker_key_begin(&owner);
    return setup_env(state);
}

static int teardown_group(void **state)
{
    maker_key_end(&owner);
    return teardown_env(state);
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FILE(plain_steps),
        WITH_FILE(branches_stand_before),
        WITH_FILE(signed_policies_are_entries),
        WITH_FILE(what_branches_share_is_written_once),
        WITH_FILE(what_files_have_no_words_for),
        WITH_FILE(more_steps_than_a_file_takes),
        WITH_FILE(a_row_of_branches_is_bounded),
        WITH_FILE(more_signed_policies_than_a_file_takes),
        WITH_FILE(the_newest_stands_first),
        WITH_FILE(a_full_file_takes_replacements_only),
        WITH_FILE(what_is_written_reads_alike),
        WITH_FILE(signed_policies_read_alike),
        WITH_FILE(every_allocation_fails_once),
    };

    return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
