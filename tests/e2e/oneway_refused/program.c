/* One-way calls that the worker refuses.  Before it waits for a line, it says in which worker it is. */
#include <coil.h>
#include <pthread.h>
#include <stdio.h>

extern void crash(void);
extern int add(int x, int y), worker(void);

static void flush(const char *what)
{
    int result = coil_flush();
    int code = coil_last_error(NULL);

    printf("%s: %d %s\n", what, result, code == COIL_OK ? "ok" : code == COIL_E_REFUSED ? "refused" : "?");
    fflush(stdout);
}

static void await_line(void)
{
    char line[16];

    printf("in %d\n", worker());
    fflush(stdout);
    (void)fgets(line, sizeof line, stdin);
}

static void *refused(void *argument)
{
    (void)argument;
    crash();
    printf("%d\n", add(3, 3));
    return NULL;
}

static void *with_the_same_channel(void *argument)
{
    (void)argument;
    printf("%d\n", add(4, 4));
    flush("another thread's");
    return NULL;
}

int main(void)
{
    pthread_t thread;

    for (int i = 0; i < 5; i++) {
        crash();
        (void)coil_flush();
    }
    crash();
    flush("refused");
    flush("once");
    crash();
    printf("%d\n", add(1, 2));
    flush("with a call in between");
    pthread_create(&thread, NULL, refused, NULL);
    pthread_join(thread, NULL);
    pthread_create(&thread, NULL, with_the_same_channel, NULL);
    pthread_join(thread, NULL);
    crash();
    await_line();
    flush("the worker was killed meanwhile");
    crash();
    await_line();
    flush("in another one meanwhile");
    crash();
    await_line(); /* the reload has made it be tried again */
    return 0;
}
