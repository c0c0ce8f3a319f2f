/*
 * Captures inside of this very process: every kind of argument, threads, semaphores, several at once, a fork,
 * traps of others, and that everything is back afterwards.
 */
#include <telltale.h>

#include "telltale_test.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 4, HITS = 500 };

static int evaluated;

static const char *costly(void)
{
	evaluated++;
	return "costly";
}

static __attribute__((noinline)) void request(int id, const char *path, double seconds)
{
	TELLTALE(captured, request, id, path, seconds);
}

static __attribute__((noinline)) void lazy(void)
{
	TELLTALE_LAZY(captured, lazy, TELLTALE_ARG(text, costly()));
}

static __attribute__((noinline)) void kinds(signed char a, unsigned short b, uint64_t c, float d,
					    const void *e, size_t length)
{
	TELLTALE(captured, kinds, a, b, c, d, TELLTALE_ARG(pointer, e),
		 TELLTALE_ARG(bytes, TELLTALE_BUF(e, length)));
}

static struct tt_capture *begin(const char *probes)
{
	struct tt_capture *capture = tt_capture_begin(probes);

	if (!capture)
		fail_msg("%s", tt_error());
	return capture;
}

static void test_events(void **state)
{
	struct tt_capture *capture;
	const struct tt_event *event;

	(void)state;
	request(1, "/before", 0);
	capture = begin("captured:*");
	request(2, "/index.html", 1.25);
	request(-3, "", -0.5);
	tt_capture_end(capture);
	request(4, "/behind", 0);
	assert_int_equal(tt_capture_count(capture, NULL), 2);
	assert_int_equal(tt_capture_count(capture, "captured:request"), 2);
	assert_int_equal(tt_capture_count(capture, "*:lazy"), 0);
	assert_int_equal(tt_capture_lost(capture), 0);
	event = tt_capture_event(capture, "captured:request", 0);
	assert_string_equal(tt_event_provider(event), "captured");
	assert_string_equal(tt_event_probe(event), "request");
	assert_int_equal(tt_event_thread(event), gettid());
	assert_int_equal(tt_event_int(event, "id"), 2);
	assert_string_equal(tt_event_text(event, "path"), "/index.html");
	assert_true(tt_event_float(event, "seconds") == 1.25);
	assert_string_equal(tt_event_string(event),
			    "captured:request id=2 path=\"/index.html\" seconds=1.25");
	event = tt_capture_event(capture, "captured:request", 1);
	assert_int_equal(tt_event_int(event, "id"), -3);
	assert_string_equal(tt_event_text(event, "path"), "");
	assert_true(tt_event_time(event) >= tt_event_time(tt_capture_event(capture, NULL, 0)));
	assert_null(tt_capture_event(capture, "captured:request", 2));
	tt_capture_end(capture); /* the second time it does nothing */
	tt_capture_free(capture);
}

static void test_kinds(void **state)
{
	static const char bytes[] = "a\0b";
	struct tt_capture *capture = begin("captured:kinds");
	const struct tt_event *event;
	size_t length;

	(void)state;
	kinds(-5, 65535, UINT64_MAX, 0.5f, bytes, sizeof(bytes));
	kinds(1, 2, 3, 4, (void *)8, 3);
	event = tt_capture_event(capture, NULL, 0); /* before the end, too */
	assert_int_equal(tt_event_arguments(event), 6);
	assert_string_equal(tt_event_name(event, 0), "a");
	assert_string_equal(tt_event_name(event, 5), "bytes");
	assert_null(tt_event_name(event, 6));
	assert_int_equal(tt_event_kind(event, "a"), TT_SIGNED);
	assert_int_equal(tt_event_kind(event, "c"), TT_UNSIGNED);
	assert_int_equal(tt_event_kind(event, "d"), TT_FLOAT);
	assert_int_equal(tt_event_kind(event, "bytes"), TT_BYTES);
	assert_int_equal(tt_event_kind(event, "nothing"), TT_ABSENT);
	assert_int_equal(tt_event_int(event, "a"), -5);
	assert_int_equal(tt_event_uint(event, "b"), 65535);
	assert_true(tt_event_uint(event, "c") == UINT64_MAX);
	assert_true(tt_event_float(event, "d") == 0.5);
	assert_true(tt_event_uint(event, "pointer") == (uintptr_t)bytes);
	assert_memory_equal(tt_event_bytes(event, "bytes", &length), bytes, sizeof(bytes));
	assert_int_equal(length, sizeof(bytes));
	event = tt_capture_event(capture, NULL, 1);
	assert_int_equal(tt_event_kind(event, "bytes"), TT_UNREADABLE);
	assert_true(tt_event_uint(event, "pointer") == 8);
	tt_capture_free(capture);
}

static void test_semaphores(void **state)
{
	struct tt_capture *one, *two;

	(void)state;
	evaluated = 0;
	lazy();
	assert_int_equal(evaluated, 0);
	assert_false(TELLTALE_ENABLED(captured, lazy));
	one = begin("captured:lazy");
	assert_true(TELLTALE_ENABLED(captured, lazy));
	two = begin("captured:lazy, captured:request");
	lazy();
	tt_capture_end(one);
	assert_true(TELLTALE_ENABLED(captured, lazy));
	lazy();
	tt_capture_end(two);
	assert_false(TELLTALE_ENABLED(captured, lazy));
	lazy();
	assert_int_equal(evaluated, 2);
	assert_int_equal(tt_capture_count(one, NULL), 1);
	assert_int_equal(tt_capture_count(two, NULL), 2);
	assert_string_equal(tt_event_text(tt_capture_event(two, NULL, 1), "text"), "costly");
	tt_capture_free(one);
	tt_capture_free(two);
}

static void *hammer(void *argument)
{
	for (int i = 0; i < HITS; i++)
		request(i, argument, 0);
	return NULL;
}

static void test_threads(void **state)
{
	static const char *const names[THREADS] = {"one", "two", "three", "four"};
	struct tt_capture *capture = begin("captured:request");
	pthread_t threads[THREADS];
	int next[THREADS] = {0};

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, (void *)names[i]), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	tt_capture_end(capture);
	assert_int_equal(tt_capture_count(capture, NULL), THREADS * HITS);
	for (size_t n = 0; n < THREADS * HITS; n++) {
		const struct tt_event *event = tt_capture_event(capture, NULL, n);
		int thread = 0;

		while (strcmp(names[thread], tt_event_text(event, "path")) != 0)
			thread++;
		assert_int_equal(tt_event_int(event, "id"), next[thread]++);
	}
	tt_capture_free(capture);
}

/* Begun and ended while others run through the sites; nobody falls over. */
static volatile int stop;

static void *run_until_stopped(void *argument)
{
	long *count = argument;

	for (; !stop; ++*count) {
		request(1, "running", 0);
		lazy();
	}
	return NULL;
}

static void test_begin_and_end_while_running(void **state)
{
	long counts[2] = {0};
	pthread_t threads[2];
	size_t seen = 0;

	(void)state;
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, run_until_stopped, &counts[i]);
	for (int i = 0; i < 100; i++) {
		struct tt_capture *capture = begin("captured:*");

		usleep(1000);
		tt_capture_end(capture);
		seen += tt_capture_count(capture, NULL);
		tt_capture_free(capture);
	}
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_true(seen > 0);
	assert_false(TELLTALE_ENABLED(captured, lazy));
}

/* ---- traps of others ---- */

static volatile int foreign;

static void count_foreign(int signal)
{
	(void)signal;
	foreign++;
}

static void test_foreign_traps(void **state)
{
	struct sigaction ours = {.sa_handler = count_foreign}, old;
	struct tt_capture *capture;

	(void)state;
	sigaction(SIGTRAP, &ours, &old);
	foreign = 0;
	capture = begin("captured:request");
	__asm__ volatile("int3");
	raise(SIGTRAP);
	request(1, "ours", 0);
	__asm__ volatile("int3");
	assert_int_equal(foreign, 3);
	assert_int_equal(tt_capture_count(capture, NULL), 1);
	tt_capture_free(capture);
	raise(SIGTRAP); /* it is still passed on */
	assert_int_equal(foreign, 4);
	sigaction(SIGTRAP, &old, NULL);
}

static void test_without_a_handler(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (!child) {
		signal(SIGTRAP, SIG_DFL);
		if (tt_capture_begin("captured:request"))
			__asm__ volatile("int3"); /* nobody's: it ends us, as it would have */
		_exit(7);
	}
	waitpid(child, &status, 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTRAP);
}

static void test_fork(void **state)
{
	struct tt_capture *capture = begin("captured:request");
	int status;
	pid_t child;

	(void)state;
	request(1, "parent", 0);
	child = fork();
	if (!child) {
		request(2, "child", 0); /* its own copy of everything */
		tt_capture_end(capture);
		request(3, "child", 0);
		_exit(tt_capture_count(capture, NULL) == 2 ? 0 : 1);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	request(4, "parent", 0);
	tt_capture_end(capture);
	assert_int_equal(tt_capture_count(capture, NULL), 2);
	tt_capture_free(capture);
}

/* ---- failures ---- */

static char message[1024];
static jmp_buf failed;

static void keep_message(const char *text)
{
	snprintf(message, sizeof(message), "%s", text);
	longjmp(failed, 1);
}

#define FAILS(expression, expected)                                                                \
	do {                                                                                       \
		message[0] = '\0';                                                                 \
		if (!setjmp(failed))                                                               \
			(void)(expression);                                                        \
		assert_string_equal(message, expected);                                            \
	} while (0)

static void test_failures(void **state)
{
	struct tt_capture *capture = begin("captured:*");
	const struct tt_event *event;

	(void)state;
	request(-1, (const char *)8, 2);
	tt_capture_end(capture);
	event = tt_capture_event(capture, NULL, 0);
	tt_on_failure(keep_message);
	FAILS(tt_event_int(event, "idd"),
	      "'idd' of captured:request id=-1 path=<unreadable> seconds=2.0 is not a signed integer: "
	      "there is no such argument");
	FAILS(tt_event_text(event, "path"),
	      "'path' of captured:request id=-1 path=<unreadable> seconds=2.0 is not a text: it could "
	      "not be read");
	FAILS(tt_event_float(event, "id"),
	      "'id' of captured:request id=-1 path=<unreadable> seconds=2.0 is not a float: it is an "
	      "integer");
	FAILS(tt_event_uint(event, "id"),
	      "'id' of captured:request id=-1 path=<unreadable> seconds=2.0 does not fit into an "
	      "unsigned integer");
	FAILS(tt_event_int(tt_capture_event(capture, NULL, 1), "id"),
	      "'id' of no event is not a signed integer: there is no such argument");
	tt_on_failure(NULL);
	tt_capture_free(capture);
	assert_null(tt_capture_begin("captured:requst"));
	assert_non_null(strstr(tt_error(), "captured:requst"));
	assert_null(tt_capture_begin(""));
	assert_string_not_equal(tt_error(), "");
	tt_capture_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),	       cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_semaphores),     cmocka_unit_test(test_threads),
		cmocka_unit_test(test_begin_and_end_while_running),
		cmocka_unit_test(test_foreign_traps),  cmocka_unit_test(test_without_a_handler),
		cmocka_unit_test(test_fork),	       cmocka_unit_test(test_failures),
	};

#ifndef __x86_64__
	return 0;
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
