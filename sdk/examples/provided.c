/* A program whose markers are declared in example.d. */
#include "example.h"
#include <stdio.h>

int main(int argc, char **argv)
{
	EXAMPLE_WORK_START(argc, argv[0]);
	if (EXAMPLE_WORK_DONE_ENABLED())
		puts("watched");
	EXAMPLE_WORK_DONE(argc);
	puts("done");
	return 0;
}
