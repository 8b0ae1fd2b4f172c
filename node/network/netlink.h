/* rtnetlink(7): requests to the kernel's network configuration and its answers. */
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct netlink {
	int fd;
	uint32_t sequence;
};

enum { MESSAGE_SIZE = 2048 };

/* A request under construction; it never overflows: what does not fit makes netlink_call fail. */
struct message {
	union {
		struct nlmsghdr header;
		char bytes[MESSAGE_SIZE];
	};
	size_t size;
	bool overflow;
};

/* groups: RTMGRP_… of multicast events to receive, or 0 for a socket of requests. */
int netlink_open(struct netlink *n, struct error *err);
/* A socket that becomes readable when one of the groups (RTNLGRP_…, ended by 0) has news. */
int netlink_subscribe(const unsigned *groups, struct error *err);

void message_begin(struct message *m, uint16_t type, uint16_t flags, const void *body, size_t n);
void message_put(struct message *m, unsigned short type, const void *data, size_t n);
void message_put_u8(struct message *m, unsigned short type, uint8_t value);
void message_put_u16(struct message *m, unsigned short type, uint16_t value);
void message_put_u32(struct message *m, unsigned short type, uint32_t value);
void message_put_string(struct message *m, unsigned short type, const char *value);
/* Attributes between open and close are inside of one of this type; open returns what close takes. */
size_t message_open(struct message *m, unsigned short type);
void message_close(struct message *m, size_t opened);

/* Send and wait for the kernel's verdict: 0, or -1 with errno set; `why` gets the kernel's own words,
 * "" when it has none. */
int netlink_call(struct netlink *n, struct message *m, char why[static 128]);

/* Send a request for a dump and call `take` with each message of the answer. -1 with err filled when the kernel refuses
 * or the dump was interrupted by a change. */
int netlink_dump(struct netlink *n, struct message *m, void (*take)(void *data, const struct nlmsghdr *h), void *data,
		 struct error *err);

/* The attributes of a message behind its body of n bytes: into table by type, those of higher types left out. */
void netlink_attributes(const struct nlmsghdr *h, size_t n, const struct rtattr **table, size_t types);
/* The attributes inside of an attribute. */
void netlink_nested(const struct rtattr *outer, const struct rtattr **table, size_t types);

/* An attribute's number; otherwise, or when it is NULL or too short, 0. */
uint32_t attribute_u32(const struct rtattr *a);
uint16_t attribute_u16(const struct rtattr *a);
uint8_t attribute_u8(const struct rtattr *a);
/* Its text, copied; "" when NULL. */
void attribute_string(const struct rtattr *a, char *out, size_t size);
/* n bytes of it; false when it is NULL or has not as many. */
bool attribute_bytes(const struct rtattr *a, void *out, size_t n);
