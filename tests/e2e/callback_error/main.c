#include <stdio.h>

typedef int (*f_t)(int);
typedef struct {
    int x;
    double y;
} pair_t;
extern f_t raising(void);
extern f_t raising_with_error(void);
extern f_t raising_onerror(void);
extern f_t wrong_result(void);
extern f_t onerror_raises(void);
extern void (*void_returns(void))(void);
extern pair_t (*struct_error(void))(void);
extern double (*float_error(void))(void);
extern int bad_error(void);

int main(void)
{
    pair_t pair;

    printf("%d\n", raising()(1));
    printf("%d\n", raising_with_error()(2));
    printf("%d\n", raising_onerror()(3));
    printf("%d\n", wrong_result()(4));
    printf("%d\n", onerror_raises()(5));
    void_returns()();
    pair = struct_error()();
    printf("%d %.1f\n", pair.x, pair.y);
    printf("%f\n", float_error()());
    return bad_error();
}
