#define SOON (-1)
