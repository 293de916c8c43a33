/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "codec/file.h"
#include "unit/each_allocation.h"
#include "unit/expect.h"

#define ROOM 10000

static char directory[] = "/tmp/tpmcloud-file-test-XXXXXX";

/* The path of a name in the test's own directory; valid until the next call. */
static const char *path_of(const char *name)
{
    static char path[256];

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static void write_file(const char *name, const void *data, size_t len)
{
    FILE *file = fopen(path_of(name), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void check_read(tpmc_error *err, const char *path, size_t max, const void *data, size_t len)
{
    tpmc__buf out;

    tpmc__buf_init(&out, max);
    expect_success(tpmc__file_read(path, "key file", &out, err), err);
    assert_int_equal(out.len, len);
    if (len > 0)
        assert_memory_equal(out.data, data, len);
    tpmc__buf_free(&out);
}

static void check_refused(tpmc_error *err, const char *path, size_t max, int code,
                          const char *words)
{
    tpmc__buf out;

    tpmc__buf_init(&out, max);
    expect_failure(tpmc__file_read(path, "key file", &out, err), err, code, words);
    expect_failure(code, err, code, "key file");
    assert_int_equal(out.len, 0);
    assert_int_equal(tpmc__buf_status(&out), 0);
    tpmc__buf_free(&out);
}

static void files_are_read_whole(void **state)
{
    uint8_t data[ROOM];

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 31);
    write_file("whole", data, sizeof(data));
    check_read(*state, path_of("whole"), ROOM, data, sizeof(data));
    write_file("empty", data, 0);
    check_read(*state, path_of("empty"), ROOM, data, 0);
    assert_int_equal(unlink(path_of("whole")), 0);
    assert_int_equal(unlink(path_of("empty")), 0);
}

static void a_link_is_followed(void **state)
{
    char target[256];

    write_file("target", "content", 7);
    (void)snprintf(target, sizeof(target), "%s", path_of("target"));
    assert_int_equal(symlink(target, path_of("link")), 0);
    check_read(*state, path_of("link"), ROOM, "content", 7);
    assert_int_equal(unlink(target), 0);
    check_refused(*state, path_of("link"), ROOM, TPMC_ERR_IO, "No such file");
    assert_int_equal(unlink(path_of("link")), 0);
}

static void the_ceiling_is_exact(void **state)
{
    write_file("five", "12345", 5);
    check_read(*state, path_of("five"), 5, "12345", 5);
    check_refused(*state, path_of("five"), 4, TPMC_ERR_FORMAT, "larger than 4 bytes");
    check_refused(*state, path_of("five"), 4, TPMC_ERR_FORMAT, "/five");
    assert_int_equal(unlink(path_of("five")), 0);
}

/* Files of /proc have the size 0 and content all the same. */
static void a_file_that_hides_its_size_has_a_ceiling_too(void **state)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages;
    size_t i;
    int fd;

    if (access("/proc/self/maps", R_OK) != 0)
        skip();
    /* A line for every second page, so that the file is larger than what is read at once. */
    fd = open("/dev/zero", O_RDONLY);
    assert_true(fd >= 0);
    pages = mmap(NULL, 200 * page, PROT_READ, MAP_PRIVATE, fd, 0);
    assert_ptr_not_equal(pages, MAP_FAILED);
    assert_int_equal(close(fd), 0);
    for (i = 0; i < 200; i += 2)
        assert_int_equal(mprotect(pages + i * page, page, PROT_READ | PROT_WRITE), 0);
    check_refused(*state, "/proc/self/maps", 100, TPMC_ERR_FORMAT, "larger than 100 bytes");
    check_refused(*state, "/proc/self/maps", 5000, TPMC_ERR_FORMAT, "larger than 5000 bytes");
    assert_int_equal(munmap(pages, 200 * page), 0);
}

static void what_is_no_file_is_named(void **state)
{
    struct sockaddr_un address;
    int fd = -1;

    check_refused(*state, directory, ROOM, TPMC_ERR_IO, "a directory");
    check_refused(*state, "/dev/null", ROOM, TPMC_ERR_IO, "a character device");
    assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
    /* Nobody writes to it: a read that waits would wait for ever. */
    check_refused(*state, path_of("fifo"), ROOM, TPMC_ERR_IO, "a pipe");
    assert_int_equal(unlink(path_of("fifo")), 0);

    memset(&address, 0, sizeof(address));
    address.sun_family = AF_UNIX;
    assert_true(strlen(path_of("socket")) < sizeof(address.sun_path));
    memcpy(address.sun_path, path_of("socket"), strlen(path_of("socket")));
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    check_refused(*state, path_of("socket"), ROOM, TPMC_ERR_IO, "cannot open");
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(path_of("socket")), 0);
}

static void what_cannot_be_opened_is_told_with_the_reason(void **state)
{
    check_refused(*state, path_of("missing"), ROOM, TPMC_ERR_IO, "No such file");
    check_refused(*state, path_of("missing"), ROOM, TPMC_ERR_IO, "/missing\"");
    check_refused(*state, "/dev/null/x", ROOM, TPMC_ERR_IO, "Not a directory");
    check_refused(*state, "", ROOM, TPMC_ERR_ARGUMENT, "no path");
    check_refused(*state, NULL, ROOM, TPMC_ERR_ARGUMENT, "no path");
    if (geteuid() == 0)
        return;
    write_file("closed", "x", 1);
    assert_int_equal(chmod(path_of("closed"), 0), 0);
    check_refused(*state, path_of("closed"), ROOM, TPMC_ERR_IO, "Permission denied");
    assert_int_equal(unlink(path_of("closed")), 0);
}

static void former_content_is_replaced(void **state)
{
    tpmc__buf out;

    write_file("new", "new", 3);
    tpmc__buf_init(&out, ROOM);
    assert_int_equal(tpmc__buf_append_text(&out, "former"), 0);
    expect_success(tpmc__file_read(path_of("new"), "key file", &out, *state), *state);
    assert_string_equal((const char *)out.data, "new");
    tpmc__buf_free(&out);
    assert_int_equal(unlink(path_of("new")), 0);
}

static void no_descriptor_is_left_open(void **state)
{
    int before = open("/dev/null", O_RDONLY);
    int after = -1;

    assert_int_equal(close(before), 0);
    check_refused(*state, directory, ROOM, TPMC_ERR_IO, "a directory");
    check_refused(*state, path_of("missing"), ROOM, TPMC_ERR_IO, "No such file");
    after = open("/dev/null", O_RDONLY);
    assert_int_equal(after, before);
    assert_int_equal(close(after), 0);
}

static int read_it(void *context)
{
    tpmc__buf out;
    int status = 0;

    tpmc__buf_init(&out, ROOM);
    status = tpmc__file_read(path_of("whole"), "key file", &out, context);
    assert_true(status == 0 || out.data == NULL);
    tpmc__buf_free(&out);
    return status;
}

static void lack_of_memory_is_told(void **state)
{
    uint8_t data[ROOM] = { 1 };

    write_file("whole", data, sizeof(data));
    assert_true(each_allocation(read_it, *state, TPMC_ERR_NOMEM) >= 2);
    assert_int_equal(tpmc_error_code(*state), TPMC_ERR_NOMEM);
    assert_int_equal(unlink(path_of("whole")), 0);
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) == NULL ? -1 : 0;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

static void stamps_tell_states_apart(void **state)
{
    char path[] = "/tmp/tpmc-stamp-XXXXXX";
    int fd = mkstemp(path);
    tpmc__file_stamp first;
    tpmc__file_stamp second;

    (void)state;
    assert_true(fd >= 0);
    tpmc__file_stamp_take(path, &first);
    tpmc__file_stamp_take(path, &second);
    assert_int_equal(first.exists, 1);
    assert_int_equal(tpmc__file_stamp_is_same(&first, &second), 1);
    assert_int_equal(write(fd, "x", 1), 1);
    tpmc__file_stamp_take(path, &second);
    assert_int_equal(tpmc__file_stamp_is_same(&first, &second), 0);
    close(fd);
    (void)unlink(path);
    tpmc__file_stamp_take(path, &second);
    assert_int_equal(second.exists, 0);
    assert_int_equal(tpmc__file_stamp_is_same(&first, &second), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(files_are_read_whole),
        WITH_ERROR(a_link_is_followed),
        WITH_ERROR(the_ceiling_is_exact),
        WITH_ERROR(a_file_that_hides_its_size_has_a_ceiling_too),
        WITH_ERROR(what_is_no_file_is_named),
        WITH_ERROR(what_cannot_be_opened_is_told_with_the_reason),
        WITH_ERROR(former_content_is_replaced),
        WITH_ERROR(no_descriptor_is_left_open),
        WITH_ERROR(lack_of_memory_is_told),
        cmocka_unit_test(stamps_tell_states_apart),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
