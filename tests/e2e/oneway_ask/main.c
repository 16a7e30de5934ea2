/* One-way handlers use the program: on a thread of its own, since none waits for them. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

extern void add(int x), nested(int x), who(void), where(void);
extern int done(void), after(void);
extern int total;

int main(int argc, char **argv)
{
    (void)argv;
    if (chdir("/") != 0)
        return 1;
    if (argc > 1) { /* a module that has no C functions: there is no such thread before it is wanted */
        where();
        nanosleep(&(struct timespec){ 0, 100000000 }, NULL);
        printf("after: %d\n", after());
        return 0;
    }
    add(1);
    for (int i = 0; i < 1000 && !*(volatile int *)&total; i++) /* nobody waits for it, and it comes all the same */
        nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
    printf("total: %d\n", total);
    for (int i = 0; i < 100; i++)
        add(i);
    nested(21);
    who();
    printf("done: %d\n", done());
    return 0;
}
