/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error_int.h"
#include "base/secret.h"

#define MAX 64

void *__real_mmap(void *place, size_t len, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *place, size_t len, int protection, int flags, int fd, off_t offset);

static int no_pages;

void *__wrap_mmap(void *place, size_t len, int protection, int flags, int fd, off_t offset)
{
    if (no_pages)
        return MAP_FAILED;
    return __real_mmap(place, len, protection, flags, fd, offset);
}

/* 1 when the kernel shows `flag` for the mapping that `place` lies in, -1 when it shows none. */
static int has_flag(const void *place, const char *flag)
{
    unsigned long first = 0;
    unsigned long last = 0;
    char line[512];
    char word[8];
    int inside = 0;
    int found = -1;
    FILE *file = fopen("/proc/self/smaps", "r");

    if (file == NULL)
        return -1;
    (void)snprintf(word, sizeof(word), " %s ", flag);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (sscanf(line, "%lx-%lx ", &first, &last) == 2)
            inside = (uintptr_t)place >= first && (uintptr_t)place < last;
        if (inside && strncmp(line, "VmFlags:", 8) == 0)
            found = strstr(line, word) != NULL;
    }
    (void)fclose(file);
    return found;
}

static void set_replaces_and_unsets(void **state)
{
    tpmc__secret secret = TPMC__SECRET_INIT;

    assert_false(tpmc__secret_is_set(&secret));
    expect_success(tpmc__secret_set(&secret, "first", 5, *state), *state);
    assert_true(tpmc__secret_is_set(&secret));
    assert_int_equal(secret.len, 5);
    assert_memory_equal(secret.data, "first", 5);
    expect_success(tpmc__secret_set(&secret, "another", 7, *state), *state);
    assert_int_equal(secret.len, 7);
    assert_memory_equal(secret.data, "another", 7);
    expect_success(tpmc__secret_set(&secret, secret.data, 3, *state), *state);
    assert_int_equal(secret.len, 3);
    assert_memory_equal(secret.data, "ano", 3);
    expect_success(tpmc__secret_set(&secret, NULL, 0, *state), *state);
    assert_false(tpmc__secret_is_set(&secret));
    assert_null(secret.data);
    tpmc__secret_clear(&secret);
    tpmc__secret_clear(&secret);
}

static void empty_is_not_unset(void **state)
{
    tpmc__secret secret = TPMC__SECRET_INIT;

    expect_success(tpmc__secret_set(&secret, "", 0, *state), *state);
    assert_true(tpmc__secret_is_set(&secret));
    assert_non_null(secret.data);
    assert_int_equal(secret.len, 0);
    tpmc__secret_clear(&secret);
    assert_false(tpmc__secret_is_set(&secret));
}

static void null_with_a_length_changes_nothing(void **state)
{
    tpmc__secret secret = TPMC__SECRET_INIT;

    expect_success(tpmc__secret_set(&secret, "abc", 3, *state), *state);
    expect_failure(tpmc__secret_set(&secret, NULL, 4, *state), *state, TPMC_ERR_ARGUMENT, "NULL");
    assert_memory_equal(secret.data, "abc", 3);
    tpmc__secret_clear(&secret);
}

static void lack_of_memory_changes_nothing(void **state)
{
    tpmc__secret secret = TPMC__SECRET_INIT;
    size_t mapped = 1;

    expect_success(tpmc__secret_set(&secret, "abc", 3, *state), *state);
    no_pages = 1;
    expect_failure(tpmc__secret_set(&secret, "def", 3, *state), *state, TPMC_ERR_NOMEM, "memory");
    expect_failure(tpmc__secret_read_file(&secret, "/dev/null", MAX, *state), *state,
                   TPMC_ERR_NOMEM, "memory");
    no_pages = 0;
    assert_memory_equal(secret.data, "abc", 3);
    tpmc__secret_clear(&secret);
    assert_null(tpmc__secret_pages_new(SIZE_MAX, &mapped));
    assert_int_equal(mapped, 0);
}

static void whole_pages_are_left_out_of_core_dumps(void **state)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    tpmc__secret secret = TPMC__SECRET_INIT;

    expect_success(tpmc__secret_set(&secret, "abc", 3, *state), *state);
    assert_int_equal((uintptr_t)secret.data % page, 0);
    assert_int_equal(secret.mapped % page, 0);
    assert_int_not_equal(has_flag(secret.data, "dd"), 0);
    tpmc__secret_clear(&secret);
}

static void locked_where_the_system_allows_it(void **state)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    tpmc__secret secret = TPMC__SECRET_INIT;
    void *probe = NULL;
    int possible;

    /* A sanitizer or a limit may keep every page from being locked. */
    assert_int_equal(posix_memalign(&probe, page, page), 0);
    possible = mlock(probe, page) == 0 && has_flag(probe, "lo") == 1;
    (void)munlock(probe, page);
    free(probe);
    expect_success(tpmc__secret_set(&secret, "abc", 3, *state), *state);
    if (possible)
        assert_int_equal(has_flag(secret.data, "lo"), 1);
    tpmc__secret_clear(&secret);
}

static void works_where_nothing_may_be_locked(void **state)
{
    tpmc__secret secret = TPMC__SECRET_INIT;
    struct rlimit former;
    struct rlimit none;

    assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &former), 0);
    none = former;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &none), 0);
    expect_success(tpmc__secret_set(&secret, "abc", 3, *state), *state);
    assert_memory_equal(secret.data, "abc", 3);
    tpmc__secret_clear(&secret);
    assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &former), 0);
}

typedef struct line_sample {
    const char *content;
    size_t len;
    const char *password; /* NULL: too long */
    size_t password_len;
} line_sample;

#define EIGHT "12345678"
#define SIXTY_FOUR EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT
#define LINE(content, password)                                                                    \
    {                                                                                              \
        content, sizeof(content) - 1, password, sizeof(password) - 1                               \
    }
#define TOO_LONG(content)                                                                          \
    {                                                                                              \
        content, sizeof(content) - 1, NULL, 0                                                      \
    }

static const line_sample lines[] = {
    LINE("", ""),
    LINE("\n", ""),
    LINE("\r\n", ""),
    LINE("\n\nabc\n", ""),
    LINE("abc", "abc"),
    LINE("abc\n", "abc"),
    LINE("abc\r\n", "abc"),
    LINE("abc\r", "abc\r"),
    LINE("abc\r\r\n", "abc\r"),
    LINE(" a b \nsecond", " a b "),
    LINE("a\0b\n", "a\0b"),
    LINE(SIXTY_FOUR, SIXTY_FOUR),
    LINE(SIXTY_FOUR "\n", SIXTY_FOUR),
    LINE(SIXTY_FOUR "\r\n", SIXTY_FOUR),
    LINE(SIXTY_FOUR "\r\nmore", SIXTY_FOUR),
    TOO_LONG(SIXTY_FOUR "x"),
    TOO_LONG(SIXTY_FOUR "x\n"),
    TOO_LONG(SIXTY_FOUR "\r"),
    TOO_LONG(SIXTY_FOUR SIXTY_FOUR "\n"),
};

static void read_sample(const line_sample *sample, tpmc__secret *secret, tpmc_error *err)
{
    char path[] = "/tmp/tpmcloud-secret-test-XXXXXX";
    int fd = mkstemp(path);
    int status;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, sample->content, sample->len), sample->len);
    (void)close(fd);
    status = tpmc__secret_read_file(secret, path, MAX, err);
    (void)unlink(path);
    if (sample->password == NULL) {
        expect_failure(status, err, TPMC_ERR_ARGUMENT, "longer than the 64 bytes");
        assert_null(strstr(tpmc_error_text(err), EIGHT));
        return;
    }
    expect_success(status, err);
    assert_int_equal(secret->len, sample->password_len);
    assert_memory_equal(secret->data, sample->password, sample->password_len);
    /* What follows the password is wiped too. */
    for (size_t i = secret->len; i < secret->mapped; i++)
        assert_int_equal(secret->data[i], 0);
}

static void first_line_of_a_file(void **state)
{
    tpmc__secret secret = TPMC__SECRET_INIT;
    size_t i;

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        tpmc__error_clear(*state);
        read_sample(&lines[i], &secret, *state);
    }
    tpmc__secret_clear(&secret);
}

static void files_that_cannot_be_read(void **state)
{
    tpmc__secret secret = TPMC__SECRET_INIT;

    expect_success(tpmc__secret_set(&secret, "abc", 3, *state), *state);
    expect_failure(tpmc__secret_read_file(&secret, "/tmp/there/is/no/file", MAX, *state), *state,
                   TPMC_ERR_IO, "'/tmp/there/is/no/file' cannot be opened: No such file");
    expect_failure(tpmc__secret_read_file(&secret, "/tmp", MAX, *state), *state, TPMC_ERR_IO,
                   "'/tmp' is a directory");
    expect_failure(tpmc__secret_read_file(&secret, "/proc/self/mem", MAX, *state), *state,
                   TPMC_ERR_IO, "cannot be read");
    assert_memory_equal(secret.data, "abc", 3);
    tpmc__secret_clear(&secret);
}

static void a_pipe_may_come_in_pieces(void **state)
{
    tpmc__secret secret = TPMC__SECRET_INIT;
    char path[64];
    const struct timespec pause = { 0, 20000000 };
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    (void)snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
    if (fork() == 0) {
        (void)!write(ends[1], "pass", 4);
        (void)nanosleep(&pause, NULL);
        (void)!write(ends[1], "word\nrest", 9);
        _exit(0);
    }
    (void)close(ends[1]);
    expect_success(tpmc__secret_read_file(&secret, path, MAX, *state), *state);
    assert_int_equal(secret.len, 8);
    assert_memory_equal(secret.data, "password", 8);
    (void)close(ends[0]);
    (void)wait(NULL);
    tpmc__secret_clear(&secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(set_replaces_and_unsets),
        WITH_ERROR(empty_is_not_unset),
        WITH_ERROR(null_with_a_length_changes_nothing),
        WITH_ERROR(lack_of_memory_changes_nothing),
        WITH_ERROR(whole_pages_are_left_out_of_core_dumps),
        WITH_ERROR(locked_where_the_system_allows_it),
        WITH_ERROR(works_where_nothing_may_be_locked),
        WITH_ERROR(first_line_of_a_file),
        WITH_ERROR(files_that_cannot_be_read),
        WITH_ERROR(a_pipe_may_come_in_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
