/* A program for other people's tools to look at (check-tools.sh): the values of each argument are known. */
#include <stdio.h>
#include <telltale.h>

struct request {
	int id;
	const char *path;
};

__attribute__((noinline)) static void serve(struct request *r, unsigned char small, long big, double real)
{
	TELLTALE(tools, serve, r->id, r->path, small, big, -5, real);
	TELLTALE_SEMA(tools, watched, r->id + 1);
}

int main(void)
{
	char path[] = "/index"; /* on the stack: bpftrace reads no page that the program has not touched */
	struct request r = { 41, path };

	for (int i = 0; i < 3; i++)
		serve(&r, 200, -7000000000L, 1.5);
	puts("done");
	return 0;
}
