// The reports of the watchdog: one line that says why the job ends, and the end of the job.
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

#include "watchdog.h"

enum { longest_line = 1024 };

int cmpi_watchdog_seconds(int64_t nanoseconds) { return (int)((nanoseconds + 500000000) / 1000000000); }

const char *cmpi_watchdog_host(int32_t rank) {
    return rank >= 0 && rank < cmpi_watchdog.plan.rank_count ? cmpi_watchdog.hosts[rank] : "unknown host";
}

static void describe_phase(char *text, size_t capacity, const watchdog_slot *slot) {
    int32_t phase = atomic_load(&slot->phase);
    const char *name = phase >= 0 && phase < cmpi_watchdog.plan.phase_count ? cmpi_watchdog.phases[phase] : "unknown";
    int64_t step = atomic_load(&slot->step);
    if (step > 0) {
        snprintf(text, capacity, "in the phase '%s' of step %lld", name, (long long)step);
    } else {
        snprintf(text, capacity, "in the phase '%s'", name);
    }
}

static int32_t exit_status;

static void *abort_job(void *unused) {
    (void)unused;
    cmpi_abort(exit_status);
}

/// MPI itself may hang, so the abort runs in a thread of its own. If it does not end the process in time, `_exit` does, and the launcher
/// notices that.
__attribute__((noreturn)) static void end_job(int32_t status) {
    exit_status = status;
    usleep(200000); // the launcher transports the line and the abort independently, and the other hosts still receive the report
    pthread_t helper;
    if (cmpi_create_thread(&helper, abort_job, NULL) == 0) sleep(2);
    _exit(status);
}

/// Prints why the job ends, unless another rank of this host or another host has printed it. Then ends the job.
__attribute__((noreturn)) static void report_with(const char *reason, const char *advice, int32_t status) {
    int32_t not_reported = 0;
    if (atomic_compare_exchange_strong(&cmpi_watchdog.table->is_reported, &not_reported, 1)) {
        char line[longest_line];
        int length = snprintf(line, sizeof line, "%srnntrain: error: %s%s\n", cmpi_error_line_start(), reason, advice);
        if (length >= (int)sizeof line) length = sizeof line - 1;
        cmpi_write_error(line, length);
        cmpi_liveness_set_reporting();
    } else {
        sleep(1); // the reporting rank needs time to print its line
    }
    end_job(status);
}

__attribute__((noreturn)) static void report(const char *reason) {
    int is_preparing = atomic_load(&cmpi_watchdog.is_preparing);
    report_with(reason, is_preparing ? cmpi_watchdog.preparation.advice : cmpi_watchdog.plan.advice, cmpi_watchdog.plan.exit_status);
}

__attribute__((noreturn)) void cmpi_watchdog_report_stop(void) {
    report_with(cmpi_watchdog.preparation.lines[cmpi_signals_sent()], "", cmpi_watchdog.preparation.exit_status);
}

__attribute__((noreturn)) void cmpi_watchdog_report_deadline(void) {
    report_with(cmpi_watchdog.preparation.deadline_line, "", cmpi_watchdog.preparation.deadline_status);
}

__attribute__((noreturn)) void cmpi_watchdog_report_slot(int index, const char *what, const char *remark) {
    const watchdog_slot *slot = &cmpi_watchdog.table->slots[index];
    int32_t rank = cmpi_watchdog.plan.first_rank + index;
    char place[160], reason[640];
    describe_phase(place, sizeof place, slot);
    snprintf(reason, sizeof reason, "rank %d (%s) %s %s%s. ", rank, cmpi_watchdog_host(rank), what, place, remark);
    report(reason);
}

/// Reports that all ranks of this host wait for a rank of another host.
__attribute__((noreturn)) void cmpi_watchdog_report_wait(int64_t waited, const char *silent) {
    char place[160], reason[800];
    describe_phase(place, sizeof place, watchdog_own_slot);
    int32_t rank = cmpi_watchdog.plan.first_rank + cmpi_watchdog.plan.slot;
    snprintf(reason, sizeof reason, "no word for %d s from %s: rank %d (%s) waits %s. ", cmpi_watchdog_seconds(waited),
             silent[0] ? silent : "some rank, though all hosts answer", rank, cmpi_watchdog_host(rank), place);
    report(reason);
}
