// The board on which the ranks of a host tell each other what they do. Not seen outside this target.
#ifndef CMPI_WATCH_H
#define CMPI_WATCH_H

#include <stdatomic.h>

#include "internal.h"

typedef struct {
    _Alignas(64) _Atomic uint64_t progress; // grows with each phase, each wait and each note of progress
    _Atomic int64_t step;
    _Atomic int64_t beat; // nanoseconds at which this rank's watch last looked
    _Atomic int32_t phase;
    _Atomic int32_t waits;   // calls under way that wait for other ranks
    _Atomic int32_t disk;    // waits for a disk that are under way
    _Atomic int32_t process; // 0 before the watch has started
    _Atomic int32_t is_leaving;
    _Atomic uint64_t process_space; // the namespace that `process` is a number in
} watch_seat;

typedef struct {
    _Alignas(64) _Atomic int32_t announced; // whether it was said why the job ends
    uint64_t token;                         // of its maker, so that no other file is taken for it
    watch_seat seats[];
} watch_board;

/// This rank's seat; one of no board before it has taken one.
extern watch_seat *watch_own;

#endif
