double norm(const double *v, const double *w, size_t n);
