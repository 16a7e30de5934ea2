typedef int other;
