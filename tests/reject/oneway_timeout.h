/* [oneway, timeout(5)] */ void f(int x);
