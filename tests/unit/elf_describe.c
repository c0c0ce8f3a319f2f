/*
 * .note.telltale joined with .note.stapsdt, and the names that the source's text gives.
 */
#include "elf_image.h"

#include "elf/names.h"

struct outcome {
	struct image image;
	struct buffer sites, described;
	struct elf_file *file;
	struct notes notes;
	struct buffer said;
	struct warnings warnings;
};

static void start(struct outcome *o, unsigned bits, bool big)
{
	*o = (struct outcome){0};
	image_start(&o->image, bits, big, EM_AARCH64, ET_DYN);
}

static void put_text(struct outcome *o, unsigned count, uint32_t line, const char *provider,
                     const char *name, const char *text)
{
	bool big = o->image.big;
	struct buffer desc = {0};

	put(&desc, 1, 1, big);
	put(&desc, 0, 1, big);
	put(&desc, count, 1, big);
	put(&desc, 0, 1, big);
	put(&desc, line, 4, big);
	buffer_add(&desc, provider, strlen(provider) + 1);
	buffer_add(&desc, name, strlen(name) + 1);
	buffer_add(&desc, text, strlen(text) + 1);
	put_note(&o->described, big, 2, "telltale", &desc);
	buffer_free(&desc);
}

static void put_kinds(struct outcome *o, uint32_t line, uint64_t address, unsigned count,
                      const char *kinds)
{
	bool big = o->image.big;
	struct buffer desc = {0};

	put(&desc, 1, 1, big);
	put(&desc, o->image.bits / 8, 1, big);
	put(&desc, count, 1, big);
	put(&desc, 0, 1, big);
	put(&desc, line, 4, big);
	put_address(&o->image, &desc, address);
	put_address(&o->image, &desc, 0x402000);
	buffer_add(&desc, kinds, count);
	put_note(&o->described, big, 1, "telltale", &desc);
	buffer_free(&desc);
}

static void add_site(struct outcome *o, uint64_t address, const char *name, const char *operands)
{
	put_site(&o->image, &o->sites, address, 0x402000, 0, "demo", name, operands);
}

static void finish(struct outcome *o)
{
	struct error err = {0};

	o->warnings = (struct warnings){.say = keep_warning, .context = &o->said};
	image_section(&o->image, ".note.stapsdt", SHT_NOTE, 0, o->sites.data, o->sites.length, 0,
	              0);
	image_section(&o->image, ".note.telltale", SHT_NOTE, 0, o->described.data,
	              o->described.length, 0, 0);
	image_end(&o->image);
	if (image_open(&o->image, &o->file, &err) ||
	    notes_read(o->file, &o->notes, &o->warnings, &err))
		fail_msg("%s", err.text);
}

static void release(struct outcome *o)
{
	notes_free(&o->notes);
	elf_file_close(o->file);
	buffer_free(&o->sites);
	buffer_free(&o->described);
	buffer_free(&o->said);
	image_free(&o->image);
}

static void kinds_and_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const struct note_argument *a;
		struct outcome o;

		start(&o, i & 1 ? 32 : 64, i & 2);
		add_site(&o, IMAGE_CODE, "none", "");
		add_site(&o, IMAGE_CODE + 1, "some", "-4@x1 8@x2 4@x3 8f@x4 8@x5");
		put_kinds(&o, 5, IMAGE_CODE, 0, "");
		put_text(
		        &o, 5, 6, "demo", "some",
		        "some, TELLTALE_ARG(id, a % b), TELLTALE_BUF(p->data, p->n), 1.5, \"a,b\"");
		put_kinds(&o, 6, IMAGE_CODE + 1, 5, "\1\10\2\5\77");
		finish(&o);
		assert_int_equal(o.warnings.count, 0);
		assert_int_equal(o.notes.items[0].argument_count, 0);
		assert_int_equal(o.notes.items[1].argument_count, 5);
		a = o.notes.items[1].arguments;
		assert_int_equal(a[0].kind, NOTE_SIGNED);
		assert_string_equal(a[0].name, "id");
		assert_int_equal(a[1].kind, NOTE_BUFFER);
		assert_string_equal(a[1].name, "p->data");
		assert_int_equal(a[1].length_argument, 2);
		assert_false(a[1].hidden);
		assert_int_equal(a[2].kind, NOTE_UNSIGNED);
		assert_string_equal(a[2].name, "p->n");
		assert_true(a[2].hidden);
		assert_int_equal(a[3].kind, NOTE_FLOAT);
		assert_string_equal(a[3].name, "1.5");
		assert_int_equal(a[4].kind, NOTE_UNKNOWN); /* of a later version */
		assert_string_equal(a[4].name, "\"a,b\"");
		release(&o);
	}
}

/* Of the texts with the same key: the last one before the site, else the first behind it. */
static void which_text(void **state)
{
	struct outcome o;

	(void)state;
	start(&o, 64, false);
	for (unsigned i = 0; i < 5; i++)
		add_site(&o, IMAGE_CODE + i, i < 4 ? "p" : "q", "8@x0");
	put_kinds(&o, 1, IMAGE_CODE, 1, "\1");
	put_text(&o, 1, 1, "demo", "p", "p, first");
	put_text(&o, 1, 1, "demo", "p", "p, second");
	put_text(&o, 1, 2, "demo", "p", "p, other_line");
	put_text(&o, 2, 1, "demo", "p", "p, other, count");
	put_text(&o, 1, 1, "else", "p", "p, other_provider");
	put_kinds(&o, 1, IMAGE_CODE + 1, 1, "\1");
	put_kinds(&o, 1, IMAGE_CODE + 2, 1, "\1"); /* two sites with one text */
	put_kinds(&o, 2, IMAGE_CODE + 3, 1, "\1");
	put_kinds(&o, 1, IMAGE_CODE + 4, 1, "\1"); /* none for q */
	put_kinds(&o, 1, 0, 1, "\1");              /* discarded by the linker */
	finish(&o);
	assert_string_equal(o.notes.items[0].arguments[0].name, "first");
	assert_string_equal(o.notes.items[1].arguments[0].name, "second");
	assert_string_equal(o.notes.items[2].arguments[0].name, "second");
	assert_string_equal(o.notes.items[3].arguments[0].name, "other_line");
	assert_string_equal(o.notes.items[4].arguments[0].name, "");
	assert_int_equal(o.notes.items[4].arguments[0].kind, NOTE_SIGNED);
	release(&o);
}

/* Folded functions: several notes of one address are told apart by their number of operands. */
static void one_address(void **state)
{
	struct outcome o;

	(void)state;
	start(&o, 64, false);
	add_site(&o, IMAGE_CODE, "one", "8@x0");
	add_site(&o, IMAGE_CODE, "two", "8@x0 8@[sp, 8]");
	add_site(&o, IMAGE_CODE, "uno", "8@x0");
	put_kinds(&o, 1, IMAGE_CODE, 2, "\1\2");
	put_kinds(&o, 1, IMAGE_CODE, 1, "\3");
	put_kinds(&o, 1, IMAGE_CODE, 1, "\4");
	put_kinds(&o, 1, IMAGE_CODE, 3, "\1\1\1"); /* fits none */
	finish(&o);
	assert_int_equal(o.notes.items[0].arguments[0].kind, NOTE_BOOL);
	assert_int_equal(o.notes.items[1].arguments[1].kind, NOTE_UNSIGNED);
	assert_int_equal(o.notes.items[2].arguments[0].kind, NOTE_CHAR);
	release(&o);
}

static void bent_notes(void **state)
{
	struct buffer desc = {0};
	struct outcome o;

	(void)state;
	start(&o, 64, false);
	add_site(&o, IMAGE_CODE, "p", "8@x0");
	add_site(&o, IMAGE_CODE + 1, "q", "8@x0 8@x1");
	put_note(&o.described, false, 1, "telltale", &desc); /* empty */
	buffer_add(&desc, "\1\10\1\0\0\0\0\0", 8);
	put_note(&o.described, false, 1, "telltale", &desc); /* cut short */
	put_note(&o.described, false, 1, "someone", &desc);
	put_note(&o.described, false, 9, "telltale", &desc);
	buffer_add(&desc, "demo", 4);
	put_note(&o.described, false, 2, "telltale", &desc); /* a text that does not end */
	put_kinds(&o, 1, IMAGE_CODE, 1, "\10"); /* a buffer without its length: a pointer */
	put_text(&o, 2, 1, "demo", "q", "q, a");
	put_kinds(&o, 1, IMAGE_CODE + 1, 2, "\10\10");
	buffer_add(&o.described, "\x09\0\0\0\xff\xff\xff\xff\1\0\0\0", 12);
	finish(&o);
	assert_int_equal(o.notes.items[0].arguments[0].kind, NOTE_POINTER);
	assert_int_equal(o.notes.items[1].arguments[0].kind, NOTE_BUFFER);
	assert_true(o.notes.items[1].arguments[1].hidden);
	assert_string_equal(o.notes.items[1].arguments[0].name, ""); /* one name for two */
	assert_int_equal(o.warnings.count, 1);
	assert_non_null(strstr(buffer_string(&o.said), ".note.telltale is cut short"));
	buffer_free(&desc);
	release(&o);
}

/* The names are written one behind the other with |, a type behind its name with a colon. */
static const struct {
	const char *text;
	size_t count;
	const char *names; /* NULL: dropped */
} texts[] = {
        {"p", 0, ""},
        {"p, a", 1, "a"},
        {"p,a,b", 2, "a|b"},
        {" p ,  a % b , strchr(\"100%\\n\", c) ", 2, "a % b|strchr(\"100%\\n\", c)"},
        {"p, f(a, b), (c, d)", 2, "f(a, b)|(c, d)"},
        {"p, ',', '\\'', \"\\\",\"", 3, "','|'\\''|\"\\\",\""},
        {"p, 1'000, a", 2, "1'000|a"},
        {"p, x1'a', b", 2, "x1'a'|b"},
        {"p, a[1, 2]", 2, "a[1|2]"},
        {"p, TELLTALE_ARG(rows, n)", 1, "rows"},
        {"p, TELLTALE_ARG ( rows , n )", 1, "rows"},
        {"p, TELLTALE_ARG(rows, n) + 1", 1, "TELLTALE_ARG(rows, n) + 1"},
        {"p, TELLTALE_ARG(a, b) + f(c)", 1, "TELLTALE_ARG(a, b) + f(c)"},
        {"p, TELLTALE_ARGS(a, b)", 1, "TELLTALE_ARGS(a, b)"},
        {"p, TELLTALE_ARG(a)", 1, "TELLTALE_ARG(a)"},
        {"p, TELLTALE_BUF(p, n)", 2, "p|n"},
        {"p, TELLTALE_BUF(TELLTALE_ARG(data, p), TELLTALE_ARG(size, n))", 2, "data|size"},
        {"p, TELLTALE_ARG(data, TELLTALE_BUF(p, n))", 2, "data|n"},
        {"p, TELLTALE_TYPE(size_t, n)", 1, "n:size_t"},
        {"p, TELLTALE_ARG(rows, TELLTALE_TYPE(unsigned long, n))", 1, "rows:unsigned long"},
        {"p, TELLTALE_TYPE(int, TELLTALE_ARG(rows, n))", 1, "rows:int"},
        {"p, ((void)\"rows\", n)", 1, "rows"},
        {"p, ( ( void ) \"a \\\"b\\\"\" , n)", 1, "a \"b\""},
        {"p, ((void)rows, n)", 1, "((void)rows, n)"},
        {"p, ((int)\"rows\", n)", 1, "((int)\"rows\", n)"},
        {"p, ((void)\"rows\")", 1, "((void)\"rows\")"},
        {"p, \xc3\xa4, b", 2, "\xc3\xa4|b"},
        {"p, a, b", 1, NULL},
        {"p, a", 2, NULL},
        {"p", 1, NULL},
        {"", 1, NULL},
        {"p, TELLTALE_BUF(p, n)", 1, NULL},
        {"p, \"unended, b", 1, "\"unended, b"},
        {"p, (unended, b", 1, "(unended, b"},
        {"p, unopened), b", 2, "unopened)|b"},
};

static void every_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct argument_name names[4] = {0};
		struct arena arena = {0};
		struct buffer b = {0};
		bool good = argument_names(&arena, texts[i].text, strlen(texts[i].text), names,
		                           texts[i].count);

		for (size_t j = 0; good && j < texts[i].count; j++) {
			buffer_print(&b, "%s%s", j ? "|" : "", names[j].name);
			if (names[j].type)
				buffer_print(&b, ":%s", names[j].type);
		}
		if (good != (texts[i].names != NULL) ||
		    (good && strcmp(buffer_string(&b), texts[i].names)))
			fail_msg("`%s' gives `%s' (%d), not `%s'", texts[i].text, buffer_string(&b),
			         good, texts[i].names ? texts[i].names : "nothing");
		buffer_free(&b);
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(kinds_and_names), cmocka_unit_test(which_text),
	        cmocka_unit_test(one_address),     cmocka_unit_test(bent_notes),
	        cmocka_unit_test(every_text),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
