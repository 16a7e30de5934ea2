struct point { int x, y; };
struct hidden;
enum side { LEFT, RIGHT, ... };
#define CHANNELS ...
/* Only lib reaches it, so whatever it says is no error: */
int c_function(int *v /* [in, out] */, char **w);
