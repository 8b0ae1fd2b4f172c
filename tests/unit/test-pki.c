/* What pki_init makes, and what it leaves alone. */
#include "pki-fixture.h"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <time.h>

#include "cluster/certificate.h"
#include "cluster/pki-wishes.h"

static struct pair_of_keys load(struct pki_fixture *f, const char *name)
{
	const char *text = pki_fixture_read(f, name);
	struct pair_of_keys pair = {0};

	assert_int_equal(certificate_read(name, text, strlen(text), &pair.certificate, &f->err), 0);
	if (strstr(name, ".pem"))
		assert_int_equal(key_read(name, text, strlen(text), &pair.key, &f->err), 0);
	return pair;
}

/* As a TLS peer would: with the time, for a purpose. */
static void verify(X509 *certificate, X509 *authority, int purpose)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();

	X509_STORE_add_cert(store, authority);
	X509_STORE_CTX_init(context, store, certificate, NULL);
	X509_STORE_CTX_set_purpose(context, purpose);
	X509_STORE_CTX_set_flags(context, X509_V_FLAG_X509_STRICT);
	if (X509_verify_cert(context) != 1)
		fail_msg("%s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
}

static void expect_subject(X509 *certificate, const char *subject)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char text[256] = "";

	X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
	assert_true(BIO_read(bio, text, sizeof(text) - 1) > 0);
	BIO_free(bio);
	assert_string_equal(text, subject);
}

/* names: "a b", addresses: "1.2.3.4 …"; the numbers count, so that there are no others. */
static void expect_names(X509 *certificate, const char *const *names, const char *const *addresses)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	int count = 0;

	for (; *names; names++, count++)
		assert_int_equal(X509_check_host(certificate, *names, 0, 0, NULL), 1);
	for (; *addresses; addresses++, count++)
		assert_int_equal(X509_check_ip_asc(certificate, *addresses, 0), 1);
	assert_int_equal(all ? sk_GENERAL_NAME_num(all) : 0, count);
	GENERAL_NAMES_free(all);
}
#define LIST(...) (const char *const[]){__VA_ARGS__, NULL}
static const char *const none[] = {NULL};

struct expected {
	const char *name, *authority, *subject;
	bool server, client;
};

static void test_certificates(void **state)
{
	static const struct expected expected[] = {
		{"admin", "ca", "CN=kubernetes-admin,O=system:masters", false, true},
		{"provisioner", "provision-ca", "CN=mkdl-provisioner", true, false},
		{"servers/s1/apiserver", "ca", "CN=kube-apiserver", true, false},
		{"servers/s1/apiserver-kubelet-client", "ca", "CN=kube-apiserver-kubelet-client,O=system:masters", false, true},
		{"servers/s1/apiserver-etcd-client", "etcd/ca", "CN=kube-apiserver-etcd-client", false, true},
		{"servers/s1/front-proxy-client", "front-proxy-ca", "CN=front-proxy-client", false, true},
		{"servers/s1/etcd/server", "etcd/ca", "CN=s1", true, true},
		{"servers/s1/etcd/peer", "etcd/ca", "CN=s1", true, true},
		{"servers/s1/admin", "ca", "CN=kubernetes-admin,O=system:masters", false, true},
		{"servers/s1/controller-manager", "ca", "CN=system:kube-controller-manager", false, true},
		{"servers/s2/scheduler", "ca", "CN=system:kube-scheduler", false, true},
		{"servers/s2/etcd/peer", "etcd/ca", "CN=s2", true, true},
	};
	struct pki_fixture *f = *state;
	int64_t now = time(NULL);

	pki_fixture_init(f);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const struct expected *e = &expected[i];
		struct pair_of_keys pair = load(f, arena_printf(&f->arena, "pki/%s.pem", e->name));
		struct pair_of_keys ca = load(f, arena_printf(&f->arena, "pki/%s.crt", e->authority));
		const ASN1_INTEGER *serial = X509_get0_serialNumber(pair.certificate);
		BIGNUM *number = ASN1_INTEGER_to_BN(serial, NULL);

		assert_int_equal(X509_check_private_key(pair.certificate, pair.key), 1);
		assert_true(EVP_PKEY_is_a(pair.key, "EC") && EVP_PKEY_get_bits(pair.key) == 256);
		if (e->server)
			verify(pair.certificate, ca.certificate, X509_PURPOSE_SSL_SERVER);
		if (e->client)
			verify(pair.certificate, ca.certificate, X509_PURPOSE_SSL_CLIENT);
		assert_int_equal(X509_check_purpose(pair.certificate, X509_PURPOSE_SSL_SERVER, 0), e->server);
		assert_int_equal(X509_check_purpose(pair.certificate, X509_PURPOSE_SSL_CLIENT, 0), e->client);
		expect_subject(pair.certificate, e->subject);
		assert_int_equal(BN_num_bits(number), 127);
		assert_true(llabs(certificate_begin(pair.certificate) - (now - 3600)) < 60);
		assert_true(llabs(certificate_end(pair.certificate) - (now + INT64_C(365) * 86400)) < 60);
		assert_true(llabs(certificate_end(ca.certificate) - (now + INT64_C(3650) * 86400)) < 60);
		BN_free(number);
		pair_of_keys_free(&pair);
		pair_of_keys_free(&ca);
	}
}

static void test_names(void **state)
{
	struct pki_fixture *f = *state;
	struct pair_of_keys pair;

	pki_fixture_init(f);
	pair = load(f, "pki/servers/s1/apiserver.pem");
	expect_names(pair.certificate,
		     LIST("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "s1",
			  "api.example"), LIST("10.96.0.1", "10.77.0.11", "127.0.0.1"));
	pair_of_keys_free(&pair);
	pair = load(f, "pki/servers/s2/etcd/peer.pem");
	expect_names(pair.certificate, LIST("s2", "localhost"), LIST("10.77.0.12", "127.0.0.1"));
	pair_of_keys_free(&pair);
	pair = load(f, "pki/provisioner.pem");
	expect_names(pair.certificate, none, LIST("10.77.0.1"));
	pair_of_keys_free(&pair);
	pair = load(f, "pki/admin.pem");
	expect_names(pair.certificate, none, none);
	pair_of_keys_free(&pair);
}

static int is_private(const char *path, const struct stat *is, int type, struct FTW *at)
{
	(void)at;
	if (type == FTW_D && (is->st_mode & 07777) == 0700)
		return 0;
	if (type == FTW_F && (is->st_mode & 07777) == 0600)
		return 0;
	print_message("%s has mode %o\n", path, is->st_mode);
	return 1;
}

static void test_modes(void **state)
{
	struct pki_fixture *f = *state;

	umask(0);
	pki_fixture_init(f);
	umask(022);
	assert_int_equal(nftw(f->dir, is_private, 16, FTW_PHYS), 0);
}

/* The names and contents of all files, in the order of the names. */
static char *snapshot_text;
static int snapshot_add(const char *path, const struct stat *is, int type, struct FTW *at)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};
	char *old = snapshot_text;

	(void)at;
	if (type != FTW_F)
		return 0;
	assert_int_equal(file_read_at(AT_FDCWD, path, 1 << 20, &text, &err), 0);
	assert_true(asprintf(&snapshot_text, "%s%s %llu %lld.%09ld\n%s", old ? old : "", path, (unsigned long long)is->st_ino,
			     (long long)is->st_mtim.tv_sec, is->st_mtim.tv_nsec, text.data) > 0);
	free(old);
	return 0;
}

static const char *snapshot(struct pki_fixture *f)
{
	const char *text;

	snapshot_text = NULL;
	assert_int_equal(nftw(f->dir, snapshot_add, 16, FTW_PHYS), 0);
	text = arena_strdup(&f->arena, snapshot_text);
	free(snapshot_text);
	return text;
}

static void test_idempotent(void **state)
{
	struct pki_fixture *f = *state;
	const char *before;

	pki_fixture_init(f);
	assert_true(f->said.count > 20);
	before = snapshot(f);
	pki_fixture_init(f);
	assert_int_equal(f->said.count, 0);
	assert_string_equal(snapshot(f), before);
}

static bool says(const struct pki_fixture *f, const char *what)
{
	for (size_t i = 0; i < f->said.count; i++)
		if (strstr(f->said.items[i], what))
			return true;
	return false;
}

static void test_changed_cluster(void **state)
{
	struct pki_fixture *f = *state;
	const char *ca, *s1, *s2, *kubelet;

	pki_fixture_init(f);
	ca = pki_fixture_read(f, "pki/ca.crt");
	s1 = pki_fixture_read(f, "pki/servers/s1/apiserver.pem");
	s2 = pki_fixture_read(f, "pki/servers/s2/etcd/server.pem");
	kubelet = pki_fixture_read(f, "pki/servers/s1/apiserver-kubelet-client.pem");
	f->cluster.api = "10.77.0.5";
	f->nodes[2].address = "10.77.0.13";
	pki_fixture_init(f);
	assert_true(says(f, "issued again: pki/servers/s1/apiserver.pem, valid until "));
	assert_true(says(f, "issued again: pki/servers/s2/etcd/server.pem, valid until "));
	assert_int_equal(f->said.count, 4);
	assert_string_equal(pki_fixture_read(f, "pki/ca.crt"), ca);
	assert_string_not_equal(pki_fixture_read(f, "pki/servers/s1/apiserver.pem"), s1);
	assert_string_not_equal(pki_fixture_read(f, "pki/servers/s2/etcd/server.pem"), s2);
	assert_string_equal(pki_fixture_read(f, "pki/servers/s1/apiserver-kubelet-client.pem"), kubelet);
}

static void test_renew(void **state)
{
	struct pki_fixture *f = *state;
	const char *ca, *sa, *admin, *encryption, *config;

	pki_fixture_init(f);
	ca = pki_fixture_read(f, "pki/ca.crt");
	sa = pki_fixture_read(f, "pki/sa.key");
	encryption = pki_fixture_read(f, "pki/encryption.yaml");
	admin = pki_fixture_read(f, "pki/admin.pem");
	config = pki_fixture_read(f, "kubeconfig");
	f->said = (struct strings){0};
	assert_int_equal(pki_renew(&f->arena, &f->cluster, f->dir, 364, &f->said, &f->err), 0);
	assert_int_equal(f->said.count, 0);
	assert_string_equal(pki_fixture_read(f, "pki/admin.pem"), admin);
	assert_int_equal(pki_renew(&f->arena, &f->cluster, f->dir, 366, &f->said, &f->err), 0);
	assert_int_equal(f->said.count, 20);
	f->said = (struct strings){0};
	assert_int_equal(pki_renew(&f->arena, &f->cluster, f->dir, 0, &f->said, &f->err), 0);
	assert_int_equal(f->said.count, 20);
	assert_string_not_equal(pki_fixture_read(f, "pki/admin.pem"), admin);
	assert_string_not_equal(pki_fixture_read(f, "kubeconfig"), config);
	assert_string_equal(pki_fixture_read(f, "pki/ca.crt"), ca);
	assert_string_equal(pki_fixture_read(f, "pki/sa.key"), sa);
	assert_string_equal(pki_fixture_read(f, "pki/encryption.yaml"), encryption);
	assert_int_equal(pki_renew(&f->arena, &f->cluster, "/tmp/mkdl-is-not-there", 0, NULL, &f->err), -1);
	assert_string_equal(error_text(&f->err), "/tmp/mkdl-is-not-there: there is no such folder: \"mkdl cluster init\" makes it");
}

static void test_server_files(void **state)
{
	static const char *const paths[] = {
		"addons/20-cluster-info.yaml", "addons/21-tokens.yaml", "admin.kubeconfig", "controller-manager.kubeconfig",
		"encryption.yaml", "pki/apiserver-etcd-client.crt", "pki/apiserver-etcd-client.key",
		"pki/apiserver-kubelet-client.crt", "pki/apiserver-kubelet-client.key", "pki/apiserver.crt", "pki/apiserver.key",
		"pki/ca.crt", "pki/ca.key", "pki/etcd/ca.crt", "pki/etcd/peer.crt", "pki/etcd/peer.key", "pki/etcd/server.crt",
		"pki/etcd/server.key", "pki/front-proxy-ca.crt", "pki/front-proxy-client.crt", "pki/front-proxy-client.key",
		"pki/sa.key", "pki/sa.pub", "scheduler.kubeconfig",
	};
	struct pki_fixture *f = *state;
	struct pki_files files;

	pki_fixture_init(f);
	assert_int_equal(pki_server_files(&f->arena, &f->cluster, f->dir, &f->nodes[0], &files, &f->err), 0);
	assert_int_equal(files.count, sizeof(paths) / sizeof(paths[0]));
	for (size_t i = 0; i < files.count; i++) {
		assert_string_equal(files.items[i].path, arena_printf(&f->arena, "/etc/kubernetes/%s", paths[i]));
		assert_int_equal(files.items[i].mode, 0600);
		/* A certificate, a key: one in each file. */
		if (strstr(paths[i], ".crt"))
			assert_ptr_equal(strstr(files.items[i].text, "-----BEGIN CERTIFICATE-----"), files.items[i].text);
		if (strstr(paths[i], ".crt"))
			assert_null(strstr(files.items[i].text, "PRIVATE"));
		if (strstr(paths[i], ".key"))
			assert_null(strstr(files.items[i].text, "CERTIFICATE"));
	}
	assert_non_null(strstr(files.items[2].text, "server: \"https://127.0.0.1:6443\""));
}

/* openssl x509 -pubkey -in ca.crt | openssl pkey -pubin -outform der | openssl dgst -sha256 */
static void test_hash(void **state)
{
	static const char known[] =
		"-----BEGIN CERTIFICATE-----\n"
		"MIIBdzCCAR2gAwIBAgIUYk74gehHh5+9WXGpR0xh5HIH4egwCgYIKoZIzj0EAwIw\n"
		"EDEOMAwGA1UEAwwFa25vd24wIBcNMjYxMTIyMjIzOTE3WhgPMjEyNjEwMjkyMjM5\n"
		"MTdaMBAxDjAMBgNVBAMMBWtub3duMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n"
		"0QVQLTtTtZozl/X7L8htLPBQWWjJshto2AH9HpLtn4seVzvrG1Ld9Mqlu53JoAqK\n"
		"qEmxIQ+DRV2hpHGk75DvOqNTMFEwHQYDVR0OBBYEFOgV4A2EP+U1iDM9PVuhWHMp\n"
		"PjuRMB8GA1UdIwQYMBaAFOgV4A2EP+U1iDM9PVuhWHMpPjuRMA8GA1UdEwEB/wQF\n"
		"MAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhALE2kL5tPrScPTkYP1Bph+iWuGo13cAc\n"
		"wD5GGwpB+jnAAiBz48j0jFx/FWhewkIAUtCqNrpMK1nA9cvqlF1gUiPMjA==\n"
		"-----END CERTIFICATE-----\n";
	struct pki_fixture *f = *state;
	X509 *certificate = NULL;
	const char *hash;

	assert_int_equal(certificate_read("known", known, strlen(known), &certificate, &f->err), 0);
	assert_int_equal(certificate_key_hash(&f->arena, certificate, &hash, &f->err), 0);
	X509_free(certificate);
	assert_string_equal(hash, "sha256:8b1b32a41ae89a0d7e253a3f6e7016900a1d3f57e512fe0af9dcc7ccfb43d562");
}

#define test(function) cmocka_unit_test_setup_teardown(function, pki_fixture_setup, pki_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_certificates), test(test_names), test(test_modes), test(test_idempotent), test(test_changed_cluster),
		test(test_renew), test(test_server_files), test(test_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
