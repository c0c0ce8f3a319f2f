/*
 * Opening files: what is refused and with which words, sections, addresses and offsets.
 */
#include "elf_image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static char folder[] = "/tmp/telltale-elf-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static void expect_refusal(const char *path, int code, const char *words)
{
	struct elf_file *file;
	struct error err;

	assert_int_equal(elf_file_open(path, &file, &err), code);
	assert_null(file);
	if (!strstr(err.text, words) || !strstr(err.text, path) || strchr(err.text, '\n'))
		fail_msg("`%s' does not say `%s'", err.text, words);
}

static void write_file(const char *path, const void *bytes, size_t size)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(bytes, 1, size, out), size);
	assert_int_equal(fclose(out), 0);
}

static void what_is_no_elf_file(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/it", folder);
	expect_refusal(path, -ENOENT, "No such file");
	expect_refusal(folder, -EINVAL, "is a directory");
	expect_refusal("/dev/null", -EINVAL, "is a device");
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_refusal(path, -EINVAL, "is a pipe"); /* and does not wait for a writer */
	unlink(path);
	write_file(path, "", 0);
	expect_refusal(path, -EINVAL, "is empty");
	write_file(path, "#!/bin/sh\n", 10);
	expect_refusal(path, -EINVAL, "not an ELF file");
	write_file(path, ELFMAG "\2\1\1", 7);
	expect_refusal(path, -EINVAL, "damaged or truncated");
	if (geteuid()) {
		chmod(path, 0);
		expect_refusal(path, -EACCES, "Permission denied");
	}
	unlink(path);
	assert_int_equal(symlink(path, path), 0);
	expect_refusal(path, -ELOOP, "symbolic links");
	unlink(path);
}

static void make_plain(struct image *im, unsigned bits, bool big)
{
	image_start(im, bits, big, bits == 64 ? EM_X86_64 : EM_386, ET_EXEC);
	image_section(im, ".hello", SHT_PROGBITS, 0x123, "hello", 5, 0, 0);
	image_section(im, ".bss", SHT_NOBITS, 0x603100, NULL, (size_t)1 << 40 >> (64 - bits), 0, 0);
	image_end(im);
}

static void facts_and_sections(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		unsigned bits = i & 1 ? 32 : 64;
		struct elf_section section;
		struct elf_file *file;
		struct error err;
		struct image im;

		make_plain(&im, bits, i & 2);
		assert_int_equal(image_open(&im, &file, &err), 0);
		assert_int_equal(elf_file_facts(file)->bits, bits);
		assert_int_equal(elf_file_facts(file)->big_endian, (i & 2) != 0);
		assert_int_equal(elf_file_facts(file)->machine, bits == 64 ? EM_X86_64 : EM_386);
		assert_int_equal(elf_file_facts(file)->type, ET_EXEC);
		assert_string_equal(elf_file_path(file), "image");
		assert_null(elf_file_interpreter(file));
		assert_int_equal(elf_file_section(file, ".hello", &section, &err), 1);
		assert_int_equal(section.address, 0x123);
		assert_int_equal(section.size, 5);
		assert_memory_equal(section.data, "hello", 5);
		assert_int_equal(elf_file_section(file, ".bss", &section, &err), 1);
		assert_null(section.data);
		assert_int_equal(elf_file_section(file, ".hell", &section, &err), 0);
		elf_file_close(file);
		image_free(&im);
	}
	elf_file_close(NULL);
}

static void addresses(void **state)
{
	struct elf_file *file;
	struct error err;
	struct image im;
	uint64_t found;

	(void)state;
	image_start(&im, 64, false, EM_X86_64, ET_DYN);
	/* Claims that would wrap around count for nothing. */
	image_segment(&im, PT_LOAD, UINT64_MAX - 4, 0x10, 0x100, 0x100);
	image_segment(&im, PT_LOAD, 0, UINT64_MAX - 4, 0x100, 0x100);
	image_end(&im);
	assert_int_equal(image_open(&im, &file, &err), 0);
	assert_true(elf_file_offset(file, IMAGE_CODE, &found));
	assert_int_equal(found, IMAGE_CODE_OFFSET);
	assert_true(elf_file_offset(file, IMAGE_CODE + IMAGE_CODE_SIZE - 1, &found));
	assert_int_equal(found, IMAGE_CODE_OFFSET + IMAGE_CODE_SIZE - 1);
	assert_false(elf_file_offset(file, IMAGE_CODE + IMAGE_CODE_SIZE, &found));
	assert_false(elf_file_offset(file, IMAGE_CODE - 1, &found));
	assert_false(elf_file_offset(file, IMAGE_DATA + IMAGE_DATA_SIZE, &found));
	assert_false(elf_file_offset(file, UINT64_MAX, &found));
	assert_false(elf_file_offset(file, 0x10, &found));
	assert_true(elf_file_address(file, IMAGE_DATA_OFFSET + 8, &found));
	assert_int_equal(found, IMAGE_DATA + 8);
	assert_false(elf_file_address(file, 0, &found));
	elf_file_close(file);
	image_free(&im);
}

static void build_id_and_interpreter(void **state)
{
	static const unsigned char id[] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct buffer notes = {0}, desc = {0};

	(void)state;
	buffer_add(&desc, id, sizeof(id));
	put_note(&notes, true, 7, "other", &desc);
	put_note(&notes, true, NT_GNU_BUILD_ID, "GNU", &desc);
	for (unsigned as_segment = 0; as_segment < 2; as_segment++) {
		struct elf_file *file;
		struct error err;
		struct image im;
		size_t at;

		image_start(&im, 64, true, EM_S390, as_segment ? ET_DYN : ET_REL);
		at = image_section(&im, as_segment ? ".x" : ".note.gnu.build-id", SHT_NOTE, 0,
		                   notes.data, notes.length, 0, 0);
		if (as_segment) {
			image_segment(&im, PT_NOTE, im.sections[at].offset, 0, notes.length, 0);
			at = image_section(&im, ".interp", SHT_PROGBITS, 0, "/lib/ld.so", 11, 0, 0);
			image_segment(&im, PT_INTERP, im.sections[at].offset, 0, 11, 11);
		}
		image_end(&im);
		assert_int_equal(image_open(&im, &file, &err), 0);
		assert_int_equal(elf_file_facts(file)->build_id_length, sizeof(id));
		assert_memory_equal(elf_file_facts(file)->build_id, id, sizeof(id));
		if (as_segment)
			assert_string_equal(elf_file_interpreter(file), "/lib/ld.so");
		else
			assert_null(elf_file_interpreter(file));
		elf_file_close(file);
		image_free(&im);
	}
	buffer_free(&notes);
	buffer_free(&desc);
}

/* Cut at every length, a file is refused or read, and nothing else happens. */
static void truncated(void **state)
{
	struct image im;

	(void)state;
	make_plain(&im, 64, false);
	for (size_t length = 1; length < im.bytes.length; length++) {
		struct elf_file *file;
		struct error err = {0};

		assert_int_equal(open_bytes(im.bytes.data, length, &file, &err), -EINVAL);
		assert_non_null(strstr(err.text, "image: "));
	}
	image_free(&im);
}

static void lying_sizes(void **state)
{
	struct elf_section section;
	struct elf_file *file;
	struct error err;
	struct image im;

	(void)state;
	image_start(&im, 64, false, EM_X86_64, ET_EXEC);
	image_section(&im, ".tera", SHT_PROGBITS, 0, "x", 1, 0, 0);
	im.sections[1].size = (uint64_t)1 << 40;
	image_section(&im, ".wrap", SHT_PROGBITS, 0, "x", 1, 0, 0);
	im.sections[2].offset = UINT64_MAX - 1;
	im.sections[2].size = 16;
	image_end(&im);
	assert_int_equal(image_open(&im, &file, &err), 0);
	assert_int_equal(elf_file_section(file, ".tera", &section, &err), -EINVAL);
	assert_non_null(strstr(err.text, "section .tera does not fit"));
	assert_int_equal(elf_file_section(file, ".wrap", &section, &err), -EINVAL);
	elf_file_close(file);
	image_free(&im);
}

/* Many sections that are all the same bytes do not cost the sum of their sizes. */
static void overlapping_sections(void **state)
{
	static char bytes[4096];
	struct elf_section section;
	struct elf_file *file;
	struct error err;
	struct image im;
	size_t after = 0, found = 0;
	int rc;

	(void)state;
	image_start(&im, 64, false, EM_X86_64, ET_EXEC);
	for (unsigned i = 0; i < 20; i++)
		image_section(&im, ".same", SHT_PROGBITS, 0, bytes, i ? 0 : sizeof(bytes), 0, 0);
	for (unsigned i = 2; i <= 20; i++) {
		im.sections[i].offset = im.sections[1].offset;
		im.sections[i].size = sizeof(bytes);
	}
	image_end(&im);
	assert_int_equal(image_open(&im, &file, &err), 0);
	while ((rc = elf_file_section_next(file, ".same", &after, &section, &err)) == 1)
		found++;
	assert_int_equal(rc, -EINVAL);
	assert_true(found < 4);
	/* What was read once can be asked for again. */
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(elf_file_section(file, ".same", &section, &err), 1);
	elf_file_close(file);
	image_free(&im);
}

static void shrinks_while_open(void **state)
{
	struct elf_section section;
	struct elf_file *file;
	struct error err;
	struct image im;
	int fd = memfd_create("image", MFD_CLOEXEC);

	(void)state;
	image_start(&im, 64, false, EM_X86_64, ET_EXEC);
	image_section(&im, ".note.stapsdt", SHT_NOTE, 0, "12345678", 8, 0, 0);
	image_end(&im);
	assert_int_equal(write(fd, im.bytes.data, im.bytes.length), im.bytes.length);
	assert_int_equal(elf_file_open_fd(fd, "image", &file, &err), 0);
	assert_int_equal(ftruncate(fd, 100), 0);
	assert_int_equal(elf_file_section(file, ".note.stapsdt", &section, &err), -EINVAL);
	elf_file_close(file);
	close(fd);
	image_free(&im);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_is_no_elf_file),
	        cmocka_unit_test(facts_and_sections),
	        cmocka_unit_test(addresses),
	        cmocka_unit_test(build_id_and_interpreter),
	        cmocka_unit_test(truncated),
	        cmocka_unit_test(lying_sizes),
	        cmocka_unit_test(overlapping_sections),
	        cmocka_unit_test(shrinks_while_open),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
