#include <cblas.h>

/* LAPACK by its Fortran names: Debian's OpenBLAS ships the routines but no LAPACKE header. */
void sgeqrf_(const int *m, const int *n, float *a, const int *lda, float *tau, float *work, const int *lwork, int *info);
void sorgqr_(const int *m, const int *n, const int *k, float *a, const int *lda, const float *tau, float *work,
             const int *lwork, int *info);
