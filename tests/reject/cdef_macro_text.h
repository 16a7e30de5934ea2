#define NAME "coil"
