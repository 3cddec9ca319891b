// The watch over the start: a thread in each rank that ends it when MPI does not come about, as where a rank never enters it.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "internal.h"

static struct {
    int64_t limit; // nanoseconds
    int32_t exit_status;
    const char *advice;
    int bell;
    pthread_t thread;
    int is_running;
} start = {.bell = -1};

/// It is not known yet which rank is missing. Where several wait the first of them speaks, and the launcher ends the others.
__attribute__((noreturn)) static void end_start(int64_t waited) {
    char host[256], line[640];
    cmpi_host_name(host, sizeof host);
    int32_t rank = cmpi_environment_rank();
    int length = snprintf(line, sizeof line, "rnntrain: error: rank %d (%s) has waited %lld s for all ranks to start. %s\n", rank < 0 ? 0 : rank,
                          host, (long long)((waited + 500000000) / 1000000000), start.advice);
    if (length >= (int)sizeof line) length = sizeof line - 1;
    ssize_t written = write(STDERR_FILENO, line, (size_t)length);
    (void)written; // nobody is left to tell
    usleep(100000); // the launcher carries the line and the status on separate ways
    _exit(start.exit_status);
}

static void *keep_watch(void *unused) {
    (void)unused;
    const int64_t tick = start.limit / 100 > 1000000000 ? 1000000000 : start.limit / 100 < 10000000 ? 10000000 : start.limit / 100;
    const int32_t rank = cmpi_environment_rank(), turn = rank < 0 ? 0 : rank > 12 ? 12 : rank;
    const int64_t apart = start.limit / 100 > 2000000000 ? start.limit / 100 : 2000000000; // the launcher's time to end the others
    const int64_t own_limit = start.limit / 100 * 84 + turn * apart;
    struct pollfd bell = {.fd = start.bell, .events = POLLIN};
    int64_t waited = 0, last = cmpi_nanoseconds();
    while (1) {
        poll(&bell, 1, (int)(tick / 1000000));
        if (bell.revents) return NULL;
        int64_t now = cmpi_nanoseconds();
        if (now - last < tick + 1000000000) waited += now - last; // else this process was stopped itself
        last = now;
        if (waited >= own_limit) end_start(waited);
    }
}

static void *wait_for_bell(void *descriptor) {
    struct pollfd bell = {.fd = *(int *)descriptor, .events = POLLIN};
    while (poll(&bell, 1, -1) < 0) continue;
    return NULL;
}

int cmpi_probe_threads(int32_t count) {
    pthread_t threads[16];
    int bell = eventfd(0, EFD_CLOEXEC), code = bell < 0 ? errno : 0, made = 0;
    while (code == 0 && made < count && made < 16) {
        code = pthread_create(&threads[made], NULL, wait_for_bell, &bell);
        if (code == 0) made++;
    }
    uint64_t one = 1;
    ssize_t written = made ? write(bell, &one, sizeof one) : 0;
    (void)written; // an event counter at zero takes a one
    for (int i = 0; i < made; i++) pthread_join(threads[i], NULL);
    if (bell >= 0) close(bell);
    return code;
}

int cmpi_start_watch_begin(int64_t limit, int32_t exit_status, const char *advice) {
    start.limit = limit;
    start.exit_status = exit_status;
    start.advice = advice;
    start.bell = eventfd(0, EFD_CLOEXEC);
    if (start.bell < 0) return errno;
    int code = cmpi_create_thread(&start.thread, keep_watch);
    start.is_running = code == 0;
    return code;
}

void cmpi_start_watch_end(void) {
    if (!start.is_running) return;
    uint64_t one = 1;
    ssize_t written = write(start.bell, &one, sizeof one);
    (void)written; // an event counter at zero takes a one
    pthread_join(start.thread, NULL);
    close(start.bell);
    start.is_running = 0;
}
