// The startup watchdog: a thread in each rank that ends the process if MPI does not start in time, for example because a rank is missing.
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
    int stop_event;
    pthread_t thread;
    int is_running;
} start = {.stop_event = -1};

/// Reports the wait and exits. The missing rank is unknown at this point. If several ranks wait, the first reports, and the launcher ends the others.
__attribute__((noreturn)) static void end_start(int64_t waited) {
    char host[256], line[640];
    cmpi_host_name(host, sizeof host);
    int32_t rank = cmpi_launcher_rank();
    int length = snprintf(line, sizeof line, "rnntrain: error: rank %d (%s) has waited %lld s for all ranks to start. %s\n", rank < 0 ? 0 : rank,
                          host, (long long)((waited + 500000000) / 1000000000), start.advice);
    if (length >= (int)sizeof line) length = sizeof line - 1;
    cmpi_write_error(line, length);
    usleep(100000); // the launcher transports the line and the status independently
    _exit(start.exit_status);
}

static void *watchdog_main(void *unused) {
    (void)unused;
    const int64_t tick = start.limit / 100 > 1000000000 ? 1000000000 : start.limit / 100 < 10000000 ? 10000000 : start.limit / 100;
    const int32_t rank = cmpi_launcher_rank(), turn = rank < 0 ? 0 : rank > 12 ? 12 : rank;
    const int64_t apart = start.limit / 100 > 2000000000 ? start.limit / 100 : 2000000000; // time for the launcher to end the other ranks
    const int64_t own_limit = start.limit / 100 * 84 + turn * apart;
    struct pollfd stop_event = {.fd = start.stop_event, .events = POLLIN};
    int64_t waited = 0, last = cmpi_nanoseconds();
    while (1) {
        poll(&stop_event, 1, (int)(tick / 1000000));
        if (stop_event.revents) return NULL;
        int64_t now = cmpi_nanoseconds();
        if (now - last < tick + 1000000000) waited += now - last; // a longer gap means that this process was stopped itself
        last = now;
        if (waited >= own_limit) end_start(waited);
    }
}

static void *wait_for_stop(void *descriptor) {
    struct pollfd stop_event = {.fd = *(int *)descriptor, .events = POLLIN};
    while (poll(&stop_event, 1, -1) < 0) continue;
    return NULL;
}

int cmpi_probe_threads(int32_t count) {
    pthread_t threads[16];
    int stop_event = eventfd(0, EFD_CLOEXEC), code = stop_event < 0 ? errno : 0, made = 0;
    while (code == 0 && made < count && made < 16) {
        code = pthread_create(&threads[made], NULL, wait_for_stop, &stop_event);
        if (code == 0) made++;
    }
    uint64_t one = 1;
    ssize_t written = made ? write(stop_event, &one, sizeof one) : 0;
    (void)written; // an event counter at zero takes a one
    for (int i = 0; i < made; i++) pthread_join(threads[i], NULL);
    if (stop_event >= 0) close(stop_event);
    return code;
}

int cmpi_startup_watchdog_start(int64_t limit, int32_t exit_status, const char *advice) {
    start.limit = limit;
    start.exit_status = exit_status;
    start.advice = advice;
    start.stop_event = eventfd(0, EFD_CLOEXEC);
    if (start.stop_event < 0) return errno;
    int code = cmpi_create_thread(&start.thread, watchdog_main, NULL);
    start.is_running = code == 0;
    return code;
}

void cmpi_startup_watchdog_stop(void) {
    if (!start.is_running) return;
    uint64_t one = 1;
    ssize_t written = write(start.stop_event, &one, sizeof one);
    (void)written; // an event counter at zero takes a one
    pthread_join(start.thread, NULL);
    close(start.stop_event);
    start.is_running = 0;
}
