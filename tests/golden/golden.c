/*
 * Golden tests: a file holds probes, a program, and the instructions that must come out, with the
 * plan. A program whose errors are expected has them instead. `UPDATE=1` writes what came out into
 * the files, to be reviewed as a diff.
 *
 *	probe demo:request -4@%edi 8@16(%rsp)	a site of a probe; further sites by the same line
 *	symbol NAME ADDRESS			where a symbol is, for the sites behind; of a
 *						thread-local one its distance: 0xfffffffffffffff0
 *	machine i386				of the sites behind; else amd64
 *	arg id int				names and types of its arguments, where it has any:
 *						int, bool, char, float, pointer, string, bytes; C's type may follow
 *	threads carry values			as the engine's can that it is compiled for
 *	loops are called			as the engine does that does not bound them
 *	unsafe					functions that change the system are allowed
 *	kernel types				the kernel is that of ../btf; else it has
 *						no types
 *	(tracepoints are described in ../tracefs, as the kernel does it)
 *	--- program
 *	demo:request { @ = count(); }
 *	--- code, --- plan, --- errors		what is expected, one or several
 */
#include "compile/compile.h"
#include "operand/operand.h"

#include "base/text.h"

#include <elf.h>
#include <errno.h>
#include <glob.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const type_names[] = {"int", "bool", "char", "float", "pointer", "string", "bytes"};

struct golden {
	const char *path;
	char *text;
	struct probe_set set;
	struct {
		const char *name;
		uint64_t address;
	} symbols[8];
	size_t symbol_count;
	uint16_t machine;
	bool threads_carry, loops_called, is_unsafe;
	const char *kernel_types, *kernel_symbols;
	char *program; /* its text, in the arena of the set */
	struct buffer result;
};

static void die(const struct golden *g, const char *what)
{
	printf("Bail out! %s: %s\n", g->path, what);
	exit(1);
}

static char *read_all(const char *path)
{
	struct buffer b = {0};
	char part[4096];
	size_t n;
	FILE *f = fopen(path, "r");

	while (f && (n = fread(part, 1, sizeof(part), f)) > 0)
		buffer_add(&b, part, n);
	if (f)
		fclose(f);
	return b.data;
}

static struct probe *find_probe(struct golden *g, const char *provider, const char *name)
{
	for (size_t i = 0; i < g->set.count; i++)
		if (!strcmp(g->set.items[i].provider, provider) && !strcmp(g->set.items[i].name, name))
			return &g->set.items[i];
	return NULL;
}

/* Arguments as probe/usdt.c makes them where nobody describes them. */
static void plain_arguments(struct golden *g, struct probe *p)
{
	const struct probe_site *site = &p->sites[0];
	struct probe_argument *args =
		arena_alloc(&g->set.arena, (site->operand_count + 1) * sizeof(*args));

	for (size_t i = 0; i < site->operand_count; i++)
		args[i] = (struct probe_argument){
			.name = arena_print(&g->set.arena, "arg%zu", i),
			.type = site->operands[i].is_float ? PROBE_FLOAT : PROBE_INT,
			.size = site->operands[i].size,
			.is_signed = site->operands[i].is_signed,
			.operand = (unsigned)i,
		};
	p->arguments = args;
	p->argument_count = site->operand_count;
}

static void add_symbol(struct golden *g, char *line)
{
	char *name = strsep(&line, " ");

	if (!line || g->symbol_count == sizeof(g->symbols) / sizeof(g->symbols[0]))
		die(g, "a symbol line is: symbol NAME ADDRESS");
	g->symbols[g->symbol_count].name = name;
	g->symbols[g->symbol_count++].address = strtoull(line, NULL, 0);
}

static void resolve(struct golden *g, struct probe_site *site)
{
	uint64_t *addresses =
		arena_alloc(&g->set.arena, (site->operand_count + 1) * sizeof(*addresses));
	bool *known = arena_alloc(&g->set.arena, (site->operand_count + 1) * sizeof(*known));

	for (size_t i = 0; i < site->operand_count; i++)
		for (size_t s = 0; site->operands[i].symbol && s < g->symbol_count; s++) {
			if (strcmp(site->operands[i].symbol, g->symbols[s].name))
				continue;
			addresses[i] = g->symbols[s].address;
			known[i] = true;
		}
	site->symbol_addresses = addresses;
	site->symbol_known = known;
}

static void add_site(struct golden *g, char *line)
{
	char *provider = strsep(&line, ":"), *name = line ? strsep(&line, " ") : NULL;
	struct probe *p = name ? find_probe(g, provider, name) : NULL;
	struct operand *operands;
	struct probe_site *site;
	struct error err;

	if (!name)
		die(g, "a probe line is: probe PROVIDER:NAME OPERANDS");
	if (!p) {
		p = array_add(&g->set.items, &g->set.count, &g->set.room, sizeof(*p));
		p->provider = provider;
		p->name = name;
	}
	site = array_add(&p->sites, &p->site_count, &p->site_room, sizeof(*site));
	site->operand_text = line ? line : "";
	site->machine = g->machine;
	site->bits = g->machine == EM_386 ? 32 : 64;
	site->address = site->offset = 0x1000 + 16 * g->set.variant_count;
	site->variant = g->set.variant_count++;
	if (operands_parse(site->machine, site->bits, site->operand_text, &g->set.arena, &operands,
			   &site->operand_count, &err))
		die(g, err.text);
	site->operands = operands;
	resolve(g, site);
	if (p->site_count == 1)
		plain_arguments(g, p);
}

static void name_argument(struct golden *g, char *line, unsigned number)
{
	struct probe *p = &g->set.items[g->set.count - 1];
	char *name = strsep(&line, " ");
	char *type = line ? strsep(&line, " ") : NULL;
	struct probe_argument *a = (struct probe_argument *)&p->arguments[number];

	if (!type || number >= p->argument_count)
		die(g, "an arg line is: arg NAME TYPE [C TYPE], behind the probe");
	a->name = name;
	a->type_name = line;
	a->named = true;
	for (a->type = PROBE_INT; a->type <= PROBE_BYTES; a->type++)
		if (!strcmp(type_names[a->type], type))
			break;
	if (a->type > PROBE_BYTES)
		die(g, "unknown type of an argument");
	if (a->type == PROBE_BYTES) { /* its length is the next operand, which people do not see */
		a->length_operand = number + 1;
		p->argument_count--;
	}
}

/* Everything in front of the expectations: probes, then the program. */
static void read_input(struct golden *g)
{
	char *rest = arena_string(&g->set.arena, g->text), *line;
	unsigned arg = 0;

	while ((line = strsep(&rest, "\n")) && strcmp(line, "--- program")) {
		if (!strncmp(line, "probe ", 6)) {
			add_site(g, line + 6);
			arg = 0;
		} else if (!strncmp(line, "symbol ", 7)) {
			add_symbol(g, line + 7);
		} else if (!strcmp(line, "machine i386")) {
			g->machine = EM_386;
		} else if (!strcmp(line, "threads carry values")) {
			g->threads_carry = true;
		} else if (!strcmp(line, "loops are called")) {
			g->loops_called = true;
		} else if (!strcmp(line, "unsafe")) {
			g->is_unsafe = true;
		} else if (!strcmp(line, "kernel types")) {
			g->set.kernel_types = g->kernel_types;
			g->set.kernel_symbols = g->kernel_symbols;
		} else if (!strncmp(line, "arg ", 4)) {
			name_argument(g, line + 4, arg++);
		} else if (*line && *line != '#') {
			die(g, "neither probe, arg nor a comment");
		}
	}
	if (!rest)
		die(g, "no '--- program'");
	g->program = rest;
	line = strstr(rest, "\n--- ");
	if (!line)
		die(g, "nothing is expected");
	line[1] = '\0';
}

static bool yes(void)
{
	return true;
}

static bool no(void)
{
	return false;
}

/* The input as it stands, then each expected section made anew. */
static void make_result(struct golden *g)
{
	const struct compile_options options = {.has_thread_storage = g->threads_carry ? yes : NULL,
						.has_bounded_loops = g->loops_called ? no : NULL};
	const char *section = strstr(g->text, "--- program");
	struct program program = {0};
	struct plan plan = {0};
	struct error err = {0};
	int rc;

	section = strstr(section + 1, "\n--- ") + 1;
	buffer_add(&g->result, g->text, (size_t)(section - g->text));
	program.is_unsafe = g->is_unsafe;
	program.types.kernel_path = g->set.kernel_types; /* the same on every kernel */
	rc = program_parse(basename((char *)g->path), g->program, &program, &err);
	if (!rc)
		rc = program_check(&program, &g->set, &err);
	if (!rc)
		rc = compile(&program, &g->set, &options, &plan, &err);
	for (; section; section = strstr(section + 1, "\n--- ")) {
		section += *section == '\n';
		if (!strncmp(section, "--- code\n", 9)) {
			buffer_text(&g->result, "--- code\n");
			plan_print_code(&plan, &g->result);
		} else if (!strncmp(section, "--- plan\n", 9)) {
			buffer_text(&g->result, "--- plan\n");
			plan_print(&plan, &g->result);
		} else if (!strncmp(section, "--- types\n", 10)) {
			buffer_text(&g->result, "--- types\n");
			program_print_types(&program, &g->result);
		} else if (!strncmp(section, "--- errors\n", 11)) {
			buffer_text(&g->result, "--- errors\n");
		}
	}
	if (rc)
		buffer_text(&g->result, buffer_string(&program.diagnostics.text));
	plan_free(&plan);
	program_free(&program);
}

/* Tracepoints are those of ../tracefs. */
static bool run(const char *path, unsigned number, const struct golden *fixtures)
{
	struct golden g = *fixtures;
	bool same;

	g.path = path;
	g.text = read_all(path);
	if (!g.text)
		die(&g, "empty or unreadable");
	read_input(&g);
	make_result(&g);
	same = !strcmp(g.text, buffer_string(&g.result));
	if (!same && getenv("UPDATE")) {
		FILE *f = fopen(path, "w");

		if (!f || fputs(g.result.data, f) < 0 || fclose(f))
			die(&g, "can't be written");
		printf("# %s updated\n", path);
	} else if (!same) {
		printf("# %s: expected it as in the file, came out as\n%s\n", path, g.result.data);
	}
	printf("%sok %u - %s\n", same ? "" : "not ", number, basename((char *)path));
	probes_free(&g.set);
	buffer_free(&g.result);
	free(g.text);
	return same;
}

/* The golden files are found from this source's own place, so that any folder will do. */
int main(void)
{
	char source[] = __FILE__, pattern[4096], tracefs[4096], symbols[4096], types[4096];
	struct golden fixtures = {.machine = EM_X86_64, .set.tracefs = tracefs,
				  .set.kernel_types = "no/btf", .kernel_types = types,
				  .kernel_symbols = symbols};
	ssize_t length = readlink("/proc/self/exe", types, sizeof(types) - 32);
	bool good = true;
	glob_t files;

	snprintf(pattern, sizeof(pattern), "%s/*.golden", dirname(source));
	snprintf(tracefs, sizeof(tracefs), "%s/../tracefs", source);
	snprintf(symbols, sizeof(symbols), "%s/../btf/kallsyms", source);
	if (length < 0)
		die(&fixtures, "where is this program?");
	types[length] = '\0';
	strcat(dirname(types), "/kernel.btf"); /* made beside it */
	if (glob(pattern, 0, NULL, &files)) {
		printf("Bail out! no %s\n", pattern);
		return 1;
	}
	printf("1..%zu\n", files.gl_pathc);
	for (size_t i = 0; i < files.gl_pathc; i++)
		good &= run(files.gl_pathv[i], (unsigned)i + 1, &fixtures);
	globfree(&files);
	return good ? 0 : 1;
}
