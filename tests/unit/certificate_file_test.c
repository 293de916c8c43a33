/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/certificate_file.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error_int.h"
#include "unit/certificate_maker.h"
#include "unit/each_allocation.h"
#include "unit/expect.h"
#include "unit/fake_env.h"

#define ROOM (128 * 1024)
#define READERS 4
#define SWAPS 60

static fake_env fake;
static tpmc_env *env;
static EVP_PKEY *key;
static EVP_PKEY *ca_key;
static EVP_PKEY *other_key;
static tpmc__span spki;
static char folder[] = "/tmp/tpmc-certificate-XXXXXX";
static char path[64];
static char chain_path[64];

static int setup(void **state)
{
    (void)state;
    env = fake_env_new(&fake);
    key = EVP_EC_gen("P-256");
    ca_key = EVP_EC_gen("P-384");
    other_key = EVP_EC_gen("P-256");
    spki = made_spki(key);
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/a.pem", folder);
    (void)snprintf(chain_path, sizeof(chain_path), "%s/chain.pem", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(chain_path);
    (void)rmdir(folder);
    made_spki_free(&spki);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(other_key);
    tpmc_env_free(env);
    return 0;
}

static made_wish leaf_wish(const char *serial_hex)
{
    made_wish w = { 0 };

    w.key = key;
    w.subject = "device";
    w.issuer = "authority";
    w.issuer_key = ca_key;
    w.serial_hex = serial_hex;
    return w;
}

static made_wish ca_wish(void)
{
    made_wish w = { 0 };

    w.key = ca_key;
    w.subject = "authority";
    w.issuer = "root";
    w.issuer_key = other_key;
    w.is_ca = 1;
    return w;
}

/* Under another name first, so that a reader never sees half of it. */
static void write_file(const char *name, const void *data, size_t len)
{
    char other[80];
    FILE *out = NULL;

    (void)snprintf(other, sizeof(other), "%s.new", name);
    out = fopen(other, "wb");
    check(out != NULL && fwrite(data, 1, len, out) == len && fclose(out) == 0);
    check(rename(other, name) == 0);
}

static void write_made(const char *name, const made_wish *w)
{
    tpmc__buf text;

    tpmc__buf_init(&text, ROOM);
    made_pem(w, &text);
    write_file(name, text.data, text.len);
    tpmc__buf_free(&text);
}

static void write_leaf(const char *serial_hex)
{
    made_wish w = leaf_wish(serial_hex);

    write_made(path, &w);
}

static tpmc__certificate_file *new_file(int with_chain)
{
    tpmc__certificate_source source = { 0 };
    tpmc__certificate_file *file = NULL;

    source.path = path;
    source.chain_path = with_chain ? chain_path : NULL;
    assert_int_equal(tpmc__certificate_file_new(env, &source, &file, NULL), 0);
    atomic_store(&fake.logged, 0);
    return file;
}

/* The serial number of what is given, which is one digit. */
static void check_serial(tpmc__certificate_file *file, int64_t now_ms, uint8_t serial,
                         tpmc_error *err)
{
    tpmc__certificate_set *set = NULL;

    tpmc__error_clear(err);
    expect_success(tpmc__certificate_file_get(file, &spki, now_ms, &set, err), err);
    assert_int_equal(*(const uint8_t *)tpmc__certificate_set_leaf(set)->serial.data, serial);
    tpmc__certificate_set_unref(set);
}

static void check_refusal(tpmc__certificate_file *file, int64_t now_ms, int code, const char *words,
                          tpmc_error *err)
{
    tpmc__certificate_set *set = NULL;

    expect_failure(tpmc__certificate_file_get(file, &spki, now_ms, &set, err), err, code, words);
    assert_null(set);
}

static void a_renewed_file_is_read(void **state)
{
    tpmc__certificate_file *file = new_file(0);
    tpmc__certificate_set *old = NULL;

    write_leaf("1");
    check_serial(file, MADE_NOW_MS, 1, *state);
    assert_int_equal(tpmc__certificate_file_get(file, &spki, MADE_NOW_MS, &old, *state), 0);
    write_leaf("2");
    check_serial(file, MADE_NOW_MS, 2, *state);
    /* Whoever holds the former one keeps it. */
    assert_int_equal(*(const uint8_t *)tpmc__certificate_set_leaf(old)->serial.data, 1);
    tpmc__certificate_file_free(file);
    assert_int_equal(tpmc__certificate_set_check_time(old, MADE_NOW_MS, NULL), 0);
    tpmc__certificate_set_unref(old);
    assert_int_equal(atomic_load(&fake.logged), 0);
}

/* 1 when two calls at this time give the same set. */
static int is_kept(int64_t now_ms)
{
    tpmc__certificate_file *file = new_file(0);
    tpmc__certificate_set *first = NULL;
    tpmc__certificate_set *second = NULL;
    int kept = 0;

    assert_int_equal(tpmc__certificate_file_get(file, &spki, now_ms, &first, NULL), 0);
    assert_int_equal(tpmc__certificate_file_get(file, &spki, now_ms, &second, NULL), 0);
    kept = first == second;
    tpmc__certificate_set_unref(first);
    tpmc__certificate_set_unref(second);
    tpmc__certificate_file_free(file);
    return kept;
}

static void an_unchanged_file_is_not_read_again(void **state)
{
    made_wish w = leaf_wish("1");
    struct stat info;
    int64_t changed_ms = 0;

    (void)state;
    w.not_before = "19700101000000Z";
    w.not_after = "99991231235959Z";
    write_made(path, &w);
    assert_int_equal(stat(path, &info), 0);
    changed_ms = (int64_t)info.st_ctim.tv_sec * 1000;
    assert_int_equal(is_kept(changed_ms + 2500), 1);
    /* It may have changed once more within one tick of its file system's clock. */
    assert_int_equal(is_kept(changed_ms + 2499), 0);
    assert_int_equal(is_kept(changed_ms), 0);
}

static void a_broken_renewal_leaves_the_old_one(void **state)
{
    tpmc__certificate_file *file = new_file(0);
    made_wish other = leaf_wish("3");

    write_leaf("1");
    check_serial(file, MADE_NOW_MS, 1, *state);
    write_file(path, "hello", 5);
    check_serial(file, MADE_NOW_MS, 1, *state);
    check_serial(file, MADE_NOW_MS, 1, *state);
    assert_int_equal(atomic_load(&fake.logged), 1);
    assert_non_null(strstr(fake.log_text, "neither PEM nor"));
    assert_non_null(strstr(fake.log_text, path));
    /* Another key's is broken as well, and so is none at all; each is said once. */
    other.key = other_key;
    write_made(path, &other);
    check_serial(file, MADE_NOW_MS, 1, *state);
    assert_int_equal(atomic_load(&fake.logged), 2);
    (void)unlink(path);
    check_serial(file, MADE_NOW_MS, 1, *state);
    check_serial(file, MADE_NOW_MS, 1, *state);
    assert_int_equal(atomic_load(&fake.logged), 3);
    assert_non_null(strstr(fake.log_text, "cannot open the certificate file"));
    write_file(path, "hello", 5);
    check_refusal(file, MADE_NOW_MS + (MADE_DAY_S + 1) * 1000, TPMC_ERR_FORMAT, "neither PEM nor",
                  *state);
    write_leaf("4");
    check_serial(file, MADE_NOW_MS, 4, *state);
    tpmc__certificate_file_free(file);
}

static void bad_files_are_refused(void **state)
{
    tpmc__certificate_file *file = new_file(0);
    made_wish w = leaf_wish("1");
    tpmc__buf text;

    (void)unlink(path);
    check_refusal(file, MADE_NOW_MS, TPMC_ERR_IO, "cannot open the certificate file", *state);
    w.key = other_key;
    write_made(path, &w);
    check_refusal(file, MADE_NOW_MS, TPMC_ERR_MISMATCH, "is about another key", *state);
    write_leaf("1");
    check_refusal(file, MADE_NOW_MS + (MADE_DAY_S + 1) * 1000, TPMC_ERR_CLOCK,
                  "has expired at 2027-01-16T08:00:00Z, and the clock says 2027-01-16T08:00:01Z",
                  *state);
    check_serial(file, MADE_NOW_MS + (MADE_DAY_S + 1) * 1000 - 1, 1, *state);
    check_serial(file, MADE_NOW_MS - MADE_DAY_S * 1000, 1, *state);
    check_refusal(file, MADE_NOW_MS - MADE_DAY_S * 1000 - 1, TPMC_ERR_CLOCK,
                  "is not valid before 2027-01-14T08:00:00Z", *state);
    tpmc__certificate_file_free(file);
    file = new_file(0);
    tpmc__buf_init(&text, ROOM);
    while (text.len < 64 * 1024 + 1)
        tpmc__buf_append_byte(&text, '\n');
    write_file(path, text.data, text.len);
    check_refusal(file, MADE_NOW_MS, TPMC_ERR_FORMAT, "is larger than 65536 bytes", *state);
    tpmc__buf_free(&text);
    tpmc__certificate_file_free(file);
}

static void a_chain_comes_from_a_second_file(void **state)
{
    tpmc__certificate_file *file = new_file(1);
    tpmc__certificate_set *set = NULL;
    made_wish ca = ca_wish();

    write_leaf("1");
    write_made(chain_path, &ca);
    expect_success(tpmc__certificate_file_get(file, &spki, MADE_NOW_MS, &set, *state), *state);
    assert_int_equal(tpmc__certificate_set_count(set), 1);
    assert_non_null(tpmc__certificate_set_at(set, 0));
    assert_null(tpmc__certificate_set_at(set, 1));
    tpmc__certificate_set_unref(set);
    ca.subject = "stranger";
    write_made(chain_path, &ca);
    check_serial(file, MADE_NOW_MS, 1, *state);
    assert_int_equal(atomic_load(&fake.logged), 1);
    assert_non_null(strstr(fake.log_text, "\"CN=stranger\" does not belong to the chain"));
    tpmc__certificate_file_free(file);
}

static void bytes_do_as_well(void **state)
{
    tpmc__certificate_source source = { 0 };
    tpmc__certificate_file *file = NULL;
    made_wish w = leaf_wish("5");
    tpmc__buf text;

    tpmc__buf_init(&text, ROOM);
    made_pem(&w, &text);
    source.bytes = (tpmc__span){ text.data, text.len };
    assert_int_equal(tpmc__certificate_file_new(env, &source, &file, NULL), 0);
    tpmc__buf_free(&text);
    check_serial(file, MADE_NOW_MS, 5, *state);
    check_refusal(file, 0, TPMC_ERR_CLOCK, "the certificate: the certificate is not valid before",
                  *state);
    tpmc__certificate_file_free(file);
}

static void sources_are_checked(void **state)
{
    tpmc__certificate_source source = { 0 };
    tpmc__certificate_file *file = NULL;
    static const uint8_t bytes[64 * 1024 + 1];
    tpmc_error *err = *state;

    expect_failure(tpmc__certificate_file_new(env, &source, &file, err), err, TPMC_ERR_ARGUMENT,
                   "no certificate was given");
    source.bytes = (tpmc__span){ bytes, sizeof(bytes) };
    expect_failure(tpmc__certificate_file_new(env, &source, &file, err), err, TPMC_ERR_ARGUMENT,
                   "the certificate is larger than 65536 bytes");
    source.path = path;
    expect_failure(tpmc__certificate_file_new(env, &source, &file, err), err, TPMC_ERR_ARGUMENT,
                   "the certificate is given both as a file and as bytes");
    assert_null(file);
    tpmc__certificate_file_free(NULL);
}

static int attempt(void *context)
{
    tpmc__certificate_source source = { 0 };
    tpmc__certificate_file *file = NULL;
    tpmc__certificate_set *set = NULL;
    int status = 0;

    (void)context;
    source.path = path;
    source.chain_path = chain_path;
    status = tpmc__certificate_file_new(env, &source, &file, NULL);
    if (status == 0)
        status = tpmc__certificate_file_get(file, &spki, MADE_NOW_MS, &set, NULL);
    tpmc__certificate_set_unref(set);
    tpmc__certificate_file_free(file);
    return status;
}

static void running_out_of_memory_is_an_error(void **state)
{
    made_wish ca = ca_wish();

    (void)state;
    write_leaf("1");
    write_made(chain_path, &ca);
    assert_true(each_allocation(attempt, NULL, TPMC_ERR_NOMEM) > 5);
}

static atomic_int done;

static void *read_on(void *context)
{
    while (!atomic_load(&done)) {
        tpmc__certificate_set *set = NULL;

        check(tpmc__certificate_file_get(context, &spki, MADE_NOW_MS, &set, NULL) == 0);
        check(tpmc__certificate_set_leaf(set)->serial.len == 1);
        tpmc__certificate_set_unref(set);
    }
    return NULL;
}

static void threads_read_while_it_is_replaced(void **state)
{
    tpmc__certificate_file *file = new_file(0);
    pthread_t threads[READERS];

    write_leaf("1");
    atomic_store(&done, 0);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, file), 0);
    for (int i = 0; i < SWAPS; i++)
        write_leaf(i % 2 == 0 ? "2" : "3");
    atomic_store(&done, 1);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    check_serial(file, MADE_NOW_MS, 3, *state);
    assert_int_equal(atomic_load(&fake.logged), 0);
    tpmc__certificate_file_free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(a_renewed_file_is_read),
        cmocka_unit_test(an_unchanged_file_is_not_read_again),
        WITH_ERROR(a_broken_renewal_leaves_the_old_one),
        WITH_ERROR(bad_files_are_refused),
        WITH_ERROR(a_chain_comes_from_a_second_file),
        WITH_ERROR(bytes_do_as_well),
        WITH_ERROR(sources_are_checked),
        cmocka_unit_test(running_out_of_memory_is_an_error),
        WITH_ERROR(threads_read_while_it_is_replaced),
    };

    return cmocka_run_group_tests_name("proto/certificate_file", tests, setup, teardown);
}
