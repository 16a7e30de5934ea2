#define RATIO 0.5
