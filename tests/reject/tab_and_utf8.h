int	f(int é);
