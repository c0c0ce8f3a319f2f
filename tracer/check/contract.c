/*
 * Holds what a binary has to what was agreed. Nothing here reads a file or prints: two contracts
 * go in, test points come out.
 */
#include "check/contract.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NEAR_MOST = 64 }; /* probes that are gone for which a near name is looked for */

struct comparison {
	const struct contract *agreed;
	const struct contract_allowed *allowed;
	struct contract_results *results;
	const struct contract_file *expected, *found; /* at hand */
	bool *seen;                                   /* of the found file's probes */
	unsigned near_left;

	/* of the test point at hand, whose problems are these */
	struct output_problem *problems;
	size_t problem_count, problem_room;
};

/* ---- texts and test points ---- */

static struct arena *arena(struct comparison *c)
{
	return &c->results->arena;
}

static const char *basename_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static void add_problem(struct comparison *c, const char *kind, const char *expected,
                        const char *got, const char *message)
{
	struct output_problem *problem =
	        array_add(&c->problems, &c->problem_count, &c->problem_room, sizeof(*problem));

	if (!problem) {
		arena(c)->failed = true;
		return;
	}
	*problem = (struct output_problem){kind, message, expected, got};
}

/* Makes a test point of the problems since the last one. */
static struct output_test *add_test(struct comparison *c, const char *group, const char *name)
{
	struct contract_results *results = c->results;
	struct output_problem *problems = NULL;
	struct output_test *test =
	        array_add(&results->tests, &results->count, &results->room, sizeof(*test));
	size_t size = c->problem_count * sizeof(*problems);

	if (size)
		problems = arena_alloc(arena(c), size);
	if (!test || (size && !problems)) {
		arena(c)->failed = true;
		c->problem_count = 0;
		return NULL;
	}
	if (size)
		memcpy(problems, c->problems, size);
	*test = (struct output_test){.group = group,
	                             .name = name,
	                             .problems = problems,
	                             .problem_count = c->problem_count};
	c->problem_count = 0;
	return test;
}

static const char *probe_name(struct comparison *c, const struct contract_probe *probe)
{
	return arena_print(arena(c), "%s:%s", probe->provider, probe->name);
}

static const char *signature(struct comparison *c, const struct contract_probe *probe,
                             unsigned bits)
{
	struct buffer b = {0};
	const char *text;

	contract_print_probe(&b, probe, bits);
	text = arena_string(arena(c), buffer_string(&b));
	arena(c)->failed |= b.failed;
	buffer_free(&b);
	return text;
}

static const char *shapes_text(struct comparison *c, uint64_t shapes)
{
	struct buffer b = {0};
	const char *text;

	shapes_print(&b, shapes);
	text = arena_string(arena(c), buffer_string(&b));
	arena(c)->failed |= b.failed;
	buffer_free(&b);
	return text;
}

static const char *place(struct comparison *c, unsigned line)
{
	return line ? arena_print(arena(c), "%s:%u", c->agreed->name, line) : NULL;
}

/* What messages call the other side. */
static const char *agreed_name(const struct comparison *c)
{
	return c->agreed->is_binary ? "older binary" : "contract";
}

/* ---- arguments ---- */

/* What a contract says, or what an older binary has: there, too, `long` is as wide as an address.
 */
static uint64_t allowed_shapes(const struct comparison *c, const struct contract_argument *a)
{
	unsigned bits = c->expected->bits;

	if (!a->shapes || (bits && !(a->shapes & ~shapes_of_type(a->type, bits))))
		return shapes_of_type(a->type, c->found->bits);
	return a->shapes;
}

/* Which change of one shape it is. */
static const char *shape_kind(uint64_t allowed, uint64_t got)
{
	for (unsigned size = 1; size <= SHAPE_SIZES; size++) {
		uint64_t whole = SHAPE(SHAPE_SIGNED, size) | SHAPE(SHAPE_UNSIGNED, size);

		if ((allowed & whole) && (got & whole))
			return "argument-sign";
		if ((allowed & (whole | SHAPE(SHAPE_FLOAT, size))) &&
		    (got & (whole | SHAPE(SHAPE_FLOAT, size))))
			return "argument-type";
	}
	return "argument-size";
}

static const char *shape_message(const char *kind)
{
	return !strcmp(kind, "argument-sign")   ? "has another sign"
	       : !strcmp(kind, "argument-type") ? "is a float on one side only"
	                                        : "has another size";
}

static void compare_shapes(struct comparison *c, size_t number, const struct contract_argument *a,
                           const struct contract_argument *got)
{
	uint64_t allowed = allowed_shapes(c, a);
	const char *expected, *has, *kind;

	if (!(got->shapes & ~allowed))
		return;
	expected = shapes_text(c, allowed);
	has = shapes_text(c, got->shapes);
	if (got->shapes & (got->shapes - 1)) {
		add_problem(c, "sites-disagree", expected, has,
		            arena_print(arena(c),
		                        "the sites disagree on size or sign of argument %zu (%s)",
		                        number, a->name));
		return;
	}
	if (got->shapes & SHAPE_UNKNOWN) {
		add_problem(c, "argument-unreadable", expected, has,
		            arena_print(arena(c), "argument %zu (%s) can't be read at any site",
		                        number, a->name));
		return;
	}
	kind = shape_kind(allowed, got->shapes);
	add_problem(c, kind, expected, has,
	            arena_print(arena(c), "argument %zu (%s) %s", number, a->name,
	                        shape_message(kind)));
}

static void compare_argument(struct comparison *c, size_t number, const struct contract_argument *a,
                             const struct contract_argument *got)
{
	if (strcmp(a->name, got->name))
		add_problem(c, "argument-name", a->name, got->name,
		            arena_print(arena(c), "argument %zu is called '%s', not '%s'", number,
		                        got->name, a->name));
	if (strcmp(a->type, got->type))
		add_problem(c, "argument-type", a->type, got->type,
		            arena_print(arena(c), "argument %zu (%s) has type '%s', not '%s'",
		                        number, a->name, got->type, a->type));
	compare_shapes(c, number, a, got);
}

static void compare_arguments(struct comparison *c, const struct contract_probe *agreed,
                              const struct contract_probe *found)
{
	size_t both = agreed->argument_count < found->argument_count ? agreed->argument_count
	                                                             : found->argument_count;

	for (size_t i = 0; i < both; i++)
		compare_argument(c, i + 1, &agreed->arguments[i], &found->arguments[i]);
	for (size_t i = both; i < agreed->argument_count; i++)
		add_problem(c, "argument-gone", agreed->arguments[i].name, NULL,
		            arena_print(arena(c), "argument %zu (%s) is gone", i + 1,
		                        agreed->arguments[i].name));
	for (size_t i = both; i < found->argument_count && !c->allowed->added_arguments; i++)
		add_problem(c, "argument-added", NULL, found->arguments[i].name,
		            arena_print(arena(c), "argument %zu (%s) is not in the %s", i + 1,
		                        found->arguments[i].name, agreed_name(c)));
}

/* Where sites differ, as lines. */
static const char *sites_of(struct comparison *c, const struct contract_probe *found)
{
	struct buffer b = {0};
	const char *text = NULL;

	for (size_t i = 0; i < found->argument_count; i++)
		if (found->arguments[i].sites)
			buffer_print(&b, "argument %zu (%s):\n%s", i + 1, found->arguments[i].name,
			             found->arguments[i].sites);
	if (b.length)
		text = arena_copy(arena(c), b.data, b.length);
	arena(c)->failed |= b.failed;
	buffer_free(&b);
	return text;
}

/* ---- probes ---- */

static int compare_names(const void *a, const void *b)
{
	const struct contract_probe *x = a, *y = b;
	int order = strcmp(x->provider, y->provider);

	return order ? order : strcmp(x->name, y->name);
}

/* The probe whose name is nearest, most of all under its own provider. */
static const struct contract_probe *find_near(const struct comparison *c,
                                              const struct contract_probe *agreed)
{
	unsigned least = 1 + (unsigned)strlen(agreed->name) / 4;
	const struct contract_probe *near = NULL;

	for (size_t i = 0; i < c->found->probe_count; i++) {
		const struct contract_probe *probe = &c->found->probes[i];
		unsigned distance = text_distance(probe->name, agreed->name);

		if (strcmp(probe->provider, agreed->provider))
			distance += text_distance(probe->provider, agreed->provider);
		if (distance <= least && !probe->lost && distance < strlen(agreed->name)) {
			least = distance ? distance - 1 : 0;
			near = probe;
		}
	}
	return near;
}

static void say_gone(struct comparison *c, const struct contract_probe *agreed)
{
	const struct contract_probe *near = NULL;

	if (c->near_left) {
		c->near_left--;
		near = find_near(c, agreed);
	}
	add_problem(c, "probe-gone", NULL, NULL,
	            near ? arena_print(arena(c),
	                               "the binary has no such probe; did you mean %s:%s?",
	                               near->provider, near->name)
	                 : "the binary has no such probe");
}

static void compare_semaphores(struct comparison *c, const struct contract_probe *agreed,
                               const struct contract_probe *found)
{
	if (found->semaphore_differs)
		add_problem(c, "semaphore-differs", NULL, NULL,
		            "only some of its sites have the semaphore");
	else if (agreed->semaphore && !found->semaphore)
		add_problem(c, "semaphore-gone", "semaphore", "none", "its semaphore is gone");
	else if (!agreed->semaphore && found->semaphore)
		add_problem(c, "semaphore-added", "none", "semaphore",
		            arena_print(arena(c), "it has a semaphore, which the %s does not have",
		                        agreed_name(c)));
}

static void compare_probe(struct comparison *c, const struct contract_probe *agreed)
{
	unsigned expected_bits = c->expected->bits ? c->expected->bits : c->found->bits;
	const struct contract_probe *found = NULL;
	struct output_test *test;

	if (c->found->probe_count)
		found = bsearch(agreed, c->found->probes, c->found->probe_count, sizeof(*found),
		                compare_names);
	if (found)
		c->seen[found - c->found->probes] = true;
	if (!found) {
		say_gone(c, agreed);
	} else if (found->lost) {
		add_problem(c, "no-site", NULL, NULL,
		            arena_print(arena(c), "it has no site: %s", found->lost));
	} else {
		compare_arguments(c, agreed, found);
		compare_semaphores(c, agreed, found);
	}
	test = add_test(c, basename_of(c->found->name), probe_name(c, agreed));
	if (!test || !test->problem_count)
		return;
	test->at = place(c, agreed->line);
	test->expected = signature(c, agreed, expected_bits);
	if (found && !found->lost) {
		test->got = signature(c, found, c->found->bits);
		test->details = sites_of(c, found);
	}
}

/* A probe that the contract does not have. Allowed or not, its sites must be of one mind: nobody
 * has agreed to anything else. */
static void check_new(struct comparison *c, const struct contract_probe *found)
{
	struct output_test *test;

	if (!c->allowed->new_probes)
		add_problem(c, "probe-new", NULL, NULL,
		            arena_print(arena(c), "the %s has no such probe", agreed_name(c)));
	for (size_t i = 0; i < found->argument_count; i++)
		if (found->arguments[i].sites)
			add_problem(c, "sites-disagree", NULL,
			            shapes_text(c, found->arguments[i].shapes),
			            arena_print(arena(c),
			                        "the sites disagree on size or sign of argument "
			                        "%zu (%s)",
			                        i + 1, found->arguments[i].name));
	if (found->semaphore_differs)
		add_problem(c, "semaphore-differs", NULL, NULL,
		            "only some of its sites have the semaphore");
	test = add_test(c, basename_of(c->found->name), probe_name(c, found));
	if (!test || !test->problem_count)
		return;
	test->got = signature(c, found, c->found->bits);
	test->details = sites_of(c, found);
}

/* ---- files ---- */

static void check_condition(struct comparison *c, enum contract_condition condition)
{
	static const char *const names[CONDITIONS] = {
	        [CONDITION_NOTES] = "every note makes sense",
	        [CONDITION_BASE] = "every note has its base",
	        [CONDITION_SEMAPHORES] = "every semaphore is in .probes",
	};
	struct output_test *test;

	for (size_t i = 0; i < c->found->fault_count; i++)
		if (c->found->faults[i].condition == condition)
			add_problem(c, c->found->faults[i].kind, NULL, NULL,
			            c->found->faults[i].message);
	test = add_test(c, basename_of(c->found->name), names[condition]);
	if (test && c->found->unlinked && condition != CONDITION_NOTES)
		test->skipped = "an object file: the linker decides";
}

static int compare_file(struct comparison *c, const struct contract_file *expected,
                        const struct contract_file *found, struct error *err)
{
	c->expected = expected;
	c->found = found;
	c->seen = calloc(found->probe_count + 1, sizeof(*c->seen));
	if (!c->seen)
		return error_memory(err);
	for (int i = 0; i < CONDITIONS; i++)
		check_condition(c, (enum contract_condition)i);
	for (size_t i = 0; i < expected->probe_count; i++)
		if (!expected->probes[i].lost)
			compare_probe(c, &expected->probes[i]);
	for (size_t i = 0; i < found->probe_count; i++)
		if (!c->seen[i] && !found->probes[i].lost)
			check_new(c, &found->probes[i]);
	free(c->seen);
	return 0;
}

static bool is_meant(const struct contract_file *agreed, const struct contract_file *found)
{
	const char *name = strchr(agreed->name, '/') ? found->name : basename_of(found->name);

	return !strcmp(agreed->name, name) || glob_match(agreed->name, name);
}

/* A binary that the contract does not know counts as one with new probes only. */
static int compare_named(struct comparison *c, const struct contract_file *found, bool *used,
                         struct error *err)
{
	static const struct contract_file nothing = {.name = ""};
	const struct contract *agreed = c->agreed;

	for (size_t i = 0; i < agreed->file_count; i++) {
		if (!is_meant(&agreed->files[i], found))
			continue;
		used[i] = true;
		return compare_file(c, &agreed->files[i], found, err);
	}
	if (found->probe_count && !c->allowed->new_probes) {
		add_problem(c, "file-new", NULL, NULL, "the contract has no such file");
		add_test(c, basename_of(found->name), "is in the contract");
	}
	return compare_file(c, &nothing, found, err);
}

static void check_used(struct comparison *c, const bool *used)
{
	for (size_t i = 0; i < c->agreed->file_count; i++) {
		const struct contract_file *file = &c->agreed->files[i];
		struct output_test *test;

		if (used[i])
			continue;
		add_problem(c, "file-gone", NULL, NULL, "none of the binaries is called so");
		test = add_test(c, file->name, "is there");
		if (test)
			test->at = place(c, file->line);
	}
}

int contract_compare(const struct contract *agreed, const struct contract *found,
                     const struct contract_allowed *allowed, struct contract_results *results,
                     struct error *err)
{
	struct comparison c = {
	        .agreed = agreed, .allowed = allowed, .results = results, .near_left = NEAR_MOST};
	bool *used = calloc(agreed->file_count + 1, sizeof(*used));
	int rc = 0;

	if (!used)
		return error_memory(err);
	if (agreed->file_count == 1 && found->file_count == 1) {
		rc = compare_file(&c, agreed->files, found->files, err);
		goto out;
	}
	for (size_t i = 0; i < agreed->file_count && !rc; i++)
		if (!agreed->files[i].name)
			rc = error_set(err, -EINVAL,
			               "%s: some probes stand above the first 'file NAME', so it "
			               "can't be for several binaries",
			               agreed->name);
	for (size_t i = 0; i < found->file_count && !rc; i++)
		rc = compare_named(&c, &found->files[i], used, err);
	if (!rc)
		check_used(&c, used);
out:
	free(c.problems);
	free(used);
	if (!rc && results->arena.failed)
		rc = error_memory(err);
	return rc;
}

void contract_results_free(struct contract_results *results)
{
	free(results->tests);
	arena_free(&results->arena);
	*results = (struct contract_results){0};
}
