double mean(const double *v, size_t n);
