double mean(/* [in] */ const double *v /* [in] */, size_t n);
