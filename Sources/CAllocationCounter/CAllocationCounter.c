#define _GNU_SOURCE
#include "CAllocationCounter.h"

#include <errno.h>
#include <execinfo.h>
#include <stdlib.h>

enum { DEPTH = 40 };

static _Thread_local int armed = 0;
static _Thread_local int64_t allocations = 0;
static _Thread_local int depth = 0;
static _Thread_local void *first[DEPTH];

void cac_start(void) {
    void *unused[1];
    backtrace(unused, 1); // loads the unwinder, which allocates at its first use
    allocations = 0;
    depth = 0;
    armed = 1;
}

int64_t cac_stop(void) {
    armed = 0;
    return allocations;
}

void cac_print_first(int descriptor) {
    if (depth > 0) backtrace_symbols_fd(first, depth, descriptor);
}

static void note(void) {
    if (!armed) return;
    if (allocations++ > 0) return;
    armed = 0; // recording the call stack must not be counted
    depth = backtrace(first, DEPTH);
    armed = 1;
}

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if __has_feature(address_sanitizer)

// The address sanitizer has its own allocator, which must not be bypassed. It reports allocations through hooks.
int __sanitizer_install_malloc_and_free_hooks(void (*given)(const volatile void *, size_t), void (*taken)(const volatile void *));

static void note_given(const volatile void *block, size_t size) {
    (void)block, (void)size;
    note();
}

static void note_taken(const volatile void *block) { (void)block; }

__attribute__((constructor)) static void install_hooks(void) { __sanitizer_install_malloc_and_free_hooks(note_given, note_taken); }

#else

// glibc's own functions, under the names that it exports for such wrappers.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
    note();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    note();
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    note();
    return __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
    note();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    note();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    // As POSIX requires: a power of two, and a multiple of a pointer's size.
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
    note();
    void *result = __libc_memalign(alignment, size);
    if (!result) return ENOMEM;
    *block = result;
    return 0;
}

#endif
