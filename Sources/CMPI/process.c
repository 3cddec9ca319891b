// The start time of this process, and the target of its error messages.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static int64_t start = 0;

__attribute__((constructor)) static void note_start(void) { start = cmpi_nanoseconds(); }

int64_t cmpi_process_start(void) { return start; }

const char *cmpi_error_line_start(void) {
    const char *told = getenv("RNNTRAIN_ERRORS_TERMINAL");
    return (told && strcmp(told, "1") == 0) || isatty(STDERR_FILENO) ? "\r\033[K" : "";
}

enum { slice = 100000000 }; // nanoseconds of a wait, after which it looks for signals

/// Whether standard error can take bytes before `deadline`. After the end of the work, a signal ends the wait.
static int has_room(int64_t deadline) {
    struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
    while (1) {
        int64_t left = deadline - cmpi_nanoseconds();
        int may_wait = left > 0 && cmpi_signals_after_end() == 0;
        int ready = poll(&room, 1, may_wait ? (int)((left < slice ? left : slice) / 1000000) : 0);
        if (ready > 0) return 1;
        if (ready < 0 ? errno != EINTR : !may_wait) return 0;
    }
}

enum { piece = 4096 }; // if poll finds room in a pipe, this many bytes fit into it

static void write_before(int64_t deadline, const char *bytes, int64_t count) {
    int asks_first = cmpi_signals_are_held();
    while (count > 0) {
        if (asks_first && !has_room(deadline)) return;
        ssize_t written = write(STDERR_FILENO, bytes, (size_t)(asks_first && count > piece ? piece : count));
        if (written > 0) {
            bytes += written;
            count -= written;
        } else if (written < 0 && errno == EAGAIN && cmpi_nanoseconds() < deadline) {
            asks_first = 1;
        } else if (written == 0 || errno != EINTR) {
            return; // a failure cannot be reported anywhere
        }
    }
}

void cmpi_write_error(const char *bytes, int64_t count) { write_before(cmpi_nanoseconds() + 2000000000, bytes, count); }

void cmpi_write_last_error(const char *bytes, int64_t count) {
    cmpi_signals_note_end();
    cmpi_startup_watchdog_stop(); // neither watchdog limits the wait
    if (cmpi_signals_flags() != 0 && !isatty(STDERR_FILENO)) {
        cmpi_write_error(bytes, count);
        return;
    }
    cmpi_watchdog_disk_wait_begin();
    write_before(INT64_MAX, bytes, count);
    cmpi_watchdog_disk_wait_end();
}
