double mean(const double v[]);
