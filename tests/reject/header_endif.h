#ifndef GUARD
int f(int);
