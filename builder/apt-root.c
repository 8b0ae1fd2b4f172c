#include "builder/apt-root.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "builder/apt-text.h"
#include "builder/progress.h"

enum { FRESH_SECONDS = 3600, LIST_LIMIT = 1024 * 1024 };

/* One of the host's files of sources. */
struct list_file {
	const char *name; /* base name */
	const char *text;
	bool deb822;
};

struct list_files {
	struct list_file *items;
	size_t count, cap;
};

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && !strcmp(s + n - m, end);
}

static int read_list(struct arena *a, const char *path, struct list_files *out, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (file_read_at(AT_FDCWD, path, LIST_LIMIT, &text, err) < 0)
		return error_wrap(err, "apt's sources");
	out->items = arena_grow(a, out->items, out->count, &out->cap, sizeof(*out->items));
	out->items[out->count++] = (struct list_file){
		.name = arena_strdup(a, path_base(path)), .text = arena_strdup(a, text.data),
		.deb822 = ends_with(path, ".sources"),
	};
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct list_file *)a)->name, ((const struct list_file *)b)->name);
}

static int read_lists(struct arena *a, const char *main_list, const char *parts, struct list_files *out, struct error *err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *e;

	if (access(main_list, F_OK) == 0 && read_list(a, main_list, out, err) < 0)
		return -1;
	dir = opendir(parts);
	while (dir && (e = readdir(dir)))
		if (ends_with(e->d_name, ".list") || ends_with(e->d_name, ".sources"))
			if (read_list(a, path_join(a, parts, e->d_name), out, err) < 0)
				return -1;
	if (!out->count)
		return error_set(err, "this machine has no apt sources (%s, %s): give the profile a repository of its own, under "
				 "\"repositories:\"", main_list, parts);
	qsort(out->items, out->count, sizeof(*out->items), by_name);
	return 0;
}

/* The value of NAME='…' in the output of `apt-config shell`; NULL when it is not there. */
static const char *shell_value(struct arena *a, const char *text, const char *name)
{
	const char *p = strstr(text, arena_printf(a, "%s='", name)), *end;

	if (!p)
		return NULL;
	p += strlen(name) + 2;
	end = strchr(p, '\'');
	return end ? arena_strndup(a, p, (size_t)(end - p)) : NULL;
}

static int host_lists(struct arena *a, struct list_files *out, struct error *err)
{
	static const char *const argv[] = {
		"apt-config", "shell", "MAIN", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d", NULL,
	};
	_cleanup_strbuf_ struct strbuf text = {0}, errors = {0};
	struct program p = {.argv = argv, .out = &text, .err = &errors};
	const char *main_list, *parts;

	if (run_program(&p, NULL, err) < 0)
		return -1;
	main_list = shell_value(a, text.data ? text.data : "", "MAIN");
	parts = shell_value(a, text.data ? text.data : "", "PARTS");
	return read_lists(a, main_list ? main_list : "/etc/apt/sources.list",
			  parts ? parts : "/etc/apt/sources.list.d", out, err);
}

/* apt's answer to "what is configured": kinds of index files besides packages and sources (icons, file contents, …), which
 * would only cost time. */
static void disable_targets(struct arena *a, struct strbuf *config)
{
	static const char *const argv[] = {"apt-config", "dump", "--format", "%f%n", "Acquire::IndexTargets", NULL};
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error ignored = {0};
	struct program p = {.argv = argv, .out = &text};

	if (run_program(&p, NULL, &ignored) < 0 || !text.data)
		return;
	for (const char *line = text.data; *line;) {
		size_t n = strcspn(line, "\n");
		const char *key = arena_strndup(a, line, n), *kind = strstr(key, "::deb");
		const char *name = kind ? strstr(kind + 2, "::") : NULL;

		/* Acquire::IndexTargets::deb::NAME, without further parts. */
		if (name && !strstr(name + 2, "::") && strcmp(name, "::Packages") && strcmp(name, "::Sources"))
			strbuf_printf(config, "%s::DefaultEnabled \"false\";\n", key);
		line += n + (line[n] == '\n');
	}
}

static bool is_plain(const char *s)
{
	for (; *s; s++)
		if (iscntrl((unsigned char)*s) || *s == '"')
			return false;
	return true;
}

static void write_config(const struct apt_root *root, const struct repository *r, bool own_lists, struct strbuf *out)
{
	strbuf_puts(out, "#clear APT::Update;\n#clear APT::Architectures;\n#clear DPkg;\n");
	strbuf_printf(out, "Dir::State \"%s/state/\";\nDir::State::status \"%s/status\";\nDir::State::lists \"%s/lists/\";\n",
		      root->path, root->path, root->path);
	strbuf_printf(out, "Dir::Cache \"%s/cache/\";\nDir::Cache::archives \"%s/cache/archives/\";\n", root->path, root->path);
	strbuf_puts(out, "Dir::Cache::pkgcache \"pkgcache.bin\";\nDir::Cache::srcpkgcache \"srcpkgcache.bin\";\n");
	strbuf_printf(out, "Dir::Log \"%s/log/\";\n", root->path);
	if (own_lists)
		strbuf_printf(out, "Dir::Etc::sourcelist \"/dev/null\";\nDir::Etc::sourceparts \"%s/sources/\";\n", root->path);
	if (r)
		strbuf_printf(out, "#clear APT::Default-Release;\nDir::Etc::preferences \"/dev/null\";\n"
			      "Dir::Etc::preferencesparts \"%s/empty/\";\n", root->path);
	strbuf_puts(out, "Acquire::ForceHash \"SHA256\";\nAcquire::Languages \"none\";\nAcquire::Retries \"3\";\n"
		    "Acquire::AllowInsecureRepositories \"false\";\nAcquire::AllowWeakRepositories \"false\";\n"
		    "Acquire::AllowDowngradeToInsecureRepositories \"false\";\nAPT::Get::AllowUnauthenticated \"false\";\n"
		    "APT::Get::List-Cleanup \"false\";\nAPT::Install-Recommends \"false\";\nAPT::Install-Suggests \"false\";\n");
	if (geteuid() == 0)
		strbuf_puts(out, "APT::Sandbox::User \"root\";\n");
}

/* The environment for apt: messages in English, and what may lead it to the network. */
static const char *const *make_environment(struct arena *a)
{
	static const char *const kept[] = {
		"HOME", "TMPDIR", "APT_CONFIG", "http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy", "HTTP_PROXY",
		"HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
	};
	enum { KEPT = sizeof(kept) / sizeof(kept[0]) };
	const char **extra = arena_calloc(a, KEPT + 3, sizeof(*extra));
	size_t n = 0;

	extra[n++] = "LC_ALL=C";
	extra[n++] = "DEBIAN_FRONTEND=noninteractive";
	for (size_t i = 0; i < KEPT; i++) {
		const char *value = getenv(kept[i]);

		if (value)
			extra[n++] = arena_printf(a, "%s=%s", kept[i], value);
	}
	return program_environment(a, extra);
}

static int check_repository(const struct repository *r, struct error *err)
{
	bool plain = is_plain(r->uri) && is_plain(r->suite) && (!r->key || is_plain(r->key));

	for (size_t i = 0; i < r->components.count; i++)
		plain = plain && is_plain(r->components.items[i]);
	if (!plain)
		return place_error(err, r->at,
				   "repository \"%s\": quotes and control characters are not allowed", r->name);
	if (r->key && access(r->key, R_OK) < 0)
		return place_errno(err, r->at, "repository \"%s\": keyring %s", r->name, r->key);
	return 0;
}

/* In deb822 style (sources.list(5)). A suite that ends in "/" is a path and has no components. */
static const char *repository_text(struct arena *a, const struct repository *r, bool with_sources)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	strbuf_printf(&b, "Types: deb%s\nURIs: %s\nSuites: %s\n", with_sources ? " deb-src" : "", r->uri, r->suite);
	if (r->components.count) {
		strbuf_puts(&b, "Components:");
		for (size_t i = 0; i < r->components.count; i++)
			strbuf_printf(&b, " %s", r->components.items[i]);
		strbuf_puts(&b, "\n");
	}
	if (r->key)
		strbuf_printf(&b, "Signed-By: %s\n", r->key);
	return arena_strdup(a, b.data);
}

static int write_file(const struct apt_root *root, struct arena *a, const char *name, const char *text, struct error *err)
{
	return file_write_atomic_at(AT_FDCWD, path_join(a, root->path, name), text, strlen(text), 0644, err);
}

/* Files below sources/: the named repository, or the host's with deb-src added. Written anew each time. */
static int write_sources(const struct apt_root *root, struct arena *a, const struct repository *r,
			 const struct list_files *lists, bool with_sources, struct error *err)
{
	if (r)
		return write_file(root, a, "sources/repository.sources", repository_text(a, r, with_sources), err);
	for (size_t i = 0; with_sources && i < lists->count; i++) {
		const struct list_file *f = &lists->items[i];
		_cleanup_strbuf_ struct strbuf b = {0};

		apt_add_source_types(f->text, f->deb822, &b);
		if (b.data && write_file(root, a, arena_printf(a, "sources/%s", f->name), b.data, err) < 0)
			return -1;
	}
	return 0;
}

static struct hash root_key(const struct repository *r, const struct list_files *lists, struct arena *a)
{
	struct hasher h;

	hash_begin(&h);
	hash_add_string(&h, "apt 1");
	if (r)
		hash_add_string(&h, repository_text(a, r, false));
	for (size_t i = 0; i < lists->count; i++) {
		hash_add_string(&h, lists->items[i].name);
		hash_add_string(&h, lists->items[i].text);
	}
	return hash_end(&h);
}

static int fill(struct build *b, struct apt_root *root, const struct repository *r, const struct list_files *lists,
		bool with_sources, struct error *err)
{
	static const char *const folders[] = {
		"state", "lists/partial", "cache/archives/partial", "log", "empty", "sources",
	};
	_cleanup_strbuf_ struct strbuf config = {0};
	const char *name = with_sources ? "apt-sources.conf" : "apt.conf";

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (dir_make_at(AT_FDCWD, path_join(b->arena, root->path, folders[i]), 0755, err) < 0)
			return -1;
	if (write_file(root, b->arena, "status", "", err) < 0 ||
	    write_sources(root, b->arena, r, lists, with_sources, err) < 0)
		return -1;
	write_config(root, r, r || with_sources, &config);
	disable_targets(b->arena, &config);
	root->config = path_join(b->arena, root->path, name);
	return write_file(root, b->arena, name, config.data, err);
}

/* Was the list last updated within the hour? A mark is a file that a whole update leaves. */
static bool is_fresh(const struct apt_root *root, struct arena *a, const char *mark)
{
	struct stat st;
	time_t now = time(NULL);

	return stat(path_join(a, root->path, mark), &st) == 0 && st.st_mtime <= now && st.st_mtime + FRESH_SECONDS > now;
}

static int update(struct build *b, struct apt_root *root, const struct repository *r, bool with_sources, struct error *err)
{
	static const char *const argv[] = {"-q", "-o", "APT::Update::Error-Mode=any", "update", NULL};
	_cleanup_strbuf_ struct strbuf errors = {0};
	struct progress_step *step = progress_begin(b->progress, "update", root->words, 0);
	int status;

	if (apt_root_run(root, b->arena, "apt-get", argv, NULL, &errors, &status, err) < 0) {
		progress_drop(step);
		return -1;
	}
	if (status == 0) {
		progress_end(step, NULL);
		if (with_sources && write_file(root, b->arena, "updated-sources", "", err) < 0)
			return -1;
		return write_file(root, b->arena, "updated", "", err);
	}
	progress_drop(step);
	strbuf_puts(&root->complaint, text_tail(b->arena, errors.data ? errors.data : "", errors.len, 20));
	if (!r) {
		progress_say(b->progress, 0, "warning: not all of the host's apt repositories could be updated:\n%s",
			     root->complaint.data);
		return 0;
	}
	if (strstr(root->complaint.data, "is not signed") || strstr(root->complaint.data, "NO_PUBKEY"))
		return place_error(err, r->at,
				   "%s is not signed by a key that mkdl was given: refused. Name its keyring under "
				   "\"key:\"; mkdl takes no packages that nobody vouches for. apt says:\n%s", root->words, root->complaint.data);
	return place_error(err, r->at, "%s cannot be read. apt says:\n%s", root->words, root->complaint.data);
}

static int open_locked(struct build *b, struct apt_root *root, const struct repository *r, bool with_sources, bool refresh,
		       struct error *err)
{
	struct list_files lists = {0};
	const char *relative;
	char hex[HASH_HEX_SIZE];
	struct hash key;

	if (!is_plain(b->store.path))
		return error_set(err, "the cache %s: apt cannot work in a folder with quotes or control characters in its name",
				 b->store.path);
	if (r ? check_repository(r, err) < 0 : host_lists(b->arena, &lists, err) < 0)
		return -1;
	key = root_key(r, &lists, b->arena);
	hash_hex(&key, hex);
	relative = arena_printf(b->arena, "apt/%.16s", hex);
	root->path = path_join(b->arena, b->store.path, relative);
	root->lock = store_lock(&b->store, arena_printf(b->arena, "apt-%.16s", hex), err);
	if (root->lock < 0)
		return -1;
	if (fill(b, root, r, &lists, with_sources, err) < 0)
		return -1;
	store_use_dir(&b->store, relative);
	if (!refresh && is_fresh(root, b->arena, with_sources ? "updated-sources" : "updated"))
		return 0;
	return update(b, root, r, with_sources, err);
}

int apt_root_open(struct build *b, const struct repository *repository, bool with_sources, bool refresh,
		  struct apt_root *out, struct error *err)
{
	struct apt_root root = {.lock = -1, .env = make_environment(b->arena)};

	root.words = repository ? arena_printf(b->arena, "repository \"%s\"", repository->name) : "the host's repositories";
	if (open_locked(b, &root, repository, with_sources, refresh, err) < 0) {
		apt_root_close(&root);
		return -1;
	}
	*out = root;
	return 0;
}

void apt_root_close(struct apt_root *root)
{
	if (root->lock >= 0)
		close(root->lock);
	root->lock = -1;
	strbuf_free(&root->complaint);
}

int apt_root_run(const struct apt_root *root, struct arena *a, const char *program, const char *const *argv,
		 struct strbuf *out, struct strbuf *errors, int *status, struct error *err)
{
	struct program p = {.env = root->env, .out = out, .err = errors, .limit = 256 * 1024 * 1024};
	const char **full;
	size_t n = 0;

	while (argv[n])
		n++;
	full = arena_calloc(a, n + 4, sizeof(*full));
	full[0] = program;
	full[1] = "-c";
	full[2] = root->config;
	memcpy(full + 3, argv, n * sizeof(*full));
	p.argv = full;
	return run_program(&p, status, err);
}
