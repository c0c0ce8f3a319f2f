/*
 * Symbols of a file, read once and sorted twice: by address and by name. Where the file's own
 * .symtab was stripped, the separate debug file or .gnu_debugdata has it.
 */
#include "elf/symbol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf/debugfile.h"
#include "elf/symtab.h"

struct symbols {
	struct symbol *items; /* sorted by address, thread-local ones at the end */
	size_t count, room;
	size_t placed;  /* those before the thread-local ones */
	size_t *around; /* of each placed one: the one before it that covers its start */
	const struct symbol **by_name;
	struct arena names;
};

static const size_t NONE = SIZE_MAX;
/* How many symbols around each other are looked at; real ones have two or three. */
enum { MOST_NESTED = 64 };
/* Linkers let a name share the end of another; together they are still about the table's size. */
enum { NAME_SHARING = 16 };

/* `$x`, `$d.5`: where code and data begin, on arm and riscv. */
static bool is_mapping(const struct elf_facts *facts, const char *name)
{
	if (facts->machine != EM_ARM && facts->machine != EM_AARCH64 && facts->machine != EM_RISCV)
		return false;
	return name[0] == '$' && name[1] && strchr("adtx", name[1]) &&
	       (!name[2] || name[2] == '.' || facts->machine == EM_RISCV);
}

static bool is_wanted(const struct symtab_entry *entry)
{
	uint8_t type = ELF64_ST_TYPE(entry->info);

	return entry->section != SHN_UNDEF && entry->section != SHN_ABS &&
	       entry->section != SHN_COMMON && type != STT_SECTION && type != STT_FILE;
}

static int add_symbol(struct symbols *symbols, const struct elf_facts *facts,
                      const struct symtab_entry *entry, const char *name, struct error *err)
{
	struct symbol *added =
	        array_add(&symbols->items, &symbols->count, &symbols->room, sizeof(*added));

	if (!added)
		return error_memory(err);
	added->address = entry->value;
	added->size = entry->size;
	added->name = name;
	added->type = ELF64_ST_TYPE(entry->info);
	added->binding = ELF64_ST_BIND(entry->info);
	if (facts->machine == EM_ARM && added->type == STT_FUNC)
		added->address &= ~(uint64_t)1; /* the bit that says Thumb */
	return 0;
}

/* Adds one table; returns 1 when the file has it, 0 when it does not. */
static int add_table(struct symbols *symbols, struct elf_file *file, const char *name,
                     const char *strings_name, struct error *err)
{
	const struct elf_facts *facts = elf_file_facts(file);
	struct elf_section table, strings;
	uint64_t budget;
	char *text;
	int rc = elf_file_section(file, name, &table, err);

	if (rc > 0)
		rc = elf_file_section(file, strings_name, &strings, err);
	if (rc <= 0 || !table.data || !strings.data)
		return rc < 0 ? rc : 0;
	text = arena_copy(&symbols->names, (const char *)strings.data, (size_t)strings.size);
	if (!text)
		return error_memory(err);
	budget = strings.size * NAME_SHARING;
	for (uint64_t i = 1; i < symtab_count(facts, &table); i++) {
		struct symtab_entry entry = symtab_read(facts, &table, i);
		size_t length;

		if (!is_wanted(&entry) || entry.name >= strings.size || !text[entry.name] ||
		    is_mapping(facts, text + entry.name))
			continue;
		length = strlen(text + entry.name);
		if (length > budget)
			return error_set(err, -EINVAL,
			                 "%s: damaged ELF file: the names of %s are all the same",
			                 elf_file_path(file), name);
		budget -= length;
		rc = add_symbol(symbols, facts, &entry, text + entry.name, err);
		if (rc)
			return rc;
	}
	return 1;
}

/* Of several at one address the one that a person would name goes last. */
static int worth(const struct symbol *symbol)
{
	int binding = symbol->binding == STB_GLOBAL ? 2 : symbol->binding == STB_LOCAL ? 0 : 1;

	return (symbol->size ? 8 : 0) + (symbol->type != STT_NOTYPE ? 4 : 0) + binding;
}

static int compare_addresses(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;
	bool x_thread = x->type == STT_TLS, y_thread = y->type == STT_TLS;

	if (x_thread != y_thread)
		return x_thread ? 1 : -1;
	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (worth(x) != worth(y))
		return worth(x) - worth(y);
	return -strcmp(x->name, y->name);
}

static int compare_names(const void *a, const void *b)
{
	const struct symbol *x = *(const struct symbol *const *)a;
	const struct symbol *y = *(const struct symbol *const *)b;
	int order = strcmp(x->name, y->name);

	if (order)
		return order;
	if ((x->binding == STB_LOCAL) != (y->binding == STB_LOCAL))
		return x->binding == STB_LOCAL ? 1 : -1;
	if (worth(x) != worth(y))
		return worth(y) - worth(x);
	return x->address < y->address ? -1 : x->address > y->address;
}

static bool same(const struct symbol *a, const struct symbol *b)
{
	return a->address == b->address && a->type == b->type && !strcmp(a->name, b->name);
}

/* .dynsym repeats a part of .symtab: one of each stays. */
static void drop_repeated(struct symbols *symbols)
{
	size_t kept = 0;

	for (size_t i = 0; i < symbols->count; i++) {
		if (kept && same(&symbols->items[kept - 1], &symbols->items[i]))
			symbols->items[kept - 1] = symbols->items[i];
		else
			symbols->items[kept++] = symbols->items[i];
	}
	symbols->count = kept;
}

static bool covers(const struct symbol *symbol, uint64_t address)
{
	return address >= symbol->address && address - symbol->address < symbol->size;
}

static int build_indexes(struct symbols *symbols, struct error *err)
{
	struct symbol *items = symbols->items;

	if (!symbols->count)
		return 0;
	qsort(items, symbols->count, sizeof(*items), compare_addresses);
	drop_repeated(symbols);
	while (symbols->placed < symbols->count && items[symbols->placed].type != STT_TLS)
		symbols->placed++;
	symbols->around = calloc(symbols->count, sizeof(*symbols->around));
	symbols->by_name = calloc(symbols->count, sizeof(*symbols->by_name));
	if (!symbols->around || !symbols->by_name)
		return error_memory(err);
	for (size_t i = 0; i < symbols->count; i++)
		symbols->by_name[i] = &items[i];
	qsort(symbols->by_name, symbols->count, sizeof(*symbols->by_name), compare_names);
	for (size_t i = 0; i < symbols->placed; i++) {
		size_t before = i ? i - 1 : NONE;

		/* Whoever does not cover this start covers none behind it either. */
		while (before != NONE && !covers(&items[before], items[i].address))
			before = symbols->around[before];
		symbols->around[i] = before;
	}
	return 0;
}

/* The table that was stripped from the file: from its debug file, else from .gnu_debugdata. */
static int add_separate(struct symbols *symbols, struct elf_file *file, struct error *err)
{
	static int (*const opens[])(struct elf_file *, struct elf_file **,
	                            struct error *) = {debug_file_open, debug_data_open};

	for (size_t i = 0; i < sizeof(opens) / sizeof(opens[0]); i++) {
		struct elf_file *debug;
		size_t before = symbols->count;
		struct error ignored;
		int rc = opens[i](file, &debug, err);

		if (rc < 0)
			return rc;
		if (!rc)
			continue;
		rc = add_table(symbols, debug, ".symtab", ".strtab", &ignored);
		elf_file_close(debug);
		if (rc == -ENOMEM)
			return error_memory(err);
		if (rc == 1)
			return 0;
		symbols->count = before;
	}
	return 0;
}

int symbols_read(struct elf_file *file, struct symbols **result, struct error *err)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));
	int rc;

	*result = NULL;
	if (!symbols)
		return error_memory(err);
	rc = add_table(symbols, file, ".symtab", ".strtab", err);
	if (!rc)
		rc = add_separate(symbols, file, err);
	if (rc >= 0)
		rc = add_table(symbols, file, ".dynsym", ".dynstr", err);
	if (rc >= 0)
		rc = build_indexes(symbols, err);
	if (rc < 0) {
		symbols_free(symbols);
		return rc;
	}
	*result = symbols;
	return 0;
}

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	free(symbols->items);
	free(symbols->around);
	free(symbols->by_name);
	arena_free(&symbols->names);
	free(symbols);
}

const struct symbol *symbols_at(const struct symbols *symbols, uint64_t address)
{
	size_t low = 0, high = symbols->placed;
	const struct symbol *nearest;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->items[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	nearest = &symbols->items[low - 1];
	for (size_t i = low - 1, n = 0; i != NONE && n < MOST_NESTED; i = symbols->around[i], n++)
		if (covers(&symbols->items[i], address))
			return &symbols->items[i];
	return nearest->size ? NULL : nearest;
}

const struct symbol *symbols_named(const struct symbols *symbols, const char *name, bool *ambiguous)
{
	size_t low = 0, high = symbols->count;
	const struct symbol *first;

	if (ambiguous)
		*ambiguous = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(symbols->by_name[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == symbols->count || strcmp(symbols->by_name[low]->name, name))
		return NULL;
	first = symbols->by_name[low];
	for (size_t i = low + 1; ambiguous && first->binding == STB_LOCAL && !*ambiguous &&
	                         i < symbols->count && !strcmp(symbols->by_name[i]->name, name);
	     i++)
		*ambiguous = symbols->by_name[i]->address != first->address;
	return first;
}

const struct symbol *symbols_all(const struct symbols *symbols, size_t *count)
{
	*count = symbols->count;
	return symbols->items;
}
