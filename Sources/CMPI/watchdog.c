// The watchdog: a thread in each rank that ends the job when a rank stops or dies, and reports which rank and on which host.
//
// The ranks of a host share a status table with a slot for each rank: its phase, whether it waits for other ranks, a progress counter, and the
// time of its watchdog's last check. The thread reads the table. It calls MPI only to abort.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "watchdog.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 // Linux 5.3; the same number on all architectures
#endif

/// What the thread has observed of a slot.
typedef struct {
    uint64_t progress;
    int64_t since; // time of the last progress, in nanoseconds
} observation;

enum { longest_line = 1024, most_named = 8 };

static struct {
    cmpi_watchdog_plan plan;
    watchdog_table *table;
    observation *observations;
    struct pollfd *handles; // [slots + 1]; the last one is stop_event
    char **phases;
    char **hosts;
    int32_t *leaders;
    int stop_event;
    pthread_t thread;
    int is_running;
} watchdog;

// --- Reports of other ranks and hosts ---

void cmpi_watchdog_mark_reported(void) {
    if (watchdog.is_running) atomic_store(&watchdog.table->is_reported, 1);
}

void cmpi_watchdog_disable(void) {
    atomic_store(&watchdog_own_slot->is_exiting, 1);
    cmpi_watchdog_mark_reported();
}

// --- Reports of this thread ---

static int seconds_of(int64_t nanoseconds) { return (int)((nanoseconds + 500000000) / 1000000000); }

static const char *host_of(int32_t rank) {
    return rank >= 0 && rank < watchdog.plan.rank_count ? watchdog.hosts[rank] : "unknown host";
}

static void describe_phase(char *text, size_t capacity, const watchdog_slot *slot) {
    int32_t phase = atomic_load(&slot->phase);
    const char *name = phase >= 0 && phase < watchdog.plan.phase_count ? watchdog.phases[phase] : "unknown";
    int64_t step = atomic_load(&slot->step);
    if (step > 0) {
        snprintf(text, capacity, "in the phase '%s' of step %lld", name, (long long)step);
    } else {
        snprintf(text, capacity, "in the phase '%s'", name);
    }
}

static void *abort_job(void *unused) {
    (void)unused;
    cmpi_abort(watchdog.plan.exit_status);
}

/// MPI itself may hang, so the abort runs in a thread of its own. If it does not end the process in time, `_exit` does, and the launcher
/// notices that.
__attribute__((noreturn)) static void end_job(void) {
    usleep(200000); // the launcher transports the line and the abort independently, and the other hosts still receive the report
    pthread_t helper;
    if (cmpi_create_thread(&helper, abort_job) == 0) sleep(2);
    _exit(watchdog.plan.exit_status);
}

/// Prints why the job ends, unless another rank of this host or another host has printed it. Then ends the job.
__attribute__((noreturn)) static void report(const char *reason) {
    int32_t not_reported = 0;
    if (atomic_compare_exchange_strong(&watchdog.table->is_reported, &not_reported, 1)) {
        char line[longest_line];
        int length = snprintf(line, sizeof line, "%srnntrain: error: %s %s\n", cmpi_error_line_start(), reason, watchdog.plan.advice);
        if (length >= (int)sizeof line) length = sizeof line - 1;
        ssize_t written = write(STDERR_FILENO, line, (size_t)length);
        (void)written; // a failure cannot be reported anywhere
        cmpi_liveness_set_reporting();
    } else {
        sleep(1); // the reporting rank needs time to print its line
    }
    end_job();
}

__attribute__((noreturn)) static void report_slot(int index, const char *what, const char *remark) {
    const watchdog_slot *slot = &watchdog.table->slots[index];
    int32_t rank = watchdog.plan.first_rank + index;
    char place[160], reason[640];
    describe_phase(place, sizeof place, slot);
    snprintf(reason, sizeof reason, "rank %d (%s) %s %s%s.", rank, host_of(rank), what, place, remark);
    report(reason);
}

// --- Checks ---

static int has_exited(int index) {
    return watchdog.handles[index].fd >= 0 && (watchdog.handles[index].revents & (POLLIN | POLLHUP | POLLERR));
}

/// Whether the launcher has been ending the job for some time. It sends SIGTERM first and SIGKILL later, so deaths after SIGTERM need no report.
/// A death together with SIGTERM is its cause, and does.
static int death_is_expected(int64_t now) {
    int64_t since = cmpi_signals_stop_time();
    return since > 0 && now - since > 500000000;
}

/// Whether the launcher is ending the job now. A rank that waits then waits for ranks that have already ended.
static int launcher_is_ending_job(int64_t now) {
    int64_t since = cmpi_signals_stop_time();
    return since > 0 && now - since < 10000000000;
}

/// A process that exits without setting `is_exiting` has crashed or was killed.
static void check_for_dead_ranks(int64_t now) {
    for (int i = 0; i < watchdog.plan.slot_count; i++) {
        if (!has_exited(i)) continue;
        close(watchdog.handles[i].fd);
        watchdog.handles[i].fd = -1;
        if (atomic_load(&watchdog.table->slots[i].is_exiting) || death_is_expected(now)) continue;
        report_slot(i, "was killed or crashed", "");
    }
}

/// Records the progress of each rank. Returns the time of the last progress on this host.
static int64_t update_observations(int64_t now) {
    int64_t last = 0;
    for (int i = 0; i < watchdog.plan.slot_count; i++) {
        const watchdog_slot *slot = &watchdog.table->slots[i];
        uint64_t progress = atomic_load(&slot->progress);
        observation *seen = &watchdog.observations[i];
        if (progress != seen->progress || atomic_load(&slot->disk) > 0) {
            seen->progress = progress;
            seen->since = now;
        }
        if (seen->since > last) last = seen->since;
    }
    return last;
}

static void reset_observations(int64_t now) {
    for (int i = 0; i < watchdog.plan.slot_count; i++) watchdog.observations[i].since = now;
}

/// Reports a rank that does not wait for others: all other ranks wait for it. The waiting ranks report first, because they can also inform the
/// other hosts.
static void check_for_stopped_ranks(int64_t now, int64_t tick) {
    for (int i = 0; i < watchdog.plan.slot_count; i++) {
        const watchdog_slot *slot = &watchdog.table->slots[i];
        int is_silent = now - atomic_load(&slot->heartbeat) > 4 * tick + 500000000;
        if (atomic_load(&slot->is_exiting) || (!is_silent && atomic_load(&slot->waits) > 0)) continue;
        if (slot == watchdog_own_slot && now - watchdog.observations[i].since < watchdog.plan.limit / 100 * 84) continue;
        char what[80];
        snprintf(what, sizeof what, "has made no progress for %d s", seconds_of(now - watchdog.observations[i].since));
        report_slot(i, what, is_silent ? "; its process is stopped, or gets no time" : "");
    }
}

static int32_t group_end(int32_t group) {
    return group + 1 < watchdog.plan.group_count ? watchdog.leaders[group + 1] : watchdog.plan.rank_count;
}

/// Writes the ranks of the groups that have not answered; an empty text if all have. Returns the number of such groups.
static int list_silent_groups(char *text, size_t capacity) {
    int named = 0;
    size_t length = 0;
    text[0] = 0;
    for (int32_t i = 0; i < watchdog.plan.group_count; i++) {
        if (i == watchdog.plan.group || cmpi_liveness_has_answered(i)) continue;
        int32_t first = watchdog.leaders[i], last = group_end(i) - 1;
        char ranks[40];
        snprintf(ranks, sizeof ranks, first == last ? "rank %d" : "ranks %d to %d", first, last);
        if (named++ < most_named && length < capacity) {
            length += (size_t)snprintf(text + length, capacity - length, "%s%s (%s)", named > 1 ? ", " : "", ranks, host_of(first));
        }
    }
    if (named > most_named && length < capacity) snprintf(text + length, capacity - length, " and %d more hosts", named - most_named);
    return named;
}

/// Reports that all ranks of this host wait for a rank of another host.
__attribute__((noreturn)) static void report_wait(int64_t waited, const char *silent) {
    char place[160], reason[800];
    describe_phase(place, sizeof place, watchdog_own_slot);
    int32_t rank = watchdog.plan.first_rank + watchdog.plan.slot;
    snprintf(reason, sizeof reason, "no word for %d s from %s: rank %d (%s) waits %s.", seconds_of(waited),
             silent[0] ? silent : "some rank, though all hosts answer", rank, host_of(rank), place);
    report(reason);
}

/// Whether this host has an answer from the majority of hosts. Of two equal halves, the half with rank 0 is the majority.
static int hears_majority(int silent_count) {
    int heard = watchdog.plan.group_count - silent_count;
    if (heard * 2 != watchdog.plan.group_count) return heard * 2 > watchdog.plan.group_count;
    return watchdog.plan.group == 0 || cmpi_liveness_has_answered(0);
}

/// The first rank of each host reports, and the hosts take turns, so that one line appears. A host without answers from the majority is probably
/// disconnected. It delays its report by the time that a launcher needs to end a job, because the report may still reach the user.
static void check_other_hosts(int64_t idle) {
    if (watchdog.plan.slot > 0) return;
    cmpi_liveness_set_polling();
    int64_t limit = watchdog.plan.limit, turn = (int64_t)watchdog.plan.group * 1000000000;
    if (idle < limit / 100 * 88) return;
    char silent[400];
    int silent_count = list_silent_groups(silent, sizeof silent);
    if (turn > limit / 20) turn = limit / 20;
    if (!hears_majority(silent_count)) turn = limit / 10 > 4000000000 ? limit / 10 : 4000000000;
    if (idle >= limit / 100 * 88 + turn) report_wait(idle, silent);
}

static void check_ranks(int64_t now, int64_t tick) {
    check_for_dead_ranks(now);
    int64_t limit = watchdog.plan.limit;
    if (limit <= 0) return;
    int64_t idle = now - update_observations(now);
    if (idle < limit / 2) {
        cmpi_liveness_set_idle();
    } else {
        cmpi_liveness_set_answering();
    }
    // Checks begin before the limit, because the job must have ended at the limit.
    if (idle < limit / 10 * 8 || launcher_is_ending_job(now)) return;
    check_for_stopped_ranks(now, tick);
    check_other_hosts(idle);
}

static int64_t tick_for(int64_t limit) {
    int64_t tick = limit > 0 ? limit / 50 : 500000000;
    return tick < 20000000 ? 20000000 : tick > 500000000 ? 500000000 : tick;
}

static void *watchdog_main(void *unused) {
    (void)unused;
    int64_t tick = tick_for(watchdog.plan.limit), last = cmpi_nanoseconds();
    reset_observations(last);
    struct pollfd *stop_event = &watchdog.handles[watchdog.plan.slot_count];
    while (1) {
        atomic_store(&watchdog_own_slot->heartbeat, last);
        poll(watchdog.handles, (nfds_t)watchdog.plan.slot_count + 1, (int)(tick / 1000000));
        if (stop_event->revents) return NULL;
        int64_t now = cmpi_nanoseconds();
        // A long gap means that this process was stopped itself, so it has no observations for that time.
        if (now - last > tick + 1000000000) reset_observations(now);
        check_ranks(now, tick);
        last = now;
    }
}

// --- Starting and ending ---

static char **copy_texts(const char *const *texts, int32_t count) {
    char **copies = calloc((size_t)count + 1, sizeof *copies);
    for (int32_t i = 0; copies && i < count; i++) copies[i] = strdup(texts[i]);
    return copies;
}

/// A pidfd, which becomes readable when the process exits; -1 if the system has none, or if the process is in another PID namespace.
static int open_process_handle(const watchdog_slot *slot) {
    if (slot == watchdog_own_slot || !slot->pid_namespace || slot->pid_namespace != watchdog_own_slot->pid_namespace) return -1;
    return (int)syscall(SYS_pidfd_open, slot->process, 0);
}

int cmpi_watchdog_start(void *table_memory, const cmpi_watchdog_plan *plan) {
    watchdog.plan = *plan;
    watchdog.table = table_memory;
    watchdog.observations = calloc((size_t)plan->slot_count, sizeof *watchdog.observations);
    watchdog.handles = calloc((size_t)plan->slot_count + 1, sizeof *watchdog.handles);
    watchdog.phases = copy_texts(plan->phases, plan->phase_count);
    watchdog.hosts = copy_texts(plan->hosts, plan->rank_count);
    watchdog.leaders = malloc(sizeof *watchdog.leaders * (size_t)plan->group_count);
    watchdog.plan.advice = strdup(plan->advice);
    watchdog.stop_event = eventfd(0, EFD_CLOEXEC);
    if (watchdog.stop_event < 0) return errno;
    if (!watchdog.observations || !watchdog.handles || !watchdog.phases || !watchdog.hosts || !watchdog.leaders) return ENOMEM;
    memcpy(watchdog.leaders, plan->leaders, sizeof *watchdog.leaders * (size_t)plan->group_count);
    for (int i = 0; i < plan->slot_count; i++) {
        watchdog.handles[i] = (struct pollfd){.fd = open_process_handle(&watchdog.table->slots[i]), .events = POLLIN};
    }
    watchdog.handles[plan->slot_count] = (struct pollfd){.fd = watchdog.stop_event, .events = POLLIN};
    int code = cmpi_create_thread(&watchdog.thread, watchdog_main);
    watchdog.is_running = code == 0;
    return code;
}

/// The process exits after this call. The memory is not freed, because other threads may still write to the slot.
void cmpi_watchdog_stop(void) {
    atomic_store(&watchdog_own_slot->is_exiting, 1);
    if (!watchdog.is_running) return;
    uint64_t one = 1;
    ssize_t written = write(watchdog.stop_event, &one, sizeof one);
    (void)written; // cannot fail: the counter is zero
    pthread_join(watchdog.thread, NULL);
    watchdog.is_running = 0;
}
