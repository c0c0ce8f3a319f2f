/*
 * Symbols: by address, by name, and those that are not in the file itself.
 */
#include "elf_image.h"

#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "elf/symbol.h"

struct tables {
	struct buffer symbols, names;
};

static void put_symbol(struct image *im, struct tables *t, const char *name, uint64_t value,
                       uint64_t size, unsigned type, unsigned binding, unsigned section)
{
	struct buffer *b = &t->symbols;

	if (!t->names.length)
		buffer_add(&t->names, "", 1);
	put(b, t->names.length, 4, im->big);
	buffer_add(&t->names, name, strlen(name) + 1);
	if (im->bits == 32) {
		put(b, value, 4, im->big);
		put(b, size, 4, im->big);
	}
	put(b, ELF64_ST_INFO(binding, type), 1, im->big);
	put(b, 0, 1, im->big);
	put(b, section, 2, im->big);
	if (im->bits == 64) {
		put(b, value, 8, im->big);
		put(b, size, 8, im->big);
	}
}

static void put_function(struct image *im, struct tables *t, const char *name, uint64_t value,
                         uint64_t size)
{
	put_symbol(im, t, name, value, size, STT_FUNC, STB_GLOBAL, 1);
}

static void add_tables(struct image *im, struct tables *t, bool dynamic)
{
	image_section(im, dynamic ? ".dynsym" : ".symtab", dynamic ? SHT_DYNSYM : SHT_SYMTAB, 0,
	              t->symbols.data, t->symbols.length, 0, 0);
	image_section(im, dynamic ? ".dynstr" : ".strtab", SHT_STRTAB, 0, t->names.data,
	              t->names.length, 0, 0);
	buffer_free(&t->symbols);
	buffer_free(&t->names);
}

static struct symbols *read_symbols(struct image *im)
{
	struct symbols *symbols;
	struct elf_file *file;
	struct error err = {0};

	image_end(im);
	if (image_open(im, &file, &err) || symbols_read(file, &symbols, &err))
		fail_msg("%s", err.text);
	elf_file_close(file); /* the symbols live on */
	image_free(im);
	return symbols;
}

static void expect_at(const struct symbols *symbols, uint64_t address, const char *name)
{
	const struct symbol *found = symbols_at(symbols, address);

	if (!name)
		assert_null(found);
	else if (!found || strcmp(found->name, name))
		fail_msg("%#llx is %s, not %s", (unsigned long long)address,
		         found ? found->name : "nowhere", name);
}

static void by_address(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct symbols *symbols;
		struct tables t = {0};
		struct image im;
		size_t count;

		image_start(&im, i & 1 ? 32 : 64, i & 2, EM_PPC64, ET_DYN);
		put_symbol(&im, &t, "", 0, 0, 0, 0, 0);
		put_function(&im, &t, "second", 0x2000, 0x10);
		put_function(&im, &t, "first", 0x1000, 0x100);
		put_symbol(&im, &t, "label", 0x1040, 0, STT_NOTYPE, STB_LOCAL, 1);
		put_function(&im, &t, "inside", 0x1050, 0x10);
		put_symbol(&im, &t, "alias", 0x2000, 0x10, STT_FUNC, STB_LOCAL, 1);
		put_symbol(&im, &t, "start", 0x1000, 0, STT_NOTYPE, STB_GLOBAL, 1);
		put_symbol(&im, &t, "open", 0x3000, 0, STT_FUNC, STB_GLOBAL, 1);
		put_symbol(&im, &t, "tls", 0x1000, 4, STT_TLS, STB_GLOBAL, 1);
		put_symbol(&im, &t, "undefined", 0x1000, 0, STT_FUNC, STB_GLOBAL, SHN_UNDEF);
		put_symbol(&im, &t, "file.c", 0, 0, STT_FILE, STB_LOCAL, SHN_ABS);
		add_tables(&im, &t, false);
		symbols = read_symbols(&im);
		expect_at(symbols, 0xfff, NULL);
		expect_at(symbols, 0x1000, "first");
		expect_at(symbols, 0x1045, "first"); /* behind the label, but inside of it */
		expect_at(symbols, 0x1055, "inside");
		expect_at(symbols, 0x1060, "first");
		expect_at(symbols, 0x1100, NULL);
		expect_at(symbols, 0x2000, "second");
		expect_at(symbols, 0x2010, NULL);
		expect_at(symbols, 0x3abc, "open");
		assert_int_equal(symbols_all(symbols, &count)[count - 1].type, STT_TLS);
		assert_int_equal(count, 8);
		symbols_free(symbols);
	}
	symbols_free(NULL);
}

static void by_name(void **state)
{
	struct symbols *symbols;
	struct tables t = {0};
	struct image im;
	bool ambiguous;

	(void)state;
	image_start(&im, 64, false, EM_X86_64, ET_DYN);
	put_symbol(&im, &t, "", 0, 0, 0, 0, 0);
	put_symbol(&im, &t, "twice", 0x1000, 8, STT_OBJECT, STB_LOCAL, 1);
	put_symbol(&im, &t, "twice", 0x2000, 8, STT_OBJECT, STB_LOCAL, 1);
	put_symbol(&im, &t, "same", 0x1100, 8, STT_OBJECT, STB_LOCAL, 1);
	put_symbol(&im, &t, "same", 0x1100, 4, STT_NOTYPE, STB_LOCAL, 1);
	put_symbol(&im, &t, "both", 0x3000, 8, STT_OBJECT, STB_LOCAL, 1);
	put_symbol(&im, &t, "both", 0x4000, 8, STT_OBJECT, STB_GLOBAL, 1);
	put_symbol(&im, &t, "seq_iter.6", 0x5000, 8, STT_OBJECT, STB_LOCAL, 1);
	add_tables(&im, &t, false);
	put_symbol(&im, &t, "", 0, 0, 0, 0, 0);
	put_symbol(&im, &t, "both", 0x4000, 8, STT_OBJECT, STB_GLOBAL, 1);
	put_symbol(&im, &t, "dynamic", 0x6000, 8, STT_OBJECT, STB_WEAK, 1);
	add_tables(&im, &t, true);
	symbols = read_symbols(&im);
	assert_int_equal(symbols_named(symbols, "twice", &ambiguous)->address, 0x1000);
	assert_true(ambiguous);
	assert_int_equal(symbols_named(symbols, "same", &ambiguous)->address, 0x1100);
	assert_false(ambiguous);
	assert_int_equal(symbols_named(symbols, "both", &ambiguous)->address, 0x4000);
	assert_false(ambiguous);
	assert_int_equal(symbols_named(symbols, "dynamic", NULL)->address, 0x6000);
	assert_int_equal(symbols_named(symbols, "seq_iter.6", NULL)->address, 0x5000);
	assert_null(symbols_named(symbols, "", NULL));
	assert_null(symbols_named(symbols, "twic", NULL));
	assert_null(symbols_named(symbols, "zzz", &ambiguous));
	symbols_free(symbols);
}

/* Thumb's bit is not a part of the address; `$a` and `$d` are not names. */
static void marks_of_arm(void **state)
{
	struct symbols *symbols;
	struct tables t = {0};
	struct image im;

	(void)state;
	image_start(&im, 32, false, EM_ARM, ET_DYN);
	put_function(&im, &t, "", 0, 0);
	put_function(&im, &t, "thumb", 0x1001, 0x20);
	put_symbol(&im, &t, "$t", 0x1000, 0, STT_NOTYPE, STB_LOCAL, 1);
	put_symbol(&im, &t, "$d.1", 0x1010, 0, STT_NOTYPE, STB_LOCAL, 1);
	add_tables(&im, &t, false);
	symbols = read_symbols(&im);
	expect_at(symbols, 0x1000, "thumb");
	expect_at(symbols, 0x1010, "thumb");
	assert_null(symbols_named(symbols, "$t", NULL));
	symbols_free(symbols);
}

static void damaged_tables(void **state)
{
	struct symbols *symbols;
	struct elf_file *file;
	struct tables t = {0};
	struct error err;
	struct image im;
	char *name;
	size_t count;

	(void)state;
	/* A name outside of its table, and one that does not end. */
	image_start(&im, 64, false, EM_X86_64, ET_DYN);
	put_function(&im, &t, "", 0, 0);
	put_function(&im, &t, "good", 0x1000, 1);
	put(&t.symbols, 0xffffff, 4, false);
	put(&t.symbols, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 1, false);
	put(&t.symbols, 0, 1, false);
	put(&t.symbols, 1, 2, false);
	put(&t.symbols, 0x2000, 16, false);
	t.names.length--; /* the last name does not end */
	add_tables(&im, &t, false);
	symbols = read_symbols(&im);
	symbols_all(symbols, &count);
	assert_int_equal(count, 1);
	expect_at(symbols, 0x1000, "good");
	symbols_free(symbols);
	/* Thousands of symbols that share one long name: refused, not sorted for hours. */
	name = malloc(100001);
	memset(name, 'a', 100000);
	name[100000] = '\0';
	image_start(&im, 64, false, EM_X86_64, ET_DYN);
	put_function(&im, &t, name, 0, 0);
	for (unsigned i = 0; i < 5000; i++) {
		size_t length = t.names.length;

		put_function(&im, &t, "", 0x1000, 1);
		memcpy(t.symbols.data + t.symbols.length - sizeof(Elf64_Sym), "\1\0\0\0", 4);
		t.names.length = length;
	}
	add_tables(&im, &t, false);
	image_end(&im);
	assert_int_equal(image_open(&im, &file, &err), 0);
	assert_true(symbols_read(file, &symbols, &err) < 0);
	assert_null(symbols);
	elf_file_close(file);
	image_free(&im);
	free(name);
}

static void no_tables(void **state)
{
	struct symbols *symbols;
	struct image im;
	size_t count;

	(void)state;
	image_start(&im, 64, false, EM_X86_64, ET_DYN);
	symbols = read_symbols(&im);
	symbols_all(symbols, &count);
	assert_int_equal(count, 0);
	assert_null(symbols_at(symbols, 0x1000));
	assert_null(symbols_named(symbols, "x", NULL));
	symbols_free(symbols);
}

/* An image with one function, as the separate file of another. */
static void make_debug(struct image *im, const char *function)
{
	struct tables t = {0};

	image_start(im, 64, false, EM_X86_64, ET_DYN);
	put_function(im, &t, "", 0, 0);
	put_function(im, &t, function, 0x1000, 1);
	add_tables(im, &t, false);
	image_end(im);
}

static void packed_inside(void **state)
{
	uint8_t packed[4096];
	struct symbols *symbols;
	struct image debug, im;
	size_t size = 0;

	(void)state;
	make_debug(&debug, "packed");
	assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL,
	                                         (const uint8_t *)debug.bytes.data,
	                                         debug.bytes.length, packed, &size, sizeof(packed)),
	                 LZMA_OK);
	image_start(&im, 64, false, EM_X86_64, ET_DYN);
	image_section(&im, ".gnu_debugdata", SHT_PROGBITS, 0, packed, size, 0, 0);
	symbols = read_symbols(&im);
	expect_at(symbols, 0x1000, "packed");
	symbols_free(symbols);
	/* Cut short it is none, and no error. */
	image_start(&im, 64, false, EM_X86_64, ET_DYN);
	image_section(&im, ".gnu_debugdata", SHT_PROGBITS, 0, packed, size / 2, 0, 0);
	symbols = read_symbols(&im);
	expect_at(symbols, 0x1000, NULL);
	symbols_free(symbols);
	image_free(&debug);
}

static void write_image(const struct image *im, const char *path)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(im->bytes.data, 1, im->bytes.length, out), im->bytes.length);
	assert_int_equal(fclose(out), 0);
}

/* Writes a file with a .gnu_debuglink, and looks for the symbol of its separate file. */
static bool found_by_link(const char *folder, const char *link, uint32_t checksum)
{
	char path[256];
	struct buffer section = {0};
	struct symbols *symbols;
	struct elf_file *file;
	struct error err;
	struct image im;
	bool found;

	snprintf(path, sizeof(path), "%s/program", folder);
	buffer_add(&section, link, strlen(link) + 1);
	pad(&section, 4);
	put(&section, checksum, 4, false);
	image_start(&im, 64, false, EM_X86_64, ET_DYN);
	image_section(&im, ".gnu_debuglink", SHT_PROGBITS, 0, section.data, section.length, 0, 0);
	image_end(&im);
	write_image(&im, path);
	image_free(&im);
	buffer_free(&section);
	assert_int_equal(elf_file_open(path, &file, &err), 0);
	assert_int_equal(symbols_read(file, &symbols, &err), 0);
	found = symbols_named(symbols, "separate", NULL) != NULL;
	symbols_free(symbols);
	elf_file_close(file);
	unlink(path);
	return found;
}

static void separate_file(void **state)
{
	char folder[] = "/tmp/telltale-symbol-XXXXXX", path[256], inner[64];
	struct image debug;
	uint32_t checksum;

	(void)state;
	assert_non_null(mkdtemp(folder));
	make_debug(&debug, "separate");
	checksum = lzma_crc32((const uint8_t *)debug.bytes.data, debug.bytes.length, 0);
	snprintf(path, sizeof(path), "%s/program.debug", folder);
	write_image(&debug, path);
	assert_true(found_by_link(folder, "program.debug", checksum));
	assert_false(found_by_link(folder, "program.debug", checksum + 1));
	assert_false(found_by_link(folder, "../program.debug", checksum));
	assert_false(found_by_link(folder, "absent.debug", checksum));
	unlink(path);
	snprintf(inner, sizeof(inner), "%s/.debug", folder);
	assert_int_equal(mkdir(inner, 0700), 0);
	snprintf(path, sizeof(path), "%s/program.debug", inner);
	write_image(&debug, path);
	assert_true(found_by_link(folder, "program.debug", checksum));
	unlink(path);
	rmdir(inner);
	rmdir(folder);
	image_free(&debug);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(by_address),    cmocka_unit_test(by_name),
	        cmocka_unit_test(marks_of_arm),  cmocka_unit_test(damaged_tables),
	        cmocka_unit_test(no_tables),     cmocka_unit_test(packed_inside),
	        cmocka_unit_test(separate_file),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
