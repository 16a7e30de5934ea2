typedef int fn_t(int);
struct s { fn_t f[3]; };
