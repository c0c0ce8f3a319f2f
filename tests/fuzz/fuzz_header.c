/* Any text as a header that a program includes. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lang/ast.h"
#include "tests/unit/probe_help.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char folder[] = "/proc/self/fd", *folders[] = {folder};
	struct program program = {.include_folders = folders, .include_folder_count = 1,
				  .no_headers = true};
	int fd = memfd_create("header", MFD_CLOEXEC);
	struct error err = {0};
	struct buffer text = {0};
	struct hand hand;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	buffer_print(&text, "#include <%d>\ndemo:reply { @ = sizeof(struct a) + A + B(1, 2); }", fd);
	hand_make(&hand);
	hand.set.tracefs = "/";
	program.types.kernel_path = "no/btf"; /* the same on every kernel */
	if (!program_parse("fuzz", buffer_string(&text), &program, &err) &&
	    program_check(&program, &hand.set, &err) && !err.text[0])
		abort();
	program_free(&program);
	hand_free(&hand);
	buffer_free(&text);
	close(fd);
	return 0;
}
