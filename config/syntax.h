/* What single texts may look like. Names are strict: they become file names, arguments and lines of flat files. Each
 * check complains and returns false when v is not what it should be; name is its key (or, for a list's item, the
 * list's key). */
#pragma once

#include "config/reader.h"

key_check check_name;
key_check check_plain;	  /* no control characters */
key_check check_absolute;
key_check check_program;  /* of a list: that its first item is an absolute path */
key_check check_module;
key_check check_sysctl;
key_check check_flag;
key_check check_kubelet_flag; /* one that the image does not decide */
key_check check_env;
key_check check_template; /* variables of plan_service_variables */
key_check check_url_template; /* variables of plan_url_variables */
key_check check_hostname;
key_check check_address;
key_check check_cidr;
key_check check_node_ip;
key_check check_domain;
key_check check_label;
key_check check_https;
key_check check_api_server; /* https, or the word "config" */
key_check check_token;
key_check check_ca_hash;  /* or the word "unsafe" */
key_check check_taint;
key_check check_ssh_key;
key_check check_user_name;

/* Variables of a list that ends in NULL (init/plan.h): complains of others. */
bool check_variables(struct reader *r, const struct value *v, const char *const *words);

/* Says what was expected instead of v, unless ok. */
bool expect(struct reader *r, const struct value *name, const struct value *v, bool ok, const char *what);

/* Nothing but characters of `allowed`, at least one, and the first of them among `first`. */
bool consists_of(const char *text, const char *first, const char *allowed);
bool begins_with(const char *text, const char *with);
/* No spaces, no control characters. */
bool is_visible(const char *text);
/* One of the beginnings, and something visible behind it. */
bool has_scheme(const char *text, const char *const *schemes, size_t count);
/* "512M", "50%": as mount(8)'s size= of tmpfs. */
bool is_tmpfs_size(const char *text);
/* Digits only, from min to max. */
bool parse_number(const char *text, unsigned long min, unsigned long max, unsigned long *out);
/* "90", "90s", "5m", "2h" → seconds, at most a day. */
bool parse_seconds(const char *text, unsigned *out);

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"
