/*
 * Owns probes on functions (uprobe, uretprobe): from symbols of the target's files to probes with
 * one site each. Their arguments are the registers of the calling convention, so all functions of
 * one kind share the code for them.
 */
#include "kind.h"

#include "base/text.h"
#include "elf/demangle.h"
#include "elf/file.h"
#include "elf/instruction.h"
#include "elf/symbol.h"
#include "operand/operand.h"
#include "process/target.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct matching {
	struct probe_set *set;
	const struct probe_spec *spec;
	const bool *chosen;
	struct probe_list list;
	struct buffer name; /* of the symbol at hand, demangled */

	/* of the file at hand */
	uint32_t file;
	const struct elf_facts *facts;
	struct convention convention;
	size_t variant;
};

/* ---- what its arguments are ---- */

/*
 * Where integers and pointers are at a function's first instruction and at its return: System V ABI
 * AMD64 supplement, figure 3.4; i386 supplement, all on the stack behind the return address.
 */
static const char *convention_of(uint16_t machine, bool at_return)
{
	if (machine == EM_X86_64)
		return at_return ? "8@%rax" : "8@%rdi 8@%rsi 8@%rdx 8@%rcx 8@%r8 8@%r9";
	if (machine == EM_386)
		return at_return ? "4@%eax"
				 : "4@4(%esp) 4@8(%esp) 4@12(%esp) 4@16(%esp) 4@20(%esp) 4@24(%esp)";
	return "";
}

uint16_t probe_host_machine(void)
{
#if defined(__x86_64__)
	return EM_X86_64;
#elif defined(__aarch64__)
	return EM_AARCH64;
#else
	return EM_NONE;
#endif
}

/* They have no names here, and no types but that of a register. */
int probe_convention(uint16_t machine, uint8_t bits, bool at_return, struct arena *arena,
		     struct convention *c, struct error *err)
{
	int rc;

	*c = (struct convention){.text = convention_of(machine, at_return)};
	rc = operands_parse(machine, bits, c->text, arena, &c->operands, &c->operand_count, err);
	if (rc)
		return rc;
	c->arguments = arena_alloc(arena, (c->operand_count + 1) * sizeof(*c->arguments));
	for (size_t i = 0; c->arguments && i < c->operand_count; i++)
		c->arguments[i] = (struct probe_argument){
			.name = at_return ? "retval" : arena_print(arena, "arg%zu", i),
			.type_name = c->operands[i].size == 4 ? "uint32_t" : "uint64_t",
			.type = PROBE_INT,
			.size = c->operands[i].size,
			.operand = (unsigned)i,
		};
	return arena->failed ? error_memory(err) : 0;
}

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
		.operands = m->convention.operands,
		.operand_count = m->convention.operand_count,
		.operand_text = m->convention.text,
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
				    probe_kind_info(m->spec->kind)->name, file->path, name),
		.arguments = m->convention.arguments,
		.argument_count = m->convention.operand_count,
		.sites = site,
		.site_count = 1,
		.followed = set->follow && file->pid_count,
	};
	slot = array_add(&m->list.items, &m->list.count, &m->list.room, sizeof(*slot));
	if (!slot || !probe->name)
		return error_memory(err);
	*slot = probe;
	return 0;
}

static bool is_function(const struct symbol *s)
{
	return (s->type == STT_FUNC || s->type == STT_GNU_IFUNC) && s->address;
}

/* A name with these is C++'s: a symbol of the file has none. */
static bool is_demangled(const char *name)
{
	return strstr(name, "::") || strchr(name, '(') || strchr(name, '<');
}

/* Takes the template arguments off the end of "twice<int>"; false where there are none. */
static bool cut_arguments(struct buffer *name)
{
	size_t at = name->length, depth = 0;

	if (!at || name->data[at - 1] != '>')
		return false;
	while (at--) {
		depth += name->data[at] == '>';
		depth -= name->data[at] == '<';
		if (!depth)
			break;
	}
	if (depth || !at)
		return false;
	name->data[name->length = at] = '\0';
	return true;
}

static bool is_wanted(const struct matching *m)
{
	const char *name = buffer_string(&m->name);

	return !strcmp(m->spec->name, name) || glob_match(m->spec->name, name);
}

/* Parameters, and a template's arguments, count where they are written. */
static bool matches_demangled(struct matching *m, const char *symbol)
{
	const char *wanted = m->spec->name;

	if (!demangle(symbol, strchr(wanted, '(') ? DEMANGLE_FULL : DEMANGLE_NAME, &m->name)) {
		buffer_clear(&m->name); /* a function of C, where all names are meant to be C++'s */
		buffer_text(&m->name, symbol);
		return m->spec->demangled && is_wanted(m);
	}
	return is_wanted(m) || (!strchr(wanted, '<') && cut_arguments(&m->name) && is_wanted(m));
}

/*
 * All functions of that C++ name: overloads, and those of several template arguments. A constructor
 * has two symbols of one place; it counts once.
 */
static int match_demangled(struct matching *m, const struct symbols *symbols, struct error *err)
{
	size_t count, before = m->list.count;
	const struct symbol *all = symbols_all(symbols, &count);
	int rc = 0;

	for (size_t i = 0; i < count && !rc; i++) {
		if (!is_function(&all[i]) || !matches_demangled(m, all[i].name))
			continue;
		demangle(all[i].name, DEMANGLE_FULL, &m->name);
		if (m->list.count > before &&
		    m->list.items[m->list.count - 1]->sites->address == all[i].address)
			continue;
		rc = add_probe(m, buffer_string(&m->name), all[i].address, err);
	}
	return rc;
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

/*
 * A place that is not the start of a function: an instruction must begin there, or the breakpoint would
 * change one; and nothing returns from there.
 */
static int check_inside(struct matching *m, const struct symbol *function, const char *name,
			uint64_t address, struct error *err)
{
	struct elf_file *elf = m->set->target->files[m->file].elf;
	struct error why;
	int rc;

	if (function && function->address == address)
		return 0;
	if (m->spec->kind == PROBE_URETPROBE)
		return error_set(err, -EINVAL, "%s is not the start of a function: a return is seen from there only",
				 name);
	if (m->set->anywhere)
		return 0;
	if (!function || (function->size && address - function->address >= function->size))
		rc = error_set(&why, -ENOTSUP, "it lies in no function that has a symbol");
	else
		rc = instruction_begins(elf, function->address, address, &why);
	if (rc == -ENOTSUP)
		return error_set(err, -EINVAL,
				 "whether an instruction begins at %s can't be known (%s); --unsafe attaches all the same",
				 name, why.text);
	return rc ? error_set(err, -EINVAL, "no instruction begins at %s: %s", name, why.text) : 0;
}

static int match_named(struct matching *m, const struct symbols *symbols, struct error *err)
{
	const char *name = m->spec->name;
	const struct symbol *symbol;
	bool address, ambiguous = false;
	char text[1024];
	int64_t offset;
	int rc;

	if (!split_name(name, text, sizeof(text), &offset, &address))
		return error_set(err, -EINVAL, "'%s' is no function, function+offset or 0xaddress",
				 name);
	if (address) {
		rc = check_inside(m, symbols_at(symbols, (uint64_t)offset), name, (uint64_t)offset, err);
		return rc ? rc : add_probe(m, name, (uint64_t)offset, err);
	}
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
	rc = check_inside(m, symbol, name, symbol->address + (uint64_t)offset, err);
	return rc ? rc : add_probe(m, name, symbol->address + (uint64_t)offset, err);
}

static int match_symbols(struct matching *m, const struct symbols *symbols, struct error *err)
{
	size_t before = m->list.count;
	int rc = 0;

	if (!m->spec->demangled && glob_is_pattern(m->spec->name))
		rc = match_glob(m, symbols, err);
	else if (!m->spec->demangled)
		rc = match_named(m, symbols, err);
	if (!rc && m->list.count == before && (m->spec->demangled || is_demangled(m->spec->name)))
		rc = match_demangled(m, symbols, err);
	return rc;
}

static int match_file(struct matching *m, uint32_t number, struct error *err)
{
	const struct target_file *file = &m->set->target->files[number];
	struct symbols *symbols = NULL;
	int rc;

	m->file = number;
	m->facts = elf_file_facts(file->elf);
	m->variant = m->set->variant_count++;
	rc = probe_convention(m->facts->machine, m->facts->bits,
			      m->spec->kind == PROBE_URETPROBE, &m->set->arena, &m->convention,
			      err);
	if (!rc)
		rc = symbols_read(file->elf, &symbols, err);
	if (!rc)
		rc = match_symbols(m, symbols, err);
	symbols_free(symbols);
	return rc;
}

/* ---- near names ---- */

/* A symbol's name as it is compared with what was written. */
static const char *comparable(struct matching *m, const char *symbol)
{
	if (!m->spec->demangled && !is_demangled(m->spec->name))
		return symbol;
	return demangle(symbol, DEMANGLE_NAME, &m->name) ? buffer_string(&m->name) : symbol;
}

/* The nearest function of the files that were looked at, for one that none has. */
static void find_near(struct matching *m, struct buffer *near)
{
	const struct target *target = m->set->target;
	unsigned distance = TEXT_FAR;
	struct error ignored;

	for (size_t f = 0; f < target->file_count; f++) {
		const struct symbol *all;
		struct symbols *symbols;
		size_t count;

		if ((m->chosen && !m->chosen[f]) ||
		    symbols_read(target->files[f].elf, &symbols, &ignored))
			continue;
		all = symbols_all(symbols, &count);
		for (size_t i = 0; i < count; i++) {
			const char *best = NULL;

			if (is_function(&all[i]))
				text_keep_nearer(m->spec->name, comparable(m, all[i].name), &best,
						 &distance);
			if (best) { /* its text goes with the symbols */
				buffer_clear(near);
				buffer_text(near, best);
			}
		}
		symbols_free(symbols);
	}
}

int match_function(struct probe_set *set, const struct probe_spec *spec, const char *text,
		   const struct probe ***found, size_t *count, struct error *err)
{
	struct matching m = {.set = set, .spec = spec};
	struct buffer near = {0};
	bool *chosen;
	int rc = probe_choose_files(set, spec->file, &chosen, err);

	if (!rc && !set->target)
		rc = error_set(err, -EINVAL, "'%s': there is no target", text);
	m.chosen = chosen;
	for (size_t i = 0; !rc && i < set->target->file_count; i++)
		if (!chosen || chosen[i])
			rc = match_file(&m, (uint32_t)i, err);
	if (!rc && !m.list.count) {
		if (!set->may_miss)
			find_near(&m, &near);
		rc = probe_none(text, "function", near.length ? buffer_string(&near) : NULL, err);
	}
	buffer_free(&near);
	buffer_free(&m.name);
	return probe_list_end(&m.list, set, rc, found, count, err);
}
