// The status table that the ranks of a host share. Internal to this target.
#ifndef CMPI_WATCHDOG_H
#define CMPI_WATCHDOG_H

#include <poll.h>
#include <stdatomic.h>

#include "internal.h"

typedef struct {
    _Alignas(64) _Atomic uint64_t progress; // incremented at each phase, each wait and each cmpi_watchdog_progress
    _Atomic int64_t step;
    _Atomic int64_t heartbeat; // time of the last check of this rank's watchdog, in nanoseconds
    _Atomic int32_t phase;
    _Atomic int32_t waits;   // number of active waits for other ranks
    _Atomic int32_t disk;    // number of active waits for a disk
    _Atomic int64_t slept;   // the last time at which its watchdog found its main thread in uninterruptible sleep, in nanoseconds
    _Atomic int32_t process; // process id; 0 before the rank has taken its slot
    _Atomic int32_t has_ended; // it has called MPI_Finalize, or is about to
    _Atomic int32_t is_exiting;
    _Atomic uint64_t pid_namespace; // the PID namespace of `process`
} watchdog_slot;

typedef struct {
    _Alignas(64) _Atomic int32_t is_reported; // whether a rank has printed why the job ends
    uint64_t token;                         // identifies the table, so that a rank does not open another file by mistake
    watchdog_slot slots[];
} watchdog_table;

/// This rank's slot. Before cmpi_watchdog_take_slot it is a slot outside any table.
extern watchdog_slot *watchdog_own_slot;

/// What the thread has observed of a slot.
typedef struct {
    uint64_t progress;
    int64_t changed; // time of the last change of `progress`, in nanoseconds
    int64_t since;   // time of the last progress, which a wait for a disk is, too
    int64_t died;    // time at which its process was found to have ended; 0 before
} watchdog_observation;

/// The state of this process's watchdog.
typedef struct {
    cmpi_watchdog_plan plan;
    watchdog_table *table;
    watchdog_observation *observations;
    struct pollfd *handles; // [slots + 1]; the last one is stop_event
    char **phases;
    char **hosts;
    int32_t *leaders;
    int stop_event;
    pthread_t thread;
    int is_running;
    cmpi_watchdog_preparation preparation;
    _Atomic int32_t is_preparing;
    _Atomic int32_t has_deadline; // that of the preparation
} watchdog_state;

extern watchdog_state cmpi_watchdog;

/// Prints why the job ends, and ends it: rank `index` of this host `what`, in its phase; `remark` follows the phase.
__attribute__((noreturn)) void cmpi_watchdog_report_slot(int index, const char *what, const char *remark);
/// Prints why the job ends, and ends it: all ranks of this host wait for other hosts; `silent` names the ranks that do not answer, or is empty.
__attribute__((noreturn)) void cmpi_watchdog_report_wait(int64_t waited, const char *silent);
/// Prints that a signal stopped the job before its work, and ends it.
__attribute__((noreturn)) void cmpi_watchdog_report_stop(void);
/// Prints that the deadline passed before the work of the job, and ends it.
__attribute__((noreturn)) void cmpi_watchdog_report_deadline(void);
/// Whether a rank waits for a disk: in a call that it has announced, or in uninterruptible sleep.
int cmpi_watchdog_slot_waits_for_disk(const watchdog_slot *slot, int64_t now);
/// The host of a rank.
const char *cmpi_watchdog_host(int32_t rank);
/// Rounded seconds.
int cmpi_watchdog_seconds(int64_t nanoseconds);

#endif
