#include "builder/cni-config.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static void write_ipam(struct json *j, const struct cni_settings *s)
{
	json_open_object(j, "ipam");
	json_string(j, "type", "host-local");
	json_string(j, "dataDir", "/run/cni-ipam"); /* gone with the pods when the node restarts */
	if (s->pod_cidr) {
		json_open_array(j, "ranges");
		json_open_array(j, NULL);
		json_open_object(j, NULL);
		json_string(j, "subnet", s->pod_cidr);
		json_close_object(j);
		json_close_array(j);
		json_close_array(j);
	}
	json_open_array(j, "routes");
	json_open_object(j, NULL);
	json_string(j, "dst", "0.0.0.0/0");
	json_close_object(j);
	json_close_array(j);
	json_close_object(j);
}

void cni_config(const struct cni_settings *s, struct strbuf *out)
{
	struct json j = json_begin(out);

	json_open_object(&j, NULL);
	json_string(&j, "cniVersion", "0.4.0"); /* which every CNI release in use reads */
	json_string(&j, "name", "mkdl");
	json_open_array(&j, "plugins");
	json_open_object(&j, NULL);
	json_string(&j, "type", "bridge");
	json_string(&j, "bridge", "cni0");
	json_bool(&j, "isGateway", true);
	json_bool(&j, "hairpinMode", true);
	json_bool(&j, "ipMasq", s->masquerade);
	if (!s->pod_cidr) {
		json_open_object(&j, "capabilities");
		json_bool(&j, "ipRanges", true);
		json_close_object(&j);
	}
	write_ipam(&j, s);
	json_close_object(&j);
	if (s->portmap) {
		json_open_object(&j, NULL);
		json_string(&j, "type", "portmap");
		json_open_object(&j, "capabilities");
		json_bool(&j, "portMappings", true);
		json_close_object(&j);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_close_object(&j);
	json_end(&j);
}

bool cni_check_cidr(const char *cidr)
{
	const char *slash = strchr(cidr, '/');
	char address[INET_ADDRSTRLEN];
	struct in_addr in;
	unsigned long bits;
	char *end;

	if (!slash || (size_t)(slash - cidr) >= sizeof(address))
		return false;
	memcpy(address, cidr, (size_t)(slash - cidr));
	address[slash - cidr] = '\0';
	if (slash[1] < '0' || slash[1] > '9' || inet_pton(AF_INET, address, &in) != 1)
		return false;
	bits = strtoul(slash + 1, &end, 10);
	return !*end && bits >= 8 && bits <= 29 && !(ntohl(in.s_addr) & (0xffffffffu >> bits));
}
