/*
 * Reading .note.stapsdt: addresses, their correction, what makes no sense, files not linked.
 */
#include "elf_image.h"

#include <errno.h>
#include <stdio.h>

struct outcome {
	struct image image;
	struct elf_file *file;
	struct notes notes;
	struct buffer said;
	struct warnings warnings;
};

/* Ends the image and reads its notes. */
static void read_notes(struct outcome *o)
{
	struct error err = {0};

	o->warnings = (struct warnings){.say = keep_warning, .context = &o->said};
	image_end(&o->image);
	if (image_open(&o->image, &o->file, &err) ||
	    notes_read(o->file, &o->notes, &o->warnings, &err))
		fail_msg("%s", err.text);
}

static void release(struct outcome *o)
{
	notes_free(&o->notes);
	elf_file_close(o->file);
	buffer_free(&o->said);
	image_free(&o->image);
}

static void expect_said(const struct outcome *o, const char *words)
{
	if (!strstr(buffer_string(&o->said), words))
		fail_msg("`%s' does not say `%s'", buffer_string(&o->said), words);
}

static void add_notes_section(struct outcome *o, struct buffer *b)
{
	image_section(&o->image, ".note.stapsdt", SHT_NOTE, 0, b->data, b->length, 0, 0);
	buffer_free(b);
}

static void every_width_and_order(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct outcome o = {0};
		struct buffer b = {0}, none = {0};
		const struct note *note;

		image_start(&o.image, i & 1 ? 32 : 64, i & 2, EM_PPC64, ET_DYN);
		put_note(&b, i & 2, 3, "someone", &none);
		put_site(&o.image, &b, IMAGE_CODE + 0x10, 0, 0, "demo", "none", "");
		put_site(&o.image, &b, IMAGE_CODE + 0x20, 0, IMAGE_DATA + 2, "demo", "one", "-4@9");
		add_notes_section(&o, &b);
		read_notes(&o);
		assert_int_equal(o.warnings.count, 0);
		assert_int_equal(o.notes.count, 2);
		assert_false(o.notes.has_base);
		note = &o.notes.items[0];
		assert_string_equal(note->provider, "demo");
		assert_string_equal(note->name, "none");
		assert_string_equal(note->operands, "");
		assert_int_equal(note->number, 0);
		assert_int_equal(note->address, IMAGE_CODE + 0x10);
		assert_int_equal(note->offset, IMAGE_CODE_OFFSET + 0x10);
		assert_false(note->has_semaphore);
		assert_null(note->arguments);
		note = &o.notes.items[1];
		assert_string_equal(note->operands, "-4@9");
		assert_int_equal(note->number, 1);
		assert_true(note->has_semaphore);
		assert_int_equal(note->semaphore_address, IMAGE_DATA + 2);
		assert_int_equal(note->semaphore_offset, IMAGE_DATA_OFFSET + 2);
		release(&o);
	}
}

/* Prelink moved the file after the notes were written, up or down. */
static void corrected_by_base(void **state)
{
	static const int64_t moves[] = {0x1000, -0x1000, 0};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		int64_t move = moves[i / 2];
		struct outcome o = {0};
		struct buffer b = {0};

		image_start(&o.image, i & 1 ? 32 : 64, false, EM_X86_64, ET_DYN);
		image_section(&o.image, ".stapsdt.base", SHT_PROGBITS, 0x402000, "", 1, 0, 0);
		put_site(&o.image, &b, (uint64_t)(IMAGE_CODE + 0x10 - move),
		         (uint64_t)(0x402000 - move), (uint64_t)(IMAGE_DATA + 4 - move), "demo",
		         "moved", "");
		/* A base of 0 says that there was none. */
		put_site(&o.image, &b, IMAGE_CODE + 0x30, 0, 0, "demo", "still", "");
		add_notes_section(&o, &b);
		read_notes(&o);
		assert_int_equal(o.warnings.count, 0);
		assert_true(o.notes.has_base);
		assert_int_equal(o.notes.count, 2);
		assert_int_equal(o.notes.items[0].address, IMAGE_CODE + 0x10);
		assert_int_equal(o.notes.items[0].offset, IMAGE_CODE_OFFSET + 0x10);
		assert_int_equal(o.notes.items[0].semaphore_offset, IMAGE_DATA_OFFSET + 4);
		assert_int_equal(o.notes.items[1].address, IMAGE_CODE + 0x30);
		assert_true(o.notes.items[0].base && !o.notes.items[1].base);
		release(&o);
	}
}

/* Each is named with its number and reason; the one behind them is listed. */
static void what_makes_no_sense(void **state)
{
	struct buffer b = {0}, desc = {0};
	struct outcome o = {0};

	(void)state;
	image_start(&o.image, 64, false, EM_X86_64, ET_DYN);
	put_address(&o.image, &desc, IMAGE_CODE);
	put_note(&b, false, 3, "stapsdt", &desc);
	put_note(&b, false, 2, "stapsdt", &desc);
	put_address(&o.image, &desc, 0);
	put_address(&o.image, &desc, 0);
	buffer_add(&desc, "demo\0open\0-4@%edi", 17);
	put_note(&b, false, 3, "stapsdt", &desc);
	put_site(&o.image, &b, 0x10, 0, 0, "demo", "nowhere", "");
	put_site(&o.image, &b, IMAGE_CODE, 0, 0, "", "nobody", "");
	put_site(&o.image, &b, IMAGE_CODE, 0, 0, "demo", "", "");
	put_site(&o.image, &b, IMAGE_CODE, 0, IMAGE_DATA + IMAGE_DATA_SIZE, "demo", "bss", "");
	put_site(&o.image, &b, IMAGE_CODE + 8, 0, 0, "demo", "good", "8@%rdi");
	put(&b, 8, 4, false);
	put(&b, 0x7fffffff, 4, false);
	put(&b, 3, 4, false);
	add_notes_section(&o, &b);
	buffer_free(&desc);
	read_notes(&o);
	expect_said(&o, "image: note 0 of .note.stapsdt is left out: it is too short");
	expect_said(&o, "note 1 of .note.stapsdt is left out: its version is not 3");
	expect_said(&o, "note 2 of .note.stapsdt is left out: a text in it does not end");
	expect_said(&o, "note 3 of .note.stapsdt is left out: its address is in no segment");
	expect_said(&o, "note 4 of .note.stapsdt is left out: it names no provider");
	expect_said(&o, "note 5 of .note.stapsdt is left out: it names no provider");
	expect_said(&o, "note 6 of .note.stapsdt (demo:bss): its semaphore has no place");
	expect_said(&o, "note 8 of .note.stapsdt is left out: it is cut short");
	assert_int_equal(o.warnings.count, 8);
	assert_int_equal(o.notes.left_out_count, 7);
	assert_true(o.notes.left_out[3].no_site);
	assert_string_equal(o.notes.left_out[3].name, "nowhere");
	for (size_t i = 0; i < 7; i++)
		assert_true(o.notes.left_out[i].no_site == (i == 3));
	assert_int_equal(o.notes.count, 2);
	assert_string_equal(o.notes.items[0].name, "bss");
	assert_true(o.notes.items[0].has_semaphore);
	assert_int_equal(o.notes.items[0].semaphore_offset, 0);
	assert_string_equal(o.notes.items[1].name, "good");
	assert_int_equal(o.notes.items[1].number, 7);
	release(&o);
}

static void nothing_there(void **state)
{
	struct outcome o = {0};

	(void)state;
	image_start(&o.image, 64, false, EM_X86_64, ET_DYN);
	read_notes(&o);
	assert_int_equal(o.notes.count, 0);
	assert_int_equal(o.warnings.count, 0);
	release(&o);
	o = (struct outcome){0};
	image_start(&o.image, 64, false, EM_X86_64, ET_DYN);
	image_section(&o.image, ".note.stapsdt", SHT_NOTE, 0, NULL, 0, 0, 0);
	image_section(&o.image, ".note.stapsdt", SHT_NOBITS, 0, NULL, 100, 0, 0);
	image_section(&o.image, ".note.stapsdt", SHT_NOTE, 0, "\0\0\0\0", 4, 0, 0);
	read_notes(&o);
	assert_int_equal(o.notes.count, 0);
	assert_int_equal(o.warnings.count, 0);
	release(&o);
}

static void put_symbol(struct image *im, struct buffer *b, uint64_t value, unsigned section)
{
	put(b, 0, 4, im->big);
	if (im->bits == 32) {
		put(b, value, 4, im->big);
		put(b, 0, 4, im->big);
	}
	put(b, ELF64_ST_INFO(STB_LOCAL, STT_NOTYPE), 1, im->big);
	put(b, 0, 1, im->big);
	put(b, section, 2, im->big);
	if (im->bits == 64) {
		put(b, value, 8, im->big);
		put(b, 0, 8, im->big);
	}
}

static void put_relocation(struct image *im, struct buffer *b, uint64_t offset, unsigned symbol,
                           bool with_addend, uint64_t addend)
{
	put_address(im, b, offset);
	if (im->bits == 32) {
		put(b, symbol << 8 | 1, 4, im->big);
	} else if (im->machine == EM_MIPS) {
		put(b, symbol, 4, im->big);
		put(b, 18, 4, im->big);
	} else {
		put(b, (uint64_t)symbol << 32 | 1, 8, im->big);
	}
	if (with_addend)
		put_address(im, b, addend);
}

/* Two sections of notes, each with one note whose words are 0 but for the addend of REL. */
static void not_linked(void **state)
{
	static const struct {
		unsigned machine, bits;
		bool big, with_addend;
	} kinds[] = {
	        {EM_X86_64, 64, false, true}, {EM_386, 32, false, false},
	        {EM_PPC64, 64, true, true},   {EM_MIPS, 64, false, true},
	        {EM_MIPS, 64, true, true},    {EM_ARM, 32, false, false},
	};

	(void)state;
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		bool with_addend = kinds[k].with_addend;
		struct buffer symbols = {0}, b = {0}, r = {0};
		struct outcome o = {0};
		struct image *im = &o.image;
		unsigned width = kinds[k].bits / 8, first = 20; /* where the words begin */
		size_t section;

		image_start(im, kinds[k].bits, kinds[k].big, kinds[k].machine, ET_REL);
		put_symbol(im, &symbols, 0, 0);
		put_symbol(im, &symbols, 0x10, 7);
		put_symbol(im, &symbols, 0, 8);
		image_section(im, ".symtab", SHT_SYMTAB, 0, symbols.data, symbols.length, 0, 0);
		put_site(im, &b, with_addend ? 0 : 4, 0, 0, "demo", "a", "");
		section = image_section(im, ".note.stapsdt", SHT_NOTE, 0, b.data, b.length, 0, 0);
		put_relocation(im, &r, first + 2 * width, 2, with_addend, 0); /* not in order */
		put_relocation(im, &r, first, 1, with_addend, 4);
		image_section(im, with_addend ? ".rela.note.stapsdt" : ".rel.note.stapsdt",
		              with_addend ? SHT_RELA : SHT_REL, 0, r.data, r.length, 1,
		              (uint32_t)section);
		buffer_clear(&b);
		buffer_clear(&r);
		put_site(im, &b, with_addend ? 0 : 8, 0, 0, "demo", "b", "");
		put_site(im, &b, 0, 0, 0, "demo", "lost", "");
		section = image_section(im, ".note.stapsdt", SHT_NOTE, 0, b.data, b.length, 0, 0);
		put_relocation(im, &r, first, 1, with_addend, 8);
		put_relocation(im, &r, first, 99, with_addend, 8); /* no such symbol */
		image_section(im, with_addend ? ".rela.note.stapsdt" : ".rel.note.stapsdt",
		              with_addend ? SHT_RELA : SHT_REL, 0, r.data, r.length, 1,
		              (uint32_t)section);
		read_notes(&o);
		assert_int_equal(o.notes.count, 2);
		assert_int_equal(o.notes.items[0].address, 0x14);
		assert_int_equal(o.notes.items[0].offset, 0);
		assert_true(o.notes.items[0].has_semaphore); /* at 0 of its section */
		assert_int_equal(o.notes.items[1].address, 0x18);
		assert_false(o.notes.items[1].has_semaphore);
		expect_said(&o, "note 2 of .note.stapsdt is left out: no relocation says");
		assert_int_equal(o.warnings.count, 1);
		buffer_free(&symbols);
		buffer_free(&b);
		buffer_free(&r);
		release(&o);
	}
}

/* Cut anywhere, with any size: no more than a warning or an error. */
static void cut_sections(void **state)
{
	struct buffer b = {0};
	struct image plain;

	(void)state;
	image_start(&plain, 64, false, EM_X86_64, ET_DYN);
	put_site(&plain, &b, IMAGE_CODE, 0, 0, "demo", "one", "-4@%edi");
	put_site(&plain, &b, IMAGE_CODE + 1, 0, 0, "demo", "two", "");
	image_free(&plain);
	for (size_t length = 0; length <= b.length; length++) {
		struct outcome o = {0};

		image_start(&o.image, 64, false, EM_X86_64, ET_DYN);
		image_section(&o.image, ".note.stapsdt", SHT_NOTE, 0, b.data, length, 0, 0);
		read_notes(&o);
		assert_true(o.notes.count <= 2);
		assert_true(o.warnings.count <= 1);
		release(&o);
	}
	buffer_free(&b);
}

static void real_postgres(void **state)
{
	static const char path[] = "/usr/lib/postgresql/15/bin/postgres";
	struct warnings warnings = {0};
	struct elf_file *file;
	struct notes notes;
	struct error err;

	(void)state;
	if (access(path, R_OK)) {
		print_message("# SKIP no %s here\n", path);
		skip();
	}
	assert_int_equal(elf_file_open(path, &file, &err), 0);
	assert_int_equal(notes_read(file, &notes, &warnings, &err), 0);
	assert_int_equal(notes.count, 71);
	assert_int_equal(warnings.count, 0);
	for (size_t i = 0; i < notes.count; i++) {
		assert_string_equal(notes.items[i].provider, "postgresql");
		assert_true(notes.items[i].has_semaphore);
		assert_true(notes.items[i].semaphore_offset);
	}
	notes_free(&notes);
	elf_file_close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_width_and_order),
	        cmocka_unit_test(corrected_by_base),
	        cmocka_unit_test(what_makes_no_sense),
	        cmocka_unit_test(nothing_there),
	        cmocka_unit_test(not_linked),
	        cmocka_unit_test(cut_sections),
	        cmocka_unit_test(real_postgres),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
