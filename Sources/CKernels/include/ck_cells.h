/* The elementwise arithmetic of the recurrent cells between their products, for one time step. */
#ifndef CK_CELLS_H
#define CK_CELLS_H

/* The cells, or parts of them. The code of a cell is body/cells/<name>.h, with `<name>_forward` and `<name>_backward`. */
#define CK_CELLS(K)                                  \
    K(additive)                                      \
    K(elman_tanh) K(elman_relu) K(elman_sigmoid)     \
    K(lstm)                                          \
    K(lstm_state) K(lstm_output)                     \
    K(gru)                                           \
    K(gru_reset) K(gru_candidate)                    \
    K(update_gate)                                   \
    K(leaky) K(leaky_learned)                        \
    K(mingru)                                        \
    K(minlstm)                                       \
    K(mogrifier)                                     \
    K(highway)                                       \
    K(softmax)                                       \
    K(rglru)                                         \
    K(slstm)

/* The operands of a step: H units of `rows` streams. Gates have `ld` floats from one row to the next; all others are [rows, H]
 * without gaps. Operands that a cell does not use are null. In the forward pass `gates` hold preactivations and become activated
 * gates; in the backward pass they become the gradients of the preactivations. Kernels take it by value: no store through a pointer
 * can change a field then, and loops keep the fields in registers. */
typedef struct {
    long rows;
    long hidden;
    float *gates;             /* [rows, G*H] */
    float *other_gates;       /* [rows, G*H], a second set: the hidden product, if the cell keeps it separate, later its gradient */
    long ld;
    const float *h_previous;
    float *h;
    float *dh;                /* the gradient of h; becomes the part of that of h_previous that bypasses the product */
    const float *c_previous;  /* a second state */
    float *c;
    float *dc;                /* the gradient of c from the next step; becomes that of c_previous */
    const float *n_previous;  /* the normaliser of c; its gradient is like that of c */
    float *n;
    float *dn;
    const float *m_previous;  /* the logarithm of the scale of c and n */
    float *m;
    float *kept;              /* what the forward pass keeps for the backward pass */
    float *d_kept;            /* the gradient of `kept` */
    const float *unit_values; /* [H], one number for each unit: a constant of the cell, or a parameter */
    float *d_unit_values;     /* [rows, H], the gradient of unit_values, added to */
} ck_cell;

/* The number of the cell `name`, or -1. */
int ck_cell_number(const char *name);

void ck_cell_forward(int number, ck_cell step);
void ck_cell_backward(int number, ck_cell step);

#endif
