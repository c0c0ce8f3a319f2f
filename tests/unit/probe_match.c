/*
 * What a person writes for a probe: its parts, the probes that it means, and what is said when it
 * means none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe_help.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void parts(void **state)
{
	static const struct {
		const char *text, *file, *provider, *name;
		bool maybe_file;
	} good[] = {
		{"demo:request", NULL, "demo", "request", false},
		{"d*:*", NULL, "d*", "*", false},
		{":request", NULL, "*", "request", false},
		{"usdt:demo:request", NULL, "demo", "request", true},
		{"U:/bin/x:demo:request", "/bin/x", "demo", "request", false},
		{"U:x:demo:request", "x", "demo", "request", false},
		{"usdt::demo:request", NULL, "demo", "request", false},
		{"usdt:*:demo:request", NULL, "demo", "request", false},
		{"usdt:/bin/x::request", "/bin/x", "*", "request", false},
		{"usdt:/bin/x:request", "/bin/x", "*", "request", false},
		{"usdt:/a:b/x:demo:request", "/a:b/x", "demo", "request", false},
		{"/bin/x:demo:request", "/bin/x", "demo", "request", false},
		{"./x:request", "./x", "*", "request", false},
		{"interval_:s", NULL, "interval_", "s", false},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct probe_spec spec;
		struct error err = {0};

		if (probe_spec_parse(good[i].text, &arena, &spec, &err))
			fail_msg("%s: %s", good[i].text, err.text);
		assert_int_equal(spec.kind, PROBE_USDT);
		assert_string_equal(spec.provider, good[i].provider);
		assert_string_equal(spec.name, good[i].name);
		assert_int_equal(spec.maybe_file, good[i].maybe_file);
		if (good[i].file)
			assert_string_equal(spec.file, good[i].file);
		else
			assert_null(spec.file);
	}
	arena_free(&arena);
}

static void special(void **state)
{
	static const struct {
		const char *text;
		enum probe_kind kind;
		uint64_t period;
	} good[] = {
		{"BEGIN", PROBE_BEGIN, 0},
		{"END", PROBE_END, 0},
		{"interval:s:1", PROBE_INTERVAL, 1000000000},
		{"interval:ms:100", PROBE_INTERVAL, 100000000},
		{"i:us:7", PROBE_INTERVAL, 7000},
		{"interval:hz:4", PROBE_INTERVAL, 250000000},
		{"interval:hz:1000000000", PROBE_INTERVAL, 1},
		{"interval:1s", PROBE_INTERVAL, 1000000000},
		{"i:250ms", PROBE_INTERVAL, 250000000},
		{"begin", PROBE_BEGIN, 0},
		{"end", PROBE_END, 0},
		{"profile:hz:99", PROBE_PROFILE, 10101010},
		{"p:us:50", PROBE_PROFILE, 50000},
		{"p:99hz", PROBE_PROFILE, 10101010},
		{"software:faults:", PROBE_SOFTWARE, 0},
		{"s:cpu-clock:1e6", PROBE_SOFTWARE, 1000000},
		{"hardware:cache-misses:12", PROBE_HARDWARE, 12},
		{"h:cycles", PROBE_HARDWARE, 0},
		{"self:signal:SIGUSR1", PROBE_SELF, 0},
		{"t:sched:sched_switch", PROBE_TRACEPOINT, 0},
		{"rt:sched_switch", PROBE_RAW_TRACEPOINT, 0},
		{"k:vfs_read+0x10", PROBE_KPROBE, 0},
		{"kr:vfs_read", PROBE_KRETPROBE, 0},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct probe_spec spec;
		struct error err = {0};

		if (probe_spec_parse(good[i].text, &arena, &spec, &err))
			fail_msg("%s: %s", good[i].text, err.text);
		assert_int_equal(spec.kind, good[i].kind);
		assert_int_equal(spec.period, good[i].period);
	}
	arena_free(&arena);
}

static void refused(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"", "name is missing"},
		{"request", "write PROVIDER:NAME, such as '*:request'"},
		{"demo:", "name is missing"},
		{"usdt:", "name is missing"},
		{"a:b:c", "usdt:FILE:PROVIDER:NAME"},
		{"interval:s", "interval:UNIT:N"},
		{"interval:s:0", "not a number above 0"},
		{"interval:s:-1", "not a number above 0"},
		{"interval:s:x", "not a number above 0"},
		{"interval:s:99999999999", "too much"},
		{"interval:hz:1000000001", "too much"},
		{"interval:m:1", "interval:UNIT:N"},
		{"watchpoint:0x1000:8", "watchpoint:ADDRESS:LENGTH:MODE"},
		{"watchpoint:0x1000:8:w:x", "watchpoint:ADDRESS:LENGTH:MODE"},
		{"w::8:w", "watchpoint:ADDRESS:LENGTH:MODE"},
		{"w:main:8:w", "'main' is no address, nor FUNCTION+argN"},
		{"w:main+arg:8:w", "'arg' is no argument"},
		{"w:+arg1:8:w", "'+arg1' is no address"},
		{"w:0x10000000000000000:8:w", "is no address"},
		{"w:0x1000:3:w", "'3' is no length: 1, 2, 4 or 8"},
		{"aw:0x1000:8:", "'' is no mode: w, rw or x"},
		{"w:0x1000:8:wq", "'wq' is no mode: w, rw or x"},
		{"w:0x1000:8:rr", "says 'r' twice"},
		{"w:0x1000:8:rwx", "is none that processors have"},
		{"w:0x1000:4:x", "the length for mode x is 8"},
		{"w:0x1004:8:w", "at a multiple of 8 only"},
		{"iter:", "iter:THING[:PIN]"},
		{"iter:task:", "iter:THING[:PIN]"},
		{"fentry:", "fentry:[MODULE:]FUNCTION"},
		{"kfunc::f", "fentry:[MODULE:]FUNCTION"},
		{"fexit:a:b:c", "fexit:[MODULE:]FUNCTION"},
		{"BEGINN", "write PROVIDER:NAME"},
		{"BEGIN:x", "nothing follows BEGIN"},
		{"tracepoint:", "tracepoint:CATEGORY:NAME"},
		{"t:sched", "tracepoint:CATEGORY:NAME"},
		{"t:sched:", "tracepoint:CATEGORY:NAME"},
		{"t:sched:a:b", "tracepoint:CATEGORY:NAME"},
		{"t:../x:a", "tracepoint:CATEGORY:NAME"},
		{"t:..:a", "tracepoint:CATEGORY:NAME"},
		{"t:a:.", "tracepoint:CATEGORY:NAME"},
		{"rt:", "rawtracepoint:NAME"},
		{"rt:a:b", "rawtracepoint:NAME"},
		{"k:", "kprobe:[MODULE:]FUNCTION"},
		{"k:+1", "kprobe:[MODULE:]FUNCTION"},
		{"k:f+", "not an offset"},
		{"k:f+-1", "not an offset"},
		{"k:f+x", "not an offset"},
		{"profile:s:0", "not a number above 0"},
		{"profile:99", "profile:UNIT:N"},
		{"p:hz", "profile:UNIT:N"},
		{"software:", "software:EVENT:COUNT"},
		{"s:faults:0", "not a number above 0"},
		{"s:faults:-1", "not a number above 0"},
		{"s:faults:1e", "not a number above 0"},
		{"s:faults:1e99", "not a number above 0"},
		{"h:cycles:x", "not a number above 0"},
		{"self:signal:SIGKILL", "self:signal:SIGUSR1"},
		{"uprobe:./x", "uprobe:FILE:FUNCTION"},
		{"uprobe:a::b", "uprobe:FILE:FUNCTION"},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct probe_spec spec;
		struct error err = {0};

		assert_int_equal(probe_spec_parse(bad[i].text, &arena, &spec, &err), -EINVAL);
		if (!strstr(err.text, bad[i].says))
			fail_msg("'%s' says '%s', not '%s'", bad[i].text, err.text, bad[i].says);
	}
	arena_free(&arena);
}

/* What a text means, as "FILE/PROVIDER:NAME " for each probe; or the error. */
static const char *meaning(struct hand *h, const char *text)
{
	static char result[4096];
	const struct probe **found;
	struct probe_spec spec;
	struct error err = {0};
	struct buffer b = {0};
	size_t count;

	if (probe_spec_parse(text, &h->set.arena, &spec, &err))
		fail_msg("%s: %s", text, err.text);
	if (probes_match(&h->set, &spec, text, &found, &count, &err)) {
		assert_int_equal(err.code, -ENODATA);
		assert_int_equal(count, 0);
		snprintf(result, sizeof(result), "%s", err.text);
		return result;
	}
	for (size_t i = 0; i < count; i++)
		buffer_print(&b, "%u/%s:%s ", found[i]->file, found[i]->provider, found[i]->name);
	assert_null(found[count]);
	snprintf(result, sizeof(result), "%s", buffer_string(&b));
	buffer_free(&b);
	return result;
}

static void matches(void **state)
{
	struct hand h;

	(void)state;
	hand_make(&h);
	assert_string_equal(meaning(&h, "demo:request"), "0/demo:request 1/demo:request ");
	assert_string_equal(meaning(&h, "*:query*"), "0/other:query__start 0/other:query__done ");
	assert_string_equal(meaning(&h, "d?mo:re[pq]*"),
			    "0/demo:request 0/demo:reply 1/demo:request ");
	assert_string_equal(meaning(&h, "usdt:/usr/bin/demo:demo:request"), "0/demo:request ");
	assert_string_equal(meaning(&h, "usdt:demo:demo:request"), "0/demo:request ");
	assert_string_equal(meaning(&h, "usdt:libother*:*:*"), "1/demo:request 1/lib:open ");
	assert_string_equal(meaning(&h, "usdt:/usr/*:open"), "1/lib:open ");
	/* A provider of the name wins over a file of the name. */
	assert_string_equal(meaning(&h, "usdt:demo:query__done"), "0/other:query__done ");
	assert_string_equal(meaning(&h, "usdt:demo:reply"), "0/demo:reply ");
	assert_string_equal(meaning(&h, "usdt:libother.so.1:open"), "1/lib:open ");
	hand_free(&h);
}

static void same_file_by_another_name(void **state)
{
	char folder[] = "/tmp/probe_match.XXXXXX", path[64], link[64], text[128];
	struct hand h;
	struct stat st;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/program[1]", folder);
	snprintf(link, sizeof(link), "%s/link", folder);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	close(fd);
	assert_int_equal(symlink(path, link), 0);
	hand_make(&h);
	h.target.files[0].device = st.st_dev;
	h.target.files[0].inode = st.st_ino;
	snprintf(text, sizeof(text), "usdt:%s:demo:request", link);
	assert_string_equal(meaning(&h, text), "0/demo:request ");
	/* Brackets of a file that is there are no glob. */
	snprintf(text, sizeof(text), "usdt:%s:demo:request", path);
	assert_string_equal(meaning(&h, text), "0/demo:request ");
	hand_free(&h);
	unlink(link);
	unlink(path);
	rmdir(folder);
}

static void nothing(void **state)
{
	struct probe_set none = {0};
	struct hand h;

	(void)state;
	hand_make(&h);
	assert_string_equal(meaning(&h, "demo:requst"),
			    "no probe matches 'demo:requst'; did you mean 'demo:request'?");
	assert_string_equal(meaning(&h, "dmo:rply"),
			    "no probe matches 'dmo:rply'; did you mean 'demo:reply'?");
	assert_string_equal(meaning(&h, "postgresql:query__start"),
			    "no probe matches 'postgresql:query__start'; did you mean "
			    "'other:query__start'?");
	assert_string_equal(meaning(&h, "dem:re?ly"),
			    "no probe matches 'dem:re?ly'; did you mean 'demo:reply'?");
	assert_string_equal(meaning(&h, "x*:y*"), "no probe matches 'x*:y*'; 'telltale list' shows "
						  "those there are");
	assert_string_equal(meaning(&h, "usdt:libother.so.1:demo:reply"),
			    "no probe matches 'usdt:libother.so.1:demo:reply'; the target has "
			    "'demo:reply'");
	h.target.file_count = 1;
	for (size_t i = 0; i < h.set.count; i++)
		free(h.set.items[i].sites);
	h.set.count = 0;
	assert_string_equal(meaning(&h, "a:b"),
			    "no probe matches 'a:b': /usr/bin/demo has no probes");
	hand_free(&h);
	probes_free(&none);
}

/* BEGIN of two clauses is one probe; intervals of different periods are two. */
static void special_once(void **state)
{
	static const char *const texts[] = {"BEGIN", "END",   "interval:s:1",
					    "begin", "i:1s", "interval:s:2"};
	const struct probe *got[6], **found;
	struct hand h;

	(void)state;
	hand_make(&h);
	for (size_t i = 0; i < 6; i++) {
		struct probe_spec spec;
		struct error err;
		size_t count;

		assert_int_equal(probe_spec_parse(texts[i], &h.set.arena, &spec, &err), 0);
		assert_int_equal(probes_match(&h.set, &spec, texts[i], &found, &count, &err), 0);
		assert_int_equal(count, 1);
		assert_null(found[1]);
		got[i] = found[0];
		assert_string_equal(probe_path(&h.set, got[i]), "");
	}
	assert_ptr_equal(got[0], got[3]);
	assert_ptr_equal(got[2], got[4]);
	assert_ptr_not_equal(got[2], got[5]);
	assert_string_equal(got[0]->name, "BEGIN");
	assert_string_equal(got[1]->name, "END");
	assert_string_equal(got[2]->provider, "interval");
	assert_string_equal(got[2]->name, "s:1");
	assert_int_equal(got[5]->sites->period, 2000000000);
	hand_free(&h);
}

/* Tracepoints of a folder of ours: globs, in the order of their names, each once. */
static void tracepoints(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"t:sched:sched_switch", "tracepoint:sched:sched_switch "},
		{"t:s*:*exec", "tracepoint:sched:sched_process_exec "},
		{"tracepoint:*:sys_*at", "tracepoint:syscalls:sys_enter_openat tracepoint:syscalls:sys_exit_openat "},
		{"t:sched:sched_swich", "no tracepoint matches 't:sched:sched_swich'; did you mean 'tracepoint:sched:sched_switch'?"},
		{"t:task:sys_enter_close", "no tracepoint matches 't:task:sys_enter_close'; did you mean 'tracepoint:syscalls:sys_enter_close'?"},
		{"t:a*:*", "no tracepoint matches 't:a*:*'"},
		{"s:cpu", "software:cpu-clock:1000000 "},
		{"h:branch*:7", "hardware:branch-instructions:7 hardware:branch-misses:7 "},
	};
	char source[] = __FILE__, tracefs[4096];
	struct hand h;

	(void)state;
	hand_make(&h);
	snprintf(tracefs, sizeof(tracefs), "%s/../tracefs", dirname(source));
	h.set.tracefs = tracefs;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buffer said = {0};
		const struct probe **found;
		struct probe_spec spec;
		struct error err;
		size_t count;

		assert_int_equal(probe_spec_parse(cases[i].text, &h.set.arena, &spec, &err), 0);
		if (probes_match(&h.set, &spec, cases[i].text, &found, &count, &err))
			buffer_text(&said, err.text);
		for (size_t n = 0; n < count; n++)
			buffer_print(&said, "%s ", probe_full_name(&h.set, found[n], &h.set.arena));
		assert_string_equal(buffer_string(&said), cases[i].says);
		buffer_free(&said);
	}
	h.set.tracefs = "/no/such/folder";
	{
		const struct probe **found;
		struct probe_spec spec;
		struct error err;
		size_t count;

		assert_int_equal(probe_spec_parse("t:a:b", &h.set.arena, &spec, &err), 0);
		assert_int_equal(probes_match(&h.set, &spec, "t:a:b", &found, &count, &err), -ENOENT);
	}
	hand_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts),
		cmocka_unit_test(special),
		cmocka_unit_test(refused),
		cmocka_unit_test(matches),
		cmocka_unit_test(same_file_by_another_name),
		cmocka_unit_test(nothing),
		cmocka_unit_test(special_once),
		cmocka_unit_test(tracepoints),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
