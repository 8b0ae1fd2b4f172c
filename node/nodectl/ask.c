#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "node/nodectl/nodectl.h"

enum { REPLY_LIMIT = 4 << 20, PATIENCE_SECONDS = 20, TEXT_LIMIT = 1 << 16 };

const char *node_path(struct context *c, const char *path)
{
	return arena_printf(&c->arena, "%s%s", c->root, path);
}

const char *node_text(struct context *c, const char *path)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error ignored = {0};

	if (file_read_at(AT_FDCWD, node_path(c, path), TEXT_LIMIT, &text, &ignored) < 0)
		return NULL;
	while (text.len && text.data[text.len - 1] == '\n')
		text.data[--text.len] = '\0';
	return arena_strdup(&c->arena, text.data);
}

/* By its folder's descriptor: the path of a socket may have 107 bytes only. */
static int connect_control(struct context *c, struct error *err)
{
	const struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const char *folder = node_path(c, "/run/mkdl");
	_cleanup_close_ int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return error_errno(err, "socket");
	if (dir < 0)
		return errno == ENOENT ? error_set(err, "%s does not exist: is this a node of mkdl?", folder) :
					 error_errno(err, "%s", folder);
	snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d/control", dir);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0) {
		if (errno == EACCES)
			return error_set(err, "only root may ask");
		return error_errno(err, "%s/control", folder);
	}
	return take_fd(&fd);
}

static int exchange(int fd, const struct strbuf *request, struct strbuf *reply, struct error *err)
{
	char chunk[4096];
	ssize_t n;

	if (send(fd, request->data, request->len, MSG_NOSIGNAL) != (ssize_t)request->len)
		return error_errno(err, "PID 1 does not take the request");
	while ((n = fd_read(fd, chunk, sizeof(chunk))) > 0) {
		if (reply->len + (size_t)n > REPLY_LIMIT)
			return error_set(err, "PID 1's answer has no end");
		strbuf_add(reply, chunk, (size_t)n);
	}
	if (n < 0 && errno == EAGAIN)
		return error_set(err, "PID 1 has not answered for %d s", PATIENCE_SECONDS);
	return n < 0 ? error_errno(err, "PID 1's answer") : 0;
}

int ask(struct context *c, const char *const *words, struct flat *reply, struct error *err)
{
	_cleanup_strbuf_ struct strbuf request = {0}, text = {0};
	const struct flat_line *last;
	struct flat flat;
	int fd = connect_control(c, err), result;

	if (fd < 0)
		return -1;
	for (; *words; words++)
		flat_word(&request, *words);
	flat_end(&request);
	result = exchange(fd, &request, &text, err);
	close(fd);
	if (result < 0 || flat_parse(&c->arena, "PID 1's answer", text.data, text.len, &flat, err) < 0)
		return -1;
	last = flat.count ? &flat.lines[flat.count - 1] : NULL;
	if (last && last->count == 2 && !strcmp(last->words[0], "error"))
		return error_set(err, "%s", last->words[1]);
	if (!last || strcmp(last->words[0], "end") != 0)
		return error_set(err, "PID 1's answer was cut off");
	flat.count--;
	*reply = flat;
	return 0;
}

const char *reply_text(const struct flat *reply, const char *key)
{
	for (size_t i = 0; i < reply->count; i++)
		if (!strcmp(reply->lines[i].words[0], key) && reply->lines[i].count > 1)
			return reply->lines[i].words[1];
	return NULL;
}

int64_t record_word_number(const struct flat_line *line, size_t word)
{
	char *end;
	int64_t n;

	if (word >= line->count)
		return -1;
	n = strtoll(line->words[word], &end, 10);
	return *end || end == line->words[word] ? -1 : n;
}

int64_t reply_number(const struct flat *reply, const char *key)
{
	for (size_t i = 0; i < reply->count; i++)
		if (!strcmp(reply->lines[i].words[0], key))
			return record_word_number(&reply->lines[i], 1);
	return -1;
}

int print_json(struct strbuf *text)
{
	return fwrite(text->data, 1, text->len, stdout) == text->len ? 0 : 1;
}

void json_optional(struct json *j, const char *key, int64_t value)
{
	if (value < 0)
		json_string(j, key, NULL);
	else
		json_number(j, key, (uint64_t)value);
}
