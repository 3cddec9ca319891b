/* The kernels for any processor: the reference in tests. Exact everywhere; slow if fma is a library call. */
#pragma STDC FP_CONTRACT OFF
#include "levels.h"

#define CK_LEVEL baseline
#define CK_LEVEL_NAME "baseline"
#include "body/all.h"
