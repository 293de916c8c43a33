/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error_int.h"
#include "base/mem.h"

#define CHUNK_SIZE 4096
#define REASON_SIZE 128

typedef struct file_kind {
    mode_t type;
    const char *name;
} file_kind;

static const file_kind kinds[] = {
    { S_IFDIR, "a directory" },    { S_IFIFO, "a pipe" },    { S_IFCHR, "a character device" },
    { S_IFBLK, "a block device" }, { S_IFSOCK, "a socket" },
};

static const char *kind_name(mode_t mode)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if ((mode & S_IFMT) == kinds[i].type)
            return kinds[i].name;
    }
    return "no regular file";
}

static int fail_system(const char *path, const char *what, const char *verb, tpmc_error *err)
{
    int number = errno;
    char reason[REASON_SIZE];

    if (number == ENOMEM)
        return tpmc__fail_nomem(err);
    if (strerror_r(number, reason, sizeof(reason)) != 0)
        return tpmc__fail(err, TPMC_ERR_IO, "cannot %s the %s \"%s\": error %d", verb, what, path,
                          number);
    return tpmc__fail(err, TPMC_ERR_IO, "cannot %s the %s \"%s\": %s", verb, what, path, reason);
}

static int fail_too_large(const char *path, const char *what, const tpmc__buf *out, tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_FORMAT, "the %s \"%s\" is larger than %zu bytes", what, path,
                      out->max);
}

/* Non-blocking, since opening a pipe that has no writer would wait for one. */
static int open_file(const char *path)
{
    int fd = -1;

    do {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

static int check_file(int fd, const char *path, const char *what, const tpmc__buf *out,
                      tpmc_error *err)
{
    struct stat info;

    if (fstat(fd, &info) != 0)
        return fail_system(path, what, "examine", err);
    if (!S_ISREG(info.st_mode))
        return tpmc__fail(err, TPMC_ERR_IO, "the %s \"%s\" is %s; name a file", what, path,
                          kind_name(info.st_mode));
    if (info.st_size > 0 && (uintmax_t)info.st_size > out->max)
        return fail_too_large(path, what, out, err);
    return 0;
}

/* As read(), but a signal does not end it. */
static ssize_t read_chunk(int fd, uint8_t *chunk)
{
    ssize_t count = 0;

    do {
        count = read(fd, chunk, CHUNK_SIZE);
    } while (count < 0 && errno == EINTR);
    return count;
}

static int read_all(int fd, const char *path, const char *what, tpmc__buf *out, tpmc_error *err)
{
    uint8_t chunk[CHUNK_SIZE];
    ssize_t count = 0;
    int status = 0;

    while (status == 0) {
        count = read_chunk(fd, chunk);
        if (count <= 0)
            break;
        status = tpmc__buf_append(out, chunk, (size_t)count);
    }
    if (count < 0)
        status = fail_system(path, what, "read", err);
    else if (status == TPMC_ERR_ARGUMENT)
        status = fail_too_large(path, what, out, err);
    else if (status != 0)
        status = tpmc__fail_nomem(err);
    tpmc__mem_wipe(chunk, sizeof(chunk));
    return status;
}

int tpmc__file_read(const char *path, const char *what, tpmc__buf *out, tpmc_error *err)
{
    int fd = -1;
    int status = 0;

    if (path == NULL || path[0] == '\0')
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "no path is given for the %s", what);
    fd = open_file(path);
    if (fd < 0)
        return fail_system(path, what, "open", err);
    tpmc__buf_clear(out);
    status = check_file(fd, path, what, out, err);
    if (status == 0)
        status = read_all(fd, path, what, out, err);
    if (status != 0)
        tpmc__buf_free(out);
    close(fd);
    return status;
}

void tpmc__file_stamp_take(const char *path, tpmc__file_stamp *out)
{
    struct stat info;

    memset(out, 0, sizeof(*out));
    if (stat(path, &info) != 0)
        return;
    out->exists = 1;
    out->device = (uint64_t)info.st_dev;
    out->inode = (uint64_t)info.st_ino;
    out->size = (uint64_t)info.st_size;
    out->modified_s = (int64_t)info.st_mtim.tv_sec;
    out->modified_ns = (int64_t)info.st_mtim.tv_nsec;
    out->changed_s = (int64_t)info.st_ctim.tv_sec;
    out->changed_ns = (int64_t)info.st_ctim.tv_nsec;
}

int tpmc__file_stamp_is_same(const tpmc__file_stamp *a, const tpmc__file_stamp *b)
{
    return a->exists == b->exists && a->device == b->device && a->inode == b->inode &&
           a->size == b->size && a->modified_s == b->modified_s &&
           a->modified_ns == b->modified_ns && a->changed_s == b->changed_s &&
           a->changed_ns == b->changed_ns;
}
