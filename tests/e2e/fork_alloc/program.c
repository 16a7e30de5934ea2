/* A forked child has copies of the blocks of coil_alloc(), and new ones of its own; also in a grandchild. */
#include <coil.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

extern void fill(int *v, int n, int x);
extern int total(const int *v, int n);

#define N 1000

static int in_child(int *old, int depth)
{
    int *fresh = coil_alloc(N * sizeof *fresh), bad = 0, status = 0;

    bad += !fresh || total(old, N) != N * depth;
    fill(old, N, depth + 1); /* a copy: the parent does not see it */
    bad += old[N - 1] != depth + 1 || total(old, N) != N * (depth + 1);
    fill(fresh, N, 7);
    bad += fresh[0] != 7 || total(fresh, N) != 7 * N;
    if (depth < 2) {
        pid_t child = fork();

        if (child == 0)
            _exit(in_child(old, depth + 1));
        bad += waitpid(child, &status, 0) != child || status != 0;
    }
    bad += old[0] != depth + 1 || fresh[0] != 7;
    coil_free(fresh);
    coil_free(old);
    return bad;
}

int main(void)
{
    int *v = coil_alloc(N * sizeof *v), *w, bad = 0, status;

    fill(v, N, 1);
    for (int round = 0; round < 3; round++) {
        pid_t child = fork();

        if (child == 0)
            _exit(in_child(v, 1));
        bad += waitpid(child, &status, 0) != child || status != 0;
        bad += total(v, N) != N || v[0] != 1;
        w = coil_alloc(N * sizeof *w);
        fill(w, N, 3);
        bad += w[N / 2] != 3 || total(w, N) != 3 * N;
        coil_free(w);
    }
    printf("%d bad\n", bad);
    return 0;
}
