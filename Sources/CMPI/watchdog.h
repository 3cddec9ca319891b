// The status table that the ranks of a host share. Internal to this target.
#ifndef CMPI_WATCHDOG_H
#define CMPI_WATCHDOG_H

#include <stdatomic.h>

#include "internal.h"

typedef struct {
    _Alignas(64) _Atomic uint64_t progress; // incremented at each phase, each wait and each cmpi_watchdog_progress
    _Atomic int64_t step;
    _Atomic int64_t heartbeat; // time of the last check of this rank's watchdog, in nanoseconds
    _Atomic int32_t phase;
    _Atomic int32_t waits;   // number of active waits for other ranks
    _Atomic int32_t disk;    // number of active waits for a disk
    _Atomic int32_t process; // process id; 0 before the rank has taken its slot
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

#endif
