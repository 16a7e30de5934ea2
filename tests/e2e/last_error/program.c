#include <coil.h>
#include <pthread.h>
#include <stdio.h>

extern int divide(int x, int y);
extern int missing(void);

static void *other(void *argument)
{
    (void)argument;
    printf("%d", coil_last_error(NULL));
    divide(1, 1);
    printf(" %d\n", coil_last_error(NULL));
    return NULL;
}

int main(void)
{
    const char *text = NULL;
    pthread_t thread;

    divide(6, 2);
    printf("%d\n", coil_last_error(&text) == COIL_OK);
    divide(1, 0);
    printf("%d", coil_last_error(&text) == COIL_E_EXCEPTION);
    printf(" %d\n", text != NULL && text[0] != '\0');
    pthread_create(&thread, NULL, other, NULL);
    pthread_join(thread, NULL);
    printf("%d\n", coil_last_error(NULL) == COIL_E_EXCEPTION);
    missing();
    printf("%d\n", coil_last_error(&text) == COIL_E_NOT_ATTACHED);
    divide(1, 1);
    printf("%d\n", coil_last_error(NULL) == COIL_OK);
    return 0;
}
