/* Preloaded by `launch/test --sanitize`. Closed libraries stay loaded, so that the leak report at the end of a process can name
 * functions of Open MPI, which closes its components earlier. */
int dlclose(void *handle) {
    (void)handle;
    return 0;
}
