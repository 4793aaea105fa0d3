/* `walk.cu` for the processor: a block's threads take turns, from barrier to barrier, in either order.

What is read from shared memory before it is written is no number, and two orders of the threads show a barrier that is missing. */
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <ucontext.h>
#include <utility>

#define __global__
#define __device__
#define __shared__
#define __launch_bounds__(n)
using std::cos; using std::erf; using std::exp; using std::expm1; using std::log1p; using std::sin; using std::tanh;

struct Three { unsigned x, y, z; };
static Three blockIdx, blockDim;
enum { MOST = 1024, STACK = 1 << 16, NUMBERS = 227 * 128 };
double memory[NUMBERS];

struct Meeting { int arrived; long past; };
struct Fiber {
    ucontext_t here;
    bool done;
    Three index;
    alignas(16) char handed[16];
};
static Fiber fibers[MOST];
static char *stacks;
static Fiber *running;
static ucontext_t scheduler;
static Meeting everyone, warps[MOST / 32];
static long progress;
#define threadIdx (running->index)

static void meet(Meeting &m, int expected) {
    const long past = m.past;
    if (++m.arrived == expected) m.arrived = 0, m.past++, progress++;
    else while (m.past == past) swapcontext(&running->here, &scheduler);
}
static void __syncthreads() { meet(everyone, blockDim.x); }
template <class T> static T __shfl_xor_sync(unsigned, T value, int far) {
    const int warp = threadIdx.x / 32, size = blockDim.x - 32 * warp < 32 ? blockDim.x - 32 * warp : 32;
    std::memcpy(running->handed, &value, sizeof value);
    meet(warps[warp], size);
    std::memcpy(&value, fibers[threadIdx.x ^ far].handed, sizeof value);
    meet(warps[warp], size);
    return value;
}

#include "walk.cu"

static const long long *arguments;
static void (*entry)();
template <class... A, std::size_t... I> static void call(void (*f)(A...), std::index_sequence<I...>) {
    f((A)arguments[I]...);
}
template <auto kernel> static void run() {
    []<class... A>(void (*f)(A...)) { call(f, std::index_sequence_for<A...>()); }(kernel);
}
static void begin() {
    entry();
    running->done = true, progress++;
}

/* 0, or 1 where some thread waits for ever. */
static int block(int shared, bool backwards) {
    for (int i = 0; i < (shared + 7) / 8; i++) memory[i] = std::numeric_limits<double>::quiet_NaN();
    for (unsigned t = 0; t < blockDim.x; t++) {
        Fiber &f = fibers[t];
        getcontext(&f.here);
        f.here.uc_stack.ss_sp = stacks + (std::size_t)t * STACK, f.here.uc_stack.ss_size = STACK;
        f.here.uc_link = &scheduler;
        f.done = false, f.index = {t, 0, 0};
        makecontext(&f.here, begin, 0);
    }
    for (unsigned left = blockDim.x; left;) {
        const long before = progress;
        left = 0;
        for (unsigned t = 0; t < blockDim.x; t++) {
            running = &fibers[backwards ? blockDim.x - 1 - t : t];
            if (!running->done) swapcontext(&scheduler, &running->here);
            left += !running->done;
        }
        if (left && progress == before) return 1;
    }
    return 0;
}

extern "C" int on_host(const char *name, int x, int y, int threads, int shared, const long long *given, int backwards) {
    if (threads > MOST || shared > (int)sizeof memory) return 2;
    if (!stacks) stacks = (char *)std::malloc((std::size_t)MOST * STACK);
    entry = nullptr;
    if (!std::strcmp(name, "field_forward")) entry = run<field_forward>;
    if (!std::strcmp(name, "field_backward")) entry = run<field_backward>;
    if (!std::strcmp(name, "field_lay")) entry = run<field_lay>;
    if (!std::strcmp(name, "field_inputs")) entry = run<field_inputs>;
    if (!std::strcmp(name, "field_weights")) entry = run<field_weights>;
    if (!entry) return 3;
    arguments = given, blockDim = {(unsigned)threads, 1, 1};
    for (int j = 0; j < y; j++)
        for (int i = 0; i < x; i++) {
            blockIdx = {(unsigned)i, (unsigned)j, 0};
            everyone = {}, std::memset(warps, 0, sizeof warps);
            if (block(shared, backwards)) return 1;
        }
    return 0;
}
