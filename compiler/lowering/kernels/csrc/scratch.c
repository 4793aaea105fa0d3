#define _POSIX_C_SOURCE 200112L /* posix_memalign */

#include "team.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { HEAD = 64, MOST = 1 << 28 }; /* bytes before the memory, which hold its size; the most that is kept */

static _Atomic(char *) spare = NULL;

void *scratch_take(int64_t bytes) {
    char *memory = atomic_exchange(&spare, NULL);
    if (memory && *(int64_t *)memory >= bytes) return memory + HEAD;
    free(memory);
    if (posix_memalign((void **)&memory, HEAD, (size_t)bytes + HEAD)) return NULL;
    *(int64_t *)memory = bytes;
    return memory + HEAD;
}

void scratch_return(void *memory) {
    char *mine = (char *)memory - HEAD;
    free(*(int64_t *)mine > MOST ? mine : atomic_exchange(&spare, mine));
}
