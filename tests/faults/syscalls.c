/* Preloaded into the subscriber: keeps a record of what reaches the disk and the network, and breaks the disk on request.
 *
 * SYSCALLS_LOG   each line is a kind, its thread and what belongs to it: "w" bytes written to a file of the database, "s" a sync of one
 *                that succeeded, "a" the packet identifier of one PUBACK that was handed to the network
 * SYSCALLS_BREAK while this file is there, writes to the database fail with the error that stands in it: EIO, ENOSPC or EROFS
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define REAL(type, name) ((type)real(name))

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static int record = -2;

static void note(const char *kind, long number) {
    if (record == -2) {
        const char *path = getenv("SYSCALLS_LOG");
        record = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    }
    if (record < 0) return;
    char line[48];
    int size = snprintf(line, sizeof line, "%s %ld %ld\n", kind, (long)gettid(), number);
    REAL(ssize_t (*)(int, const void *, size_t), "write")(record, line, (size_t)size);
}

static int is_database(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size <= 0) return 0;
    path[size] = 0;
    return strstr(path, "centre.db") != NULL && strstr(path, "-shm") == NULL;
}

static int is_broken(int file) {
    const char *path = getenv("SYSCALLS_BREAK");
    if (path == NULL || access(path, F_OK) != 0 || !is_database(file)) return 0;
    int found = open(path, O_RDONLY | O_CLOEXEC);
    char word[16] = "";
    if (found >= 0) {
        if (read(found, word, sizeof word - 1) < 0) word[0] = 0;
        close(found);
    }
    errno = strncmp(word, "ENOSPC", 6) == 0 ? ENOSPC : strncmp(word, "EROFS", 5) == 0 ? EROFS : EIO;
    return 1;
}

static ssize_t written(int file, ssize_t size) {
    int kept = errno;
    if (size > 0 && is_database(file)) note("w", size);
    errno = kept;
    return size;
}

ssize_t write(int file, const void *bytes, size_t size) {
    if (is_broken(file)) return -1;
    return written(file, REAL(ssize_t (*)(int, const void *, size_t), "write")(file, bytes, size));
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t at) {
    if (is_broken(file)) return -1;
    return written(file, REAL(ssize_t (*)(int, const void *, size_t, off_t), "pwrite")(file, bytes, size, at));
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t at) {
    if (is_broken(file)) return -1;
    return written(file, REAL(ssize_t (*)(int, const void *, size_t, off64_t), "pwrite64")(file, bytes, size, at));
}

static int synced(int file, const char *name) {
    if (is_broken(file)) return -1;
    int done = REAL(int (*)(int), name)(file);
    int kept = errno;
    if (done == 0 && is_database(file)) note("s", file);
    errno = kept;
    return done;
}

int fsync(int file) { return synced(file, "fsync"); }

int fdatasync(int file) { return synced(file, "fdatasync"); }

/* MQTT 5.0, 3.4: what the subscriber sends are whole packets, and a short PUBACK is 0x40 0x02 and two bytes. */
ssize_t send(int peer, const void *bytes, size_t size, int flags) {
    ssize_t sent = REAL(ssize_t (*)(int, const void *, size_t, int), "send")(peer, bytes, size, flags);
    int kept = errno;
    const unsigned char *at = bytes, *end = at + (sent > 0 ? sent : 0);
    while (end - at >= 4) {
        size_t length = 0, shift = 0;
        const unsigned char *body = at + 1;
        do {
            length |= (size_t)(*body & 0x7F) << shift;
            shift += 7;
        } while (*body++ & 0x80 && body < end && shift < 28);
        if (at[0] == 0x40) note("a", at[2] << 8 | at[3]);
        at = body + length;
    }
    errno = kept;
    return sent;
}
