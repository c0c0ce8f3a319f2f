/*
 * increment() is called twice for each of a few integers, and writes it; so does main() behind each call. The function's
 * first instruction is run together with the probe on it, so it is none that writes.
 */
#include <stdlib.h>

__attribute__((noinline)) void increment(__attribute__((unused)) int n, int *i)
{
	__asm__ volatile("nop; nop");
	(*i)++;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 1;
	int *numbers = calloc((size_t)count, 64);

	for (int round = 0; numbers && round < 2; round++)
		for (int n = 0; n < count; n++) {
			increment(n, &numbers[n * 16]);
			numbers[n * 16]++;
		}
	return 0;
}
