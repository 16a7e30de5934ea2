double mean(double *v, size_t n);
