#include <stdio.h>

extern int counter;
extern const char *const version;
extern int bump(void);
extern int plus_counter(int x);

int main(void)
{
    counter += bump();
    printf("%d %s\n", counter, version);
    printf("%d\n", plus_counter(3));
    return 0;
}
