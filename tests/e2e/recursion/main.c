#include <pthread.h>
#include <stdio.h>

struct wide { int depth; char bytes[300]; };
extern int in_python(int depth, int frames);
extern int wide_in_python(struct wide w);

static void *in_a_thread(void *unused)
{
    struct wide w = { 200, { 0 } };

    printf("%d\n", in_python(200, 0));
    printf("%d\n", wide_in_python(w));
    return unused;
}

int main(void)
{
    pthread_t thread;

    for (int i = 0; i < 20; i++)
        if (in_python(i, 0) != 2 * i + 7)
            printf("%d levels: wrong\n", i);
    printf("%d\n", in_python(200, 0));
    printf("%d\n", in_python(1000, 0)); /* ends where it gets too deep */
    printf("%d\n", in_python(200, 0));
    pthread_create(&thread, NULL, in_a_thread, NULL);
    pthread_join(thread, NULL);
    return 0;
}
