/* Threads that are cancelled, or end themselves, in C code that Python has called, at any depth: nobody waits for ever. */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>

extern sem_t resting;
extern int run(int depth);
extern int leave_from_c(void);
extern int count(void);

static void *in_a_thread(void *depth)
{
    run((int)(long)depth);
    return depth;
}

static void *leaving(void *unused)
{
    leave_from_c();
    return unused;
}

static int await_count(int wanted)
{
    for (int i = 0; i < 2000 && count() < wanted; i++)
        usleep(5000);
    return count();
}

int main(void)
{
    int before = count(), rounds = 12, expected = 0;

    sem_init(&resting, 0, 0);
    for (int i = 0; i < rounds; i++) {
        pthread_t thread;

        pthread_create(&thread, NULL, in_a_thread, (void *)(long)(i % 4));
        while (sem_wait(&resting) < 0)
            ;
        pthread_cancel(thread);
        pthread_join(thread, NULL);
        expected += 2 * (i % 4 + 1); /* each of the handlers is told, twice */
    }
    printf("%s\n", await_count(before + expected) >= before + expected ? "all told" : "some were not told");
    for (int i = 0; i < 4; i++) {
        pthread_t thread;

        pthread_create(&thread, NULL, leaving, NULL);
        pthread_join(thread, NULL);
    }
    printf("%s\n", await_count(before + expected + 4) >= before + expected + 4 ? "all told" : "some were not told");
    return 0;
}
