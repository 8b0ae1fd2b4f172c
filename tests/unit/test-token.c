/* Bootstrap tokens: DIR/tokens, and the Secrets that are made of them. */
#include "pki-fixture.h"

#include <time.h>
#include <unistd.h>

#include "cluster/secrets.h"
#include "cluster/token.h"

static struct cluster_tokens tokens_of(struct pki_fixture *f)
{
	struct cluster_tokens tokens;

	if (tokens_read(&f->arena, f->dir, &tokens, &f->err) < 0)
		fail_msg("%s", error_text(&f->err));
	return tokens;
}

static void test_form(void **state)
{
	struct pki_fixture *f = *state;
	const struct cluster_token like = {.description = "a \"b\"\n"};
	struct cluster_tokens tokens = {0};
	unsigned seen[256] = {0};

	for (size_t i = 0; i < 500; i++) {
		const struct cluster_token *t;

		assert_int_equal(tokens_add(&f->arena, &tokens, &like, &f->err), 0);
		t = &tokens.items[i];
		assert_int_equal(strlen(t->id), 6);
		assert_int_equal(strlen(t->secret), 16);
		assert_string_equal(token_id(&f->arena, t->id), t->id);
		assert_string_equal(token_id(&f->arena, arena_printf(&f->arena, "%s.%s", t->id, t->secret)), t->id);
		assert_ptr_equal(tokens_find(&tokens, t->id), t);
		for (const char *at = t->secret; *at; at++)
			seen[(unsigned char)*at]++;
	}
	/* 8000 characters: each of the 36 about 222 times, nothing else. */
	for (unsigned c = 0; c < 256; c++) {
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			assert_in_range(seen[c], 120, 350);
		else
			assert_int_equal(seen[c], 0);
	}
	assert_null(token_id(&f->arena, "abcde"));
	assert_null(token_id(&f->arena, "abcdeF"));
	assert_null(token_id(&f->arena, "abcdefg"));
	assert_null(token_id(&f->arena, ""));
}

static void test_nodes(void **state)
{
	struct pki_fixture *f = *state;
	struct cluster_tokens before, after;
	const char *gone;

	pki_fixture_init(f);
	before = tokens_of(f);
	assert_int_equal(before.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(before.items[i].node, f->nodes[i].name);
		assert_int_equal(before.items[i].expires, 0);
	}
	assert_ptr_equal(tokens_of_node(&before, "w1"), &before.items[1]);
	assert_null(tokens_of_node(&before, "w2"));
	gone = before.items[1].id;
	f->nodes[1].name = "w2";
	pki_fixture_init(f);
	after = tokens_of(f);
	assert_int_equal(after.count, 3);
	assert_null(tokens_of_node(&after, "w1"));
	assert_string_equal(tokens_of_node(&after, "s1")->secret, tokens_of_node(&before, "s1")->secret);
	assert_non_null(tokens_of_node(&after, "w2"));
	assert_int_equal(after.revoked.count, 1);
	assert_string_equal(after.revoked.items[0], gone);
	assert_string_equal(f->said.items[0], arena_printf(&f->arena, "revoked the token %s: there is no node w1 any more", gone));
	assert_string_equal(f->said.items[1], "made a token for w2");
}

static void test_expired(void **state)
{
	struct pki_fixture *f = *state;
	const char *text;

	pki_fixture_init(f);
	text = pki_fixture_read(f, "tokens");
	pki_fixture_write(f, "tokens", arena_printf(&f->arena, "%stoken aaaaaa bbbbbbbbbbbbbbbb \\e %lld old\n"
						    "token cccccc dddddddddddddddd \\e %lld new\n", text, (long long)time(NULL) - 1,
						    (long long)time(NULL) + 100), 0600);
	assert_int_equal(tokens_of(f).count, 4);
	pki_fixture_init(f);
	assert_null(strstr(pki_fixture_read(f, "tokens"), "aaaaaa"));
	assert_non_null(strstr(pki_fixture_read(f, "tokens"), "token cccccc dddddddddddddddd \\e "));
}

static void test_bad_files(void **state)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{"", "/dir/tokens: it does not begin with \"mkdl-tokens 1\""},
		{"mkdl-tokens 2\n", "/dir/tokens: it does not begin with \"mkdl-tokens 1\""},
		{"mkdl-tokens 1\ntoken a b c\n", "/dir/tokens:2: expected \"token ID SECRET NODE EXPIRES DESCRIPTION\""},
		{"mkdl-tokens 1\nword\n", "/dir/tokens:2: expected \"token ID"},
		{"mkdl-tokens 1\ntoken abcdeF aaaaaaaaaaaaaaaa \\e 0 \\e\n", "/dir/tokens:2: a token has an ID of 6"},
		{"mkdl-tokens 1\ntoken abcdef aaaaaaaaaaaaaaa \\e 0 \\e\n", "/dir/tokens:2: a token has an ID of 6"},
		{"mkdl-tokens 1\ntoken abcdef aaaaaaaaaaaaaaaa \\e -1 \\e\n", "/dir/tokens:2: the time of its end"},
		{"mkdl-tokens 1\ntoken abcdef aaaaaaaaaaaaaaaa \\e 99999999999999999999 \\e\n", "/dir/tokens:2: the time of its end"},
		{"mkdl-tokens 1\ntoken abcdef aaaaaaaaaaaaaaaa \\e 0 \\e\n#\ntoken abcdef aaaaaaaaaaaaaaaa \\e 0 \\e\n",
		 "/dir/tokens:4: there is a token of this ID already"},
		{"mkdl-tokens 1\nrevoked ../../x\n", "/dir/tokens:2: expected \"revoked ID\""},
		{"mkdl-tokens 1\nrevoked abcdef", "/dir/tokens:2: "},
		{"mkdl-tokens 1\n\\q\n", "/dir/tokens:2: "},
	};
	struct pki_fixture *f = *state;

	pki_fixture_init(f);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		pki_fixture_write(f, "tokens", bad[i].text, 0600);
		refuse(f, bad[i].message);
		assert_string_equal(pki_fixture_read(f, "tokens"), bad[i].text);
	}
}

static void test_secrets(void **state)
{
	struct pki_fixture *f = *state;
	_cleanup_strbuf_ struct strbuf yaml = {0}, json = {0};
	struct cluster_token items[] = {
		{.id = "000000", .secret = "0123456789abcdef", .node = "w1"},
		{.id = "abcdef", .secret = "aaaaaaaaaaaaaaaa", .description = "guest", .expires = 1893456000},
	};
	struct cluster_tokens tokens = {.items = items, .count = 2};

	secrets_tokens(&f->arena, &tokens, &yaml);
	assert_string_equal(yaml.data, "apiVersion: v1\nkind: Secret\nmetadata:\n  name: bootstrap-token-000000\n"
			    "  namespace: kube-system\ntype: bootstrap.kubernetes.io/token\ndata:\n"
			    "  token-id: \"MDAwMDAw\"\n  token-secret: \"MDEyMzQ1Njc4OWFiY2RlZg==\"\n"
			    "  usage-bootstrap-authentication: \"dHJ1ZQ==\"\n  usage-bootstrap-signing: \"dHJ1ZQ==\"\n"
			    "  description: \"bWtkbDogdGhlIG5vZGUgdzE=\"\n---\n"
			    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: bootstrap-token-abcdef\n"
			    "  namespace: kube-system\ntype: bootstrap.kubernetes.io/token\ndata:\n"
			    "  token-id: \"YWJjZGVm\"\n  token-secret: \"YWFhYWFhYWFhYWFhYWFhYQ==\"\n"
			    "  usage-bootstrap-authentication: \"dHJ1ZQ==\"\n  usage-bootstrap-signing: \"dHJ1ZQ==\"\n"
			    "  description: \"Z3Vlc3Q=\"\n  expiration: \"MjAzMC0wMS0wMVQwMDowMDowMFo=\"\n");
	secrets_token_json(&f->arena, &items[0], &json);
	assert_non_null(strstr(json.data, "\"name\": \"bootstrap-token-000000\""));
	assert_string_equal(secrets_token_path(&f->arena, "000000"),
			    "/api/v1/namespaces/kube-system/secrets/bootstrap-token-000000");
}

#define test(function) cmocka_unit_test_setup_teardown(function, pki_fixture_setup, pki_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_form), test(test_nodes), test(test_expired), test(test_bad_files), test(test_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
