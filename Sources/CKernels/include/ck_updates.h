/* Updates of parameters. Part of CKernels.h, whose contract applies here. */
#ifndef CK_UPDATES_H
#define CK_UPDATES_H

#include "ck_elements.h"

/* Every update rule that has a kernel. The code of a rule is body/updates/<rule>.h. */
#define CK_UPDATE_RULES(R) \
    R(sgd)                 \
    R(nesterov)            \
    R(adam)                \
    R(adadelta)            \
    R(adagrad)             \
    R(rmsprop)             \
    R(asgd)

enum { CK_MOST_MOMENTS = 3, CK_MOST_CONSTANTS = 8 };

/* One update of some elements. */
typedef struct {
    long count;
    float *parameters;
    const float *gradient;
    float *moments[CK_MOST_MOMENTS]; /* one for each moment of the rule */
    ck_clip clip;
    float rate;
    long number; /* of this update in the run, from 1 */
    float constants[CK_MOST_CONSTANTS]; /* of the rule, in the order given in its file */
} ck_update;

/* The number of the rule with this name, or -1. */
int ck_update_rule(const char *name);

/* Updates parameters and moments by a rule.
 *
 * Adds to `moved` the change of the sum of the bit patterns of everything that it writes. The change is relative to the value
 * that it read. If a bit flipped before, the running checksum and a newly computed one differ from then on. */
void ck_update_by(int rule, const ck_update *update, uint32_t *moved);

#endif
