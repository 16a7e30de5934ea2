float same_float(float x);
double same_double(double x);
long double same_long_double(long double x);
long double scaled(long double x, int power);
double mixed(int a, float b, double c, long double d, char e, short f);
