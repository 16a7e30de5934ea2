double mean(const double *v /* [in, counted_by(n), in] */, size_t n);
