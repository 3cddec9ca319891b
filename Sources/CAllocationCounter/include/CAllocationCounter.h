#ifndef CALLOCATIONCOUNTER_H
#define CALLOCATIONCOUNTER_H

#include <stdint.h>

// Counts the allocations of a thread. A program that links this library gets its malloc, calloc, realloc and so on, which count and then
// call glibc's. They therefore count the allocations of all libraries, including Swift's runtime and Open MPI.

// Starts counting the allocations of the calling thread, from zero.
void cac_start(void);

// Ends counting in the calling thread; returns how many allocations there were since cac_start.
int64_t cac_stop(void);

// Writes the call stack of the first allocation since the last cac_start to a file descriptor. Writes nothing if there was none.
void cac_print_first(int descriptor);

#endif
