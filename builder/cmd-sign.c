/* mkdl sign: detached Ed25519 signatures of configuration, which a node with `config: {trust: …}` asks for. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"
#include "builder/command.h"
#include "node/agent/fetch.h"
#include "node/agent/signature.h"

#define DEFAULT_KEY "mkdl-key.pem"

struct sign {
	const char *key, *new_key;
	char **files;
};

static void free_pkey(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

#define _cleanup_pkey_ _cleanup_(free_pkey)

static int public_hex(EVP_PKEY *key, char out[static 2 * SIGNATURE_KEY_SIZE + 1], struct error *err)
{
	uint8_t public[SIGNATURE_KEY_SIZE];
	size_t n = sizeof(public);

	if (EVP_PKEY_get_raw_public_key(key, public, &n) != 1)
		return error_set(err, "OpenSSL does not give the public key");
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", public[i]);
	return 0;
}

static void print_trust(const struct globals *g, const char *hex)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct json j = json_begin(&text);

	if (!g->json) {
		printf("public key: %s\nfor the profile: config: {trust: %s}\n", hex, hex);
		return;
	}
	json_open_object(&j, NULL);
	json_string(&j, "trust", hex);
	json_close_object(&j);
	json_end(&j);
	fputs(text.data, stdout);
}

/* Never over another key: what it signed would be worth nothing any more. */
static int make_key(const struct globals *g, const char *path, struct error *err)
{
	_cleanup_pkey_ EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	char hex[2 * SIGNATURE_KEY_SIZE + 1];
	_cleanup_fclose_ FILE *file = NULL;
	_cleanup_close_ int fd = -1;

	if (!key || public_hex(key, hex, err) < 0)
		return error_set(err, "OpenSSL does not make an Ed25519 key");
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? error_set(err, "%s is there already: a key is never overwritten", path)
				       : error_errno(err, "%s", path);
	file = fdopen(fd, "w");
	if (!file)
		return error_errno(err, "%s", path);
	take_fd(&fd);
	if (PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) != 1 || fflush(file) != 0 || fsync(fileno(file)) < 0) {
		unlink(path);
		return error_set(err, "%s: cannot be written", path);
	}
	print_trust(g, hex);
	return 0;
}

static int refuse_passphrase(char *buffer, int size, int writing, void *asked)
{
	(void)buffer, (void)size, (void)writing;
	*(bool *)asked = true;
	return -1;
}

static int read_key(const char *path, EVP_PKEY **out, struct error *err)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	_cleanup_pkey_ EVP_PKEY *key = NULL;
	bool asked = false;

	if (!file)
		return errno == ENOENT ? error_set(err, "%s: there is no such key: \"mkdl sign --new-key %s\" makes one", path, path)
				       : error_errno(err, "%s", path);
	key = PEM_read_PrivateKey(file, NULL, refuse_passphrase, &asked);
	if (asked)
		return error_set(err, "%s: it has a passphrase; \"openssl pkey\" takes it off", path);
	if (!key || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519)
		return error_set(err, "%s: it is no Ed25519 private key in PEM", path);
	*out = take_ptr(key);
	return 0;
}

static int sign_file(EVP_PKEY *key, struct arena *a, const char *path, struct error *err)
{
	const char *name = arena_printf(a, "%s.sig", path);
	_cleanup_strbuf_ struct strbuf text = {0};
	uint8_t signature[SIGNATURE_SIZE];
	size_t n = sizeof(signature);
	EVP_MD_CTX *context;
	int good;

	if (file_read_at(AT_FDCWD, path, FETCH_DOCUMENT_LIMIT, &text, err) < 0)
		return -1;
	context = EVP_MD_CTX_new();
	good = context && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
	       EVP_DigestSign(context, signature, &n, (const unsigned char *)(text.data ? text.data : ""), text.len) == 1;
	EVP_MD_CTX_free(context);
	if (!good)
		return error_set(err, "%s: OpenSSL does not sign it", path);
	if (file_write_atomic_at(AT_FDCWD, name, signature, n, 0644, err) < 0)
		return -1;
	printf("%s\n", name);
	return 0;
}

static int parse(int argc, char **argv, struct sign *s, struct error *err)
{
	static const struct option options[] = {
		{"key", required_argument, NULL, 'k'}, {"new-key", required_argument, NULL, 'n'}, {0},
	};

	for (int c; (c = command_getopt(argc, argv, "", options, err)) != -1;) {
		if (c == 'k')
			s->key = optarg;
		else if (c == 'n')
			s->new_key = optarg;
		else
			return -1;
	}
	s->files = argv + optind;
	if (s->new_key && (s->key || *s->files))
		return error_set(err, "%s: --new-key makes a key and signs nothing", argv[0]);
	return s->new_key || *s->files || s->key ? 0 : error_set(err, "%s: expected files to sign", argv[0]);
}

int cmd_sign(const struct globals *g, int argc, char **argv, struct error *err)
{
	_cleanup_arena_ struct arena arena = {0};
	struct sign s = {0};
	_cleanup_pkey_ EVP_PKEY *key = NULL;
	char hex[2 * SIGNATURE_KEY_SIZE + 1];

	if (parse(argc, argv, &s, err) < 0)
		return EXIT_USAGE;
	if (s.new_key)
		return make_key(g, s.new_key, err) < 0 ? EXIT_FAILED : EXIT_OK;
	if (read_key(s.key ? s.key : DEFAULT_KEY, &key, err) < 0)
		return EXIT_FAILED;
	/* A key alone: what a profile has to say to trust it. */
	if (!*s.files) {
		if (public_hex(key, hex, err) < 0)
			return EXIT_FAILED;
		print_trust(g, hex);
	}
	for (char **file = s.files; *file; file++)
		if (sign_file(key, &arena, *file, err) < 0)
			return EXIT_FAILED;
	return EXIT_OK;
}
