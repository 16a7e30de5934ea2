struct point { int x, y; };
struct hidden;
enum side { LEFT, RIGHT, ... };
#define CHANNELS ...
/* Only lib reaches it, so what is not clear is no error: */
int c_function(int *v /* [inout] */, char **w);
