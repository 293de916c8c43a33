/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error_int.h"
#include "base/mem.h"

static void take(tpmc__secret *secret, uint8_t *pages, size_t len, size_t mapped)
{
    tpmc__secret_clear(secret);
    secret->data = pages;
    secret->len = len;
    secret->mapped = mapped;
}

int tpmc__secret_set(tpmc__secret *secret, const void *data, size_t len, tpmc_error *err)
{
    size_t mapped = 0;
    uint8_t *pages;

    if (data == NULL && len > 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "a secret of %zu bytes is given as NULL", len);
    if (data == NULL) {
        tpmc__secret_clear(secret);
        return 0;
    }
    pages = tpmc__secret_pages_new(len, &mapped);
    if (pages == NULL)
        return tpmc__fail_nomem(err);
    memcpy(pages, data, len);
    take(secret, pages, len, mapped);
    return 0;
}

int tpmc__secret_is_set(const tpmc__secret *secret)
{
    return secret->data != NULL;
}

void tpmc__secret_clear(tpmc__secret *secret)
{
    if (secret->data == NULL)
        return;
    tpmc__mem_wipe(secret->data, secret->mapped);
    tpmc__secret_pages_free(secret->data, secret->mapped);
    secret->data = NULL;
    secret->len = 0;
    secret->mapped = 0;
}

static int open_file(const char *path, int *fd, tpmc_error *err)
{
    struct stat info;
    int status = 0;

    do {
        *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    } while (*fd < 0 && errno == EINTR);
    if (*fd < 0)
        return tpmc__fail_errno(err, errno, "the password file '%s' cannot be opened", path);
    if (fstat(*fd, &info) != 0)
        status = tpmc__fail_errno(err, errno, "the password file '%s' cannot be read", path);
    else if (S_ISDIR(info.st_mode))
        status = tpmc__fail(err, TPMC_ERR_IO, "the password file '%s' is a directory", path);
    if (status != 0) {
        close(*fd);
        *fd = -1;
    }
    return status;
}

/* Reads until a line has ended, the file has, or `capacity` bytes are there. */
static int read_line(int fd, uint8_t *out, size_t capacity, size_t *len)
{
    size_t used = 0;
    ssize_t got;

    while (used < capacity && memchr(out, '\n', used) == NULL) {
        got = read(fd, out + used, capacity - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (got == 0)
            break;
        used += (size_t)got;
    }
    *len = used;
    return 0;
}

/* The length of the first line without its end. */
static size_t line_len(const uint8_t *data, size_t len)
{
    const uint8_t *end = memchr(data, '\n', len);

    if (end == NULL)
        return len;
    len = (size_t)(end - data);
    return len > 0 && data[len - 1] == '\r' ? len - 1 : len;
}

int tpmc__secret_read_file(tpmc__secret *secret, const char *path, size_t max, tpmc_error *err)
{
    uint8_t *pages = NULL;
    size_t mapped = 0;
    size_t len = 0;
    int fd = -1;
    int reason;
    int status;

    status = open_file(path, &fd, err);
    if (status != 0)
        return status;
    /* The longest password and its line end of two bytes. */
    pages = tpmc__secret_pages_new(max + 2, &mapped);
    if (pages == NULL) {
        status = tpmc__fail_nomem(err);
        goto out;
    }
    reason = read_line(fd, pages, max + 2, &len);
    if (reason != 0) {
        status = tpmc__fail_errno(err, reason, "the password file '%s' cannot be read", path);
        goto out;
    }
    len = line_len(pages, len);
    if (len > max) {
        status = tpmc__fail(err, TPMC_ERR_ARGUMENT,
                            "the first line of the password file '%s' is longer than the %zu "
                            "bytes that a password may have",
                            path, max);
        goto out;
    }
    tpmc__mem_wipe(pages + len, mapped - len);
    take(secret, pages, len, mapped);
    pages = NULL;

out:
    tpmc__mem_wipe(pages, mapped);
    if (pages != NULL)
        tpmc__secret_pages_free(pages, mapped);
    close(fd);
    return status;
}
