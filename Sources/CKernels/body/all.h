/* All kernel bodies, compiled once for each level: CK_LEVEL is its name; CK_WIDE means that there are 32 vector registers of 16 floats;
 * CK_BF16 means that there is an instruction for pairs of bf16. */
#if defined(CK_PLAIN)
/* For sanitized builds that test other code: with checks, these kernels take minutes to compile. */
#pragma clang attribute push(__attribute__((no_sanitize("address", "undefined", "coverage"))), apply_to = function)
#endif
#include "vectors.h"

#include "elementary.h"

#include "tree.h"

#include "transpose.h"

#include "packing.h"
#include "products.h"

#include "bf16.h"

#include "bf16_packing.h"
#include "bf16_products.h"

#include "window_rows.h"

#include "gradient_tiles.h"
#include "row_sums.h"
#include "strips.h"

#include "bf16_gradients.h"
#include "gradients.h"

#include "cells.h"
#include "dropout.h"
#include "normalization.h"
#include "reflections.h"
#include "rows.h"
#include "softmax.h"
#include "updates.h"
#include "updates/sgd.h"
#include "updates/nesterov.h"
#include "updates/adam.h"
#include "updates/adadelta.h"
#include "updates/adagrad.h"
#include "updates/rmsprop.h"
#include "updates/asgd.h"

#include "peak.h"

#define CK_ENTRY(kernel, parameters, arguments) .kernel = CK_AT_LEVEL(kernel),
#define CK_CELL_FORWARD(cell) [CK_CELL_##cell] = CK_AT_LEVEL(cell##_forward),
#define CK_CELL_BACKWARD(cell) [CK_CELL_##cell] = CK_AT_LEVEL(cell##_backward),
#define CK_UPDATE_ENTRY(rule) [CK_UPDATE_##rule] = CK_CAT(update_##rule, CK_LEVEL),
const ck_level CK_AT_LEVEL(ck_level) = {
    .name = CK_LEVEL_NAME,
    CK_KERNELS(CK_ENTRY)
    .cells_forward = {CK_CELLS(CK_CELL_FORWARD)},
    .cells_backward = {CK_CELLS(CK_CELL_BACKWARD)},
    .updates = {CK_UPDATE_RULES(CK_UPDATE_ENTRY)},
};
#undef CK_ENTRY
#undef CK_CELL_FORWARD
#undef CK_CELL_BACKWARD
#undef CK_UPDATE_ENTRY
#if defined(CK_PLAIN)
#pragma clang attribute pop
#endif
