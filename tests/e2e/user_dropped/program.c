/* A program that drops root's rights after its first call. */
#include <coil.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern int add(int x, int y), slow(int ms);

static void *thread_main(void *unused)
{
    return add(20, 22) == 42 ? unused : NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    void *result;
    const char *text;
    int r;

    printf("%d\n", add(40, 2));
    if (setgid(54321) < 0 || setuid(54321) < 0)
        return 2;
    printf("%d\n", add(40, 2));
    pthread_create(&thread, NULL, thread_main, argv);
    pthread_join(thread, &result);
    printf("%s\n", result ? "a thread, too" : "but no thread");
    if (argc > 1) { /* the next worker is out of reach */
        printf("%d\n", slow(-2));
        r = add(40, 2);
        printf("%d %d\n", r, coil_last_error(&text) == COIL_E_NO_DAEMON || coil_last_error(NULL) == COIL_E_REFUSED);
    }
    return 0;
}
