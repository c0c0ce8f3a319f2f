/* Events and printf records, as text and as JSON; and records that lie about themselves. */
#include "output_help.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

struct text8 {
	struct abi_text head;
	char bytes[10]; /* a limit of 8, and 2 */
	char pad[2];
};

struct bytes8 {
	struct abi_bytes head;
	unsigned char bytes[8];
};

struct event {
	struct abi_record head;
	uint64_t time;
	uint32_t pid, tid, cpu, probe;
	char comm[ABI_COMM];
	int8_t small;
	uint8_t flag;
	char letter;
	uint8_t pad;
	uint32_t word;
	uint64_t address;
	double seconds;
	float ratio;
	uint32_t pad2;
	struct text8 path;
	struct bytes8 body;
	int64_t stack;
	uint32_t stack_pid, stack_zero;
};

#define PLACE(member, t, s)                                                                        \
	.type = (t), .offset = offsetof(struct event, member),                                     \
	.size = sizeof(((struct event *)0)->member), .is_signed = (s)

static struct plan_field event_fields[] = {
        {{PLACE(time, PLAN_INT, false)}, PLAN_TIME},
        {{PLACE(pid, PLAN_INT, false)}, PLAN_PID},
        {{PLACE(tid, PLAN_INT, false)}, PLAN_TID},
        {{PLACE(cpu, PLAN_INT, false)}, PLAN_CPU},
        {{PLACE(comm, PLAN_COMM, false)}, PLAN_THREAD_NAME},
        {{PLACE(small, PLAN_INT, true), .name = "small"}, PLAN_ARGUMENT},
        {{PLACE(flag, PLAN_BOOL, false), .name = "flag"}, PLAN_ARGUMENT},
        {{PLACE(letter, PLAN_CHAR, true), .name = "letter"}, PLAN_ARGUMENT},
        {{PLACE(word, PLAN_INT, false), .name = "word"}, PLAN_ARGUMENT},
        {{PLACE(address, PLAN_POINTER, false), .name = "p->q"}, PLAN_ARGUMENT},
        {{PLACE(seconds, PLAN_FLOAT, false), .name = "seconds"}, PLAN_ARGUMENT},
        {{PLACE(ratio, PLAN_FLOAT, false), .name = "ratio"}, PLAN_ARGUMENT},
        {{PLACE(path, PLAN_TEXT, false), .limit = 8, .name = "path"}, PLAN_ARGUMENT},
        {{PLACE(body, PLAN_BYTES, false), .limit = 8, .name = "f(\"x\")"}, PLAN_ARGUMENT},
        {{PLACE(probe, PLAN_PROBE, false), .name = "probe"}, PLAN_ARGUMENT},
};

enum { SMALL = 5, SECONDS = 10, PATH = 12, BODY = 13 };

static struct plan_field stack_fields[] = {
        {{PLACE(word, PLAN_INT, false), .name = "word"}, PLAN_ARGUMENT},
        {{.type = PLAN_USTACK, .offset = offsetof(struct event, stack), .size = 16,
          .stack = PLAN_STACK_FULL, .map = 5}, PLAN_STACK},
};

static struct plan_record records[] = {
        {.kind = PLAN_RECORD_EVENT, .size = sizeof(struct event), .fields = event_fields, .field_count = sizeof(event_fields) / sizeof(*event_fields)},
        {.kind = PLAN_RECORD_EVENT, .size = sizeof(struct event), .fields = stack_fields, .field_count = 2},
        {.kind = PLAN_RECORD_EXIT, .size = sizeof(struct abi_record)},
        {.kind = PLAN_RECORD_EVENT, .size = sizeof(struct event)},
};

static struct event sample(void)
{
	return (struct event){
	        .time = 1000,
	        .pid = 1234,
	        .tid = 1236,
	        .cpu = 3,
	        .comm = "my prog",
	        .small = -5,
	        .flag = 2,
	        .letter = 'A',
	        .word = 4294967295u,
	        .address = UINT64_MAX,
	        .seconds = 0.25,
	        .ratio = 0.1f,
	        .path = {.head = {.length = 3}, .bytes = "/a\""},
	        .body = {.head = {.length = 3, .wanted = 3}, .bytes = "\x01\xff z"},
	        .stack = 7,
	};
}

static int print(struct printed *p, const void *event)
{
	return output_record(p->output, event, sizeof(struct event));
}

/* The time of the day is not this test's business: cut it from the line. */
static void text_is(struct printed *p, const char *expected)
{
	const char *text = printed_now(p);

	assert_true(strlen(text) > 16);
	assert_true(text[2] == ':' && text[8] == '.' && text[15] == ' ');
	assert_string_equal(text + 16, expected);
}

static void json_is(struct printed *p, const char *expected)
{
	const char *text = printed_now(p);
	uint64_t time;
	char *rest;

	assert_memory_equal(text, "{\"time\":", 8);
	time = strtoull(text + 8, &rest, 10);
	assert_true(time > 1600000000u * (uint64_t)1000000000);
	assert_string_equal(rest, expected);
}

static void text(void **state)
{
	struct event event = sample();
	struct printed p;

	(void)state;
	printed_open(&p, records, 4, OUTPUT_TEXT, false);
	assert_int_equal(print(&p, &event), 0);
	text_is(&p, "my prog/1234/1236 cpu3 demo:request small=-5 flag=true letter=65 'A' "
	            "word=4294967295 p->q=0xffffffffffffffff seconds=0.25 ratio=0.1 "
	            "path=\"/a\\\"\" f(\"x\")=\"\\x01\\xff \" probe=demo:request\n");
	event.tid = 1234;
	event.head.unreadable = 1 << SMALL | 1 << PATH | 1 << SECONDS;
	event.body.head.wanted = 100;
	event.letter = 27;
	event.head.probe = 1;
	assert_int_equal(print(&p, &event), 0);
	text_is(&p, "my prog/1234 cpu3 demo:re\"ply small=<unreadable> flag=true "
	            "letter=27 '\\x1b' word=4294967295 p->q=0xffffffffffffffff "
	            "seconds=<unreadable> ratio=0.1 path=<unreadable> "
	            "f(\"x\")=\"\\x01\\xff \"... probe=demo:request\n");
	printed_close(&p);
}

static void json(void **state)
{
	struct event event = sample();
	struct printed p;

	(void)state;
	printed_open(&p, records, 4, OUTPUT_JSON, true);
	assert_int_equal(print(&p, &event), 0);
	json_is(&p, ",\"pid\":1234,\"tid\":1236,\"cpu\":3,\"comm\":\"my prog\","
	            "\"provider\":\"demo\",\"probe\":\"request\",\"args\":{\"small\":-5,"
	            "\"flag\":true,\"letter\":65,\"word\":4294967295,"
	            "\"p->q\":18446744073709551615,\"seconds\":0.25,\"ratio\":0.1,"
	            "\"path\":\"/a\\\"\",\"f(\\\"x\\\")\":\"\\u0001\xef\xbf\xbd \","
	            "\"probe\":\"demo:request\"},\"raw\":{\"f(\\\"x\\\")\":\"01ff20\"}}\n");
	event.head.unreadable = 1 << SMALL | 1 << BODY;
	event.seconds = NAN;
	event.ratio = -INFINITY;
	event.path.head.length = 9;
	memcpy(event.path.bytes, "1234567\xc3\xa4", 9); /* the cut goes through a character */
	assert_int_equal(print(&p, &event), 0);
	json_is(&p, ",\"pid\":1234,\"tid\":1236,\"cpu\":3,\"comm\":\"my prog\","
	            "\"provider\":\"demo\",\"probe\":\"request\",\"args\":{\"small\":null,"
	            "\"flag\":true,\"letter\":65,\"word\":4294967295,"
	            "\"p->q\":18446744073709551615,\"seconds\":\"NaN\",\"ratio\":\"-Infinity\","
	            "\"path\":\"1234567\",\"f(\\\"x\\\")\":null,"
	            "\"probe\":\"demo:request\"},\"unreadable\":[\"small\",\"f(\\\"x\\\")\"],"
	            "\"truncated\":[\"path\"]}\n");
	printed_close(&p);
}

static void truncated(void **state)
{
	struct event event = sample();
	struct printed p;

	(void)state;
	printed_open(&p, records, 4, OUTPUT_TEXT, false);
	event.head.unreadable = ~(uint64_t)(1 << PATH); /* bits of fields that do not exist, too */
	event.path.head.length = 8;
	memcpy(event.path.bytes, "12345678", 8);
	assert_int_equal(print(&p, &event), 0);
	assert_non_null(strstr(printed_now(&p), " path=\"12345678\" "));
	event.path.head.length = 9;
	event.path.bytes[8] = '9';
	assert_int_equal(print(&p, &event), 0);
	assert_non_null(strstr(printed_now(&p), " path=\"12345678\"... "));
	printed_close(&p);
}

static void hostile_text(void **state)
{
	static const char evil[] = "\033[2J\n\x7f\xc2\x9b";
	struct event event = sample();
	struct printed p;
	const char *line;

	(void)state;
	printed_open(&p, records, 4, OUTPUT_TEXT, true);
	memcpy(event.path.bytes, evil, 8);
	event.path.head.length = 8;
	memcpy(event.comm, "\033]0;pwn\007\033]0;pwn\007", ABI_COMM); /* no NUL at the end */
	assert_int_equal(print(&p, &event), 0);
	line = printed_now(&p);
	assert_null(strstr(line, "\033[2J"));
	assert_null(strstr(line, "\033]"));
	assert_non_null(strstr(line, "\"\\x1b[2J\\n\\x7f\\xc2\\x9b\""));
	assert_non_null(strstr(line, "\033[1;36mdemo:request\033[0m"));
	printed_close(&p);
}

static int some_frames(void *context, const struct output_stack *stack,
                       struct output_frame *frames, size_t room)
{
	(void)context;
	assert_false(stack->kernel || stack->single);
	assert_true(stack->id == 7 && stack->pid == 99 && stack->map == 5 && room >= 2);
	frames[0] = (struct output_frame){0x1234, "serve", 4, "/usr/bin/demo", "serve.c", 17};
	frames[1] = (struct output_frame){.address = 0xabcd};
	return 2;
}

static void stacks(void **state)
{
	struct event event = sample();
	struct printed p;

	(void)state;
	event.head.format = 1;
	event.stack_pid = 99;
	printed_open(&p, records, 4, OUTPUT_TEXT, false);
	assert_int_equal(print(&p, &event), 0);
	printed_is(&p, "demo:request word=4294967295<stack 7>\n");
	output_set_frames(p.output, some_frames, NULL);
	assert_int_equal(print(&p, &event), 0);
	printed_is(&p, "demo:request word=4294967295\n    serve+4 at serve.c:17 (/usr/bin/demo)\n"
	               "    0xabcd\n");
	printed_close(&p);

	printed_open(&p, records, 4, OUTPUT_JSON, false);
	output_set_frames(p.output, some_frames, NULL);
	assert_int_equal(print(&p, &event), 0);
	printed_is(&p,
	           "{\"provider\":\"demo\",\"probe\":\"request\",\"args\":{\"word\":4294967295},"
	           "\"ustack\":[{\"address\":4660,\"symbol\":\"serve\",\"offset\":4,"
	           "\"file\":\"/usr/bin/demo\",\"source\":\"serve.c\",\"line\":17},"
	           "{\"address\":43981}]}\n");
	event.stack = -EFAULT;
	assert_int_equal(print(&p, &event), 0);
	printed_is(&p,
	           "{\"provider\":\"demo\",\"probe\":\"request\",\"args\":{\"word\":4294967295},"
	           "\"ustack\":null,\"unreadable\":[\"ustack\"]}\n");
	printed_close(&p);
}

static void no_arguments(void **state)
{
	struct event event = {.head = {.format = 3}};
	struct printed p;

	(void)state;
	printed_open(&p, records, 4, OUTPUT_JSON, false);
	assert_int_equal(print(&p, &event), 0);
	printed_is(&p, "{\"provider\":\"demo\",\"probe\":\"request\",\"args\":{}}\n");
	assert_int_equal(output_lost(p.output, 12), 0);
	printed_is(&p, "{\"lost\":12}\n");
	printed_close(&p);
	printed_open(&p, records, 4, OUTPUT_TEXT, false);
	assert_int_equal(print(&p, &event), 0);
	assert_int_equal(output_lost(p.output, 12), 0);
	printed_is(&p, "demo:request\n");
	printed_close(&p);
}

/* The clock of the events is CLOCK_MONOTONIC; what is printed is the time of the day. */
static void time_of_day(void **state)
{
	struct event event = sample();
	struct timespec monotonic, real;
	struct printed p;
	int64_t printed, expected;

	(void)state;
	printed_open(&p, records, 4, OUTPUT_JSON, false);
	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	clock_gettime(CLOCK_REALTIME, &real);
	event.time = (uint64_t)monotonic.tv_sec * 1000000000 + (uint64_t)monotonic.tv_nsec;
	expected = (int64_t)real.tv_sec * 1000000000 + real.tv_nsec;
	assert_int_equal(print(&p, &event), 0);
	printed = strtoll(printed_now(&p) + 8, NULL, 10);
	assert_true(llabs(printed - expected) < 100000000); /* a slow machine under valgrind */
	printed_close(&p);
}

static void hostile_records(void **state)
{
	struct event event = sample(), bad;
	struct printed p;
	char *exact;

	(void)state;
	printed_open(&p, records, 4, OUTPUT_TEXT, false);
	/* in memory of its very size, so that the sanitizers see a byte too far */
	for (size_t size = 0; size < sizeof(event); size++) {
		exact = malloc(size + 1);
		memcpy(exact, &event, size);
		assert_int_equal(output_record(p.output, (void *)exact, size), -EBADMSG);
		free(exact);
	}
	bad = event;
	bad.head.format = 4;
	assert_int_equal(print(&p, &bad), -EBADMSG);
	bad.head.format = UINT32_MAX;
	assert_int_equal(print(&p, &bad), -EBADMSG);
	bad = event;
	bad.head.probe = 2;
	assert_int_equal(print(&p, &bad), -EBADMSG);
	bad = event;
	bad.path.head.length = 13; /* the field has room for 12 */
	assert_int_equal(print(&p, &bad), -EBADMSG);
	bad.path.head.length = UINT32_MAX;
	assert_int_equal(print(&p, &bad), -EBADMSG);
	bad = event;
	bad.body.head.length = 9;
	assert_int_equal(print(&p, &bad), -EBADMSG);
	bad = event;
	bad.probe = 77; /* a value that names no probe is printed as nothing */
	assert_int_equal(print(&p, &bad), 0);
	assert_non_null(strstr(printed_now(&p), " probe=\n"));
	printed_close(&p);
}

/* Any bytes at all: an error or a line, never a crash. */
static void random_records(void **state)
{
	uint64_t seed = 42;
	struct printed p[2];
	struct event event;

	(void)state;
	printed_open(&p[0], records, 4, OUTPUT_TEXT, false);
	printed_open(&p[1], records, 4, OUTPUT_JSON, false);
	for (int i = 0; i < 5000; i++) {
		for (size_t k = 0; k < sizeof(event) / 8; k++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			memcpy((char *)&event + k * 8, &seed, 8);
		}
		event.head.format %= 5;
		event.head.probe %= 3;
		event.path.head.length %= 16;
		event.body.head.length %= 10;
		for (int k = 0; k < 2; k++) {
			int r = print(&p[k], &event);

			assert_true(r == 0 || r == -EBADMSG);
		}
	}
	printed_close(&p[0]);
	printed_close(&p[1]);
}

static void bad_plans(void **state)
{
	struct plan_field outside = {{.type = PLAN_INT, .offset = 20, .size = 8}, PLAN_ARGUMENT};
	struct plan_record bad[] = {{.kind = PLAN_RECORD_EVENT, .size = 24, .fields = &outside, .field_count = 1},
	                            {.kind = PLAN_RECORD_EVENT, .size = 8},
	                            {.kind = PLAN_RECORD_PRINTF, .size = 24,
	                             .format = "%d"},
	                            {.kind = PLAN_RECORD_PRINTF, .size = 24,
	                             .format = "100% %d"}};
	struct output_options options = {.form = OUTPUT_TEXT};
	struct error err = {0};
	struct output *output;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct plan plan = {.records = &bad[i], .record_count = 1};

		assert_int_equal(output_open(stdout, &plan, &options, &output, &err), -EINVAL);
		assert_null(output);
	}
	output_close(NULL);
}

static void closed_pipe(void **state)
{
	struct output_options options = {.form = OUTPUT_TEXT};
	struct event event = sample();
	struct plan plan = {
	        .probes = help_probes, .probe_count = 2, .records = records, .record_count = 4};
	struct output *output;
	struct error err = {0};
	int ends[2], r = 0;
	FILE *file;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	file = fdopen(ends[1], "w");
	assert_int_equal(output_open(file, &plan, &options, &output, &err), 0);
	for (int i = 0; i < 10000 && !r; i++)
		r = output_record(output, &event.head, sizeof(event));
	assert_int_equal(r, -EPIPE);
	assert_int_equal(output_record(output, &event.head, sizeof(event)), -EPIPE);
	assert_int_equal(output_flush(output), -EPIPE);
	output_close(output);
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(text),           cmocka_unit_test(json),
	        cmocka_unit_test(truncated),      cmocka_unit_test(hostile_text),
	        cmocka_unit_test(stacks),         cmocka_unit_test(no_arguments),
	        cmocka_unit_test(time_of_day),    cmocka_unit_test(hostile_records),
	        cmocka_unit_test(random_records), cmocka_unit_test(bad_plans),
	        cmocka_unit_test(closed_pipe),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("output_record", tests, NULL, NULL);
}
