#ifndef CALLOCATIONCOUNTER_H
#define CALLOCATIONCOUNTER_H

#include <stdint.h>

// Counts what a thread allocates. A program that this is linked into has its own malloc, calloc, realloc and so on, which count and
// then call glibc's: so every library's allocations are seen, Swift's runtime and Open MPI among them.

// Begins to count the allocations of the calling thread, from zero.
void cac_start(void);

// Ends counting in the calling thread; returns how many allocations there were since cac_start.
int64_t cac_stop(void);

// Writes the call stack of the first allocation since the last cac_start to a file descriptor; nothing where there was none.
void cac_print_first(int descriptor);

#endif
