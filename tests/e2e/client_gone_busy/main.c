/* Makes one call of the kind that argv[1] names. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern int spins(const char *path), sleeps(const char *path), insists(const char *path), ready(void);
extern void counts(const char *path);

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    printf("%d\n", ready());
    fflush(stdout);
    if (strcmp(argv[1], "spins") == 0)
        spins(argv[2]);
    else if (strcmp(argv[1], "sleeps") == 0)
        sleeps(argv[2]);
    else if (strcmp(argv[1], "insists") == 0)
        insists(argv[2]);
    else
        counts(argv[2]);
    pause();
    return 0;
}
