#include <limits.h>
#include <stdio.h>
#include <unistd.h>

extern int run(const char *folder);
extern int loop(const char *folder, int n);

int main(void)
{
    char folder[PATH_MAX];
    int r;

    if (!getcwd(folder, sizeof folder))
        return 1;
    r = run(folder);

    printf("%d\n", r);
    for (int i = 0; i < 20; i++)
        r = loop(folder, 3000);
    printf("%d\n", r);
    return 0;
}
