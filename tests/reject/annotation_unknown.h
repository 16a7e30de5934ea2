double mean(const double *v /* [readonly] */, int k);
