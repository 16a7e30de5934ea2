/* The worker dies with one-way calls queued: what it had not begun goes to the next one, in order. */
#include <signal.h>
#include <stdio.h>
#include <time.h>

extern void slow(int ms), note(int x), text(const char *text), die(void);
extern int notes(void), python_pid(void);

static void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

static void note_all(int from, int to)
{
    for (int i = from; i < to; i++)
        note(i);
}

int main(void)
{
    int worker;

    /* While it is idle and everything has been carried out: nothing is lost, and the next call finds out. */
    note_all(0, 5);
    printf("before: %d\n", notes());
    note_all(0, 5);
    sleep_ms(200);
    kill(python_pid(), SIGKILL);
    sleep_ms(100);
    note(0);
    sleep_ms(1000); /* it is on its way already */
    printf("idle: %d\n", notes());

    /* While a handler runs, with others behind it: that one is lost. */
    worker = python_pid();
    slow(20000);
    note_all(0, 100);
    sleep_ms(100);
    kill(worker, SIGKILL);
    printf("busy: %d\n", notes());

    /* While the caller waits for room. */
    die();
    note_all(0, 3000);
    text("text of the next worker");
    printf("full: %d\n", notes());

    /* Again and again. */
    for (int i = 0; i < 3; i++) {
        die();
        note(0);
    }
    printf("thrice: %d\n", notes());
    return 0;
}
