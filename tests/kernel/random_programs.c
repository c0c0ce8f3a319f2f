/*
 * What compiles, loads: random well-typed programs (random_language.h) go through the compiler and
 * the kernel's verifier. Those that can be computed are run, too, and must leave what the same
 * program leaves when it is computed in C.
 *
 *	RANDOM_SEED=N	where chance begins; RANDOM_PROGRAMS=N	how many clauses of each kind
 */
#include "random_language.h"

#include "compile/compile.h"
#include "engine/engine.h"
#include "tests/unit/probe_help.h"

#include <errno.h>
#include <stdio.h>

enum { CLAUSES = 8, FAILURES_MOST = 3, RESULTS_MOST = 4096 };

/* ---- making ---- */

static struct node *make_block(struct random_program *p, char hole);

static struct node *new_node(struct random_program *p, char hole)
{
	struct node *n = arena_alloc(&p->arena, sizeof(*n));

	if (!n)
		abort();
	n->hole = hole;
	return n;
}

/* One of a table by weight, of those that will do. */
static const struct production *choose_production(struct random_program *p,
						  const struct production *table, size_t count)
{
	uint64_t sum = 0, at;

	for (size_t i = 0; i < count; i++)
		sum += !p->computed || table[i].compute ? table[i].weight : 0;
	at = below(p, sum);
	for (size_t i = 0;; i++) {
		uint64_t weight = !p->computed || table[i].compute ? table[i].weight : 0;

		if (at < weight)
			return &table[i];
		at -= weight;
	}
}

#define CHOOSE(p, table) choose_production(p, table, sizeof(table) / sizeof(*(table)))

static uint64_t random_number(struct random_program *p)
{
	static const uint64_t edges[] = {0,	    1,		 63,	       64,
					 INT32_MAX, 0x80000000,	 UINT32_MAX,   INT64_MAX,
					 1ull << 63, UINT64_MAX, 0x100000000};

	switch (below(p, 4)) {
	case 0:
		return edges[below(p, sizeof(edges) / sizeof(*edges))];
	case 1:
		return chance(p) >> below(p, 64);
	default:
		return below(p, 20);
	}
}

/* A variable that is seen, or one that may be changed; NULL: there is none. */
static struct node *some_variable(struct random_program *p, char hole)
{
	struct node *n = new_node(p, hole);
	size_t place;

	if (!p->seen_count)
		return NULL;
	place = p->seen[below(p, p->seen_count)];
	if (hole == 'w' && p->variables[place].fixed)
		return NULL;
	n->number = place;
	n->is_unsigned = p->variables[place].is_unsigned;
	return n;
}

static struct node *make(struct random_program *p, const struct production *from);

static struct node *make_number(struct random_program *p)
{
	struct node *n = new_node(p, 'i'), *number = new_node(p, 'd');

	number->number = random_number(p);
	n->made_by = &leaves[0];
	n->children[n->count++] = number;
	n->is_unsigned = number->number > INT64_MAX;
	return n;
}

static struct node *make_expression(struct random_program *p, bool wants_signed)
{
	struct node *n = NULL;

	for (int tries = 0; tries < 5 && (!n || (wants_signed && n->is_unsigned)); tries++) {
		bool leaf = p->depth >= p->deepest || below(p, 3) == 0;

		p->depth++;
		n = make(p, leaf ? CHOOSE(p, leaves) : CHOOSE(p, expressions));
		p->depth--;
	}
	while (!n || (wants_signed && n->is_unsigned))
		n = make_number(p);
	return n;
}

static struct node *new_variable(struct random_program *p)
{
	struct node *n = new_node(p, 'n');

	if (p->variable_count == VARIABLES_MOST)
		return NULL;
	n->number = p->variable_count++;
	p->variables[n->number] = (struct random_variable){.bits = 64};
	return n;
}

/* What a declared type makes of a variable; else it is as its first value. */
static void settle_variable(struct random_program *p, const struct node *n)
{
	static const struct {
		const char *name;
		uint8_t bits;
		bool is_signed;
	} types[] = {{": bool", 1, false},   {": uint8", 8, false},   {": int16", 16, true},
		     {": uint32", 32, false}, {": int32", 32, true}, {": uint64", 64, false}};
	struct random_variable *v = &p->variables[n->children[0]->number];

	v->is_unsigned = n->count > 1 && n->children[1]->is_unsigned;
	v->bare = n->made_by->compute == set_zero;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (!strstr(n->made_by->text, types[i].name))
			continue;
		v->bits = types[i].bits;
		v->is_signed = types[i].is_signed;
		v->is_unsigned = v->bits == 64;
	}
}

static struct node *fill(struct random_program *p, char hole)
{
	struct node *n;

	switch (hole) {
	case 'i':
	case 's':
		return make_expression(p, hole == 's');
	case 't':
		p->depth++;
		n = make(p, CHOOSE(p, texts));
		p->depth--;
		return n;
	case 'v':
	case 'w':
		return some_variable(p, hole);
	case 'n':
		return new_variable(p);
	case '#':
		n = new_node(p, hole);
		n->number = 1 + below(p, 12);
		return n;
	case 'd':
		n = new_node(p, hole);
		n->number = random_number(p);
		n->is_unsigned = n->number > INT64_MAX;
		return n;
	default:
		return make_block(p, hole);
	}
}

static void find_sign(struct node *n)
{
	switch (n->made_by->sign) {
	case AS_CHILDREN:
	case AS_BRANCHES:
		for (size_t i = n->made_by->sign == AS_BRANCHES; i < n->count; i++)
			n->is_unsigned |= n->children[i]->is_unsigned;
		break;
	case AS_FIRST:
	case BY_NUMBER:
		n->is_unsigned = n->children[0]->is_unsigned;
		break;
	default:
		n->is_unsigned = n->made_by->sign == UNSIGNED;
	}
}

static void see(struct random_program *p, const struct node *n)
{
	p->seen[p->seen_count++] = n->children[0]->number;
}

/* NULL: a hole could not be filled. */
static struct node *make(struct random_program *p, const struct production *from)
{
	struct node *n = new_node(p, 'i');
	size_t seen = p->seen_count;
	bool declares = false;

	n->made_by = from;
	for (const char *t = strchr(from->text, '%'); t; t = strchr(t + 2, '%')) {
		bool loop = t[1] == 'l';

		if (t[1] == '%' || (t[1] >= '0' && t[1] <= '9'))
			continue;
		if (loop && declares && from->compute != run_each) { /* the body sees the variable of its loop */
			settle_variable(p, n);
			p->variables[n->children[0]->number].fixed = from->compute == run_while;
			see(p, n);
		}
		n->children[n->count] = fill(p, t[1]);
		if (!n->children[n->count])
			return NULL;
		n->count++;
		declares |= t[1] == 'n';
	}
	find_sign(n);
	if (declares && !strstr(from->text, "%l")) {
		settle_variable(p, n);
		see(p, n);
	}
	if (from->compute == run_range || from->compute == run_each) /* its variable ends with it */
		p->seen_count = seen;
	return n;
}

/* A variable that is not declared keeps its type when it is assigned behind its block; a bare one gets
 * it by its first value, whatever the operator. */
static bool will_do(const struct random_program *p, const struct node *n)
{
	bool same;

	if (!n || n->count < 2 || n->children[0]->hole != 'w')
		return n;
	same = n->children[0]->is_unsigned == n->children[1]->is_unsigned;
	return same || (n->made_by->compute != set && !p->variables[n->children[0]->number].bare);
}

static struct node *make_statement(struct random_program *p)
{
	struct node *n = NULL;

	while (!will_do(p, n)) {
		const struct production *from = p->loops && below(p, 6) == 0
							? CHOOSE(p, jumps)
							: CHOOSE(p, statements);
		bool has_block = strstr(from->text, "%b") || strstr(from->text, "%l");
		bool unrolls = from->compute == run_unroll;
		bool each = strstr(from->text, " : @");

		if (has_block && (p->depth >= DEPTH_MOST || (unrolls && p->unrolls)))
			continue;
		if (each && p->eaches == EACH_MOST)
			continue;
		p->unrolls += unrolls;
		p->eaches += each;
		n = make(p, from);
		p->eaches -= each;
		p->unrolls -= unrolls;
	}
	return n;
}

/* What a block declares ends with it; what it only assigns may go on to be used. */
static void end_block(struct random_program *p, size_t mark, const struct node *block)
{
	size_t kept = mark;

	for (const struct node *s = block->children[0]; s; s = s->next) {
		bool assigns = s->count && s->children[0]->hole == 'n' &&
			       !strncmp(s->made_by->text, "%n = ", 5);

		for (size_t i = mark; assigns && i < p->seen_count; i++)
			if (p->seen[i] == s->children[0]->number && below(p, 2))
				p->seen[kept++] = p->seen[i];
	}
	p->seen_count = kept;
}

static struct node *make_block(struct random_program *p, char hole)
{
	struct node *block = new_node(p, hole), **last = &block->children[0];
	size_t mark = p->seen_count, count = 1 + below(p, BLOCK_MOST);
	unsigned loops = p->loops;

	p->depth++;
	p->loops += hole == 'l';
	for (size_t i = 0; i < count; i++, last = &(*last)->next)
		*last = make_statement(p);
	p->loops = loops;
	p->depth--;
	if (p->depth)
		end_block(p, mark, block);
	return block;
}

/* ---- writing ---- */

static void write_node(struct random_program *p, const struct node *n);

static void write_child(struct random_program *p, const struct node *n)
{
	switch (n->hole) {
	case 'v':
	case 'w':
	case 'n':
		buffer_print(&p->text, "$v%llu", (unsigned long long)n->number);
		break;
	case '#':
		buffer_print(&p->text, "%llu", (unsigned long long)n->number);
		break;
	case 'd':
		buffer_print(&p->text, n->number & 1 ? "%llu" : "0x%llx",
			     (unsigned long long)n->number);
		break;
	case 'b':
	case 'l':
		buffer_text(&p->text, "{\n");
		for (const struct node *s = n->children[0]; s; s = s->next) {
			write_node(p, s);
			buffer_char(&p->text, '\n');
		}
		buffer_char(&p->text, '}');
		break;
	default:
		write_node(p, n);
	}
}

static void write_node(struct random_program *p, const struct node *n)
{
	size_t next = 0;

	for (const char *t = n->made_by->text; *t; t++) {
		if (*t != '%')
			buffer_char(&p->text, *t);
		else if (*++t == '%')
			buffer_char(&p->text, '%');
		else if (*t >= '0' && *t <= '9')
			write_child(p, n->children[*t - '0']);
		else
			write_child(p, n->children[next++]);
	}
}

/* ---- results ---- */

struct result {
	uint64_t clause, variable, value;
	bool found;
};

struct results {
	struct result items[RESULTS_MOST];
	size_t count;
	unsigned wrong;
};

/* The clause stores what its variables hold at the end: where it does not end early. */
static void write_results(struct random_program *p, struct results *results)
{
	for (size_t i = 0; p->computed && i < p->seen_count; i++) {
		struct result *r = &results->items[results->count];
		size_t place = p->seen[i];

		buffer_print(&p->text, "@r[%u, %zu] = $v%zu;\n", p->clause, place, place);
		if (p->state != GO_ON || results->count == RESULTS_MOST)
			continue;
		*r = (struct result){p->clause, place, p->variables[place].value, false};
		results->count++;
	}
}

static int compare_result(void *context, const void *key, const void *value)
{
	struct results *results = context;
	uint64_t keys[2], got;

	memcpy(keys, key, sizeof(keys));
	memcpy(&got, value, sizeof(got));
	for (size_t i = 0; i < results->count; i++) {
		struct result *r = &results->items[i];

		if (r->clause != keys[0] || r->variable != keys[1])
			continue;
		r->found = true;
		if (r->value == got)
			return 0;
		printf("# clause %llu: $v%llu is %lld, should be %lld\n",
		       (unsigned long long)keys[0], (unsigned long long)keys[1], (long long)got,
		       (long long)r->value);
		results->wrong++;
		return 0;
	}
	printf("# clause %llu stored $v%llu, and should have ended before\n",
	       (unsigned long long)keys[0], (unsigned long long)keys[1]);
	results->wrong++;
	return 0;
}

/* ---- programs ---- */

/* One clause more; one that would take too long to compute is made anew. */
static void add_clause(struct random_program *p, struct results *results)
{
	struct random_program before = *p;
	struct node *body;

	for (;;) {
		p->variable_count = p->seen_count = 0;
		p->depth = p->loops = p->unrolls = p->steps = 0;
		p->deepest = below(p, 8) ? DEPTH_MOST : DEEP_MOST;
		p->state = GO_ON;
		body = make_block(p, 'b');
		if (p->computed)
			run_block(p, body->children[0]);
		if (!p->too_long)
			break;
		before.seed = p->seed;
		before.arena = p->arena;
		*p = before;
	}
	buffer_print(&p->text, "%s {\n", p->computed ? "BEGIN" : "usdt:/usr/bin/demo:demo:request");
	for (const struct node *s = body->children[0]; s; s = s->next) {
		write_node(p, s);
		buffer_char(&p->text, '\n');
	}
	write_results(p, results);
	buffer_text(&p->text, "}\n");
	p->clause++;
}

/* Limits of BPF that the compiler has words for are no failures, as long as they are rare. */
static bool is_limit(const struct error *err)
{
	return strstr(err->text, "bytes of BPF stack") || strstr(err->text, "too long") ||
	       strstr(err->text, "gets too long");
}

struct counts {
	unsigned programs, limits, failures;
	size_t insns;
};

/* Loads it, runs what is computed, compares. */
static bool load(enum engine_kind kind, const struct plan *plan, struct hand *hand,
		 struct results *results, bool computed, struct error *err)
{
	struct engine *engine = NULL;
	struct warnings warnings = {0};
	int code = engine_open(kind, plan, &hand->target, NULL, &engine, &warnings, err);

	if (!code && computed) {
		code = engine_attach(engine, &warnings, err);
		for (size_t i = 0; !code && i < plan->map_count; i++)
			if (plan->maps[i].name && !strcmp(plan->maps[i].name, "@r"))
				code = engine_each(engine, &plan->maps[i], compare_result, results,
						   err);
		for (size_t i = 0; !code && i < results->count; i++) {
			if (results->items[i].found)
				continue;
			printf("# clause %llu stored nothing in $v%llu\n",
			       (unsigned long long)results->items[i].clause,
			       (unsigned long long)results->items[i].variable);
			results->wrong++;
		}
		engine_detach(engine);
	}
	engine_close(engine);
	return !code && !results->wrong;
}

/* The engine in user space interprets the same instructions: the same must come of them. */
static bool run_again(const struct plan *plan, struct hand *hand, struct results *results,
		      struct error *err)
{
	for (size_t i = 0; i < results->count; i++)
		results->items[i].found = false;
	if (load(ENGINE_USER, plan, hand, results, true, err))
		return true;
	printf("# with the engine in user space:\n");
	return false;
}

static void try_program(struct random_program *p, uint64_t seed, struct hand *hand,
			struct results *results, struct counts *counts)
{
	const struct compile_options options = {0};
	struct program program = {.text_limit = 64};
	struct plan plan = {0};
	struct error err = {0};
	int code = program_parse("random", buffer_string(&p->text), &program, &err);
	bool good;

	if (!code)
		code = program_check(&program, &hand->set, &err);
	if (!code)
		code = compile(&program, &hand->set, &options, &plan, &err);
	counts->programs++;
	counts->limits += code && is_limit(&err);
	good = code ? is_limit(&err)
		    : load(ENGINE_KERNEL, &plan, hand, results, p->computed, &err) &&
			      (!p->computed || run_again(&plan, hand, results, &err));
	for (size_t i = 0; i < plan.program_count; i++)
		counts->insns += plan.programs[i].insn_count;
	if (!good) {
		printf("# %s\n%s# RANDOM_SEED=%llu RANDOM_PROGRAMS=1:\n%s", err.text,
		       buffer_string(&program.diagnostics.text), (unsigned long long)seed,
		       buffer_string(&p->text));
		counts->failures++;
	}
	plan_free(&plan);
	program_free(&program);
}

/* `clauses` of them, some to a program. */
static void try_many(uint64_t seed, bool computed, unsigned clauses, struct hand *hand,
		     struct counts *counts)
{
	static struct random_program p;
	static struct results results;

	for (unsigned done = 0; done < clauses && counts->failures < FAILURES_MOST;
	     done += CLAUSES) {
		memset(&p, 0, sizeof(p));
		p.seed = seed + done;
		p.computed = computed;
		results.count = results.wrong = 0;
		buffer_text(&p.text, RANDOM_PREAMBLE "BEGIN { @s = 0; @k[0] = 0; delete(@k[0]); @e[1] = 1; @e[2] = 1; @e[3] = 1; "
				    "@x[0] = \"a text\"; @w[0] = (0, (\"a text\", 0)); }\n");
		for (unsigned i = 0; i < CLAUSES; i++)
			add_clause(&p, &results);
		try_program(&p, seed + done, hand, &results, counts);
		buffer_free(&p.text);
		arena_free(&p.arena);
	}
}

static unsigned report(bool computed, unsigned number, const struct counts *counts)
{
	bool few = counts->limits * 12 <= counts->programs;

	printf("# %u programs of %d clauses, %zu instructions, %u beyond a limit of BPF\n",
	       counts->programs, CLAUSES, counts->insns, counts->limits);
	printf("%sok %u - random programs %s\n", counts->failures ? "not " : "", number,
	       computed ? "compute what they should, in both engines" : "load");
	printf("%sok %u - few of them are beyond a limit\n", few ? "" : "not ", number + 1);
	return counts->failures + !few;
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

int main(void)
{
	uint64_t seed = from_environment("RANDOM_SEED", 1);
	unsigned clauses = (unsigned)from_environment("RANDOM_PROGRAMS", 1600), failures = 0;
	struct error err;
	struct hand hand;

	if (features_need(&err)) {
		printf("1..0 # SKIP %s\n", err.text);
		return 0;
	}
	printf("# RANDOM_SEED=%llu RANDOM_PROGRAMS=%u\n", (unsigned long long)seed, clauses);
	hand_make(&hand);
	for (int computed = 1; computed >= 0; computed--) {
		struct counts counts = {0};

		try_many(seed, computed, clauses, &hand, &counts);
		failures += report(computed, computed ? 1 : 3, &counts);
	}
	hand_free(&hand);
	printf("1..4\n");
	return failures != 0;
}
