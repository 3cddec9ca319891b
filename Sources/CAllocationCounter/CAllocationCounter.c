#include "CAllocationCounter.h"
typedef int placeholder_CAllocationCounter;
