#define _DEFAULT_SOURCE /* posix_memalign, madvise */

#include "team.h"

#include <stdatomic.h>
#include <stdlib.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

enum { HEAD = 64, MOST = 1 << 28 }; /* bytes before the memory, which hold its size; the most that is kept */
enum { PAGE = 1 << 21 };            /* bytes of a large page: what is read anywhere in much memory finds few pages sooner */

static _Atomic(char *) spare = NULL;

void *scratch_take(int64_t bytes) {
    char *memory = atomic_exchange(&spare, NULL);
    if (memory && *(int64_t *)memory >= bytes) return memory + HEAD;
    free(memory);
    if (posix_memalign((void **)&memory, bytes < 2 * PAGE ? HEAD : PAGE, (size_t)bytes + HEAD)) return NULL;
#ifdef MADV_HUGEPAGE
    if (bytes >= 2 * PAGE) madvise(memory, (size_t)bytes + HEAD, MADV_HUGEPAGE);
#endif
    *(int64_t *)memory = bytes;
    return memory + HEAD;
}

void scratch_return(void *memory) {
    char *mine = (char *)memory - HEAD;
    free(*(int64_t *)mine > MOST ? mine : atomic_exchange(&spare, mine));
}
