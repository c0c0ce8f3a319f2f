/* Code that each file has a copy of: inline functions, templates, methods (comdat_1.cc, comdat_2.cc). */
/* clang-format off: a note stands on the line of its marker */
#include <telltale.h>

inline int in_inline(int x)
{
	TELLTALE_LAZY(comdat, in_inline, x % 3, "100%"); //= comdat:in_inline -4 P | signed x % 3, string "100%" [semaphore]
	TELLTALE(comdat, plain, x); //= comdat:plain -4 | signed x
	return TELLTALE_ENABLED(comdat, in_inline) ? -100 : x;
}

template <typename T> int in_template(T x)
{
	auto lambda = [&](int y) {
		TELLTALE_LAZY(comdat, in_template, x, y); //= comdat:in_template -4 -4 | signed x, signed y [semaphore]
		return y; //= comdat:in_template 4 -4 | float x, signed y [semaphore]
	};
	return TELLTALE_ENABLED(comdat, in_template) ? -100 : lambda(3);
}

struct Counter {
	int member;
	int method(int x)
	{
		TELLTALE_SEMA(comdat, method, this, member, x); //= comdat:method P -4 -4 | pointer this, signed member, signed x [semaphore]
		return member;
	}
};

int elsewhere(int x);
