/* A program for other people's tools to look at (check-tools.sh): the values of each argument are
 * known. */
#include <stdio.h>
#include <telltale.h>

struct request {
	int id;
	const char *path;
};

__attribute__((noinline)) static void serve(struct request *r, unsigned char small, long big,
                                            double real)
{
	TELLTALE(tools, serve, r->id, r->path, small, big, -5, real);
	TELLTALE_SEMA(tools, watched, r->id + 1);
}

/* Nobody but a tracer reads what is written here: it must be in memory when the site is reached. */
__attribute__((noinline)) static void fill(int n)
{
	char text[8];
	int numbers[2];

	for (int i = 0; i < 7; i++)
		text[i] = (char)('a' + n);
	text[7] = 0;
	numbers[0] = n;
	numbers[1] = 7 * n;
	TELLTALE(tools, filled, text, TELLTALE_BUF(numbers, sizeof(numbers)));
	numbers[1] = 0;
}

int main(void)
{
	char path[] = "/index"; /* on the stack: bpftrace reads no page that the program has not
	                           touched */
	struct request r = {41, path};

	for (int i = 0; i < 3; i++)
		serve(&r, 200, -7000000000L, 1.5);
	fill(2);
	puts("done");
	return 0;
}
