#include <curl/curl.h>
#include <string.h>

#include "builder/download-proxy.h"
#include "builder/download-transfer.h"
#include "builder/download.h"

enum { PROBE_SECONDS = 20, PROBE_REDIRECTS = 5 };

bool download_is_missing(struct arena *a, const struct download *file)
{
	struct proxies proxies;
	const char *proxy;
	CURLcode code;
	long status = 0;
	CURL *c;

	if (strncmp(file->uri, "http://", 7) != 0 && strncmp(file->uri, "https://", 8) != 0)
		return false;
	transfer_global_init();
	c = curl_easy_init();
	if (!c)
		return false;
	proxies_load(&proxies, a);
	proxy = proxy_for(&proxies, file->uri);
	curl_easy_setopt(c, CURLOPT_URL, file->uri);
	curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)PROBE_REDIRECTS);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)PROBE_SECONDS);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "mkdl/" MKDL_VERSION);
	if (proxy)
		curl_easy_setopt(c, CURLOPT_PROXY, proxy);
	code = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(c);
	return code == CURLE_OK && (status == 404 || status == 410);
}
