/* The registers that reg() knows, by the names that the kernel gives them. */
#include "lang/func.h"

#include <linux/ptrace.h>
#include <stddef.h>
#include <string.h>

#define PLACE(name, member) {name, offsetof(struct pt_regs, member)}

int register_place(const char *name)
{
	static const struct {
		const char *name;
		size_t place;
	} registers[] = {
		PLACE("ax", rax),   PLACE("bx", rbx),	 PLACE("cx", rcx),  PLACE("dx", rdx),
		PLACE("si", rsi),   PLACE("di", rdi),	 PLACE("bp", rbp),  PLACE("sp", rsp),
		PLACE("ip", rip),   PLACE("r8", r8),	 PLACE("r9", r9),   PLACE("r10", r10),
		PLACE("r11", r11),  PLACE("r12", r12),	 PLACE("r13", r13), PLACE("r14", r14),
		PLACE("r15", r15),  PLACE("flags", eflags), PLACE("orig_ax", orig_rax),
		PLACE("cs", cs),    PLACE("ss", ss),
	};

	for (size_t i = 0; i < sizeof(registers) / sizeof(*registers); i++)
		if (!strcmp(registers[i].name, name))
			return (int)registers[i].place;
	return -1;
}
