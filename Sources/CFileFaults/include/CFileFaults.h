#ifndef CFILEFAULTS_H
#define CFILEFAULTS_H

/* The library has no functions of its own: it is preloaded (LD_PRELOAD) and stands before the C library's.
   This one is here for the linker. */
int cfilefaults_version(void);

#endif
