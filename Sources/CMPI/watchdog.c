// The watchdog: a thread in each rank that ends the job when a rank stops or dies, and reports which rank and on which host.
//
// The ranks of a host share a status table with a slot for each rank: its phase, whether it waits for other ranks, a progress counter, and the
// time of its watchdog's last check. The thread reads the table. It calls MPI only to abort.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
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

enum { most_named = 8 };

watchdog_state cmpi_watchdog;

// --- Reports of other ranks and hosts ---

void cmpi_watchdog_mark_reported(void) {
    if (cmpi_watchdog.is_running) atomic_store(&cmpi_watchdog.table->is_reported, 1);
}

void cmpi_watchdog_disable(void) {
    atomic_store(&watchdog_own_slot->is_exiting, 1);
    cmpi_watchdog_mark_reported();
}

// --- Checks ---

static int has_exited(int index) {
    return cmpi_watchdog.handles[index].fd >= 0 && (cmpi_watchdog.handles[index].revents & (POLLIN | POLLHUP | POLLERR));
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

/// Whether a rank has been dead for so long that it is reported. If a rank has exited with an error, the launcher kills those that are still in
/// MPI_Finalize, within seconds: such deaths are not the cause.
static int death_is_due(int index, int64_t now) {
    int64_t grace = atomic_load(&cmpi_watchdog.table->slots[index].has_ended) ? 5000000000 : 0;
    return now - cmpi_watchdog.observations[index].died >= grace;
}

/// A process that exits without setting `is_exiting` has crashed or was killed.
static void check_for_dead_ranks(int64_t now) {
    for (int i = 0; i < cmpi_watchdog.plan.slot_count; i++) {
        if (has_exited(i)) {
            close(cmpi_watchdog.handles[i].fd);
            cmpi_watchdog.handles[i] = (struct pollfd){.fd = -1};
            cmpi_watchdog.observations[i].died = now;
        }
        if (!cmpi_watchdog.observations[i].died || atomic_load(&cmpi_watchdog.table->slots[i].is_exiting)) continue;
        if (death_is_expected(now) || !death_is_due(i, now)) continue;
        cmpi_watchdog_report_slot(i, "was killed or crashed", "");
    }
}

/// Whether the main thread of this process is in uninterruptible sleep (proc_pid_stat(5)): it waits for a disk or a file server.
static int main_thread_sleeps_in_kernel(void) {
    char text[512];
    int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? 0 : read(file, text, sizeof text - 1);
    if (file >= 0) close(file);
    text[length < 0 ? 0 : length] = 0;
    const char *name_end = strrchr(text, ')'); // the name may contain any character
    return name_end && name_end[1] == ' ' && name_end[2] == 'D';
}

/// Records whether this rank waits for a disk in a call that it has not announced, such as a read of a mapped file. It looks at each check of a rank
/// whose counter stands still, because what it finds is valid for a few checks only.
static void look_for_disk_wait(int64_t now) {
    if (now - cmpi_watchdog.observations[cmpi_watchdog.plan.slot].changed < cmpi_watchdog.plan.limit / 4) return;
    if (main_thread_sleeps_in_kernel()) atomic_store(&watchdog_own_slot->slept, now);
}

/// Records the progress of each rank. Returns the time of the last progress on this host, and in `changed` that of the last change of a counter.
static int64_t update_observations(int64_t now, int64_t *changed) {
    int64_t last = *changed = 0;
    for (int i = 0; i < cmpi_watchdog.plan.slot_count; i++) {
        const watchdog_slot *slot = &cmpi_watchdog.table->slots[i];
        uint64_t progress = atomic_load(&slot->progress);
        watchdog_observation *seen = &cmpi_watchdog.observations[i];
        if (progress != seen->progress) seen->changed = seen->since = now;
        if (cmpi_watchdog_slot_waits_for_disk(slot, now)) seen->since = now;
        seen->progress = progress;
        if (seen->changed > *changed) *changed = seen->changed;
        if (seen->since > last) last = seen->since;
    }
    return last;
}

static void reset_observations(int64_t now) {
    for (int i = 0; i < cmpi_watchdog.plan.slot_count; i++) cmpi_watchdog.observations[i].changed = cmpi_watchdog.observations[i].since = now;
}

/// Reports a rank that does not wait for others: all other ranks wait for it. The waiting ranks report first, because they can also inform the
/// other hosts.
static void check_for_stopped_ranks(int64_t now, int64_t tick) {
    for (int i = 0; i < cmpi_watchdog.plan.slot_count; i++) {
        const watchdog_slot *slot = &cmpi_watchdog.table->slots[i];
        int is_silent = now - atomic_load(&slot->heartbeat) > 4 * tick + 500000000;
        if (atomic_load(&slot->is_exiting) || (!is_silent && atomic_load(&slot->waits) > 0)) continue;
        if (slot == watchdog_own_slot && now - cmpi_watchdog.observations[i].since < cmpi_watchdog.plan.limit / 100 * 84) continue;
        char what[80];
        snprintf(what, sizeof what, "has made no progress for %d s", cmpi_watchdog_seconds(now - cmpi_watchdog.observations[i].since));
        cmpi_watchdog_report_slot(i, what, is_silent ? "; its process is stopped, or gets no time" : "");
    }
}

static int32_t group_end(int32_t group) {
    return group + 1 < cmpi_watchdog.plan.group_count ? cmpi_watchdog.leaders[group + 1] : cmpi_watchdog.plan.rank_count;
}

/// Writes the ranks of the groups that have not answered; an empty text if all have. Returns the number of such groups.
static int list_silent_groups(char *text, size_t capacity) {
    int named = 0;
    size_t length = 0;
    text[0] = 0;
    for (int32_t i = 0; i < cmpi_watchdog.plan.group_count; i++) {
        if (i == cmpi_watchdog.plan.group || cmpi_liveness_has_answered(i)) continue;
        int32_t first = cmpi_watchdog.leaders[i], last = group_end(i) - 1;
        char ranks[40];
        snprintf(ranks, sizeof ranks, first == last ? "rank %d" : "ranks %d to %d", first, last);
        if (named++ < most_named && length < capacity) {
            length += (size_t)snprintf(text + length, capacity - length, "%s%s (%s)", named > 1 ? ", " : "", ranks, cmpi_watchdog_host(first));
        }
    }
    if (named > most_named && length < capacity) snprintf(text + length, capacity - length, " and %d more hosts", named - most_named);
    return named;
}

/// Whether this host has an answer from the majority of hosts. Of two equal halves, the half with rank 0 is the majority.
static int hears_majority(int silent_count) {
    int heard = cmpi_watchdog.plan.group_count - silent_count;
    if (heard * 2 != cmpi_watchdog.plan.group_count) return heard * 2 > cmpi_watchdog.plan.group_count;
    return cmpi_watchdog.plan.group == 0 || cmpi_liveness_has_answered(0);
}

/// The first rank of each host reports, and the hosts take turns, so that one line appears. A host without answers from the majority is probably
/// disconnected. It delays its report by the time that a launcher needs to end a job, because the report may still reach the user.
static void check_other_hosts(int64_t idle) {
    if (cmpi_watchdog.plan.slot > 0) return;
    cmpi_liveness_set_polling();
    int64_t limit = cmpi_watchdog.plan.limit, turn = (int64_t)cmpi_watchdog.plan.group * 1000000000;
    if (idle < limit / 100 * 88) return;
    char silent[400];
    int silent_count = list_silent_groups(silent, sizeof silent);
    if (turn > limit / 20) turn = limit / 20;
    if (!hears_majority(silent_count)) turn = limit / 10 > 4000000000 ? limit / 10 : 4000000000;
    if (idle >= limit / 100 * 88 + turn) cmpi_watchdog_report_wait(idle, silent);
}

static int has_been_ignored(int64_t request, int64_t now) { return request > 0 && now - request > 3000000000; }

/// Before the work, a rank reacts to a signal and to the deadline between two blocks of a text. A call that takes longer must not keep the user
/// waiting.
static void check_for_unheeded_stop(int64_t now) {
    if (!atomic_load(&cmpi_watchdog.is_preparing)) return;
    if (has_been_ignored(cmpi_signals_first_time(), now)) cmpi_watchdog_report_stop();
    if (atomic_load(&cmpi_watchdog.has_deadline) && has_been_ignored(cmpi_watchdog.preparation.deadline, now)) cmpi_watchdog_report_deadline();
}

static void check_ranks(int64_t now, int64_t tick) {
    check_for_unheeded_stop(now);
    check_for_dead_ranks(now);
    int64_t limit = cmpi_watchdog.plan.limit;
    if (limit <= 0) return;
    look_for_disk_wait(now);
    int64_t changed, idle = now - update_observations(now, &changed);
    if (now - changed < limit / 2) {
        cmpi_liveness_set_idle();
    } else if (idle < limit / 10 * 8) {
        cmpi_liveness_set_answering(); // also while a rank waits for a disk: the hosts that wait for it ask
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
    int64_t tick = tick_for(cmpi_watchdog.plan.limit), last = cmpi_nanoseconds();
    reset_observations(last);
    struct pollfd *stop_event = &cmpi_watchdog.handles[cmpi_watchdog.plan.slot_count];
    while (1) {
        atomic_store(&watchdog_own_slot->heartbeat, last);
        poll(cmpi_watchdog.handles, (nfds_t)cmpi_watchdog.plan.slot_count + 1, (int)(tick / 1000000));
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

void cmpi_watchdog_prepare_work(const cmpi_watchdog_preparation *preparation) {
    cmpi_watchdog.preparation = *preparation;
    for (int i = 0; i < CMPI_SIGNAL_COUNT; i++) cmpi_watchdog.preparation.lines[i] = strdup(preparation->lines[i]);
    cmpi_watchdog.preparation.advice = strdup(preparation->advice);
    cmpi_watchdog.preparation.deadline_line = strdup(preparation->deadline_line);
    atomic_store(&cmpi_watchdog.has_deadline, preparation->deadline > 0);
    atomic_store(&cmpi_watchdog.is_preparing, 1);
}

void cmpi_watchdog_forget_deadline(void) { atomic_store(&cmpi_watchdog.has_deadline, 0); }

void cmpi_watchdog_begin_work(void) { atomic_store(&cmpi_watchdog.is_preparing, 0); }

int cmpi_watchdog_start(void *table_memory, const cmpi_watchdog_plan *plan) {
    cmpi_watchdog.plan = *plan;
    cmpi_watchdog.table = table_memory;
    cmpi_watchdog.observations = calloc((size_t)plan->slot_count, sizeof *cmpi_watchdog.observations);
    cmpi_watchdog.handles = calloc((size_t)plan->slot_count + 1, sizeof *cmpi_watchdog.handles);
    cmpi_watchdog.phases = copy_texts(plan->phases, plan->phase_count);
    cmpi_watchdog.hosts = copy_texts(plan->hosts, plan->rank_count);
    cmpi_watchdog.leaders = malloc(sizeof *cmpi_watchdog.leaders * (size_t)plan->group_count);
    cmpi_watchdog.plan.advice = strdup(plan->advice);
    cmpi_watchdog.stop_event = eventfd(0, EFD_CLOEXEC);
    if (cmpi_watchdog.stop_event < 0) return errno;
    if (!cmpi_watchdog.observations || !cmpi_watchdog.handles || !cmpi_watchdog.phases || !cmpi_watchdog.hosts || !cmpi_watchdog.leaders) return ENOMEM;
    memcpy(cmpi_watchdog.leaders, plan->leaders, sizeof *cmpi_watchdog.leaders * (size_t)plan->group_count);
    for (int i = 0; i < plan->slot_count; i++) {
        cmpi_watchdog.handles[i] = (struct pollfd){.fd = open_process_handle(&cmpi_watchdog.table->slots[i]), .events = POLLIN};
    }
    cmpi_watchdog.handles[plan->slot_count] = (struct pollfd){.fd = cmpi_watchdog.stop_event, .events = POLLIN};
    int code = cmpi_create_thread(&cmpi_watchdog.thread, watchdog_main, NULL);
    cmpi_watchdog.is_running = code == 0;
    return code;
}

void cmpi_watchdog_end_work(void) { atomic_store(&watchdog_own_slot->has_ended, 1); }

/// The process exits after this call. The memory is not freed, because other threads may still write to the slot.
void cmpi_watchdog_stop(void) {
    atomic_store(&watchdog_own_slot->is_exiting, 1);
    if (!cmpi_watchdog.is_running) return;
    uint64_t one = 1;
    ssize_t written = write(cmpi_watchdog.stop_event, &one, sizeof one);
    (void)written; // cannot fail: the counter is zero
    pthread_join(cmpi_watchdog.thread, NULL);
    cmpi_watchdog.is_running = 0;
}
