/* The program's own memory outlives the worker: what Python wrote before it died is there, and the next one sees it. */
#include <coil.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>
#include <sys/wait.h>

#include "plugin.h"

int main(void)
{
    long *v = coil_alloc(3 * sizeof *v);
    pid_t child;

    printf("%d", add_one(v, 3));
    printf(" %ld %ld %ld\n", v[0], v[1], v[2]);
    printf("%d", crash(v, 3));
    printf(" %ld %ld %ld\n", v[0], v[1], v[2]);
    printf("%d", add_one(v, 3));
    printf(" %ld %ld %ld\n", v[0], v[1], v[2]);
    printf("%d\n", address(v) == (size_t)v);
    fflush(stdout);
    child = fork(); /* it has a copy, which Python does not see as it is, but it works all the same */
    if (child == 0) {
        int r = add_one(v, 3);

        printf("child: %d %ld\n", r, v[0]);
        fflush(stdout);
        coil_free(v);
        v = coil_alloc(sizeof *v);
        r = add_one(v, 1);
        printf("child: %d %ld %d\n", r, v[0], address(v) == (size_t)v);
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    printf("%ld\n", v[0]);
    coil_free(v);
    return 0;
}
