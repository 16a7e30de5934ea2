/* Memory from coil_alloc() is what Python sees: no copies, the same addresses, in both modes. */
#include <coil.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

#define MIB ((size_t)1 << 20)

static void *answer(void *argument)
{
    int *flags = argument;

    while (__atomic_load_n(&flags[0], __ATOMIC_SEQ_CST) != 1)
        ;
    __atomic_store_n(&flags[1], 2, __ATOMIC_SEQ_CST);
    return NULL;
}

static void offline(void)
{
    char *a = coil_alloc(1000), *b = coil_alloc(0);

    printf("%d %d %d\n", a && b && a != b, (int)((uintptr_t)a % 64), a[999]);
    strcpy(a, "no Python");
    puts(a);
    coil_free(b);
    coil_free(a);
    coil_free(NULL);
}

int main(int argc, char **argv)
{
    long *numbers;
    unsigned char *large, *again;
    char *text;
    int *flags;
    pthread_t thread;

    offline();
    if (argc > 1 && strcmp(argv[1], "offline") == 0)
        return 0;

    numbers = coil_alloc(100 * sizeof *numbers);
    for (int i = 0; i < 100; i++)
        numbers[i] = i;
    printf("address: %s\n", address(numbers) == (size_t)numbers ? "same" : "other");
    printf("sum: %ld\n", sum(numbers, 100));
    printf("sum of a part: %ld\n", sum(numbers + 50, 50));
    text = coil_alloc(100);
    fill((unsigned char *)text, 99, 'x');
    printf("kept from an earlier call: %ld\n", numbers[50]);
    printf("text: %.3s, %zu\n", text, strlen(text));
    printf("middle: %s\n", middle(text) == (void *)(text + 3) ? "same" : "other");

    flags = coil_alloc(2 * sizeof *flags);
    pthread_create(&thread, NULL, answer, flags);
    printf("handshake: %d\n", handshake(flags));
    pthread_join(thread, NULL);
    printf("flags: %d %d\n", flags[0], flags[1]);

    large = coil_alloc(64 * MIB);
    fill(large, 64 * MIB, 'z');
    printf("large: %c %c %d\n", large[0], large[64 * MIB - 1], address(large) == (size_t)large);
    coil_free(large);
    again = coil_alloc(64 * MIB);
    printf("again: %d\n", zeros(again, 64 * MIB));
    coil_free(again);
    coil_free(text);
    coil_free(numbers);
    coil_free(flags);
    text = coil_alloc(10);
    printf("reused: %d\n", zeros((unsigned char *)text, 10));
    coil_free(text);
    return 0;
}
