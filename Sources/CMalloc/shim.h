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
