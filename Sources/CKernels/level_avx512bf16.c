/* The kernels for AVX-512 with its instructions for bf16. */
#pragma STDC FP_CONTRACT OFF
#include "levels.h"

#if defined(__x86_64__)
#define CK_LEVEL avx512bf16
#define CK_LEVEL_NAME "avx512bf16"
#define CK_WIDE
#define CK_BF16
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma"))), apply_to = function)
#include "body/all.h"
#pragma clang attribute pop
#endif
