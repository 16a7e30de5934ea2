/* Each line of stdin: "calls N" from four threads, "grow MB", "handle", "look"; says what came of it and in which worker. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int worker(void), add(int x, int y), look(void *h);
extern void grow(int mb);
extern void *handle(void);

static void *make_calls(void *argument)
{
    long count = *(int *)argument / 4, wrong = 0;

    for (int i = 0; i < count; i++)
        wrong += add(i, 1) != i + 1;
    return (void *)wrong;
}

int main(void)
{
    static void *held;
    char line[64];

    printf("0 in %d\n", worker());
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        int number = strchr(line, ' ') ? atoi(strchr(line, ' ')) : 0;
        long wrong = 0;

        if (line[0] == 'c') {
            pthread_t threads[4];

            for (int i = 0; i < 4; i++)
                pthread_create(&threads[i], NULL, make_calls, &number);
            for (int i = 0; i < 4; i++) {
                void *result;

                pthread_join(threads[i], &result);
                wrong += (long)result;
            }
        } else if (line[0] == 'g') {
            grow(number);
        } else if (line[0] == 'h') {
            held = handle();
        } else if (line[0] == 'l') {
            wrong = look(held);
        }
        printf("%ld in %d\n", wrong, worker());
        fflush(stdout);
    }
    return 0;
}
