/* A disk that keeps a log of what is done to it and fails when told: preload it (LD_PRELOAD) into a Python that writes.

   Environment: DISK_FOLDER, the folder that is watched; DISK_LOG, the file the log goes to. Control is a file of five
   numbers beside the log, DISK_LOG.control: `countdown` lets the n-th write, sync or truncate from now on fail with
   `error` (`forever`: all after it, too), each sync takes `slow_ms`, `points` counts. disk_note, through ctypes, puts a
   line of the program's own into the log.

   One record: op, errno (0: it was done), handle, offset or length, lengths of path and data, then both. Each is
   written right after what it tells of, under one lock, so the order of the log is the order of the disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *folder;
static int log_fd = -1;
static struct { int64_t countdown, error, forever, slow_ms, points; } nothing, *disk = &nothing;

static ssize_t raw_write(int fd, const void *data, size_t n) { return syscall(SYS_write, fd, data, n); }

__attribute__((constructor)) static void begin(void) {
    folder = getenv("DISK_FOLDER");
    if (!folder || !getenv("DISK_LOG")) return;
    char name[PATH_MAX];
    snprintf(name, sizeof name, "%s.control", getenv("DISK_LOG"));
    int control = open(name, O_RDWR | O_CLOEXEC);
    disk = mmap(0, sizeof *disk, PROT_READ | PROT_WRITE, MAP_SHARED, control, 0);
    if (disk == MAP_FAILED) abort();
    log_fd = open(getenv("DISK_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int below(const char *path) { return folder && !strncmp(path, folder, strlen(folder)); }

static int watched(int fd, char path[PATH_MAX]) {
    char link[64];
    int kept = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = folder ? readlink(link, path, PATH_MAX - 1) : -1;
    errno = kept;
    if (n < 0) return 0;
    path[n] = 0;
    return below(path) && !strstr(path, " (deleted)");
}

static void tell(char op, int error, int fd, int64_t at, const char *path, const void *data, size_t n) {
    struct __attribute__((packed)) { char op; int32_t error, fd; int64_t at; uint32_t path, data; } head =
        {op, error, fd, at, strlen(path), n};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)path, head.path}, {(void *)data, n}};
    int kept = errno;
    if (log_fd >= 0 && syscall(SYS_writev, log_fd, parts, 3) < 0) abort();
    errno = kept;
}

/* Whether this operation is the one that fails; the -shm is no part of the disk (it is lost with the power). */
static int fails(const char *path) {
    size_t n = strlen(path);
    if (n > 4 && !strcmp(path + n - 4, "-shm")) return 0;
    disk->points++;
    if (!disk->countdown || (disk->countdown > 0 && --disk->countdown > 0)) return 0;
    disk->countdown = disk->forever ? -1 : 0; /* -1: it fails from now on */
    errno = disk->error;
    return 1;
}

void disk_note(const char *text) {
    pthread_mutex_lock(&lock);
    tell('N', 0, 0, 0, "", text, strlen(text));
    pthread_mutex_unlock(&lock);
}

/* Do `call` on a watched handle, unless it is the one to fail, and log it. */
#define ON_DISK(op, fd, call, at, data, n)                                              \
    char path[PATH_MAX];                                                                \
    if (!watched(fd, path)) return call;                                                \
    pthread_mutex_lock(&lock);                                                          \
    long result = fails(path) ? -1 : call;                                              \
    tell(op, result < 0 ? errno : 0, fd, at, path, data, result < 0 || !(n) ? 0 : result); \
    pthread_mutex_unlock(&lock);                                                        \
    return result

ssize_t write(int fd, const void *data, size_t n) { ON_DISK('W', fd, raw_write(fd, data, n), lseek(fd, 0, SEEK_CUR) - result, data, 1); }

static ssize_t pwrites(int fd, const void *data, size_t n, int64_t at) { ON_DISK('W', fd, syscall(SYS_pwrite64, fd, data, n, at), at, data, 1); }
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) { return pwrites(fd, data, n, at); }
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) { return pwrites(fd, data, n, at); }

static int syncs(int fd) {
    char name[PATH_MAX];
    if (disk->slow_ms && watched(fd, name)) usleep(disk->slow_ms * 1000);
    /* The log is the disk: what is watched needs no real sync. */
    ON_DISK('S', fd, watched(fd, name) ? 0 : syscall(SYS_fsync, fd), 0, "", 0);
}
int fsync(int fd) { return syncs(fd); }
int fdatasync(int fd) { return syncs(fd); }

static int truncates(int fd, int64_t size) { ON_DISK('T', fd, syscall(SYS_ftruncate, fd, size), size, "", 0); }
int ftruncate(int fd, off_t size) { return truncates(fd, size); }
int ftruncate64(int fd, off64_t size) { return truncates(fd, size); }

static int opens(const char *path, int flags, int mode) {
    if (!below(path)) return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    pthread_mutex_lock(&lock);
    int fresh = access(path, F_OK) != 0;
    int writes = flags & O_CREAT ? fresh : disk->error == EROFS && (flags & O_ACCMODE) != O_RDONLY;
    int broken = disk->countdown < 0 && (writes || (disk->error != ENOSPC && disk->error != EROFS));
    int fd = broken ? -1 : syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (broken) errno = disk->error;
    if (fd >= 0 && fresh && flags & O_CREAT) tell('O', 0, fd, 0, path, "", 0);
    pthread_mutex_unlock(&lock);
    return fd;
}
#define MODE(flags) int mode = 0; va_list args; va_start(args, flags); if ((flags) & O_CREAT) mode = va_arg(args, int); va_end(args)
int open(const char *path, int flags, ...) { MODE(flags); return opens(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags); return opens(path, flags, mode); }

int close(int fd) {
    char path[PATH_MAX];
    if (watched(fd, path)) { pthread_mutex_lock(&lock); tell('C', 0, fd, 0, path, "", 0); pthread_mutex_unlock(&lock); }
    return syscall(SYS_close, fd);
}

int unlink(const char *path) {
    if (!below(path)) return syscall(SYS_unlink, path);
    pthread_mutex_lock(&lock);
    int result = syscall(SYS_unlink, path);
    if (!result) tell('U', 0, 0, 0, path, "", 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int rename(const char *from, const char *to) {
    pthread_mutex_lock(&lock);
    int result = syscall(SYS_rename, from, to);
    if (!result && below(to)) tell('R', 0, 0, 0, from, to, strlen(to));
    pthread_mutex_unlock(&lock);
    return result;
}
