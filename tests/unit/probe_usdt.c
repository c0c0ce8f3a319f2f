/*
 * From notes to probes: which sites are one probe, what its arguments are, which sites share code.
 */
#include "elf_image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "operand/operand.h"
#include "probe/definition.h"
#include "probe/probe.h"
#include "process/target.h"

struct made {
	struct image image;
	struct buffer sites, described;
	struct target target;
	struct definitions definitions;
	struct probe_set set;
	struct buffer said;
	struct warnings warnings;
};

static void start(struct made *m, unsigned machine, unsigned bits)
{
	image_start(&m->image, bits, false, machine, ET_DYN);
}

static void site(struct made *m, uint64_t address, uint64_t semaphore, const char *name,
		 const char *operands)
{
	put_site(&m->image, &m->sites, address, 0, semaphore, "demo", name, operands);
}

/* A site note and its text note of .note.telltale. */
static void describe(struct made *m, uint64_t address, const char *name, unsigned count,
		     const char *kinds, const char *text)
{
	uint32_t line = (uint32_t)address;
	struct buffer desc = {0};

	put(&desc, 1, 1, false);
	put(&desc, m->image.bits / 8, 1, false);
	put(&desc, count, 2, false);
	put(&desc, line, 4, false);
	put_address(&m->image, &desc, address);
	put_address(&m->image, &desc, 0);
	buffer_add(&desc, kinds, count);
	put_note(&m->described, false, 1, "telltale", &desc);
	buffer_clear(&desc);
	put(&desc, 1, 2, false);
	put(&desc, count, 2, false);
	put(&desc, line, 4, false);
	buffer_add(&desc, "demo", 5);
	buffer_add(&desc, name, strlen(name) + 1);
	buffer_add(&desc, text, strlen(text) + 1);
	put_note(&m->described, false, 2, "telltale", &desc);
	buffer_free(&desc);
}

/* Makes the image a file of the target; a further one may follow. */
static void finish_file(struct made *m, const char *path)
{
	struct target_file *file = array_add(&m->target.files, &m->target.file_count,
					     &m->target.file_room, sizeof(*file));
	struct error err;

	assert_non_null(file);
	image_section(&m->image, ".note.stapsdt", SHT_NOTE, 0, m->sites.data, m->sites.length, 0, 0);
	if (m->described.length)
		image_section(&m->image, ".note.telltale", SHT_NOTE, 0, m->described.data,
			      m->described.length, 0, 0);
	image_end(&m->image);
	file->path = path;
	file->fd = -1;
	if (image_open(&m->image, &file->elf, &err))
		fail_msg("%s", err.text);
	image_free(&m->image);
	buffer_free(&m->sites);
	buffer_free(&m->described);
}

static void read_set(struct made *m)
{
	struct error err;

	m->warnings = (struct warnings){.say = keep_warning, .context = &m->said};
	if (probes_read(&m->target, &m->definitions, &m->set, &m->warnings, &err))
		fail_msg("%s", err.text);
}

static void release(struct made *m)
{
	probes_free(&m->set);
	definitions_free(&m->definitions);
	for (size_t i = 0; i < m->target.file_count; i++)
		elf_file_close(m->target.files[i].elf);
	free(m->target.files);
	buffer_free(&m->said);
}

/* The arguments as a person would declare them. */
static void expect_arguments(const struct probe *probe, const char *expected)
{
	struct buffer b = {0};

	for (size_t i = 0; i < probe->argument_count; i++)
		buffer_print(&b, "%s%s %s", i ? ", " : "", probe->arguments[i].type_name,
			     probe->arguments[i].name);
	assert_string_equal(buffer_string(&b), expected);
	buffer_free(&b);
}

static void sites_of_one_name(void **state)
{
	struct made m = {0};
	const struct probe *p;

	(void)state;
	start(&m, EM_X86_64, 64);
	site(&m, IMAGE_CODE + 1, 0, "a", "-4@%eax");
	site(&m, IMAGE_CODE + 2, IMAGE_DATA, "b", "8@%rdi");
	site(&m, IMAGE_CODE + 3, 0, "a", "-4@%eax");
	site(&m, IMAGE_CODE + 4, 0, "a", "-4@%ebx");
	finish_file(&m, "/one");
	start(&m, EM_X86_64, 64);
	site(&m, IMAGE_CODE + 5, 0, "a", "-4@%eax");
	finish_file(&m, "/two");
	read_set(&m);
	assert_int_equal(m.set.count, 3);
	p = m.set.items;
	assert_string_equal(p[0].name, "a");
	assert_int_equal(p[0].site_count, 3);
	assert_int_equal(p[0].sites[1].address, IMAGE_CODE + 3);
	assert_int_equal(p[0].sites[1].offset, IMAGE_CODE_OFFSET + 3);
	assert_int_equal(p[0].sites[0].machine, EM_X86_64);
	assert_int_equal(p[0].sites[0].bits, 64);
	assert_string_equal(p[1].name, "b");
	assert_true(p[1].sites[0].has_semaphore);
	assert_int_equal(p[1].sites[0].semaphore_offset, IMAGE_DATA_OFFSET);
	/* The same text is the same variant, also in another file. */
	assert_int_equal(p[0].sites[0].variant, p[0].sites[1].variant);
	assert_int_equal(p[0].sites[0].variant, p[2].sites[0].variant);
	assert_int_not_equal(p[0].sites[0].variant, p[0].sites[2].variant);
	assert_int_equal(m.set.variant_count, 3);
	assert_int_equal(p[2].file, 1);
	assert_string_equal(probe_path(&m.set, &p[2]), "/two");
	assert_int_equal(m.warnings.count, 0);
	release(&m);
}

static void arguments_from_operands(void **state)
{
	struct made m = {0};

	(void)state;
	start(&m, EM_X86_64, 64);
	site(&m, IMAGE_CODE, 0, "all",
	     "-1@%al 1@%al -2@%ax 2@%ax -4@%eax 4@%eax -8@%rax 8@%rax 4f@%xmm0 8f@%xmm0");
	site(&m, IMAGE_CODE + 1, 0, "differ", "4@%eax");
	site(&m, IMAGE_CODE + 2, 0, "differ", "-2@%ax 8@$5");
	site(&m, IMAGE_CODE + 3, 0, "none", "");
	finish_file(&m, "/x");
	read_set(&m);
	expect_arguments(&m.set.items[0],
			 "signed char arg0, unsigned char arg1, short arg2, unsigned short arg3, "
			 "int arg4, unsigned int arg5, int64_t arg6, uint64_t arg7, float arg8, double arg9");
	assert_int_equal(m.set.items[0].arguments[9].type, PROBE_FLOAT);
	assert_false(m.set.items[0].arguments[0].named);
	/* The largest size, signed when one is, as many as the longest site has. */
	expect_arguments(&m.set.items[1], "int arg0, uint64_t arg1");
	expect_arguments(&m.set.items[2], "");
	release(&m);
}

static void arguments_from_notes(void **state)
{
	const struct probe_argument *a;
	struct made m = {0};

	(void)state;
	start(&m, EM_X86_64, 64);
	site(&m, IMAGE_CODE, 0, "some", "-4@%eax 8@%rbx 8@%rcx 8@%rdx 8@%rsi 1@%dil 8@%rax");
	describe(&m, IMAGE_CODE, "some", 7, "\1\7\10\2\5\3\6",
		 "some, id, TELLTALE_ARG(path, p->name), TELLTALE_BUF(data, n), s, id, "
		 "TELLTALE_TYPE(struct x *, id)");
	/* Two sites, one described. */
	site(&m, IMAGE_CODE + 8, 0, "half", "-4@%eax");
	site(&m, IMAGE_CODE + 16, 0, "half", "-4@%ebx");
	describe(&m, IMAGE_CODE + 16, "half", 1, "\1", "half, count");
	finish_file(&m, "/x");
	read_set(&m);
	assert_int_equal(m.warnings.count, 0);
	expect_arguments(&m.set.items[0],
			 "int id, const char * path, bytes data, double s, bool id_2, "
			 "struct x * id_3");
	a = m.set.items[0].arguments;
	assert_int_equal(a[1].type, PROBE_STRING);
	assert_int_equal(a[2].type, PROBE_BYTES);
	assert_int_equal(a[2].operand, 2);
	assert_int_equal(a[2].length_operand, 3);
	assert_int_equal(a[3].operand, 4);
	assert_int_equal(a[5].operand, 6);
	assert_true(a[0].named);
	expect_arguments(&m.set.items[1], "int count");
	release(&m);
}

/* x_2 may be a name that the author gave. */
static void unique_names(void **state)
{
	struct made m = {0};

	(void)state;
	start(&m, EM_X86_64, 64);
	site(&m, IMAGE_CODE, 0, "same", "4@%eax 4@%eax 4@%eax 4@%eax 4@%eax");
	describe(&m, IMAGE_CODE, "same", 5, "\2\2\2\2\2", "same, x, x_2, x, x, x_2");
	finish_file(&m, "/x");
	read_set(&m);
	expect_arguments(&m.set.items[0], "unsigned int x, unsigned int x_2, unsigned int x_3, "
					  "unsigned int x_4, unsigned int x_2_2");
	release(&m);
}

static void put_symbol(struct buffer *symbols, struct buffer *names, const char *name,
		       uint64_t address, unsigned binding)
{
	put(symbols, names->length, 4, false);
	put(symbols, ELF64_ST_INFO(binding, STT_OBJECT), 1, false);
	put(symbols, 0, 1, false);
	put(symbols, 1, 2, false);
	put(symbols, address, 8, false);
	put(symbols, 8, 8, false);
	buffer_add(names, name, strlen(name) + 1);
}

static void with_symbols(struct made *m, uint64_t address, const char *path)
{
	struct buffer symbols = {0}, names = {0};

	start(m, EM_X86_64, 64);
	site(m, IMAGE_CODE, 0, "a", "-4@here(%rip) -4@%eax");
	site(m, IMAGE_CODE + 1, 0, "a", "-4@here(%rip) -4@%eax");
	site(m, IMAGE_CODE + 2, 0, "b", "8@$here");
	site(m, IMAGE_CODE + 3, 0, "b", "8@$here");
	site(m, IMAGE_CODE + 4, 0, "c", "8@$nowhere 8@$twice");
	buffer_add(&names, "", 1);
	put_symbol(&symbols, &names, "", 0, STB_LOCAL);
	put_symbol(&symbols, &names, "here", address, STB_GLOBAL);
	put_symbol(&symbols, &names, "twice", IMAGE_DATA + 0x20, STB_LOCAL);
	put_symbol(&symbols, &names, "twice", IMAGE_DATA + 0x30, STB_LOCAL);
	image_section(&m->image, ".symtab", SHT_SYMTAB, 0, symbols.data, symbols.length, 0, 0);
	image_section(&m->image, ".strtab", SHT_STRTAB, 0, names.data, names.length, 0, 0);
	finish_file(m, path);
	buffer_free(&symbols);
	buffer_free(&names);
}

static void symbols(void **state)
{
	const struct probe *one, *two;
	struct made m = {0};

	(void)state;
	with_symbols(&m, IMAGE_DATA + 8, "/one");
	with_symbols(&m, IMAGE_DATA + 16, "/two");
	read_set(&m);
	assert_int_equal(m.set.count, 6);
	one = m.set.items;
	two = m.set.items + 3;
	assert_true(one[0].sites[0].symbol_known[0]);
	assert_false(one[0].sites[0].symbol_known[1]);
	assert_int_equal(one[0].sites[0].symbol_addresses[0], IMAGE_DATA + 8);
	assert_int_equal(two[0].sites[0].symbol_addresses[0], IMAGE_DATA + 16);
	/* Both are reached from the instruction at run time: each site for itself. */
	assert_int_not_equal(one[0].sites[0].variant, one[0].sites[1].variant);
	assert_int_not_equal(one[1].sites[0].variant, one[1].sites[1].variant);
	assert_int_not_equal(one[1].sites[0].variant, two[1].sites[0].variant);
	assert_int_equal(two[1].sites[0].symbol_addresses[0], IMAGE_DATA + 16);
	/* Not there, and there twice. */
	assert_false(one[2].sites[0].symbol_known[0]);
	assert_false(one[2].sites[0].symbol_known[1]);
	release(&m);
}

/* Probes of an architecture that nobody can read are listed all the same. */
static void unknown_machine(void **state)
{
	struct made m = {0};

	(void)state;
	start(&m, EM_SPARCV9, 64);
	site(&m, IMAGE_CODE, 0, "a", "4@%o0");
	site(&m, IMAGE_CODE + 4, 0, "a", "4@%o1");
	finish_file(&m, "/x");
	read_set(&m);
	assert_int_equal(m.set.count, 1);
	assert_int_equal(m.set.items[0].argument_count, 0);
	assert_string_equal(m.set.items[0].sites[1].operand_text, "4@%o1");
	assert_int_equal(m.warnings.count, 1);
	assert_non_null(strstr(buffer_string(&m.said), "/x: operands of this architecture"));
	release(&m);
}

/* The same text in a 32-bit program is other code. */
static void bits_are_told_apart(void **state)
{
	struct made m = {0};

	(void)state;
	start(&m, EM_386, 32);
	site(&m, IMAGE_CODE, 0, "a", "-4@%eax");
	finish_file(&m, "/32");
	start(&m, EM_X86_64, 64);
	site(&m, IMAGE_CODE, 0, "a", "-4@%eax");
	finish_file(&m, "/64");
	read_set(&m);
	assert_int_equal(m.set.items[0].sites[0].bits, 32);
	assert_int_not_equal(m.set.items[0].sites[0].variant, m.set.items[1].sites[0].variant);
	release(&m);
}

/* As many sites and probes as a large program has, in a time that nobody notices. */
static void many(void **state)
{
	enum { PROBES = 2000, SITES = 20 };
	struct made m = {0};
	char name[32], operands[64];

	(void)state;
	start(&m, EM_X86_64, 64);
	for (unsigned i = 0; i < PROBES * SITES; i++) {
		snprintf(name, sizeof(name), "probe%u", i % PROBES);
		snprintf(operands, sizeof(operands), "-4@%u(%%rbp) 8@%%rax", i);
		site(&m, IMAGE_CODE + i % IMAGE_CODE_SIZE, 0, name, operands);
	}
	finish_file(&m, "/x");
	read_set(&m);
	assert_int_equal(m.set.count, PROBES);
	assert_int_equal(m.set.variant_count, PROBES * SITES);
	for (size_t i = 0; i < m.set.count; i++)
		assert_int_equal(m.set.items[i].site_count, SITES);
	release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sites_of_one_name),   cmocka_unit_test(arguments_from_operands),
		cmocka_unit_test(arguments_from_notes), cmocka_unit_test(unique_names),
		cmocka_unit_test(symbols),	       cmocka_unit_test(unknown_machine),
		cmocka_unit_test(bits_are_told_apart), cmocka_unit_test(many),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
