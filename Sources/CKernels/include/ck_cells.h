/* The arithmetic of the recurrent cells between their products, for one time step. */
#ifndef CK_CELLS_H
#define CK_CELLS_H

/* The cells, or parts of them. Each has a file body/cells/<name>.h with `<name>_forward` and `<name>_backward`. */
#define CK_CELLS(K)                                  \
    K(additive)                                      \
    K(elman_tanh) K(elman_relu) K(elman_sigmoid)     \
    K(lstm)                                          \
    K(gru)                                           \
    K(gru_reset) K(gru_candidate)                    \
    K(update_gate)                                   \
    K(leaky) K(leaky_learned)                        \
    K(mingru)                                        \
    K(minlstm)                                       \
    K(rglru)                                         \
    K(slstm)

/* What a step works on: H units of `rows` streams. Gates have `ld` floats from one row to the next; all others, [rows, H], have no gaps.
 * What a cell does not use is null. Forward, `gates` hold preactivations and become activated gates; backward they become the gradients
 * of the preactivations. */
typedef struct {
    long rows;
    long hidden;
    float *gates;             /* [rows, G*H] */
    float *other_gates;       /* [rows, G*H], a second set: the products of a cell that keeps them apart, then their gradients */
    long ld;
    const float *h_previous;
    float *h;
    float *dh;                /* the gradient of h; becomes the part of h_previous's that does not pass through the product */
    const float *c_previous;  /* a second state */
    float *c;
    float *dc;                /* the gradient of c from the next step; becomes that of c_previous */
    const float *n_previous;  /* a normaliser of c, with its gradient like c's */
    float *n;
    float *dn;
    const float *m_previous;  /* a logarithm by which c and n are scaled */
    float *m;
    float *kept;              /* kept from the forward pass */
    const float *d_kept;      /* the gradient of what was kept */
    const float *unit_values; /* [H], a number of each unit: a constant of the cell, or a parameter */
    float *d_unit_values;     /* [rows, H], to which the gradient of that parameter is added */
} ck_cell;

/* The number of the cell with this name; -1 where there is none. */
int ck_cell_number(const char *name);

void ck_cell_forward(int number, const ck_cell *step);
void ck_cell_backward(int number, const ck_cell *step);

#endif
