#include <stdio.h>

extern int replaced(int x);
extern int kept(int x);
extern int raises_again(int x);
extern int bad_result(int x);
extern int bad_replacement(int x);

int main(void)
{
    printf("%d\n", replaced(1));
    printf("%d\n", kept(2));
    printf("%d\n", bad_result(4));
    fflush(stdout);
    fprintf(stderr, "-- quiet so far\n");
    printf("%d\n", raises_again(3));
    printf("%d\n", bad_replacement(5));
    return 0;
}
