/* A program that does something else while a one-way call prints more than it can be kept. */
#include <stdio.h>
#include <time.h>

extern void lines(int count);
extern int started(void);

int main(void)
{
    started();
    lines(2000);
    nanosleep(&(struct timespec){ 2, 500000000 }, NULL);
    printf("back: %d\n", started());
    fflush(stdout);
    lines(2);
    printf("done: %d\n", started());
    return 0;
}
