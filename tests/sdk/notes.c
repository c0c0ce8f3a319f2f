/*
 * notes FILE... - what the markers of an ELF file say of themselves, a line for each site, for
 * comparing:
 *
 *	provider:probe <operands without registers> | <kind name>... [semaphore]
 *
 * Written from sdk/NOTE.md alone, apart from the tracer's reader. Reads linked files and
 * relocatable ones without relocations to apply (-r: relocatable; addresses are not checked).
 *
 * What must hold of every file is checked, and a line that begins with "error:" says what does not:
 * each stapsdt note with arguments has a site note, the site is in an executable section and starts
 * with a nop, the base is not zero and is where .stapsdt.base is, the semaphore is in .probes and
 * is 0.
 *
 * Options: -a prints addresses, -o operands as they are, -s only what systemtap's header says too.
 */
#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NOTES 4096

struct section {
	const char *name;
	uint32_t type;
	uint64_t flags, address, offset, size;
};

struct file {
	uint8_t *data;
	size_t size;
	bool wide, swap;
	unsigned machine, kind;
	struct section sections[512];
	unsigned count;
};

struct site {
	uint64_t address, base, semaphore;
	const char *provider, *probe, *operands;
};

struct kinds {
	uint64_t address, base;
	uint32_t line;
	uint8_t n, kind[12];
	size_t place;
};

struct text {
	uint32_t line;
	uint8_t n;
	const char *provider, *probe, *text;
	size_t place;
};

static struct site sites[MAX_NOTES];
static struct kinds kinds[MAX_NOTES];
static struct text texts[MAX_NOTES];
static size_t n_sites, n_kinds, n_texts;
static bool failed;

static void error(const char *what, const char *probe)
{
	printf("error: %s: %s\n", probe, what);
	failed = true;
}

static uint64_t get(const struct file *f, uint64_t offset, unsigned width)
{
	uint64_t value = 0;

	if (offset > f->size || width > f->size - offset) {
		fprintf(stderr, "notes: truncated\n");
		exit(2);
	}
	for (unsigned i = 0; i < width; i++)
		value = value << 8 | f->data[offset + (f->swap ? i : width - 1 - i)];
	return value;
}

static void read_file(struct file *f, const char *path)
{
	FILE *in = fopen(path, "rb");
	uint64_t shoff, names;
	unsigned shentsize;

	if (!in) {
		perror(path);
		exit(2);
	}
	fseek(in, 0, SEEK_END);
	f->size = (size_t)ftell(in);
	rewind(in);
	f->data = calloc(1, f->size + 1);
	if (!f->data || fread(f->data, 1, f->size, in) != f->size || f->size < 64) {
		fprintf(stderr, "notes: %s: unreadable\n", path);
		exit(2);
	}
	fclose(in);
	f->wide = f->data[EI_CLASS] == ELFCLASS64;
	f->swap = f->data[EI_DATA] == ELFDATA2MSB;
	f->kind = (unsigned)get(f, 16, 2);
	f->machine = (unsigned)get(f, 18, 2);
	shoff = get(f, f->wide ? 40 : 32, f->wide ? 8 : 4);
	shentsize = (unsigned)get(f, f->wide ? 58 : 46, 2);
	f->count = (unsigned)get(f, f->wide ? 60 : 48, 2);
	if (f->count > 512)
		f->count = 512;
	for (unsigned i = 0; i < f->count; i++) {
		uint64_t at = shoff + (uint64_t)i * shentsize;
		struct section *s = &f->sections[i];

		s->type = (uint32_t)get(f, at + 4, 4);
		s->flags = get(f, at + 8, f->wide ? 8 : 4);
		s->address = get(f, at + (f->wide ? 16 : 12), f->wide ? 8 : 4);
		s->offset = get(f, at + (f->wide ? 24 : 16), f->wide ? 8 : 4);
		s->size = get(f, at + (f->wide ? 32 : 20), f->wide ? 8 : 4);
	}
	names = f->sections[get(f, f->wide ? 62 : 50, 2) % 512].offset;
	for (unsigned i = 0; i < f->count; i++) {
		uint64_t at = shoff + (uint64_t)i * shentsize;

		f->sections[i].name = (const char *)f->data + names + get(f, at, 4);
	}
}

static void read_stapsdt(const struct file *f, uint64_t at)
{
	unsigned wide = f->wide ? 8 : 4;
	struct site *s = &sites[n_sites++];

	s->address = get(f, at, wide);
	s->base = get(f, at + wide, wide);
	s->semaphore = get(f, at + 2 * wide, wide);
	s->provider = (const char *)f->data + at + 3 * wide;
	s->probe = s->provider + strlen(s->provider) + 1;
	s->operands = s->probe + strlen(s->probe) + 1;
}

static void read_kinds(const struct file *f, uint64_t at, uint32_t size)
{
	struct kinds *k = &kinds[n_kinds++];
	unsigned wide = (unsigned)get(f, at + 1, 1);

	k->n = (uint8_t)get(f, at + 2, 1);
	if (get(f, at, 1) != 1 || wide != (f->wide ? 8 : 4) || k->n > 12 || get(f, at + 3, 1) ||
	    size != 8 + 2 * wide + k->n)
		error("the site note's header is wrong", "(note)");
	k->line = (uint32_t)get(f, at + 4, 4);
	k->address = get(f, at + 8, wide);
	k->base = get(f, at + 8 + wide, wide);
	for (unsigned i = 0; i < k->n && i < 12; i++)
		k->kind[i] = (uint8_t)get(f, at + 8 + 2 * wide + i, 1);
	k->place = (size_t)at;
}

static void read_text(const struct file *f, uint64_t at)
{
	struct text *t = &texts[n_texts++];

	if (get(f, at, 1) != 1 || get(f, at + 1, 1) || get(f, at + 3, 1))
		error("the text note's header is wrong", "(note)");
	t->n = (uint8_t)get(f, at + 2, 1);
	t->line = (uint32_t)get(f, at + 4, 4);
	t->provider = (const char *)f->data + at + 8;
	t->probe = t->provider + strlen(t->provider) + 1;
	t->text = t->probe + strlen(t->probe) + 1;
	t->place = (size_t)at;
}

static void read_notes(const struct file *f, const struct section *s)
{
	for (uint64_t at = s->offset; at + 12 <= s->offset + s->size;) {
		uint32_t namesz = (uint32_t)get(f, at, 4), descsz = (uint32_t)get(f, at + 4, 4);
		uint32_t type = (uint32_t)get(f, at + 8, 4);
		const char *owner = (const char *)f->data + at + 12;
		uint64_t desc = at + 12 + ((namesz + 3u) & ~3u);

		if (!strcmp(owner, "stapsdt") && type == 3)
			read_stapsdt(f, desc);
		else if (!strcmp(owner, "telltale") && type == 1)
			read_kinds(f, desc, descsz);
		else if (!strcmp(owner, "telltale") && type == 2)
			read_text(f, desc);
		else
			error("a note of another kind", s->name);
		if (n_sites == MAX_NOTES || n_kinds == MAX_NOTES || n_texts == MAX_NOTES)
			exit(2);
		at = desc + ((descsz + 3u) & ~3u);
	}
}

static const struct section *section_at(const struct file *f, uint64_t address)
{
	for (unsigned i = 0; i < f->count; i++) {
		const struct section *s = &f->sections[i];

		if (s->flags & SHF_ALLOC && !(s->flags & SHF_TLS) && address >= s->address &&
		    address < s->address + s->size)
			return s;
	}
	return NULL;
}

/*
 * A list's items. Ends at a comma outside of brackets and literals, or at the closing bracket.
 */
static const char *item_end(const char *p)
{
	int depth = 0;

	for (const char *start = p; *p; p++) {
		if (*p == '"' ||
		    (*p == '\'' && !(p > start && strchr("0123456789abcdefABCDEF", p[-1])))) {
			for (char quote = *p++; *p && *p != quote; p++)
				p += *p == '\\' && p[1];
			if (!*p)
				break;
		} else if (*p == '(') {
			depth++;
		} else if (*p == ')' && !depth--) {
			break;
		} else if (*p == ',' && !depth) {
			break;
		}
	}
	return p;
}

static const char *trim(const char *p, const char **end)
{
	while (p < *end && *p == ' ')
		p++;
	while (*end > p && (*end)[-1] == ' ')
		--*end;
	return p;
}

static int names(const char *p, const char *end, char out[][128], int at);

/* The two arguments of `MACRO(a, b)`. */
static bool call(const char *macro, const char *p, const char *end, const char *args[4])
{
	size_t length = strlen(macro);

	if ((size_t)(end - p) < length + 2 || strncmp(p, macro, length) || end[-1] != ')')
		return false;
	p += length;
	while (*p == ' ')
		p++;
	if (*p != '(')
		return false;
	args[0] = p + 1;
	args[1] = item_end(p + 1);
	args[2] = args[1] + 1;
	args[3] = end - 1;
	args[0] = trim(args[0], &args[1]);
	args[2] = trim(args[2], &args[3]);
	return true;
}

static int one_name(const char *p, const char *end, char out[][128], int at)
{
	if (at < 12)
		snprintf(out[at], 128, "%.*s", (int)(end - p), p);
	return at + 1;
}

static int names(const char *p, const char *end, char out[][128], int at)
{
	const char *a[4];
	int next;

	p = trim(p, &end);
	if (call("TELLTALE_ARG", p, end, a)) {
		next = names(a[2], a[3], out, at);
		one_name(a[0], a[1], out, at);
		return next;
	}
	if (call("TELLTALE_TYPE", p, end, a))
		return names(a[2], a[3], out, at);
	if (call("TELLTALE_BUF", p, end, a)) {
		names(a[0], a[1], out, at);
		return names(a[2], a[3], out, at + 1);
	}
	if (!strncmp(p, "((void)\"", 8) || !strncmp(p, "((void) \"", 9)) {
		p = strchr(p, '"');
		return one_name(p + 1, item_end(p) - 1, out, at);
	}
	return one_name(p, end, out, at);
}

static const struct text *text_of(const struct site *s, const struct kinds *k)
{
	const struct text *found = NULL;

	for (size_t i = 0; i < n_texts; i++) {
		const struct text *t = &texts[i];

		if (t->n != k->n || t->line != k->line || strcmp(t->provider, s->provider) ||
		    strcmp(t->probe, s->probe))
			continue;
		found = t;
		if (t->place > k->place)
			break;
	}
	return found;
}

static void print_described(const struct site *s, const struct kinds *k)
{
	static const char *const words[] = {"?",     "signed",  "unsigned", "bool",  "char",
	                                    "float", "pointer", "string",   "buffer"};
	const struct text *t = text_of(s, k);
	char name[12][128] = {{0}};
	int n = 0;

	if (k->n && !t)
		error("no text note", s->probe);
	for (const char *p = t ? item_end(t->text) : ""; *p == ',';) {
		const char *end = item_end(p + 1);

		n = names(p + 1, end, name, n);
		p = end;
	}
	if (n != k->n)
		error("the text has another number of names", s->probe);
	for (int i = 0; i < k->n; i++)
		printf("%s %s %s", i ? "," : " |", k->kind[i] < 9 ? words[k->kind[i]] : "?",
		       name[i]);
}

static void check_site(const struct file *f, const struct site *s)
{
	const struct section *code = section_at(f, s->address), *sem = section_at(f, s->semaphore);
	const struct section *base = section_at(f, s->base);

	if (!code || !(code->flags & SHF_EXECINSTR))
		error("the site is not in code", s->probe);
	else if (f->machine == EM_X86_64 &&
	         f->data[code->offset + s->address - code->address] != 0x90)
		error("the site is not a nop", s->probe);
	if (!s->base || !base || strcmp(base->name, ".stapsdt.base") || base->address != s->base)
		error("the base is wrong", s->probe);
	if (s->semaphore && (!sem || strcmp(sem->name, ".probes") || !(sem->flags & SHF_WRITE)))
		error("the semaphore is not in .probes", s->probe);
	else if (s->semaphore && get(f, sem->offset + s->semaphore - sem->address, 2))
		error("the semaphore is not 0", s->probe);
}

int main(int argc, char **argv)
{
	bool addresses = false, operands = false, only_stapsdt = false, relocatable = false;
	static struct file file;
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		addresses |= argv[i][1] == 'a';
		operands |= argv[i][1] == 'o';
		only_stapsdt |= argv[i][1] == 's';
		relocatable |= argv[i][1] == 'r';
	}
	if (i + 1 != argc) {
		fprintf(stderr, "usage: notes [-a] [-o] [-s] [-r] FILE\n");
		return 2;
	}
	read_file(&file, argv[i]);
	for (unsigned s = 0; s < file.count; s++) {
		const char *name = file.sections[s].name;

		if (strcmp(name, ".note.stapsdt") && strcmp(name, ".note.telltale"))
			continue;
		if (file.sections[s].type != SHT_NOTE ||
		    file.sections[s].flags & ~(uint64_t)SHF_GROUP)
			error("the section's type or flags are wrong", name);
		read_notes(&file, &file.sections[s]);
	}
	for (size_t n = 0; n < n_sites; n++) {
		const struct site *s = &sites[n];
		const struct kinds *k = NULL;

		if (!relocatable && !s->address)
			continue; /* discarded code */
		if (!relocatable)
			check_site(&file, s);
		for (size_t j = 0; j < n_kinds; j++)
			if (relocatable ? j == n : kinds[j].address == s->address)
				k = &kinds[j];
		printf("%s:%s", s->provider, s->probe);
		for (const char *p = s->operands; *p;) {
			const char *at = strchr(p, '@');

			if (!at)
				break;
			if (operands) {
				printf(" %s", p);
				break;
			}
			printf(" %.*s", (int)(at - p), p);
			for (p = at; *p && *p != ' '; p++)
				if (*p == '[' || *p == '(')
					p += strcspn(p, "])");
			p += *p == ' ';
		}
		if (!only_stapsdt && !k)
			error("no site note", s->probe);
		if (!only_stapsdt && k && k->base != s->base)
			error("another base in the site note", s->probe);
		if (!only_stapsdt && k)
			print_described(s, k);
		if (s->semaphore)
			printf(" [semaphore]");
		if (addresses)
			printf(" 0x%llx 0x%llx", (unsigned long long)s->address,
			       (unsigned long long)s->semaphore);
		putchar('\n');
	}
	return failed ? 1 : 0;
}
