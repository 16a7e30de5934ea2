double mean(const double *v /* [countedby(n)] */, size_t n);
