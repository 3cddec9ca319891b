#include "CMPI.h"
typedef int placeholder_CMPI;
