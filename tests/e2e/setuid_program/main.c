#include <stdio.h>
#include <sys/auxv.h>

extern int add(int x, int y);

int main(void)
{
    printf("%s\n", getauxval(AT_SECURE) ? "secure" : "not secure");
    printf("%d\n", add(40, 2));
    return 0;
}
