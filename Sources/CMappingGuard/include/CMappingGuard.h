#ifndef CMAPPINGGUARD_H
#define CMAPPINGGUARD_H

#include <stddef.h>
#include <stdint.h>

// Guards mapped files: if a page cannot be read, it becomes a page of zeros, and the fault is recorded. Without a guard, SIGBUS would end
// the process. After reading, the reader checks for a fault.

// Guards `length` bytes at `start`, the beginning of a mapping, until `cmapguard_remove`. Returns a number for the other two functions, or
// -1 if there are already 256 guarded mappings or the system refuses a signal handler. The mapping then has no guard.
int cmapguard_add(const void *start, size_t length);

// Ends the guard. To be called before the mapping is removed.
void cmapguard_remove(int guard);

// The lowest offset of a page in the mapping that could not be read, or -1.
int64_t cmapguard_fault(int guard);

#endif
