// The board of a host's watch: memory without a name that its ranks share, whatever /dev/shm holds; and what ranks write there.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "watch.h"

/// Where a rank without a watch writes.
static watch_seat nobody;
watch_seat *watch_own = &nobody;

// --- What the rank's own thread writes ---

static void grow(void) { atomic_store_explicit(&watch_own->progress, watch_own->progress + 1, memory_order_relaxed); }

void cmpi_watch_enter(int32_t phase, int64_t step) {
    atomic_store_explicit(&watch_own->phase, phase, memory_order_relaxed);
    atomic_store_explicit(&watch_own->step, step, memory_order_relaxed);
    grow();
}

void cmpi_watch_progress(void) { grow(); }

void cmpi_watch_disk_begins(void) {
    grow();
    atomic_store(&watch_own->disk, watch_own->disk + 1);
}

void cmpi_watch_disk_ends(void) {
    atomic_store(&watch_own->disk, watch_own->disk - 1);
    grow();
}

void cmpi_wait_begins(void) {
    grow();
    atomic_store_explicit(&watch_own->waits, watch_own->waits + 1, memory_order_relaxed);
}

void cmpi_wait_ends(void) {
    atomic_store_explicit(&watch_own->waits, watch_own->waits - 1, memory_order_relaxed);
    grow();
}

// --- Making and finding a board ---

static int64_t board_bytes(int32_t seat_count) { return (int64_t)(sizeof(watch_board) + sizeof(watch_seat) * (size_t)seat_count); }

static watch_board *map_board(int file, int32_t seat_count) {
    int kind = file < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
    void *memory = mmap(NULL, (size_t)board_bytes(seat_count), PROT_READ | PROT_WRITE, kind, file, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void *cmpi_watch_board_create(int32_t seat_count, cmpi_watch_place *place) {
    int file = memfd_create("rnntrain-watch", MFD_CLOEXEC);
    if (file >= 0 && ftruncate(file, board_bytes(seat_count)) != 0) {
        close(file);
        file = -1;
    }
    watch_board *made = map_board(file, seat_count);
    if (!made) return NULL;
    made->token = (uint64_t)cmpi_nanoseconds() ^ (uint64_t)getpid() << 48;
    *place = (cmpi_watch_place){.process = getpid(), .file = file, .token = made->token};
    return made;
}

void *cmpi_watch_board_open(int32_t seat_count, const cmpi_watch_place *place) {
    if (place->file < 0) return NULL;
    char path[64];
    snprintf(path, sizeof path, "/proc/%lld/fd/%lld", (long long)place->process, (long long)place->file);
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return NULL;
    struct stat found;
    watch_board *opened = fstat(file, &found) == 0 && found.st_size == board_bytes(seat_count) ? map_board(file, seat_count) : NULL;
    close(file);
    if (opened && opened->token != place->token) {
        munmap(opened, (size_t)board_bytes(seat_count));
        return NULL;
    }
    return opened;
}

static uint64_t process_space(void) {
    struct stat space;
    return stat("/proc/self/ns/pid", &space) == 0 ? (uint64_t)space.st_ino : 0;
}

void cmpi_watch_take_seat(void *memory_of_board, int32_t index) {
    watch_seat *mine = &((watch_board *)memory_of_board)->seats[index];
    atomic_store(&mine->phase, watch_own->phase);
    atomic_store(&mine->step, watch_own->step);
    atomic_store(&mine->beat, cmpi_nanoseconds());
    atomic_store(&mine->process_space, process_space());
    atomic_store(&mine->process, (int32_t)getpid());
    watch_own = mine;
}
