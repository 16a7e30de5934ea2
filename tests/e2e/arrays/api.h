typedef int matrix[2][3];
int sum(const int values[4]);
int square(int values[4]);
int transpose(matrix m);
int bytes(unsigned char data[16], const unsigned char key[4]);
