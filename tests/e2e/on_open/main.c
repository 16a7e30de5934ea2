/* @coil.on_open: for every program, on the thread that opens the module, before anything else of it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

extern int opened(void), twice(int x), mine(void), failing(void), wrong(void);

static void *call(void *argument)
{
    *(int *)argument = mine();
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[4];
    int results[4];

    setenv("NAME", argc > 1 ? argv[1] : "none", 1);
    if (argc > 2)
        return (argv[2][0] == 'i' ? wrong() : failing()) == 1 ? 0 : 3;
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, call, &results[i]);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    printf("mine: %d%d%d%d\n", results[0], results[1], results[2], results[3]);
    printf("programs: %d, %d\n", opened(), twice(4));
    return 0;
}
