/* The hardware watchdog (Documentation/watchdog/watchdog-api.rst): a timer that resets the machine unless it is fed.
 *
 * It is fed by a timer of the loop every quarter of its time, and only while PID 1 is healthy, which means:
 *	the loop turns (a PID 1 that hangs anywhere feeds nothing);
 *	a process can be started and ends: one is, before each feeding but the first. A machine whose kernel is stuck, or
 *	that has neither memory nor process numbers left for as long as the watchdog's time, is of no use to anybody;
 *	a shutdown under way is within its limit (shutdown.h).
 * A boot that failed, or waits for a server as its plan says, is no reason: it has its own times. */
#pragma once

#include <stdbool.h>

#include "init/supervise.h"

enum { WATCHDOG_IDENTITY = 33 };

/* Arm it; seconds 0: leave it alone. *seconds becomes what the hardware made of it. identity: its name for messages. */
int watchdog_open(struct supervisor *v, unsigned *seconds, char identity[static WATCHDOG_IDENTITY], struct error *err);

/* Was the last reset the watchdog's? */
bool watchdog_did_reset(void);

/* This child ended; false: it was none of the watchdog's. */
bool watchdog_child_ended(pid_t pid);

/* Feed it for the last time at this clock_ms: what comes after has the watchdog's time left. */
void watchdog_until(int64_t last);

/* Feed it now, outside of the loop, if it may be. */
void watchdog_feed(void);

/* Switch it off: the machine is to stay halted. Says so where the hardware cannot (nowayout). */
void watchdog_disarm(void);
