/* The provider definitions of provided.c. */
provider example {
	probe work__start(int id, const char *what);
	probe work__done(int id);
};
