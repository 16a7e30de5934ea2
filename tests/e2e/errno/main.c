#include <errno.h>
#include <pthread.h>
#include <stdio.h>

extern int seen(void);
extern int set(int value);
extern int untouched(void);

static void *other(void *argument)
{
    (void)argument;
    errno = ENOSPC;
    printf("%d", set(EPERM) == ENOSPC);
    printf(" %d\n", errno == EPERM);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    int result;

    errno = ENOTDIR;
    result = seen();
    printf("%d %d\n", result == ENOTDIR, errno == ENOTDIR);
    errno = EBADF;
    result = set(ERANGE);
    printf("%d %d\n", result == EBADF, errno == ERANGE);
    errno = EINTR;
    result = untouched();
    printf("%d %d\n", result == EINTR, errno == EINTR);
    errno = EDOM;
    pthread_create(&thread, NULL, other, NULL);
    pthread_join(thread, NULL);
    result = seen();
    printf("%d %d\n", result == EDOM, errno == EDOM);
    errno = 0;
    result = seen();
    printf("%d %d\n", result, errno);
    return 0;
}
