// Arguments of C++; args.h says how it is read.
/* clang-format off: a note stands on the line of its marker */
#include <cstdio>
#include <telltale.h>
#include "args.h"

enum class Scoped : unsigned char { A, B };
enum class Wide : long long { X = -1 };

template <typename T> static T twice(T x)
{
	TELLTALE(args, in_template, x, sizeof(T)); //= args:in_template -4 L | signed x, unsigned sizeof(T)
	return x + x; //= args:in_template 8 L | float x, unsigned sizeof(T)
}

namespace outer
{
namespace inner
{
static int in_namespace(int x)
{
	TELLTALE_LAZY(args, spaced, x); //= args:spaced -4 | signed x [semaphore]
	return TELLTALE_ENABLED(args, spaced) ? 1 : 0;
}
} // namespace inner
} // namespace outer

struct Object {
	int member;
	explicit Object(int x) : member(x)
	{
		TELLTALE(args, constructed, this, member); //= args:constructed P -4 | pointer this, signed member
	}
	Object(const Object &) = delete;
	int method(int &reference, const int &constant, int &&moved)
	{
		TELLTALE(args, references, reference, constant, moved, *this->self()); //= args:references -4 -4 -4 -4 | signed reference, signed constant, signed moved, signed *this->self()
		return reference;
	}
	int *self()
	{
		return &member;
	}
};

static Object before_main(3);

template <typename F> static int call(F f)
{
	return f(4);
}

int main(int argc, char **argv)
{
	int seven = 7;

	TELLTALE(args, scoped, Scoped::B, Wide::X, nullptr, u'x', U'y', true); //= args:scoped 1 -8 P 2 4 1 | unsigned Scoped::B, signed Wide::X, pointer nullptr, unsigned u'x', unsigned U'y', bool true
	twice(3);
	twice(1.5);
	if (outer::inner::in_namespace(argc))
		return 1;
	if (before_main.method(seven, 8, 9) != 7)
		return 1;
	int got = call([&](int x) {
		TELLTALE(args, in_lambda, x, seven); //= args:in_lambda -4 -4 | signed x, signed seven
		return x + seven;
	});
	TELLTALE(args, lambda, [](int x) { return x % 3; }(got)); //= args:lambda -4 | signed [](int x) { return x % 3; }(got)
	if (common(argc, argv))
		return 1;
	std::puts("done");
	return 0;
}
