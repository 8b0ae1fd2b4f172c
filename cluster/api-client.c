#include "cluster/api-client.h"

#include <curl/curl.h>
#include <jansson.h>
#include <string.h>

#include "builder/download-transfer.h"
#include "cluster/kubeconfig.h"
#include "cluster/pki-pair.h"
#include "cluster/pki.h"

enum { ANSWER_LIMIT = 1 << 20 };

int api_open(struct arena *a, const struct cluster *c, const char *dir, const char *server, struct api *out, struct error *err)
{
	_cleanup_folder_ struct pki_folder folder = {0};
	struct api made = {.server = server ? server : kubeconfig_server(a, c)};

	if (pki_folder_open(a, dir, &folder, err) < 0 || pki_cluster_ca(a, dir, &made.ca, err) < 0 ||
	    pki_pair_read(&folder, "pki/admin.pem", &made.certificate, &made.key, err) < 0)
		return -1;
	*out = made;
	return 0;
}

static void cleanup_curl(CURL **curl)
{
	curl_easy_cleanup(*curl);
}

static void cleanup_slist(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

static size_t receive(char *data, size_t size, size_t count, void *answer)
{
	struct strbuf *to = answer;

	if (size * count > ANSWER_LIMIT - to->len)
		return 0;
	strbuf_add(to, data, size * count);
	return size * count;
}

static struct curl_blob blob(const char *pem)
{
	return (struct curl_blob){.data = (void *)(uintptr_t)pem, .len = strlen(pem), .flags = CURL_BLOB_COPY};
}

static bool set_trust(CURL *curl, const struct api *api)
{
	struct curl_blob ca = blob(api->ca), certificate = blob(api->certificate), key = blob(api->key);

	return curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &ca) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSLCERTTYPE, "PEM") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSLCERT_BLOB, &certificate) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSLKEYTYPE, "PEM") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSLKEY_BLOB, &key) == CURLE_OK;
}

/* The cluster is where it is said to be: neither a proxy nor a redirection leads to it. */
static bool set_request(CURL *curl, const char *url, const char *method, const char *body, struct curl_slist *headers,
			struct strbuf *answer)
{
	bool good = curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*") == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method) == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_USERAGENT, "mkdl/" MKDL_VERSION) == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)API_CONNECT_SECONDS) == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)API_SECONDS) == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive) == CURLE_OK &&
		    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer) == CURLE_OK;

	return good && (!body || curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body) == CURLE_OK);
}

int api_request(const struct api *api, const char *method, const char *path, const char *body, long *status,
		struct strbuf *answer, struct error *err)
{
	_cleanup_arena_ struct arena arena = {0};
	_cleanup_(cleanup_slist) struct curl_slist *headers = NULL;
	_cleanup_(cleanup_curl) CURL *curl = NULL;
	_cleanup_strbuf_ struct strbuf got = {0};
	char problem[CURL_ERROR_SIZE] = "";
	size_t n = strlen(api->server);
	CURLcode code;

	transfer_global_init();
	curl = curl_easy_init();
	headers = curl_slist_append(NULL, body ? "Content-Type: application/json" : "Accept: application/json");
	while (n && api->server[n - 1] == '/')
		n--;
	if (!curl || !headers || !set_trust(curl, api) ||
	    !set_request(curl, arena_printf(&arena, "%.*s%s", (int)n, api->server, path), method, body, headers, &got))
		return error_set(err, "libcurl failed");
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, problem);
	code = curl_easy_perform(curl);
	if (code != CURLE_OK)
		return error_set(err, "the API at %s: %s", api->server, *problem ? problem : curl_easy_strerror(code));
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
	if (got.len)
		strbuf_add(answer, got.data, got.len);
	return 0;
}

const char *api_reason(struct arena *a, long status, const struct strbuf *answer)
{
	json_t *top = answer->len ? json_loadb(answer->data, answer->len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *message = json_string_value(json_object_get(top, "message"));
	const char *text = message && *message ? arena_printf(a, "%s (HTTP status %ld)", message, status)
					       : arena_printf(a, "HTTP status %ld", status);

	json_decref(top);
	return text;
}
