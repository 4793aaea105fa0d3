/* Random cases of every kernel in memory of the exact size, for the address, undefined-behaviour and thread sanitizers.

    harness SEED CASES

Results are held against loops that are too simple to be wrong, and against themselves with other numbers of threads. The
threads are plain ones here, behind the same pointer: the thread sanitizer understands them. */

#include "kernels.c"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

void neurograph_use_threads(Parallel from);

static uint64_t seed;

static uint64_t draw(void) { /* splitmix64 */
    uint64_t z = (seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int64_t below(int64_t limit) { return limit < 1 ? 0 : (int64_t)(draw() % (uint64_t)limit); }

static double number(void) { return (double)(draw() >> 11) / 4503599627370496.0 - 1; }

static void *exactly(int64_t count, size_t size) { /* one byte too far is somebody else's */
    void *memory = malloc(count * size ? count * size : 1);
    if (!memory) abort();
    return memory;
}

typedef struct {
    void (*body)(void *);
    void *data;
} Call;

static void *enter(void *call) {
    ((Call *)call)->body(((Call *)call)->data);
    return NULL;
}

static void on_threads(void (*body)(void *), void *data, unsigned threads, unsigned flags) {
    (void)flags;
    pthread_t others[16];
    Call call = {body, data};
    for (unsigned i = 1; i < threads; i++)
        if (pthread_create(&others[i], NULL, enter, &call)) abort();
    body(data);
    for (unsigned i = 1; i < threads; i++) pthread_join(others[i], NULL);
}

static void fail(const char *what, double found, double wanted) {
    printf("%s: %.17g, not %.17g\n", what, found, wanted);
    exit(1);
}

#undef DOUBLE
#define DOUBLE 0
#include "types.h"
#include "check.h"
#include "check_conv.h"
#undef DOUBLE
#define DOUBLE 1
#include "types.h"
#include "check.h"
#include "check_conv.h"

int main(int count, char **words) {
    if (count != 3) return 2;
    seed = strtoull(words[1], NULL, 10);
    const int cases = atoi(words[2]);
    neurograph_use_threads(on_threads);
    for (int i = 0; i < cases; i++) {
        check_sparse_f32();
        check_sparse_f64();
        check_field_f32();
        check_field_f64();
        check_conv_f32();
        check_conv_f64();
    }
    printf("%d cases of each\n", cases);
    return 0;
}
