/* COUNT threads call at the same time; says how many had an answer, and waits for a line if there is another argument.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

int add(int x, int y);

static pthread_barrier_t barrier;

static void *run(void *answer)
{
    *(int *)answer = add(40, 2) == 42;
    (void)pthread_barrier_wait(&barrier); /* all of them have their channels until here */
    return NULL;
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 1;
    pthread_t threads[64];
    int answers[64] = { 0 };
    int right = 0;

    (void)pthread_barrier_init(&barrier, NULL, (unsigned)count);
    for (int i = 1; i < count; i++)
        if (pthread_create(&threads[i], NULL, run, &answers[i]) != 0)
            return 1;
    (void)run(&answers[0]);
    for (int i = 1; i < count; i++)
        (void)pthread_join(threads[i], NULL);
    for (int i = 0; i < count; i++)
        right += answers[i];
    printf("%d\n", right);
    fflush(stdout);
    if (argc > 2)
        (void)getchar();
    return 0;
}
