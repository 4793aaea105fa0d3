/* Tasks shared out among threads.

The threads are those of the OpenMP runtime that PyTorch brought: its GOMP_parallel is handed over as a pointer when the
library is loaded. So there is one pool of threads in the process, of the size that PyTorch was told, and nothing here is
linked to a second runtime. Without the pointer everything runs on the calling thread.

A task is claimed by counting, and none looks at which thread runs it: results do not depend on who was faster. */

#ifndef TEAM_H
#define TEAM_H
#include <stdint.h>

typedef void (*Task)(void *context, int64_t task);
typedef void (*Parallel)(void (*body)(void *), void *data, unsigned threads, unsigned flags);

void team_share(int threads, int64_t tasks, Task run, void *context);

/* Memory between two calls: what one has returned the next may take without asking the system for its pages again. */
void *scratch_take(int64_t bytes); /* aligned for vectors; NULL where memory is short */
void scratch_return(void *memory);
#endif
