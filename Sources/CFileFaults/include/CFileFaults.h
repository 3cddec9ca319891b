#ifndef CFILEFAULTS_H
#define CFILEFAULTS_H

/* The library exports no API: it is preloaded (LD_PRELOAD) and overrides functions of the C library.
   This declaration exists for the linker only. */
int cfilefaults_version(void);

#endif
