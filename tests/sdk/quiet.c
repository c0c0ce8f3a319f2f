/* quiet.h as C. */
#include <stdbool.h>
#include "quiet.h"
