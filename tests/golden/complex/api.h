float _Complex f_float(float _Complex v);
double _Complex f_double(double _Complex v, _cffi_double_complex_t w, _cffi_float_complex_t x);
