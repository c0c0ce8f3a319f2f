/* A program with three markers, for the examples of CMake and Meson. */
#include <stdio.h>
#include <telltale.h>

int main(int argc, char **argv)
{
	TELLTALE(example, start, argc, TELLTALE_ARG(program, argv[0]));
	for (int i = 1; i < argc; i++)
		TELLTALE_LAZY(example, argument, i, argv[i]);
	puts("done");
	TELLTALE(example, end);
	return 0;
}
