/* Numbers of the kernel's interface, taken from its headers, for the code that builds and reads netlink messages. */
#ifndef FDBROKER_CONSTANTS_H
#define FDBROKER_CONSTANTS_H

#include <stddef.h>
#include <stdint.h>

struct constant {
    /* As in the header; `struct` for the size of a structure, `struct.member` for a member's offset, in bytes. */
    const char *name;
    uint32_t value;
};

extern const struct constant constants[];
extern const size_t constants_count;

#endif
