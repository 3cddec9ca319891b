#define _GNU_SOURCE
#include "CFileFaults.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Makes the n-th call on files below one folder fail, for tests of whole programs:

     RNNTRAIN_FAULT_FOLDER  the folder: calls on its files are counted
     RNNTRAIN_FAULT_CALL    n, from 1
     RNNTRAIN_FAULT         the error: an errno; 0: the process ends (a write first writes half of its bytes); -1: a write writes half; -3: the call
                            takes RNNTRAIN_FAULT_SECONDS; -4: the same, in uninterruptible sleep as for a disk
     RNNTRAIN_FAULT_STAYS   set: from the n-th call on, all calls that need space on the disk fail, and no others
     RNNTRAIN_FAULT_MARK    a file to create at the n-th call
     RNNTRAIN_FAULT_THREADS n, from 1: the n-th and all later threads cannot be created
     RNNTRAIN_FAULT_SLEEP   seconds: SIGPROF puts the main thread into uninterruptible sleep for so long, as for a disk
     RNNTRAIN_FAULT_PAGE    n, from 0: page n of a mapped file below the folder cannot be read, as if its block of the disk were bad
     RNNTRAIN_FAULT_LATER   set: the page can be read until SIGPROF comes
     RNNTRAIN_FAULT_BINDING set: processes cannot be bound to cores, as in some containers

   The variables have no effect unless LD_PRELOAD names this library. */

enum { ends = 0, cuts = -1, none = -2, lasts = -3, waits = -4, most_descriptors = 4096, killed = 137 };

static unsigned char watched[most_descriptors];
static int calls;

int cfilefaults_version(void) { return 1; }

static int is_below_folder(const char *path) {
    const char *folder = getenv("RNNTRAIN_FAULT_FOLDER");
    return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_watched(int descriptor) { return descriptor >= 0 && descriptor < most_descriptors && watched[descriptor]; }

static void mark(void) {
    const char *path = getenv("RNNTRAIN_FAULT_MARK");
    if (path) syscall(SYS_close, syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT, 0600));
}

/* Whether a call creates, extends, writes or synchronises a file or folder. */
enum { wants_none = 0, wants_room = 1 };

/* The parent of vfork(2) sleeps uninterruptibly until the child ends. The child must not change memory, which is the parent's. */
static void wait_as_for_disk(int seconds) {
    struct timespec time = {.tv_sec = seconds};
    if (vfork() == 0) {
        syscall(SYS_nanosleep, &time, NULL);
        _exit(0);
    }
}

static void sleep_at_signal(int number) {
    (void)number;
    int saved = errno;
    wait_as_for_disk(atoi(getenv("RNNTRAIN_FAULT_SLEEP")));
    errno = saved;
}

/* The last mapping of a file below the folder. */
static char *mapped;
static size_t mapped_length;

/* Replaces the page by one of an empty file, which raises SIGBUS when it is read (mmap(2)). The file itself does not change. */
static void lose_page(void) {
    size_t size = (size_t)sysconf(_SC_PAGESIZE), start = size * (size_t)atoi(getenv("RNNTRAIN_FAULT_PAGE"));
    if (!mapped || start >= mapped_length) return;
    int empty = (int)syscall(SYS_memfd_create, "bad-block", 0);
    syscall(SYS_mmap, mapped + start, size, PROT_READ, MAP_SHARED | MAP_FIXED, empty, 0);
    syscall(SYS_close, empty);
}

static void lose_page_at_signal(int number) {
    (void)number;
    int saved = errno;
    lose_page();
    errno = saved;
}

__attribute__((constructor)) static void take_signal(void) {
    if (getenv("RNNTRAIN_FAULT_LATER")) signal(SIGPROF, lose_page_at_signal);
    if (getenv("RNNTRAIN_FAULT_SLEEP")) signal(SIGPROF, sleep_at_signal);
}

/* Counts a call, and returns its fault. */
static int next_fault(int wants) {
    const char *chosen = getenv("RNNTRAIN_FAULT_CALL"), *fault = getenv("RNNTRAIN_FAULT");
    if (!chosen || !fault) return none;
    int number = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST), first = atoi(chosen);
    int is_meant = getenv("RNNTRAIN_FAULT_STAYS") ? number >= first && wants == wants_room : number == first;
    if (!is_meant) return none;
    mark();
    const char *text = getenv("RNNTRAIN_FAULT_SECONDS");
    int seconds = text ? atoi(text) : 0;
    switch (atoi(fault)) {
    case lasts: usleep((useconds_t)seconds * 1000000); return none;
    case waits: wait_as_for_disk(seconds); return none;
    default: return atoi(fault);
    }
}

/* Whether the call must fail; sets errno. Does not return if the fault ends the process. */
static int fails(int is_ours, int wants) {
    int fault = is_ours ? next_fault(wants) : none;
    if (fault == ends) _exit(killed);
    if (fault > 0) errno = fault;
    return fault > 0;
}

#define NEXT(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

static int watch(int descriptor, int is_ours) {
    if (descriptor >= 0 && descriptor < most_descriptors) watched[descriptor] = (unsigned char)is_ours;
    return descriptor;
}

/* Whether a call is on a file below the folder, by its path or because it is relative to a descriptor that was opened there. */
static int is_ours_at(int folder, const char *path) { return is_watched(folder) || is_below_folder(path); }

static int open_next(int folder, const char *path, int flags, mode_t mode) {
    int is_ours = is_ours_at(folder, path);
    if (fails(is_ours, flags & O_CREAT ? wants_room : wants_none)) return -1;
    return watch((int)syscall(SYS_openat, folder, path, flags, mode), is_ours);
}

static mode_t mode_of(int flags, va_list *arguments) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(*arguments, mode_t) : 0;
}

#define OPEN(name, folder, ...)                                 \
    int name(__VA_ARGS__, int flags, ...) {                     \
        va_list arguments;                                      \
        va_start(arguments, flags);                             \
        mode_t mode = mode_of(flags, &arguments);               \
        va_end(arguments);                                      \
        return open_next(folder, path, flags, mode);            \
    }

OPEN(open, AT_FDCWD, const char *path)
OPEN(open64, AT_FDCWD, const char *path)
OPEN(openat, folder, int folder, const char *path)
OPEN(openat64, folder, int folder, const char *path)

int close(int descriptor) {
    int is_ours = is_watched(descriptor);
    watch(descriptor, 0);
    /* Like the kernel, a failing close closes the descriptor. */
    int result = NEXT(int, "close", int)(descriptor);
    return fails(is_ours, wants_none) ? -1 : result;
}

/* The number of bytes that a write may write: all, or half for a partial write. */
static size_t cut(int descriptor, size_t count, int *ends_after) {
    int fault = is_watched(descriptor) ? next_fault(wants_room) : none;
    *ends_after = fault == ends;
    if (fault > 0) {
        errno = fault;
        return (size_t)-1;
    }
    return (fault == ends || fault == cuts) && count > 1 ? count / 2 : count;
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    int ends_after;
    size_t taken = cut(descriptor, count, &ends_after);
    if (taken == (size_t)-1) return -1;
    ssize_t result = NEXT(ssize_t, "write", int, const void *, size_t)(descriptor, bytes, taken);
    if (ends_after) _exit(killed);
    return result;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    int ends_after;
    size_t taken = cut(descriptor, count, &ends_after);
    if (taken == (size_t)-1) return -1;
    ssize_t result = NEXT(ssize_t, "pwrite", int, const void *, size_t, off_t)(descriptor, bytes, taken, offset);
    if (ends_after) _exit(killed);
    return result;
}

ssize_t read(int descriptor, void *room, size_t count) {
    if (is_watched(descriptor) && fails(1, wants_none)) return -1;
    return NEXT(ssize_t, "read", int, void *, size_t)(descriptor, room, count);
}

ssize_t pread(int descriptor, void *room, size_t count, off_t offset) {
    if (is_watched(descriptor) && fails(1, wants_none)) return -1;
    return NEXT(ssize_t, "pread", int, void *, size_t, off_t)(descriptor, room, count, offset);
}

ssize_t pread64(int descriptor, void *room, size_t count, off_t offset) { return pread(descriptor, room, count, offset); }

int fsync(int descriptor) { return fails(is_watched(descriptor), wants_room) ? -1 : NEXT(int, "fsync", int)(descriptor); }

int ftruncate(int descriptor, off_t length) {
    return fails(is_watched(descriptor), wants_room) ? -1 : NEXT(int, "ftruncate", int, off_t)(descriptor, length);
}

int rename(const char *from, const char *to) {
    return fails(is_below_folder(to), wants_none) ? -1 : NEXT(int, "rename", const char *, const char *)(from, to);
}

int unlink(const char *path) { return fails(is_below_folder(path), wants_none) ? -1 : NEXT(int, "unlink", const char *)(path); }

int mkdir(const char *path, mode_t mode) {
    return fails(is_below_folder(path), wants_room) ? -1 : NEXT(int, "mkdir", const char *, mode_t)(path, mode);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    if (fails(is_ours_at(to_folder, to), wants_none)) return -1;
    return NEXT(int, "renameat", int, const char *, int, const char *)(from_folder, from, to_folder, to);
}

int unlinkat(int folder, const char *path, int flags) {
    return fails(is_ours_at(folder, path), wants_none) ? -1 : NEXT(int, "unlinkat", int, const char *, int)(folder, path, flags);
}

int mkdirat(int folder, const char *path, mode_t mode) {
    return fails(is_ours_at(folder, path), wants_room) ? -1 : NEXT(int, "mkdirat", int, const char *, mode_t)(folder, path, mode);
}

int fstatat(int folder, const char *path, struct stat *status, int flags) {
    if (fails(is_ours_at(folder, path), wants_none)) return -1;
    return NEXT(int, "fstatat", int, const char *, struct stat *, int)(folder, path, status, flags);
}

/* closedir closes its descriptor without a call of `close` that this library could intercept. */
int closedir(DIR *folder) {
    watch(dirfd(folder), 0);
    return NEXT(int, "closedir", DIR *)(folder);
}

void *mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset) {
    /* Ignores anonymous memory, which the loader and the allocator map before this library is ready. */
    if (is_watched(descriptor) && fails(1, wants_none)) return MAP_FAILED;
    void *start = (void *)syscall(SYS_mmap, address, length, protection, flags, descriptor, offset);
    if (is_watched(descriptor) && start != MAP_FAILED && getenv("RNNTRAIN_FAULT_PAGE")) {
        mapped = start;
        mapped_length = length;
        if (!getenv("RNNTRAIN_FAULT_LATER")) lose_page();
    }
    return start;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
    static int threads;
    const char *first = getenv("RNNTRAIN_FAULT_THREADS");
    if (first && __atomic_add_fetch(&threads, 1, __ATOMIC_SEQ_CST) >= atoi(first)) return EAGAIN;
    return NEXT(int, "pthread_create", pthread_t *, const pthread_attr_t *, void *(*)(void *), void *)(thread, attributes, body, argument);
}

int sched_setaffinity(pid_t process, size_t size, const cpu_set_t *cores) {
    if (!getenv("RNNTRAIN_FAULT_BINDING")) return (int)syscall(SYS_sched_setaffinity, process, size, cores);
    errno = EPERM;
    return -1;
}
