// quiet.h as C++.
#include "quiet.h"
