/* error() in the declaration is what a call returns in trouble: an exception, nothing attached, no init, a death. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

extern int number(int x), replaced(int x), missing(void), broken(int x), never(int x);
extern unsigned char letter(void);
extern int64_t wide(void);
extern float ratio(void);
extern double price(void);
extern long double exact(void);
extern _Bool truth(void);
extern int state(void);

int main(int argc, char **argv)
{
    printf("%d %d\n", number(1), replaced(1));
    printf("%c %lld %g %g %Lg\n", letter(), (long long)wide(), (double)ratio(), price() * 0 == 0 ? 0.0 : 1.0, exact());
    printf("%d %d\n", truth(), state());
    printf("%d %d\n", missing(), never(1));
    if (argc > 1 && strcmp(argv[1], "die") == 0)
        printf("%d\n", broken(1));
    return 0;
}
