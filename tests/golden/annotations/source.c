#include <stddef.h>
#include <stdint.h>
struct point { int x, y; };
struct hidden;
enum side { LEFT = 1, RIGHT };
#define CHANNELS 3
static int c_function(int *v, char **w) { return v && w ? *v : 0; }
