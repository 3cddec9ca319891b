/* Preloaded by `launch/test --sanitize`: libraries that are closed stay loaded, so that the report of leaks at the end of a process can
   name those of Open MPI, which closes its components before. */
int dlclose(void *handle) {
    (void)handle;
    return 0;
}
