#include <stdio.h>

extern int function(int x);
extern int read_variable(void);

int main(void)
{
    printf("%d\n", function(1));
    printf("%d\n", read_variable());
    return 0;
}
