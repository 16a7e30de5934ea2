enum one { A, B };
enum two { C, A };
