// A shared library that does not say what it is.

int jackfield_bad_answer(void);

int jackfield_bad_answer(void) { return 42; }
