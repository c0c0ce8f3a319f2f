/*
 * Provider definitions with everything that check-gen.sh looks for.
 */
#define TEXT const char *
#pragma D option quiet

typedef struct { int a; } unused_t;
struct other { int b; };

provider shop {
	probe order__start(int id, const char *customer); /* two names */
	probe order-done(unsigned long, void *);          // none
	probe idle();
	probe quiet(void);
	probe translated(struct order *o) : (orderinfo_t *o, int extra);
	probe odd (char buf[16], unsigned   int
		n, struct node * const * list, size_t);
	probe fn(int (*callback)(int, char), int last);
};

provider my__store {
	probe item(TEXT name);
	probe a_b(int x);
	probe a__b(int x, double y);
};

#pragma D attributes Evolving/Evolving/Common provider shop provider
