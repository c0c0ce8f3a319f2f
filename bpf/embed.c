/*
 * A program of the build: reads the objects that clang made of *.bpf.c and writes their functions
 * as a C table (see tracer/compile/runtime.h) on standard output. It is also the guard of what
 * functions may be: a relocation other than a call from one function to another, data, or a stack
 * of more than 128 bytes ends the build with the function's name.
 */
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { R_BPF_CALL = 10, STACK_MOST = 128, FUNCTIONS_MOST = 64 };

struct object {
	const char *path;
	Elf *elf;
	Elf_Data *text, *symbols;
	size_t text_index, strings;
	GElf_Shdr symbol_header;
};

static char *function_names[FUNCTIONS_MOST];
static size_t function_lengths[FUNCTIONS_MOST], call_counts[FUNCTIONS_MOST];
static size_t function_count;

static void fail(const struct object *o, const char *where, const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", o->path, where, what);
	exit(1);
}

static void find_sections(struct object *o)
{
	size_t names;
	Elf_Scn *section = NULL;

	if (elf_getshdrstrndx(o->elf, &names))
		fail(o, "sections", elf_errmsg(-1));
	while ((section = elf_nextscn(o->elf, section))) {
		GElf_Shdr header;
		const char *name;

		gelf_getshdr(section, &header);
		name = elf_strptr(o->elf, names, header.sh_name);
		if (header.sh_type == SHT_SYMTAB) {
			o->symbols = elf_getdata(section, NULL);
			o->strings = header.sh_link;
			o->symbol_header = header;
		} else if (!strcmp(name, ".text")) {
			o->text = elf_getdata(section, NULL);
			o->text_index = elf_ndxscn(section);
		} else if (header.sh_flags & SHF_ALLOC && header.sh_size) {
			fail(o, name, "a function of bpf/ has no data and no constants in sections");
		}
	}
	if (!o->symbols || !o->text)
		fail(o, "sections", "no functions");
}

static const char *symbol_name(struct object *o, size_t index, GElf_Sym *symbol)
{
	if (!gelf_getsym(o->symbols, (int)index, symbol))
		fail(o, "symbols", elf_errmsg(-1));
	return elf_strptr(o->elf, o->strings, symbol->st_name);
}

/* What the frame pointer's offsets say of the stack. */
static void check_stack(struct object *o, const char *name, const struct bpf_insn *insns,
			size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool memory = BPF_CLASS(insns[i].code) == BPF_LDX ||
			      BPF_CLASS(insns[i].code) == BPF_STX ||
			      BPF_CLASS(insns[i].code) == BPF_ST;
		int base = BPF_CLASS(insns[i].code) == BPF_LDX ? insns[i].src_reg
							       : insns[i].dst_reg;

		if (memory && base == BPF_REG_10 && insns[i].off < -STACK_MOST)
			fail(o, name, "more than 128 bytes of stack");
	}
}

/* The calls of one function, from the relocations of .text; every other call is a helper's. */
static void write_calls(struct object *o, const char *name, const GElf_Sym *function)
{
	const struct bpf_insn *insns = (const void *)((char *)o->text->d_buf + function->st_value);
	Elf_Scn *section = NULL;
	size_t pseudo = 0, written = 0;

	printf("static const struct runtime_call calls_%zu[] = {\n", function_count);
	while ((section = elf_nextscn(o->elf, section))) {
		GElf_Shdr header;
		Elf_Data *data;

		gelf_getshdr(section, &header);
		if (header.sh_type != SHT_REL || header.sh_info != o->text_index)
			continue;
		data = elf_getdata(section, NULL);
		for (size_t i = 0; i < header.sh_size / header.sh_entsize; i++) {
			GElf_Rel relocation;
			GElf_Sym callee;

			gelf_getrel(data, (int)i, &relocation);
			if (relocation.r_offset < function->st_value ||
			    relocation.r_offset >= function->st_value + function->st_size)
				continue;
			symbol_name(o, GELF_R_SYM(relocation.r_info), &callee);
			if (GELF_R_TYPE(relocation.r_info) != R_BPF_CALL ||
			    GELF_ST_TYPE(callee.st_info) != STT_FUNC)
				fail(o, name, "a relocation that is not a call of a function");
			printf("\t{%zu, \"%s\"},\n",
			       (size_t)(relocation.r_offset - function->st_value) / sizeof(*insns),
			       symbol_name(o, GELF_R_SYM(relocation.r_info), &callee));
			written++;
		}
	}
	printf("\t{0, 0},\n};\n");
	for (size_t i = 0; i < function->st_size / sizeof(*insns); i++)
		pseudo += insns[i].code == (BPF_JMP | BPF_CALL) &&
			  insns[i].src_reg == BPF_PSEUDO_CALL;
	if (pseudo != written)
		fail(o, name, "a call without a relocation; functions must not be static");
	call_counts[function_count] = written;
}

static void write_function(struct object *o, const char *name, const GElf_Sym *function)
{
	const struct bpf_insn *insns = (const void *)((char *)o->text->d_buf + function->st_value);
	size_t count = function->st_size / sizeof(*insns);

	if (function_count == FUNCTIONS_MOST)
		fail(o, name, "too many functions");
	if (function->st_value + function->st_size > o->text->d_size)
		fail(o, name, "outside the section");
	check_stack(o, name, insns, count);
	printf("static const struct bpf_insn insns_%zu[] = {\n", function_count);
	for (size_t i = 0; i < count; i++)
		printf("\t{0x%02x, %u, %u, %d, %d},\n", insns[i].code, insns[i].dst_reg,
		       insns[i].src_reg, insns[i].off, insns[i].imm);
	printf("};\n");
	write_calls(o, name, function);
	function_names[function_count] = strdup(name);
	function_lengths[function_count++] = count;
}

static void write_object(const char *path)
{
	struct object o = {.path = path};
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || !(o.elf = elf_begin(fd, ELF_C_READ, NULL)))
		fail(&o, "open", "not readable as ELF");
	find_sections(&o);
	for (size_t i = 0; i < o.symbol_header.sh_size / o.symbol_header.sh_entsize; i++) {
		GElf_Sym symbol;
		const char *name = symbol_name(&o, i, &symbol);

		if (GELF_ST_TYPE(symbol.st_info) == STT_FUNC)
			write_function(&o, name, &symbol);
	}
	elf_end(o.elf);
	close(fd);
}

int main(int argc, char **argv)
{
	elf_version(EV_CURRENT);
	printf("/* Made by bpf/embed.c. */\n#include \"compile/runtime.h\"\n\n");
	for (int i = 1; i < argc; i++)
		write_object(argv[i]);
	printf("const struct runtime_function runtime_functions[] = {\n");
	for (size_t i = 0; i < function_count; i++) {
		printf("\t{\"%s\", insns_%zu, %zu, calls_%zu, %zu},\n", function_names[i], i,
		       function_lengths[i], i, call_counts[i]);
		free(function_names[i]);
	}
	printf("};\nconst size_t runtime_function_count = %zu;\n", function_count);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
