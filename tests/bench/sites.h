/*
 * A program with SITES sites of one probe, bench:many, each with an operand of its own, and one
 * semaphore for all: the kernel raises it once a site, so that the program sees how many are
 * attached. Notes are written here by hand, as systemtap's header writes them, since a compiler
 * would take minutes.
 *
 *	sites COMMAND...	see watch.h
 */
#include "watch.h"

#define TEXT_OF(x) TEXT_OF_(x)
#define TEXT_OF_(x) #x

extern volatile unsigned short sites_semaphore;

__asm__(".altmacro\n"
	".macro one_note number, place\n"
	"	.pushsection .note.stapsdt, \"\", \"note\"\n"
	"	.balign 4\n"
	"	.4byte 992f - 991f, 994f - 993f, 3\n"
	"991:	.asciz \"stapsdt\"\n"
	"992:	.balign 4\n"
	"993:	.8byte 990b\n"
	"	.8byte _.stapsdt.base\n"
	"	.8byte sites_semaphore\n"
	"	.asciz \"bench\"\n"
	"	.asciz \"many\"\n"
	"	.asciz \"-4@\\place&(%rsp)\"\n"
	"994:	.balign 4\n"
	"	.popsection\n"
	".endm\n"
	"	.pushsection .stapsdt.base, \"aG\", \"progbits\", .stapsdt.base, comdat\n"
	"	.weak _.stapsdt.base\n"
	"	.hidden _.stapsdt.base\n"
	"_.stapsdt.base:\n"
	"	.space 1\n"
	"	.popsection\n"
	"	.pushsection .probes, \"aw\"\n"
	"	.globl sites_semaphore\n"
	"	.hidden sites_semaphore\n"
	"sites_semaphore:\n"
	"	.2byte 0\n"
	"	.popsection\n"
	"	.text\n"
	"	.set number, 0\n"
	"	.rept " TEXT_OF(SITES) "\n"
	"990:	nop\n"
	"	one_note number, %number*8\n"
	"	.set number, number + 1\n"
	"	.endr\n"
	"	ret\n"
	"	.noaltmacro\n");

static bool all_attached(void)
{
	return sites_semaphore >= SITES;
}

static bool any_attached(void)
{
	return sites_semaphore != 0;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	return time_command(argv + 1, all_attached, any_attached);
}
