#pragma once
#include <malloc.h>
// glibc has it, musl does not: there the call says "not done".
static inline int cmalloc_limit_arenas(int arenas) {
#ifdef M_ARENA_MAX
    return mallopt(M_ARENA_MAX, arenas);
#else
    (void)arenas;
    return 0;
#endif
}
// Blocks of this size and more are mapped on their own, now and later: glibc
// raises the limit with every such block that is freed, and keeps them then.
static inline int cmalloc_map_from(int bytes) {
#ifdef M_ARENA_MAX
    return mallopt(M_MMAP_THRESHOLD, bytes);
#else
    (void)bytes;
    return 0;
#endif
}
