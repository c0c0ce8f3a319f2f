/*
 * Owns the going over of an iterator's things: the kernel runs the program for one after the other
 * while somebody reads the iterator's file. As much is read at once as the ring has room for what
 * the program may send of it; then the ring is looked at, and so on to the end.
 */
#include "kernel.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { THINGS_MOST = 1024 };

/* A byte of the file is a thing; half the ring is for loops, which send more than once. */
static size_t things_at_once(const struct kernel *e)
{
	uint64_t sent = 64, room = delivery_bytes(e) / 2, things;

	for (size_t i = 0; i < e->plan->record_count; i++)
		sent += e->plan->records[i].size + 8;
	things = room / sent;
	return things < 1 ? 1 : things > THINGS_MOST ? THINGS_MOST : (size_t)things;
}

int attach_iterator(struct group *g, size_t site)
{
	struct kernel *e = g->engine;
	int link = sys_link_iterator(program_for(e, g->program, g->cookies[site]));

	if (link < 0)
		return link;
	e->iterates = true;
	if (g->sites[site]->pin) {
		int code = sys_pin(link, g->sites[site]->pin);

		close(link); /* the pin holds it */
		return code == -EPERM ? -EINVAL : code; /* it is not that we might not */
	}
	e->iterator = sys_iterator(link);
	if (e->iterator < 0 || !link_add(e, link, -1)) {
		close(link);
		return e->iterator < 0 ? e->iterator : -ENOMEM;
	}
	return 0;
}

int iterator_read(struct kernel *e, struct error *err)
{
	char bytes[THINGS_MOST];
	ssize_t count;

	if (e->iterator < 0)
		return 0;
	count = read(e->iterator, bytes, things_at_once(e));
	if (count > 0 || (count < 0 && errno == EINTR))
		return 1;
	if (count < 0)
		error_set(err, -errno, "the kernel ends the iterator: %s", strerror(errno));
	iterator_close(e);
	return count < 0 ? err->code : 0;
}

void iterator_close(struct kernel *e)
{
	if (e->iterator >= 0)
		close(e->iterator);
	e->iterator = -1;
}
