/* Limits of this process that tracing runs into; commands get back what was there before. */
#ifndef TELLTALE_PROCESS_LIMITS_H
#define TELLTALE_PROCESS_LIMITS_H

/* Raises the soft limit of open files to the hard one. */
void raise_file_limit(void);

#endif
