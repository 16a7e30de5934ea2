double price(const double *list, int discount);
