// The status table of a host's watchdog: anonymous shared memory, which needs no space in /dev/shm; and what ranks write there.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "watchdog.h"

/// The slot of a rank without a watchdog.
static watchdog_slot unassigned_slot;
watchdog_slot *watchdog_own_slot = &unassigned_slot;

// --- Called by the rank's main thread ---

static void grow(void) { atomic_store_explicit(&watchdog_own_slot->progress, watchdog_own_slot->progress + 1, memory_order_relaxed); }

void cmpi_watchdog_enter_phase(int32_t phase, int64_t step) {
    atomic_store_explicit(&watchdog_own_slot->phase, phase, memory_order_relaxed);
    atomic_store_explicit(&watchdog_own_slot->step, step, memory_order_relaxed);
    grow();
}

void cmpi_watchdog_progress(void) { grow(); }

void cmpi_watchdog_disk_wait_begin(void) {
    grow();
    atomic_store(&watchdog_own_slot->disk, watchdog_own_slot->disk + 1);
}

void cmpi_watchdog_disk_wait_end(void) {
    atomic_store(&watchdog_own_slot->disk, watchdog_own_slot->disk - 1);
    grow();
}

int cmpi_watchdog_slot_waits_for_disk(const watchdog_slot *slot, int64_t now) {
    int64_t slept = atomic_load(&slot->slept), longest_tick = 500000000;
    return atomic_load(&slot->disk) > 0 || (slept > 0 && now - slept < 3 * longest_tick);
}

int cmpi_watchdog_disk_is_awaited(void) {
    int64_t now = cmpi_nanoseconds();
    for (int i = 0; cmpi_watchdog.is_running && i < cmpi_watchdog.plan.slot_count; i++) {
        if (cmpi_watchdog_slot_waits_for_disk(&cmpi_watchdog.table->slots[i], now)) return 1;
    }
    return 0;
}

void cmpi_wait_begin(void) {
    grow();
    atomic_store_explicit(&watchdog_own_slot->waits, watchdog_own_slot->waits + 1, memory_order_relaxed);
}

void cmpi_wait_end(void) {
    atomic_store_explicit(&watchdog_own_slot->waits, watchdog_own_slot->waits - 1, memory_order_relaxed);
    grow();
}

// --- Creating and opening a table ---

static int64_t table_bytes(int32_t slot_count) { return (int64_t)(sizeof(watchdog_table) + sizeof(watchdog_slot) * (size_t)slot_count); }

static watchdog_table *map_table(int file, int32_t slot_count) {
    int kind = file < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
    void *memory = mmap(NULL, (size_t)table_bytes(slot_count), PROT_READ | PROT_WRITE, kind, file, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void *cmpi_watchdog_table_create(int32_t slot_count, cmpi_watchdog_table_location *location) {
    int file = memfd_create("rnntrain-watch", MFD_CLOEXEC);
    if (file >= 0 && ftruncate(file, table_bytes(slot_count)) != 0) {
        close(file);
        file = -1;
    }
    watchdog_table *table = map_table(file, slot_count);
    if (!table) return NULL;
    table->token = (uint64_t)cmpi_nanoseconds() ^ (uint64_t)getpid() << 48;
    *location = (cmpi_watchdog_table_location){.process = getpid(), .file = file, .token = table->token};
    return table;
}

void *cmpi_watchdog_table_open(int32_t slot_count, const cmpi_watchdog_table_location *location) {
    if (location->file < 0) return NULL;
    char path[64];
    snprintf(path, sizeof path, "/proc/%lld/fd/%lld", (long long)location->process, (long long)location->file);
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return NULL;
    struct stat found;
    watchdog_table *opened = fstat(file, &found) == 0 && found.st_size == table_bytes(slot_count) ? map_table(file, slot_count) : NULL;
    close(file);
    if (opened && opened->token != location->token) {
        munmap(opened, (size_t)table_bytes(slot_count));
        return NULL;
    }
    return opened;
}

static uint64_t pid_namespace(void) {
    struct stat space;
    return stat("/proc/self/ns/pid", &space) == 0 ? (uint64_t)space.st_ino : 0;
}

void cmpi_watchdog_take_slot(void *table_memory, int32_t index) {
    watchdog_slot *mine = &((watchdog_table *)table_memory)->slots[index];
    atomic_store(&mine->phase, watchdog_own_slot->phase);
    atomic_store(&mine->step, watchdog_own_slot->step);
    atomic_store(&mine->heartbeat, cmpi_nanoseconds());
    atomic_store(&mine->pid_namespace, pid_namespace());
    atomic_store(&mine->process, (int32_t)getpid());
    watchdog_own_slot = mine;
}
