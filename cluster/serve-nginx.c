/* Of nginx: the TFTP root over HTTP, and each node's configuration over HTTPS to its address alone. All paths are relative to
 * DIR (nginx -p DIR), those of certificates to the folder of the configuration. */
#include "cluster/follow.h"
#include "cluster/yaml-text.h"

void follow_nginx(struct strbuf *out, const struct cluster *c)
{
	static const char *const temporary[] = {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"};

	strbuf_printf(out,
		      "# HTTP for what nodes of the cluster %s boot, HTTPS for their configuration; made by \"mkdl cluster init\".\n"
		      "#\n"
		      "#	nginx -e stderr -p DIR -c serve/nginx.conf -g 'user OWNER-OF-DIR;'\n"
		      "pid serve/nginx.pid;\nerror_log serve/nginx-error.log;\nworker_processes 2;\nevents {}\n\nhttp {\n"
		      "\taccess_log serve/nginx-access.log;\n\tdefault_type application/octet-stream;\n\tsendfile on;\n"
		      "\tserver_tokens off;\n", c->name);
	for (size_t i = 0; i < sizeof(temporary) / sizeof(*temporary); i++)
		strbuf_printf(out, "\t%s_temp_path serve/nginx-temporary-%s;\n", temporary[i], temporary[i]);
	strbuf_printf(out, "\n\tserver {\n\t\tlisten %s:%d;\n\t\troot ", c->provisioner, CLUSTER_HTTP_PORT);
	yaml_quoted(out, c->tftp);
	strbuf_printf(out,
		      ";\n\t}\n\n\tserver {\n\t\tlisten %s:%d ssl;\n\t\tssl_certificate ../%s;\n\t\tssl_certificate_key ../%s;\n"
		      "\t\tssl_protocols TLSv1.2 TLSv1.3;\n\n\t\tlocation / {\n\t\t\treturn 404;\n\t\t}\n",
		      c->provisioner, CLUSTER_CONFIG_PORT, PKI_PROVISIONER_CERT, PKI_PROVISIONER_KEY);
	for (size_t i = 0; i < c->node_count; i++)
		strbuf_printf(out,
			      "\n\t\tlocation = /nodes/%s.yml {\n\t\t\tallow %s;\n\t\t\tdeny all;\n\t\t\talias nodes/%s.yml;\n\t\t}\n",
			      c->nodes[i].mac, c->nodes[i].address, c->nodes[i].name);
	strbuf_puts(out, "\t}\n}\n");
}
