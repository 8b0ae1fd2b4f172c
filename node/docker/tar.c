#include "node/docker/tar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void tar_header(char out[static TAR_BLOCK], const char *name, uint64_t size)
{
	enum { MODE = 100, OWNER = 108, GROUP = 116, SIZE = 124, TIME = 136, SUM = 148, TYPE = 156, MAGIC = 257 };
	unsigned sum = 0;

	memset(out, 0, TAR_BLOCK);
	snprintf(out, TAR_NAME_LIMIT + 1, "%s", name);
	memcpy(out + MODE, "0000644", 8);
	memcpy(out + OWNER, "0000000", 8);
	memcpy(out + GROUP, "0000000", 8);
	snprintf(out + SIZE, 12, "%011" PRIo64, size & TAR_SIZE_LIMIT);
	memcpy(out + TIME, "00000000000", 12);
	memcpy(out + SUM, "        ", 8); /* counts as spaces */
	out[TYPE] = '0';
	memcpy(out + MAGIC, "ustar\00000", 8);
	for (int i = 0; i < TAR_BLOCK; i++)
		sum += (unsigned char)out[i];
	snprintf(out + SUM, 8, "%06o", sum & 0777777);
}

uint64_t tar_space(uint64_t size)
{
	return TAR_BLOCK + (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
}
