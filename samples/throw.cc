/*
 * Throws and catches C++ exceptions. It has no markers of its own: libstdc++ carries
 * libstdcxx:throw, libstdcxx:rethrow and libstdcxx:catch, which any C++ program can be watched by.
 *
 *	throw [TIMES]
 */
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

static void fail(long number)
{
	if (number % 2)
		throw std::runtime_error("odd");
	throw number;
}

int main(int argc, char **argv)
{
	long times = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 10, texts = 0, numbers = 0;

	for (long i = 0; i < times; i++) {
		try {
			fail(i);
		} catch (const std::exception &) {
			texts++;
		} catch (long) {
			numbers++;
		}
	}
	std::printf("throw: %ld texts, %ld numbers\n", texts, numbers);
	return texts + numbers == times ? 0 : 1;
}
