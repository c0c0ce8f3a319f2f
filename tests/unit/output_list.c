/* The listing: text for people, and every member of the JSON that INTERFACE promises. */
#include "output_help.h"

#include <errno.h>

static const struct listing_argument arguments[] = {
        {"id", "int", 4, true},
        {"path", "const char *", 8, false},
        {"seconds", "double", 8, false},
};

static const struct listing_operand operands[] = {
        {.kind = "reg", .size = 4, .is_signed = true, .reg = "ebx"},
        {.kind = "mem",
         .size = 8,
         .reg = "rdi",
         .index = "rcx",
         .scale = 8,
         .has_displacement = true,
         .displacement = -16},
        {.kind = "const", .size = 8, .is_signed = true, .has_value = true, .value = (uint64_t)-1},
        {.kind = "const", .size = 8, .has_value = true, .value = UINT64_MAX},
        {.kind = "symmem", .size = 4, .is_float = true, .symbol = "rate", .has_displacement = true},
        {.kind = "unknown", .size = 8, .reason = "no such register"},
};

static const struct listing_site sites[] = {
        {.address = 0x401136,
         .offset = 0x1136,
         .has_semaphore = true,
         .semaphore_address = 0x404028,
         .semaphore_offset = 0x3028,
         .operand_text = "-4@%ebx 8@-16(%rdi,%rcx,8)",
         .operands = operands,
         .operand_count = 6},
        {.address = 0x401200, .offset = 0x1200},
};

static const struct listing_probe probes[] = {
        {"/usr/bin/demo", "demo", "request", true, arguments, 3, sites, 2, "usdt",
         "usdt:/usr/bin/demo:demo:request"},
        {"/usr/bin/demo", "demo", "tick", false, NULL, 0, sites + 1, 1, NULL, NULL},
        {"/lib/\033[2J.so", "lib", "x", false, NULL, 0, NULL, 0, NULL, NULL},
};

static char *listed(size_t count, bool verbose, bool color, enum output_form form)
{
	struct output_options options = {.form = form, .color = color};
	struct error err = {0};
	size_t length;
	char *text;
	FILE *file = open_memstream(&text, &length);

	assert_int_equal(output_listing(file, probes, count, verbose, &options, &err), 0);
	fclose(file);
	return text;
}

static void as_text(void **state)
{
	char *text = listed(3, false, false, OUTPUT_TEXT);

	(void)state;
	assert_string_equal(text, "/usr/bin/demo:\n"
	                          "  demo:request(int id, const char *path, double seconds)\n"
	                          "  demo:tick()\n"
	                          "\n"
	                          "/lib/\\x1b[2J.so:\n"
	                          "  lib:x()\n");
	free(text);
	text = listed(1, false, true, OUTPUT_TEXT);
	assert_string_equal(text, "/usr/bin/demo:\n  \033[1;36mdemo:request\033[0m(int id, "
	                          "const char *path, double seconds)\n");
	free(text);
}

static void verbose(void **state)
{
	char *text = listed(1, true, false, OUTPUT_TEXT);

	(void)state;
	assert_string_equal(text, "/usr/bin/demo:\n"
	                          "  demo:request(int id, const char *path, double seconds)\n"
	                          "    site 0x401136 (file offset 0x1136), semaphore 0x404028 "
	                          "(file offset 0x3028), operands -4@%ebx 8@-16(%rdi,%rcx,8)\n"
	                          "      argument 5 can't be read: no such register\n"
	                          "    site 0x401200 (file offset 0x1200)\n");
	free(text);
}

static void as_json(void **state)
{
	char *text = listed(2, false, true, OUTPUT_JSON);

	(void)state;
	assert_string_equal(
	        text,
	        "{\"file\":\"/usr/bin/demo\",\"provider\":\"demo\",\"probe\":\"request\",\"kind\":\"usdt\","
	        "\"semaphore\":true,\"args\":["
	        "{\"name\":\"id\",\"type\":\"int\",\"size\":4,\"signed\":true},"
	        "{\"name\":\"path\",\"type\":\"const char *\",\"size\":8,\"signed\":false},"
	        "{\"name\":\"seconds\",\"type\":\"double\",\"size\":8,\"signed\":false}],"
	        "\"sites\":[{\"address\":4198710,\"offset\":4406,\"semaphore_address\":4210728,"
	        "\"semaphore_offset\":12328,\"operands\":\"-4@%ebx 8@-16(%rdi,%rcx,8)\",\"args\":["
	        "{\"size\":4,\"signed\":true,\"float\":false,\"kind\":\"reg\","
	        "\"register\":\"ebx\"},"
	        "{\"size\":8,\"signed\":false,\"float\":false,\"kind\":\"mem\","
	        "\"register\":\"rdi\",\"index\":\"rcx\",\"scale\":8,\"displacement\":-16},"
	        "{\"size\":8,\"signed\":true,\"float\":false,\"kind\":\"const\",\"value\":-1},"
	        "{\"size\":8,\"signed\":false,\"float\":false,\"kind\":\"const\","
	        "\"value\":18446744073709551615},"
	        "{\"size\":4,\"signed\":false,\"float\":true,\"kind\":\"symmem\","
	        "\"displacement\":0,\"symbol\":\"rate\"},"
	        "{\"size\":8,\"signed\":false,\"float\":false,\"kind\":\"unknown\","
	        "\"reason\":\"no such register\"}]},"
	        "{\"address\":4198912,\"offset\":4608,\"operands\":\"\",\"args\":[]}]}\n"
	        "{\"file\":\"/usr/bin/demo\",\"provider\":\"demo\",\"probe\":\"tick\","
	        "\"semaphore\":false,\"args\":[],\"sites\":[{\"address\":4198912,\"offset\":4608,"
	        "\"operands\":\"\",\"args\":[]}]}\n");
	free(text);
}

static const struct listing_argument record[] = {
        {"filename", "const char *", 8, false},
        {"comm", "char[16]", 16, false},
        {"pid", "pid_t", 4, true},
};

static const struct listing_probe kernels[] = {
        {"", "tracepoint:a", "b", false, record, 3, NULL, 0, "tracepoint", "tracepoint:a:b"},
        {"", "software", "faults:1", false, NULL, 0, NULL, 0, "software", "software:faults:1"},
};

/* The kernel's probes: as signatures, and as names, one a line. */
static void of_the_kernel(void **state)
{
	struct output_options options = {.form = OUTPUT_TEXT};
	struct error err = {0};
	size_t length;
	char *text;
	FILE *file = open_memstream(&text, &length);

	(void)state;
	assert_int_equal(output_listing(file, kernels, 2, false, &options, &err), 0);
	assert_int_equal(output_names(file, kernels, 2, false, &options, &err), 0);
	assert_int_equal(output_names(file, kernels, 2, true, &options, &err), 0);
	options.form = OUTPUT_JSON;
	assert_int_equal(output_names(file, kernels + 1, 1, false, &options, &err), 0);
	fclose(file);
	assert_string_equal(text, "the kernel:\n"
	                          "  tracepoint:a:b(const char *filename, char comm[16], pid_t pid)\n"
	                          "  software:faults:1()\n"
	                          "tracepoint:a:b\nsoftware:faults:1\n"
	                          "tracepoint:a:b\n    const char *filename\n    char comm[16]\n"
	                          "    pid_t pid\nsoftware:faults:1\n"
	                          "{\"file\":\"\",\"provider\":\"software\",\"probe\":\"faults:1\","
	                          "\"kind\":\"software\",\"semaphore\":false,\"args\":[],"
	                          "\"sites\":[]}\n");
	free(text);
}

static void full_disk(void **state)
{
	struct output_options options = {.form = OUTPUT_TEXT};
	struct error err = {0};
	FILE *file = fopen("/dev/full", "w");

	(void)state;
	if (!file)
		skip();
	assert_int_equal(output_listing(file, probes, 1, false, &options, &err), -ENOSPC);
	assert_non_null(strstr(err.text, "No space left"));
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(as_text),
	        cmocka_unit_test(verbose),
	        cmocka_unit_test(as_json),
	        cmocka_unit_test(of_the_kernel),
	        cmocka_unit_test(full_disk),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("output_list", tests, NULL, NULL);
}
