double f(int n) /* [error(2 * n)] */;
