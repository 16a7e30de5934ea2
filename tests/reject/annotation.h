double mean(const double *v /* [counted_by(n)] */, size_t n);
