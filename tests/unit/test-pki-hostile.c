/* What pki_init finds in a folder that it did not leave so: it says which file and what to do, and overwrites nothing. */
#include "pki-fixture.h"

#include <openssl/pem.h>
#include <time.h>
#include <unistd.h>

#include "cluster/authority.h"
#include "cluster/pki-pair.h"
#include "cluster/pki-wishes.h"

static const char *pem_of(struct pki_fixture *f, EVP_PKEY *key, X509 *certificate)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (key)
		assert_int_equal(key_write(key, &text, &f->err), 0);
	if (certificate)
		assert_int_equal(certificate_write(certificate, &text, &f->err), 0);
	return arena_strdup(&f->arena, text.data);
}

/* An authority that begins and ends so many days from now, in DIR/pki/NAME.{crt,key}. */
static struct pair_of_keys put_authority(struct pki_fixture *f, const char *name, int64_t begin, unsigned days)
{
	struct pair_of_keys made = {0};
	int64_t start = time(NULL) + begin * SECONDS_OF_DAY + CERTIFICATE_BACKDATED;

	assert_int_equal(key_make(&made.key, &f->err), 0);
	assert_int_equal(certificate_issue_authority("mine", made.key, days, start, &made.certificate, &f->err), 0);
	pki_fixture_write(f, arena_printf(&f->arena, "pki/%s.crt", name), pem_of(f, NULL, made.certificate), 0600);
	pki_fixture_write(f, arena_printf(&f->arena, "pki/%s.key", name), pem_of(f, made.key, NULL), 0600);
	return made;
}

static void test_own_authority(void **state)
{
	struct pki_fixture *f = *state;
	struct pair_of_keys mine = put_authority(f, "ca", -1, 1000);
	const char *ca, *key, *reason, *text;
	X509 *admin = NULL;

	ca = pki_fixture_read(f, "pki/ca.crt");
	key = pki_fixture_read(f, "pki/ca.key");
	pki_fixture_init(f);
	assert_string_equal(pki_fixture_read(f, "pki/ca.crt"), ca);
	assert_string_equal(pki_fixture_read(f, "pki/ca.key"), key);
	text = pki_fixture_read(f, "pki/admin.pem");
	assert_int_equal(certificate_read("admin", text, strlen(text), &admin, &f->err), 0);
	assert_true(certificate_is_of(admin, mine.certificate, &reason));
	X509_free(admin);
	pair_of_keys_free(&mine);
}

/* It ends in 100 days: what it signs does, too, and is not issued again for that at every init. */
static void test_short_authority(void **state)
{
	struct pki_fixture *f = *state;
	struct pair_of_keys mine = put_authority(f, "ca", -1, 20);
	const char *admin;

	pki_fixture_init(f);
	assert_non_null(strstr(f->said.items[0], "pki/ca.crt ends on "));
	admin = pki_fixture_read(f, "pki/admin.pem");
	pki_fixture_init(f);
	assert_int_equal(f->said.count, 1);
	assert_string_equal(pki_fixture_read(f, "pki/admin.pem"), admin);
	pair_of_keys_free(&mine);
}

static void test_bad_authorities(void **state)
{
	struct pki_fixture *f = *state;
	struct pair_of_keys one = put_authority(f, "ca", -20, 10), other;
	const char *key, *ca;

	refuse(f, "/dir/pki/ca.crt: it ended on ", "docs/cluster.md");
	pair_of_keys_free(&one);
	one = put_authority(f, "ca", 3, 10);
	refuse(f, "/dir/pki/ca.crt: it is not valid before ", "clock");
	pair_of_keys_free(&one);
	one = put_authority(f, "ca", -1, 1000);
	other = put_authority(f, "other", -1, 1000);
	pki_fixture_write(f, "pki/ca.key", pem_of(f, other.key, NULL), 0600);
	refuse(f, "/dir/pki/ca.key: it is not the key of ", "/dir/pki/ca.crt");
	/* Without the key. */
	assert_int_equal(unlink(pki_fixture_path(f, "pki/ca.key")), 0);
	refuse(f, "/dir/pki/ca.crt: its key ", "/dir/pki/ca.key is missing: put it there");
	/* The key alone: the run that made it was interrupted. */
	pki_fixture_write(f, "pki/ca.key", pem_of(f, one.key, NULL), 0600);
	key = pki_fixture_read(f, "pki/ca.key");
	assert_int_equal(unlink(pki_fixture_path(f, "pki/ca.crt")), 0);
	pki_fixture_init(f);
	assert_string_equal(pki_fixture_read(f, "pki/ca.key"), key);
	/* Gone, though certificates of it are there. */
	ca = pki_fixture_read(f, "pki/ca.crt");
	assert_int_equal(unlink(pki_fixture_path(f, "pki/ca.crt")), 0);
	refuse(f, "/dir/pki/ca.crt: it is missing, but certificates that it signed are there");
	pki_fixture_write(f, "pki/ca.crt", ca, 0600);
	pki_fixture_init(f);
	assert_int_equal(f->said.count, 0);
	pair_of_keys_free(&one);
	pair_of_keys_free(&other);
}

static void test_no_authority(void **state)
{
	struct pki_fixture *f = *state;
	struct pair_of_keys ca = put_authority(f, "ca", -1, 1000), leaf = {0}, two = {0};
	struct certificate_wish wish = {.common_name = "leaf", .usage = CERTIFICATE_CLIENT, .days = 10};
	const char *crt = pki_fixture_read(f, "pki/ca.crt");

	/* A certificate that may not sign. */
	assert_int_equal(key_make(&leaf.key, &f->err), 0);
	assert_int_equal(certificate_issue(&wish, &ca, leaf.key, time(NULL), &leaf.certificate, &f->err), 0);
	pki_fixture_write(f, "pki/ca.crt", pem_of(f, NULL, leaf.certificate), 0600);
	pki_fixture_write(f, "pki/ca.key", pem_of(f, leaf.key, NULL), 0600);
	refuse(f, "/dir/pki/ca.crt: it may not sign certificates");
	pki_fixture_write(f, "pki/ca.crt", arena_printf(&f->arena, "%s%s", crt, crt), 0600);
	refuse(f, "/dir/pki/ca.crt: there are 2 of them in it");
	/* A key of a kind that Kubernetes does not take. */
	two.key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	assert_non_null(two.key);
	assert_int_equal(certificate_issue_authority("weak", two.key, 100, time(NULL), &two.certificate, &f->err), 0);
	pki_fixture_write(f, "pki/ca.crt", pem_of(f, NULL, two.certificate), 0600);
	pki_fixture_write(f, "pki/ca.key", pem_of(f, two.key, NULL), 0600);
	refuse(f, "/dir/pki/ca.crt: its key is of a kind that Kubernetes does not take");
	pair_of_keys_free(&ca);
	pair_of_keys_free(&leaf);
	pair_of_keys_free(&two);
}

static void test_rsa_authority(void **state)
{
	struct pki_fixture *f = *state;
	struct pair_of_keys mine = {0};

	assert_int_equal(key_make_rsa(2048, &mine.key, &f->err), 0);
	assert_int_equal(certificate_issue_authority("mine", mine.key, 1000, time(NULL), &mine.certificate, &f->err), 0);
	pki_fixture_write(f, "pki/etcd/ca.crt", pem_of(f, NULL, mine.certificate), 0600);
	pki_fixture_write(f, "pki/etcd/ca.key", pem_of(f, mine.key, NULL), 0600);
	pki_fixture_init(f);
	pki_fixture_init(f);
	assert_int_equal(f->said.count, 0);
	pair_of_keys_free(&mine);
}

#define ADMIN "pki/admin.pem"

static void test_bad_pairs(void **state)
{
	struct pki_fixture *f = *state;
	const char *good, *other, *text, *certificate;

	pki_fixture_init(f);
	good = pki_fixture_read(f, ADMIN);
	other = pki_fixture_read(f, "pki/servers/s1/admin.pem");
	certificate = strstr(good, "-----BEGIN CERTIFICATE");
	/* Cut off everywhere: never a crash, never a new certificate. */
	for (size_t n = 0; n < strlen(good) - 1; n += 17) {
		pki_fixture_write(f, ADMIN, arena_strndup(&f->arena, good, n), 0600);
		refuse(f, "/dir/pki/admin.pem: ", "take the file away, and \"mkdl cluster init\" makes it anew");
	}
	pki_fixture_write(f, ADMIN, certificate, 0600);
	refuse(f, "/dir/pki/admin.pem: there is no private key in it");
	text = arena_printf(&f->arena, "%.*s%s", (int)(certificate - good), good, strstr(other, "-----BEGIN CERTIFICATE"));
	pki_fixture_write(f, ADMIN, text, 0600);
	refuse(f, "/dir/pki/admin.pem: its key and its certificate do not belong together");
	/* Base64 that is no DER, and DER that is no certificate. */
	text = arena_printf(&f->arena, "%.*s-----BEGIN CERTIFICATE-----\nAAAAAAAA\n-----END CERTIFICATE-----\n",
			    (int)(certificate - good), good);
	pki_fixture_write(f, ADMIN, text, 0600);
	refuse(f, "/dir/pki/admin.pem: its certificate cannot be read: ");
	text = arena_printf(&f->arena, "%.*s-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n",
			    (int)(certificate - good), good);
	pki_fixture_write(f, ADMIN, text, 0600);
	refuse(f, "/dir/pki/admin.pem: its certificate cannot be read: ");
	/* Of another authority. */
	pki_fixture_write(f, ADMIN, pki_fixture_read(f, "pki/servers/s1/front-proxy-client.pem"), 0600);
	refuse(f, "/dir/pki/admin.pem: it is not of the authority ", "/dir/pki/ca.crt");
	/* Of the right one, for somebody else: as after a change of cluster.yml. */
	pki_fixture_write(f, ADMIN, pki_fixture_read(f, "pki/servers/s1/scheduler.pem"), 0600);
	pki_fixture_init(f);
	assert_int_equal(f->said.count, 1);
	assert_non_null(strstr(f->said.items[0], "issued again: pki/admin.pem, valid until "));
	assert_non_null(strstr(f->said.items[0], " (its subject changed)"));
}

/* One bit of the file turned, anywhere: an error, or the same certificate; never a crash. */
static void test_turned_bits(void **state)
{
	struct pki_fixture *f = *state;
	size_t n;
	char *text;

	pki_fixture_init(f);
	text = arena_strdup(&f->arena, pki_fixture_read(f, ADMIN));
	n = strlen(text);
	for (size_t i = 0; i < n; i += 13) {
		struct error err = {0};

		text[i] = (char)(text[i] ^ 1 << i % 7);
		if (text[i])
			pki_fixture_write(f, ADMIN, text, 0600);
		if (pki_init(&f->arena, &f->cluster, f->dir, NULL, &err) < 0)
			assert_non_null(strstr(error_text(&err), "admin.pem"));
		error_clear(&err);
		text[i] = (char)(text[i] ^ 1 << i % 7);
	}
}

static struct authority load_authority(struct pki_fixture *f, enum authority_name name)
{
	struct authority read = {0};
	struct pki_folder folder;

	assert_int_equal(pki_folder_open(&f->arena, f->dir, &folder, &f->err), 0);
	assert_int_equal(authority_read(&folder, name, time(NULL), &read, &f->err), 0);
	pki_folder_close(&folder);
	return read;
}

/* DIR/pki/admin.pem as it would be if it had been issued so many days ago. */
static void put_old_admin(struct pki_fixture *f, unsigned days_ago)
{
	struct authority ca = load_authority(f, AUTHORITY_CLUSTER);
	_cleanup_strbuf_ struct strbuf text = {0};
	struct pki_wishes wishes;
	int64_t end;

	assert_int_equal(pki_wishes(&f->arena, &f->cluster, &wishes, &f->err), 0);
	assert_string_equal(wishes.items[0].path, ADMIN);
	assert_int_equal(pki_pair_issue(&wishes.items[0].wish, &ca, time(NULL) - (int64_t)days_ago * SECONDS_OF_DAY, &text, &end,
					&f->err), 0);
	pki_fixture_write(f, ADMIN, text.data, 0600);
	authority_free(&ca);
}

static void test_old_certificates(void **state)
{
	struct pki_fixture *f = *state;

	pki_fixture_init(f);
	put_old_admin(f, 366);
	pki_fixture_init(f);
	assert_int_equal(f->said.count, 1);
	assert_non_null(strstr(f->said.items[0], "(the former one ended on "));
	put_old_admin(f, 336);
	pki_fixture_init(f);
	assert_int_equal(f->said.count, 1);
	assert_non_null(strstr(f->said.items[0], "(the former one ends on "));
	put_old_admin(f, 334);
	pki_fixture_init(f);
	assert_int_equal(f->said.count, 0);
}

static void test_links(void **state)
{
	struct pki_fixture *f = *state;
	const char *elsewhere = arena_printf(&f->arena, "%s/elsewhere", f->top);

	pki_fixture_init(f);
	/* A file. */
	assert_int_equal(rename(pki_fixture_path(f, ADMIN), elsewhere), 0);
	assert_int_equal(symlink(elsewhere, pki_fixture_path(f, ADMIN)), 0);
	refuse(f, "/dir/pki/admin.pem: it is a symbolic link");
	assert_int_equal(rename(elsewhere, pki_fixture_path(f, ADMIN)), 0);
	/* One that leads nowhere yet: a secret would be written there. */
	assert_int_equal(unlink(pki_fixture_path(f, "pki/sa.pub")), 0);
	assert_int_equal(symlink(elsewhere, pki_fixture_path(f, "pki/sa.pub")), 0);
	refuse(f, "/dir/pki/sa.pub: it is a symbolic link");
	assert_int_equal(unlink(pki_fixture_path(f, "pki/sa.pub")), 0);
	pki_fixture_init(f);
	/* A folder on the way, and the one of all. */
	assert_int_equal(rename(pki_fixture_path(f, "pki/servers"), elsewhere), 0);
	assert_int_equal(symlink(elsewhere, pki_fixture_path(f, "pki/servers")), 0);
	refuse(f, "/dir/pki/servers/", "it is a symbolic link, or behind one");
	assert_int_equal(unlink(pki_fixture_path(f, "pki/servers")), 0);
	assert_int_equal(rename(elsewhere, pki_fixture_path(f, "pki/servers")), 0);
	assert_int_equal(rename(pki_fixture_path(f, "pki"), elsewhere), 0);
	assert_int_equal(symlink(elsewhere, pki_fixture_path(f, "pki")), 0);
	refuse(f, "/dir/pki: it is a symbolic link");
}

static void test_odd_files(void **state)
{
	struct pki_fixture *f = *state;

	pki_fixture_init(f);
	assert_int_equal(unlink(pki_fixture_path(f, ADMIN)), 0);
	assert_int_equal(mkfifo(pki_fixture_path(f, ADMIN), 0600), 0);
	refuse(f, "/dir/pki/admin.pem: it is not a file");
	assert_int_equal(unlink(pki_fixture_path(f, ADMIN)), 0);
	assert_int_equal(mkdir(pki_fixture_path(f, ADMIN), 0700), 0);
	refuse(f, "/dir/pki/admin.pem: it is not a file");
	assert_int_equal(rmdir(pki_fixture_path(f, ADMIN)), 0);
	assert_int_equal(truncate(pki_fixture_path(f, "pki/encryption.yaml"), 0), 0);
	refuse(f, "/dir/pki/encryption.yaml: it is no EncryptionConfiguration");
	assert_int_equal(truncate(pki_fixture_path(f, "pki/encryption.yaml"), 8 << 20), 0);
	refuse(f, "/dir/pki/encryption.yaml: it is larger than 1048576 bytes");
}

/* Readable by others: shut, and said. A file that a killed run was writing: removed. */
static void test_repairs(void **state)
{
	struct pki_fixture *f = *state;
	struct stat is;

	pki_fixture_init(f);
	assert_int_equal(chmod(pki_fixture_path(f, "pki/ca.key"), 0644), 0);
	assert_int_equal(chmod(pki_fixture_path(f, "pki"), 0755), 0);
	pki_fixture_write(f, "pki/servers/s1/apiserver.pem.tmp.4711", "half", 0600);
	pki_fixture_init(f);
	assert_int_equal(f->said.count, 2);
	assert_string_equal(f->said.items[0], "shut pki: others could read it; it is 0700 now");
	assert_string_equal(f->said.items[1], "shut pki/ca.key: others could read it; it is 0600 now");
	assert_int_equal(stat(pki_fixture_path(f, "pki/ca.key"), &is), 0);
	assert_int_equal(is.st_mode & 07777, 0600);
	assert_int_equal(access(pki_fixture_path(f, "pki/servers/s1/apiserver.pem.tmp.4711"), F_OK), -1);
}

static void test_service_account(void **state)
{
	struct pki_fixture *f = *state;
	const char *key, *public, *former;
	struct pki_fixture *g = NULL;

	pki_fixture_init(f);
	assert_int_equal(pki_fixture_setup((void **)&g), 0);
	pki_fixture_init(g);
	key = pki_fixture_read(f, "pki/sa.key");
	public = pki_fixture_read(f, "pki/sa.pub");
	former = pki_fixture_read(g, "pki/sa.pub");
	pki_fixture_write(f, "pki/sa.pub", former, 0600);
	refuse(f, "/dir/pki/sa.pub: the public key of ", "/dir/pki/sa.key is not in it");
	/* The keys of former times besides. */
	pki_fixture_write(f, "pki/sa.pub", arena_printf(&f->arena, "%s%s", former, public), 0600);
	pki_fixture_init(f);
	assert_int_equal(f->said.count, 0);
	/* Without the public key: made from the other. */
	assert_int_equal(unlink(pki_fixture_path(f, "pki/sa.pub")), 0);
	pki_fixture_init(f);
	assert_string_equal(pki_fixture_read(f, "pki/sa.pub"), public);
	assert_int_equal(unlink(pki_fixture_path(f, "pki/sa.key")), 0);
	refuse(f, "/dir/pki/sa.key: it is missing, but ");
	pki_fixture_write(f, "pki/sa.key", key, 0600);
	pki_fixture_init(f);
	pki_fixture_teardown((void **)&g);
}

#define test(function) cmocka_unit_test_setup_teardown(function, pki_fixture_setup, pki_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_own_authority), test(test_short_authority), test(test_bad_authorities), test(test_no_authority),
		test(test_rsa_authority), test(test_bad_pairs), test(test_turned_bits), test(test_old_certificates), test(test_links),
		test(test_odd_files), test(test_repairs), test(test_service_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
