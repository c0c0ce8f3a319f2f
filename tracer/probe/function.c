/*
 * Owns probes on functions (uprobe, uretprobe): from symbols of the target's files to probes with
 * one site each. Their arguments are the registers of the calling convention, so all functions of
 * one kind share the code for them.
 */
#include "function.h"

#include "base/text.h"
#include "elf/file.h"
#include "elf/symbol.h"
#include "operand/operand.h"
#include "process/target.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Where integers and pointers are at a function's first instruction and at its return: System V ABI
 * AMD64 supplement, figure 3.4; i386 supplement, all on the stack behind the return address.
 */
static const char *convention(const struct elf_facts *facts, bool at_return)
{
	if (facts->machine == EM_X86_64)
		return at_return ? "8@%rax" : "8@%rdi 8@%rsi 8@%rdx 8@%rcx 8@%r8 8@%r9";
	if (facts->machine == EM_386)
		return at_return ? "4@%eax"
				 : "4@4(%esp) 4@8(%esp) 4@12(%esp) 4@16(%esp) 4@20(%esp) 4@24(%esp)";
	return "";
}

struct matching {
	struct probe_set *set;
	const struct probe_spec *spec;
	const struct probe **list; /* in the arena of the set, made longer as it fills */
	size_t count, room;

	/* of the file at hand */
	uint32_t file;
	const struct elf_facts *facts;
	struct operand *operands;
	size_t operand_count, variant;
	struct probe_argument *arguments;
	const char *operand_text;
};

/* ---- where ---- */

/* name, name+offset or 0xaddress. False: the offset is not a number. */
static bool split_name(const char *name, char *symbol, size_t size, int64_t *offset, bool *address)
{
	const char *plus = strrchr(name, '+');
	size_t length = plus ? (size_t)(plus - name) : strlen(name);

	*offset = 0;
	*address = !strncmp(name, "0x", 2) && text_number(name, offset);
	if (*address || length >= size)
		return *address;
	memcpy(symbol, name, length);
	symbol[length] = '\0';
	return !plus || (text_number(plus + 1, offset) && *offset >= 0);
}

static int add_probe(struct matching *m, const char *name, uint64_t address, struct error *err)
{
	struct probe_set *set = m->set;
	struct probe *probe = arena_alloc(&set->arena, sizeof(*probe));
	struct probe_site *site = arena_alloc(&set->arena, sizeof(*site));
	const struct target_file *file = &set->target->files[m->file];
	const struct probe **slot;

	if (!probe || !site)
		return error_memory(err);
	*site = (struct probe_site){
		.address = address,
		.operands = m->operands,
		.operand_count = m->operand_count,
		.operand_text = m->operand_text,
		.machine = m->facts->machine,
		.bits = m->facts->bits,
		.variant = m->variant,
	};
	if (!elf_file_offset(file->elf, address, &site->offset))
		return error_set(err, -EINVAL, "%s: %s is at 0x%llx, which is not in the file",
				 file->path, name, (unsigned long long)address);
	*probe = (struct probe){
		.kind = m->spec->kind,
		.file = m->file,
		.provider = "",
		.name = arena_print(&set->arena, "%s:%s:%s",
				    m->spec->kind == PROBE_UPROBE ? "uprobe" : "uretprobe",
				    file->path, name),
		.arguments = m->arguments,
		.argument_count = m->operand_count,
		.sites = site,
		.site_count = 1,
		.followed = set->follow && file->pid_count,
	};
	slot = array_add(&m->list, &m->count, &m->room, sizeof(*slot));
	if (!slot || !probe->name)
		return error_memory(err);
	*slot = probe;
	return 0;
}

static bool is_function(const struct symbol *s)
{
	return (s->type == STT_FUNC || s->type == STT_GNU_IFUNC) && s->address;
}

/* All that a glob matches; two names of one place are two probes. */
static int match_glob(struct matching *m, const struct symbols *symbols, struct error *err)
{
	size_t count;
	const struct symbol *all = symbols_all(symbols, &count);
	int rc = 0;

	for (size_t i = 0; i < count && !rc; i++)
		if (is_function(&all[i]) && glob_match(m->spec->name, all[i].name))
			rc = add_probe(m, all[i].name, all[i].address, err);
	return rc;
}

static int match_named(struct matching *m, const struct symbols *symbols, struct error *err)
{
	const char *name = m->spec->name;
	const struct symbol *symbol;
	bool address, ambiguous = false;
	char text[1024];
	int64_t offset;

	if (!split_name(name, text, sizeof(text), &offset, &address))
		return error_set(err, -EINVAL, "'%s' is no function, function+offset or 0xaddress",
				 name);
	if (address)
		return add_probe(m, name, (uint64_t)offset, err);
	symbol = symbols_named(symbols, text, &ambiguous);
	if (!symbol || !is_function(symbol))
		return 0;
	if (ambiguous)
		return error_set(err, -EINVAL,
				 "%s has several functions %s; name one by its address, "
				 "0x..., as nm shows them",
				 m->set->target->files[m->file].path, text);
	if (symbol->size && (uint64_t)offset >= symbol->size)
		return error_set(err, -EINVAL, "%s is %llu bytes long: there is no %s", text,
				 (unsigned long long)symbol->size, name);
	return add_probe(m, name, symbol->address + (uint64_t)offset, err);
}

/* A function's arguments have no names here, and no types but that of a register. */
static int describe(struct matching *m)
{
	bool at_return = m->spec->kind == PROBE_URETPROBE;
	struct arena *arena = &m->set->arena;

	m->arguments = arena_alloc(arena, (m->operand_count + 1) * sizeof(*m->arguments));
	for (size_t i = 0; m->arguments && i < m->operand_count; i++)
		m->arguments[i] = (struct probe_argument){
			.name = at_return ? "retval" : arena_print(arena, "arg%zu", i),
			.type_name = m->operands[i].size == 4 ? "uint32_t" : "uint64_t",
			.type = PROBE_INT,
			.size = m->operands[i].size,
			.operand = (unsigned)i,
		};
	return arena->failed ? -ENOMEM : 0;
}

static int match_file(struct matching *m, uint32_t number, struct error *err)
{
	const struct target_file *file = &m->set->target->files[number];
	struct symbols *symbols = NULL;
	int rc;

	m->file = number;
	m->facts = elf_file_facts(file->elf);
	m->operand_text = convention(m->facts, m->spec->kind == PROBE_URETPROBE);
	m->variant = m->set->variant_count++;
	rc = operands_parse(m->facts->machine, m->facts->bits, m->operand_text, &m->set->arena,
			    &m->operands, &m->operand_count, err);
	if (!rc && describe(m))
		rc = error_memory(err);
	if (!rc)
		rc = symbols_read(file->elf, &symbols, err);
	if (!rc)
		rc = glob_is_pattern(m->spec->name) ? match_glob(m, symbols, err)
						    : match_named(m, symbols, err);
	symbols_free(symbols);
	return rc;
}

/* ---- near names ---- */

/* The nearest function of the files that were looked at, for one that none has. */
static void find_near(const struct probe_set *set, const struct probe_spec *spec,
		      const bool *chosen, struct buffer *near)
{
	unsigned distance = TEXT_FAR;
	struct error ignored;

	for (size_t f = 0; f < set->target->file_count; f++) {
		const char *best = NULL;
		const struct symbol *all;
		struct symbols *symbols;
		size_t count;

		if (!chosen[f] || symbols_read(set->target->files[f].elf, &symbols, &ignored))
			continue;
		all = symbols_all(symbols, &count);
		for (size_t i = 0; i < count; i++)
			if (is_function(&all[i]))
				text_keep_nearer(spec->name, all[i].name, &best, &distance);
		if (best) { /* its text goes with the symbols */
			buffer_clear(near);
			buffer_text(near, best);
		}
		symbols_free(symbols);
	}
}

int match_functions(struct probe_set *set, const struct probe_spec *spec, const bool *chosen,
		    const char *text, const struct probe ***found, size_t *count,
		    struct error *err)
{
	struct matching m = {.set = set, .spec = spec};
	struct buffer near = {0};
	const struct probe **list;
	int rc = 0;

	for (size_t i = 0; i < set->target->file_count && !rc; i++)
		if (chosen[i])
			rc = match_file(&m, (uint32_t)i, err);
	list = rc || !m.count ? NULL : arena_alloc(&set->arena, (m.count + 1) * sizeof(*list));
	if (!rc && !m.count) {
		if (!set->addition)
			find_near(set, spec, chosen, &near);
		rc = error_set(err, -ENODATA, "no function matches '%s'%s%s%s", text,
			       near.length ? "; did you mean '" : "", buffer_string(&near),
			       near.length ? "'?" : "");
	} else if (!rc && !list) {
		rc = error_memory(err);
	} else if (!rc) {
		memcpy(list, m.list, m.count * sizeof(*list));
		*found = list;
		*count = m.count;
	}
	buffer_free(&near);
	free(m.list);
	return rc;
}
