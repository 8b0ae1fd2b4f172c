/* Numbers for people: "1.2 KB", "48.2 MB" (powers of 1000, as disks and networks count), and back from "512M" as QEMU and
 * tmpfs write it (powers of 1024). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { UNITS_SIZE = 16 };

/* Writes into text and returns it. */
const char *units_bytes(char text[static UNITS_SIZE], uint64_t bytes);

/* "512M", "1G", "64k", "4096" (bytes) → bytes. False when it is none of these or overflows. */
bool units_parse(const char *text, uint64_t *bytes);
