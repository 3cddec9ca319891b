// A barrier between processes, in shared memory, with waiting processes asleep; the monotonic clock; the core mask.
#define _GNU_SOURCE
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "atomics in shared memory must be lock-free");
_Static_assert(sizeof(_Atomic uint32_t) == 4, "a futex is a plain 32-bit word");

enum { yields_before_sleep = 8, pauses_between_looks = 16 };

typedef struct {
    _Alignas(64) _Atomic uint32_t arrived;
    _Alignas(64) _Atomic uint32_t generation; // the futex
    _Atomic uint32_t sleepers;
} barrier_state;

int64_t cmpi_shared_barrier_bytes(void) { return sizeof(barrier_state); }

int64_t cmpi_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int still(barrier_state *barrier, uint32_t generation) {
    return atomic_load_explicit(&barrier->generation, memory_order_acquire) == generation;
}

static void spin(barrier_state *barrier, uint32_t generation, int64_t until) {
    while (still(barrier, generation) && cmpi_nanoseconds() < until) {
        for (int i = 0; i < pauses_between_looks && still(barrier, generation); i++) pause_briefly();
    }
}

/// Sleeps until the generation changes.
///
/// No wake-up is lost: the sleeper increments `sleepers` before the futex compares the generation, and the last process to arrive increments the
/// generation before it reads `sleepers` (both sequentially consistent), so at least one of them sees the change of the other.
/// Not FUTEX_PRIVATE, because several processes use the futex. Wakes up periodically to answer liveness polls.
static void sleep_until_changed(barrier_state *barrier, uint32_t generation) {
    atomic_fetch_add(&barrier->sleepers, 1);
    while (atomic_load(&barrier->generation) == generation) {
        struct timespec nap = {.tv_nsec = cmpi_liveness_serve() ? 10000000 : 250000000};
        syscall(SYS_futex, &barrier->generation, FUTEX_WAIT, generation, &nap, NULL, 0);
    }
    atomic_fetch_sub(&barrier->sleepers, 1);
}

static void release_all(barrier_state *barrier) {
    atomic_store(&barrier->arrived, 0); // before the generation changes: a released process may arrive again immediately
    atomic_fetch_add(&barrier->generation, 1);
    if (atomic_load(&barrier->sleepers) > 0) {
        syscall(SYS_futex, &barrier->generation, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
    }
}

int64_t cmpi_shared_barrier_wait(void *state, int32_t count, int64_t spin_ns) {
    if (count == 1) return 0;
    barrier_state *barrier = state;
    int64_t start = cmpi_nanoseconds();
    uint32_t generation = atomic_load(&barrier->generation);
    if (atomic_fetch_add(&barrier->arrived, 1) + 1 == (uint32_t)count) {
        release_all(barrier);
        return cmpi_nanoseconds() - start;
    }
    cmpi_wait_begin();
    if (spin_ns > 0) spin(barrier, generation, start + spin_ns);
    for (int i = 0; i < yields_before_sleep && still(barrier, generation); i++) sched_yield();
    if (still(barrier, generation)) sleep_until_changed(barrier, generation);
    cmpi_wait_end();
    return cmpi_nanoseconds() - start;
}

void cmpi_core_mask(uint8_t *mask, int64_t bytes) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    memset(mask, 0, (size_t)bytes);
    if (sched_getaffinity(0, sizeof cores, &cores) != 0) return;
    for (int64_t core = 0; core < bytes * 8 && core < CPU_SETSIZE; core++) {
        if (CPU_ISSET((int)core, &cores)) mask[core / 8] |= (uint8_t)(1u << (core % 8));
    }
}
