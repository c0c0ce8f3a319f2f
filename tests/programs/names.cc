// C++ functions for functions.sh: methods, overloads, templates; each is called as often as it says.
#include <string>

#define APART __attribute__((noinline, noclone))

namespace foo {
struct bar {
	int n;
	explicit bar(int n);
	int get(int x) const;
	static int measure(const std::string &text);
};
APART bar::bar(int n) : n(n) { asm volatile(""); }
APART int bar::get(int x) const { asm volatile(""); return n + x; }
APART int bar::measure(const std::string &text) { asm volatile(""); return (int)text.size(); }
APART int over(int a) { asm volatile(""); return a; }
APART int over(double a) { asm volatile(""); return (int)a; }
}
template <class T> APART T twice(T t) { asm volatile(""); return t + t; }
extern "C" APART int plain(int a) { asm volatile(""); return a; }

int main()
{
	foo::bar b(3);
	volatile int sum = 0;

	for (int i = 0; i < 5; i++)
		sum = sum + b.get(i) + plain(i);
	for (int i = 0; i < 3; i++)
		sum = sum + foo::over(i) + twice(i);
	sum = sum + foo::over(1.5) + foo::bar::measure("abc") + twice(1L);
	return 0;
}
