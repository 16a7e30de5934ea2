extern "Python" static const int LIMIT;
