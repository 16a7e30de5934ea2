/* Python's own threads run on while no call is active. */
#include <stdio.h>
#include <time.h>

extern void start(void);
extern int ticks(void);
extern void stop(void);

int main(void)
{
    int before, after;

    start();
    before = ticks();
    nanosleep(&(struct timespec){0, 400000000}, NULL);
    after = ticks();
    printf("%s\n", after - before >= 20 ? "ran on" : "stood still");
    stop();
    return 0;
}
