#include "team.h"

#include <stdatomic.h>
#include <stddef.h>

static Parallel parallel = NULL;

void neurograph_use_threads(Parallel from) { parallel = from; }

typedef struct {
    _Atomic int64_t next;
    int64_t tasks;
    Task run;
    void *context;
} Work;

static void work(void *data) {
    Work *mine = data;
    for (int64_t task; (task = atomic_fetch_add_explicit(&mine->next, 1, memory_order_relaxed)) < mine->tasks;)
        mine->run(mine->context, task);
}

void team_share(int threads, int64_t tasks, Task run, void *context) {
    if (threads > tasks) threads = (int)tasks;
    if (parallel == NULL || threads < 2) {
        for (int64_t task = 0; task < tasks; task++) run(context, task);
        return;
    }
    Work shared = {.next = 0, .tasks = tasks, .run = run, .context = context};
    parallel(work, &shared, (unsigned)threads, 0);
}

/* Of what may be called here: a library that was built from older sources is not used. */
int neurograph_version(void) { return 2; }

/* The best instruction set of this processor among those there are builds for: 2, 1 or 0. */
int neurograph_instructions(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw"))
        return 2;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 1;
#endif
    return 0;
}

static void arrive(void *data) { atomic_fetch_add((_Atomic int *)data, 1); }

/* How many threads come when so many are asked for. */
int neurograph_team_size(int threads) {
    _Atomic int arrived = 0;
    if (parallel == NULL || threads < 2) return 1;
    parallel(arrive, &arrived, (unsigned)threads, 0);
    return arrived;
}
