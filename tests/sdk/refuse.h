/* What the compiler must refuse, one case each (check-args.sh): -DCASE_name. */
#include <telltale.h>

struct pair {
	int a, b;
};

void refused(int n, struct pair pair);
void refused(int n, struct pair pair)
{
#if defined CASE_thirteen
	TELLTALE(refuse, thirteen, n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
#elif defined CASE_thirteen_sema
	TELLTALE_SEMA(refuse, thirteen, n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
#elif defined CASE_thirteen_lazy
	TELLTALE_LAZY(refuse, thirteen, n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
#elif defined CASE_twenty
	TELLTALE(refuse, twenty, n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
	         20);
#elif defined CASE_buffers
	TELLTALE(refuse, buffers, n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, TELLTALE_BUF("a", 1));
#elif defined CASE_structure
	TELLTALE(refuse, structure, n, pair);
#elif defined CASE_structure_lazy
	TELLTALE_LAZY(refuse, structure, pair, n);
#elif defined CASE_structure_named
	TELLTALE(refuse, structure, TELLTALE_ARG(pair, pair));
#elif defined CASE_int128
	__extension__ __int128 wide = n;
	TELLTALE(refuse, int128, wide);
#elif defined CASE_long_double
	TELLTALE(refuse, long_double, 1.0L);
#elif defined CASE_complex
	TELLTALE(refuse, complex, __builtin_complex(1.0, 2.0));
#elif defined CASE_vector
	int __attribute__((vector_size(16))) vector = {n};
	TELLTALE(refuse, vector, vector);
#elif defined CASE_undeclared
	TELLTALE_WITH(nobody, refuse, undeclared, n);
#elif defined CASE_accepted
	TELLTALE(refuse, accepted, n, pair.a);
#endif
	(void)n;
	(void)pair;
}
