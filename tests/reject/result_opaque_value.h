struct hidden;
struct hidden f(void);
