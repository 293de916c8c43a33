/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/context_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_LEN 26
#define NAME "/000102030405060708090a0b0c0d0e0f.ctx"

static const uint8_t id[TPMC__CONTEXT_ID_LEN] = { 0, 1, 2,  3,  4,  5,  6,  7,
                                                  8, 9, 10, 11, 12, 13, 14, 15 };
static char folder[64];
static char path[128];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/context-file-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s" NAME, folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void fill(tpmc__context *context, size_t blob_len)
{
    memset(context, 0, sizeof(*context));
    memset(context->sequence, 0x11, sizeof(context->sequence));
    context->saved_handle = 0x80000000u;
    context->hierarchy = 0x40000001u;
    memset(context->blob, 0xab, blob_len);
    context->blob_len = blob_len;
}

static size_t count_files(void)
{
    DIR *dir = opendir(folder);
    size_t count = 0;

    assert_non_null(dir);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count - 2;
}

static void put(const void *data, size_t len, mode_t mode)
{
    int fd = -1;

    (void)unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), len);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static size_t get(uint8_t *out, size_t capacity)
{
    FILE *file = fopen(path, "rb");
    size_t len = 0;

    assert_non_null(file);
    len = fread(out, 1, capacity, file);
    fclose(file);
    return len;
}

static void writes_and_reads(void **state)
{
    static const size_t lens[] = { 1, 1000, TPMC__CONTEXT_BLOB_MAX };
    tpmc__context in;
    tpmc__context out;
    struct stat st;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        fill(&in, lens[i]);
        in.saved_handle = i == 1 ? 0x80000002u : 0x80000000u;
        assert_int_equal(tpmc__context_file_write(folder, id, &in), 0);
        assert_int_equal(tpmc__context_file_read(folder, id, &out), 0);
        assert_memory_equal(&in, &out, sizeof(in));
        assert_int_equal(lstat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(count_files(), 1);
    }
    tpmc__context_file_remove(folder, id);
    assert_int_equal(tpmc__context_file_read(folder, id, &out), -1);
    assert_int_equal(count_files(), 0);
}

static void refuses_what_does_not_fit(void **state)
{
    char deep[4300];
    tpmc__context context;

    (void)state;
    fill(&context, 10);
    context.blob_len = TPMC__CONTEXT_BLOB_MAX + 1;
    assert_int_equal(tpmc__context_file_write(folder, id, &context), -1);
    fill(&context, 10);
    memset(deep, 'a', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    assert_int_equal(tpmc__context_file_write(deep, id, &context), -1);
    assert_int_equal(tpmc__context_file_read(deep, id, &context), -1);
    assert_int_equal(tpmc__context_file_write("/nowhere/at/all", id, &context), -1);
    assert_int_equal(tpmc__context_file_write("/dev/null", id, &context), -1);
    assert_int_equal(count_files(), 0);
}

/* Every byte of the header matters; those of the blob are the TPM's. */
static void damaged(void **state)
{
    uint8_t good[HEADER_LEN + 40];
    uint8_t bad[sizeof(good) + 1];
    tpmc__context context;
    int refused = 0;

    (void)state;
    fill(&context, 40);
    assert_int_equal(tpmc__context_file_write(folder, id, &context), 0);
    assert_int_equal(get(good, sizeof(good)), sizeof(good));
    for (size_t len = 0; len < sizeof(good); len++) {
        put(good, len, 0600);
        assert_int_equal(tpmc__context_file_read(folder, id, &context), -1);
    }
    memcpy(bad, good, sizeof(good));
    bad[sizeof(good)] = 0;
    put(bad, sizeof(bad), 0600);
    assert_int_equal(tpmc__context_file_read(folder, id, &context), -1);
    for (size_t at = 0; at < sizeof(good); at++) {
        int is_free = (at >= 8 && at < 16) || at == 23 || at >= HEADER_LEN;

        memcpy(bad, good, sizeof(good));
        bad[at] ^= at == 23 ? 0x06 : 0x81;
        put(bad, sizeof(good), 0600);
        refused = tpmc__context_file_read(folder, id, &context);
        assert_int_equal(refused, is_free ? 0 : -1);
    }
}

/* A session's and a sequence's context, and those of no hierarchy. */
static void of_other_things(void **state)
{
    static const uint32_t handles[] = { 0x02000000u, 0x03000000u, 0x80000001u, 0x81000001u };
    tpmc__context context;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        fill(&context, 20);
        context.saved_handle = handles[i];
        assert_int_equal(tpmc__context_file_write(folder, id, &context), 0);
        assert_int_equal(tpmc__context_file_read(folder, id, &context), -1);
    }
    fill(&context, 20);
    context.hierarchy = 0x01c00002u;
    assert_int_equal(tpmc__context_file_write(folder, id, &context), 0);
    assert_int_equal(tpmc__context_file_read(folder, id, &context), -1);
}

static void writable_by_others(void **state)
{
    uint8_t good[HEADER_LEN + 40];
    tpmc__context context;

    (void)state;
    fill(&context, 40);
    assert_int_equal(tpmc__context_file_write(folder, id, &context), 0);
    (void)get(good, sizeof(good));
    put(good, sizeof(good), 0620);
    assert_int_equal(tpmc__context_file_read(folder, id, &context), -1);
    put(good, sizeof(good), 0602);
    assert_int_equal(tpmc__context_file_read(folder, id, &context), -1);
    put(good, sizeof(good), 0644);
    assert_int_equal(tpmc__context_file_read(folder, id, &context), 0);
    /* Of another user. */
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 12345, 0), 0);
        assert_int_equal(tpmc__context_file_read(folder, id, &context), -1);
    }
}

static void no_regular_file(void **state)
{
    tpmc__context context;

    (void)state;
    (void)unlink(path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(tpmc__context_file_read(folder, id, &context), -1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(tpmc__context_file_read(folder, id, &context), -1);
    /* It is replaced, not written to. */
    fill(&context, 5);
    assert_int_equal(tpmc__context_file_write(folder, id, &context), 0);
    assert_int_equal(tpmc__context_file_read(folder, id, &context), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(tpmc__context_file_read(folder, id, &context), -1);
    assert_int_equal(tpmc__context_file_write(folder, id, &context), -1);
    assert_int_equal(count_files(), 1);
    assert_int_equal(rmdir(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_and_reads, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(refuses_what_does_not_fit, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(damaged, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(of_other_things, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(writable_by_others, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(no_regular_file, make_folder, remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
