/*
 * What arm64 and arm share: registers without a mark, memory in `[...]`, constants with or without
 * `#`. Private to this folder.
 */
#ifndef TELLTALE_OPERAND_ARM_H
#define TELLTALE_OPERAND_ARM_H

#include "operand/arch.h"

bool arm_parse(struct scan *scan, struct operand *operand);

#endif
