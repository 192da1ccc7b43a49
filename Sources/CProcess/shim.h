#pragma once
#include <malloc.h>
#include <sys/prctl.h>
// glibc has it, musl does not: there the call says "not done".
static inline int cprocess_limit_arenas(int arenas) {
#ifdef M_ARENA_MAX
    return mallopt(M_ARENA_MAX, arenas);
#else
    (void)arenas;
    return 0;
#endif
}
// Blocks of this size and more are mapped on their own, now and later: glibc
// raises the limit with every such block that is freed, and keeps them then.
static inline int cprocess_map_from(int bytes) {
#ifdef M_ARENA_MAX
    return mallopt(M_MMAP_THRESHOLD, bytes);
#else
    (void)bytes;
    return 0;
#endif
}
// Swift does not import functions with a variable number of arguments.
static inline int cprocess_refuse_dumps(void) {
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
static inline int cprocess_is_dumpable(void) {
    return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
}
