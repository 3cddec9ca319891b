/* Selects the level, and forwards each call to its kernel. */
#pragma STDC FP_CONTRACT OFF
#include "levels.h"

#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

static const ck_level *active = &ck_level_baseline;

/* In order of preference, best first. */
static const ck_level *const levels[] = {
#if defined(__x86_64__)
    &ck_level_avx512bf16,
    &ck_level_avx512,
    &ck_level_avx2,
#endif
    &ck_level_baseline,
};
enum { LEVEL_COUNT = sizeof levels / sizeof levels[0] };

static int is_available(const ck_level *level) {
#if defined(__x86_64__)
    if (level == &ck_level_avx512bf16)
        return is_available(&ck_level_avx512) && __builtin_cpu_supports("avx512bf16");
    if (level == &ck_level_avx512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
    if (level == &ck_level_avx2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return level == &ck_level_baseline;
}

const char *ck_level_name(void) { return active->name; }

int ck_has_level(const char *name) {
    for (int i = 0; i < LEVEL_COUNT; i++)
        if (strcmp(levels[i]->name, name) == 0) return is_available(levels[i]);
    return 0;
}

int ck_select_level(const char *name) {
    for (int i = 0; i < LEVEL_COUNT; i++)
        if (strcmp(levels[i]->name, name) == 0 && is_available(levels[i])) {
            active = levels[i];
            return 0;
        }
    return -1;
}

/* Runs before main, so that the level is selected before any call. */
__attribute__((constructor)) static void choose_level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
#endif
    for (int i = LEVEL_COUNT - 1; i >= 0; i--)
        if (is_available(levels[i]))
            active = levels[i];
    const char *asked = getenv("RNNTRAIN_CPU_LEVEL");
    if (asked)
        ck_select_level(asked);
}

void ck_flush_denormals(void) {
#if defined(__x86_64__)
    _mm_setcsr(_mm_getcsr() | 0x8040); /* flush to zero, denormals are zero */
#elif defined(__aarch64__)
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    __asm__ volatile("msr fpcr, %0" : : "r"(fpcr | (1ull << 24)));
#endif
}

#define CK_PASS_ON(kernel, parameters, arguments) \
    void ck_##kernel parameters { active->kernel arguments; }
CK_KERNELS(CK_PASS_ON)

int ck_cell_number(const char *name) {
#define CK_NAME(cell) #cell,
    static const char *const names[] = {CK_CELLS(CK_NAME)};
#undef CK_NAME
    for (int i = 0; i < CK_CELL_COUNT; i++)
        if (strcmp(names[i], name) == 0) return i;
    return -1;
}

void ck_cell_forward(int number, ck_cell step) { active->cells_forward[number](step); }
void ck_cell_backward(int number, ck_cell step) { active->cells_backward[number](step); }

int ck_update_rule(const char *name) {
#define CK_NAME(rule) #rule,
    static const char *const names[] = {CK_UPDATE_RULES(CK_NAME)};
#undef CK_NAME
    for (int i = 0; i < CK_UPDATE_RULE_COUNT; i++)
        if (strcmp(names[i], name) == 0) return i;
    return -1;
}

void ck_update_by(int rule, const ck_update *update, uint32_t *moved) { active->updates[rule](update, moved); }
