#define _GNU_SOURCE
#include "CMappingGuard.h"
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

/* If a mapped file is shortened, or a block of its disk is unreadable, reading the mapping raises SIGBUS (mmap(2)). */

enum { most_guards = 256 };

typedef struct {
    atomic_uintptr_t start; /* 0 in an unused entry */
    atomic_size_t length;
    _Atomic int64_t fault;
    atomic_flag taken;
} guarded_range;

static guarded_range guards[most_guards];
static uintptr_t page_size;
static struct sigaction previous;
static atomic_flag installing = ATOMIC_FLAG_INIT;

static guarded_range *range_of(uintptr_t address) {
    for (int i = 0; i < most_guards; i++) {
        uintptr_t start = atomic_load(&guards[i].start);
        if (start && address >= start && address - start < atomic_load(&guards[i].length)) return &guards[i];
    }
    return NULL;
}

static void note(guarded_range *range, int64_t offset) {
    int64_t known = atomic_load(&range->fault);
    while ((known < 0 || offset < known) && !atomic_compare_exchange_weak(&range->fault, &known, offset)) {}
}

/* Maps a page of zeros at the fault, so that the read continues. mmap is safe in a signal handler because it is a plain system call, although
   POSIX does not list it. */
static int cover(uintptr_t address) {
    guarded_range *range = range_of(address);
    if (!range) return 0;
    uintptr_t page = address & ~(page_size - 1);
    void *zeros = mmap((void *)page, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (zeros == MAP_FAILED) return 0;
    note(range, (int64_t)(page - atomic_load(&range->start)));
    return 1;
}

static void on_bus_error(int number, siginfo_t *info, void *context) {
    (void)context;
    int saved = errno, is_fault = info->si_code > 0;
    if (!is_fault || !cover((uintptr_t)info->si_addr)) {
        /* Not a guarded range: restores the previous handler. A fault recurs by itself; a signal from kill(2) must be sent again. */
        sigaction(SIGBUS, &previous, NULL);
        if (!is_fault) raise(number);
    }
    errno = saved;
}

/* Installs the handler, unless it is installed: a library may have replaced it in the meantime. */
static int install(void) {
    while (atomic_flag_test_and_set(&installing)) {}
    page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    struct sigaction current;
    int refused = sigaction(SIGBUS, NULL, &current);
    if (!refused && !(current.sa_flags & SA_SIGINFO && current.sa_sigaction == on_bus_error)) {
        struct sigaction ours = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
        ours.sa_sigaction = on_bus_error;
        sigemptyset(&ours.sa_mask);
        previous = current;
        refused = sigaction(SIGBUS, &ours, NULL);
    }
    atomic_flag_clear(&installing);
    return !refused;
}

int cmapguard_add(const void *start, size_t length) {
    if (!install()) return -1;
    for (int i = 0; i < most_guards; i++) {
        if (atomic_flag_test_and_set(&guards[i].taken)) continue;
        /* Rounds up to the end of the last page. */
        atomic_store(&guards[i].length, (length + page_size - 1) & ~(page_size - 1));
        atomic_store(&guards[i].fault, -1);
        atomic_store(&guards[i].start, (uintptr_t)start);
        return i;
    }
    return -1;
}

void cmapguard_remove(int guard) {
    if (guard < 0) return;
    atomic_store(&guards[guard].start, 0);
    atomic_flag_clear(&guards[guard].taken);
}

int64_t cmapguard_fault(int guard) { return guard < 0 ? -1 : atomic_load(&guards[guard].fault); }
