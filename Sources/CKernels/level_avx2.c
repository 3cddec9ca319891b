/* The kernels for AVX2 with FMA. */
#pragma STDC FP_CONTRACT OFF
#include "levels.h"

#if defined(__x86_64__)
#define CK_LEVEL avx2
#define CK_LEVEL_NAME "avx2"
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "body/all.h"
#pragma clang attribute pop
#endif
