/*
 * libtelltale-test: markers inside of a unit test. One process, no privileges, any test framework:
 *
 *	struct tt_capture *capture = tt_capture_begin("demo:*");
 *	code_under_test();
 *	tt_capture_end(capture);
 *	assert_int_equal(tt_capture_count(capture, "demo:request"), 1);
 *	assert_string_equal(tt_event_text(tt_capture_event(capture, "demo:request", 0), "path"), "/");
 *	tt_capture_free(capture);
 *
 * Between begin and end the markers' sites in this process' own code are traps that a handler of
 * SIGTRAP answers in the thread that hits them, and their semaphores are raised; end puts every byte
 * back. All threads are seen. The handler stays, and other traps go to whoever had the signal before.
 * What does not work: a
 * thread that blocks SIGTRAP and hits a marker (the kernel ends the process), a program that takes
 * SIGTRAP for itself meanwhile, and code that is loaded after begin. x86-64 Linux.
 *
 * Link with -ltelltale-test, or what `pkg-config --libs telltale-test` says.
 */
#ifndef TELLTALE_TEST_H
#define TELLTALE_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tt_capture;
struct tt_event;

/*
 * Begins to capture the markers that match: PROVIDER:NAME with shell globs, several with commas
 * between. NULL on failure, which tt_error() explains: a pattern that matches nothing is one. Several
 * captures may run at once (16 at the most), each sees all of its markers.
 */
struct tt_capture *tt_capture_begin(const char *probes);

/* Why the last tt_...() of this thread failed; "" when none did. */
const char *tt_error(void);

/* Takes the sites off; what was captured stays. The second time it does nothing. */
void tt_capture_end(struct tt_capture *capture);

/* Ends it and frees all of it; events of it must not be used any more. NULL is allowed. */
void tt_capture_free(struct tt_capture *capture);

/* Events so far of the probes that match, a glob (NULL: all); may be asked before the end, too. */
size_t tt_capture_count(struct tt_capture *capture, const char *probe);

/* The Nth (from 0) of them, in the order in which they came; NULL when there are not so many. It lives
 * as long as the capture. */
const struct tt_event *tt_capture_event(struct tt_capture *capture, const char *probe, size_t number);

/* Events for which there was no room (256 MB, texts with their 1,024 bytes each, between two looks at
 * the count). A test that counts many should hold it to be 0. */
uint64_t tt_capture_lost(struct tt_capture *capture);

/* ---- an event ---- */

const char *tt_event_provider(const struct tt_event *event); /* "demo" */
const char *tt_event_probe(const struct tt_event *event);    /* "request" */
uint64_t tt_event_time(const struct tt_event *event);	     /* nanoseconds, CLOCK_MONOTONIC */
int tt_event_thread(const struct tt_event *event);	     /* its gettid() */
/* As `telltale trace` prints it, for messages: `demo:request id=1 path="/"`. */
const char *tt_event_string(const struct tt_event *event);

/* ---- its arguments ---- */

enum tt_kind {
	TT_ABSENT,     /* the marker has no such argument */
	TT_UNREADABLE, /* it could not be read: a pointer that leads nowhere */
	TT_SIGNED,
	TT_UNSIGNED, /* pointers, characters and booleans too */
	TT_FLOAT,
	TT_TEXT,
	TT_BYTES,
};

size_t tt_event_arguments(const struct tt_event *event);
/* The name of the Nth (from 0): as the marker gives it, else arg0, arg1, ... NULL behind the last. */
const char *tt_event_name(const struct tt_event *event, size_t number);
enum tt_kind tt_event_kind(const struct tt_event *event, const char *argument);

/*
 * The value of an argument, by name. One that is absent, unreadable or of another kind is a failure
 * of the test, never a 0: tt_fail() is called. Integers of either sign can be had both ways as long
 * as the value fits. Texts end with a NUL, live as long as the capture, and are cut at 1,024 bytes.
 */
int64_t tt_event_int(const struct tt_event *event, const char *argument);
uint64_t tt_event_uint(const struct tt_event *event, const char *argument);
double tt_event_float(const struct tt_event *event, const char *argument);
const char *tt_event_text(const struct tt_event *event, const char *argument);
const void *tt_event_bytes(const struct tt_event *event, const char *argument, size_t *length);

/*
 * What becomes of such a failure, with a sentence that says what is wrong; it must not return. Where
 * none is set: the sentence on standard error, and abort(3). For cmocka: a function that calls
 * fail_msg("%s", message).
 */
void tt_on_failure(void (*fail)(const char *message));

#ifdef __cplusplus
}
#endif

#endif
