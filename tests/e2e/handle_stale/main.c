/* Handles that mean nothing any more, and numbers that never did, are exceptions and nothing worse. */
#include <signal.h>
#include <stdio.h>
#include <stdint.h>
#include <unistd.h>

extern void *make(void);
extern void forget(void *handle);
extern int look(void *handle);
extern int python_pid(void);

int main(void)
{
    void *handle = make(), *other;
    char *address = handle;
    int python = python_pid();

    printf("%d\n", look(handle));
    printf("%d\n", look(address + 1));
    printf("%d\n", look(address - 16));
    printf("%d\n", look(&handle));
    printf("%d\n", look((void *)(uintptr_t)1));
    forget(handle);
    other = make(); /* until here, the last result is kept in any case */
    printf("%d\n", look(handle));
    handle = other;
    printf("%d\n", look(handle));
    if (python != getpid()) {
        kill(python, SIGKILL); /* the next Python has never heard of it */
    } else {
        forget(handle);
        (void)make();
    }
    printf("%d\n", look(handle));
    handle = make();
    printf("%d\n", look(handle));
    forget(handle);
    return 0;
}
