// Compiles xxHash from its header, as its own library does, so that the program needs no libxxhash at run time.
// Source: the section "Compile-time macros" at the head of xxhash.h 0.8.
#define XXH_STATIC_LINKING_ONLY
#define XXH_IMPLEMENTATION
#include "CXXHash.h"
