#include "builder/command.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "builder/build.h"
#include "cluster/commands.h"
#include "config/diagnostics.h"

enum { HELP_WIDTH = 80 };

#define LOCK_OPTIONS \
	"  --out DIR   where the outputs and their lock are (default out)\n" \
	"  --locked    fail when the lock does not answer the profile any more\n" \
	"  --offline   use the cache alone; name everything that it lacks\n"

static const char run_details[] =
	"PROFILE is a profile file, or the name of one that was built into the output\n"
	"folder.\n"
	"  --boot WAY            pxe (default: iPXE from the network card), pxelinux,\n"
	"                        uefi or direct\n"
	"  --memory SIZE         RAM of the machine (default 512M)\n"
	"  --cpus N              processors (default 2)\n"
	"  --forward HOST:GUEST  TCP port HOST on 127.0.0.1 leads to port GUEST of the\n"
	"                        machine; may be repeated\n"
	"  --until REGEX         stop when a line of the console matches (POSIX\n"
	"                        extended); with --forward, when moreover every\n"
	"                        forwarded port answers over HTTP; the answers are shown\n"
	"  --keep                stay after that, until Ctrl-C\n"
	"  --timeout SECONDS     give up after that long (default 300 with --until, else\n"
	"                        never)\n"
	"  --append ARGUMENTS    more for the kernel's command line\n"
	"  --out DIR             where the outputs are (default out)\n"
	"  --tftp DIR            the TFTP root (default the profile's)\n"
	"  --dry-run             print QEMU's command line, run nothing\n"
	"  --json                how it ended, as JSON; the console goes to standard\n"
	"                        error\n"
	"\n"
	"Ctrl-C presses the power button; a second Ctrl-C switches off at once.\n"
	"exit status: 0 seen, or the machine switched itself off; 1 not seen; 3 the\n"
	"kernel or init gave up\n";

static const char lab_details[] =
	"Builds what the nodes of a cluster.yml boot, makes the cluster's keys, and\n"
	"starts a network of its own with DHCP, TFTP, HTTP, the servers of the nodes'\n"
	"state, a registry and one machine without a disk per node. Needs no root where\n"
	"the kernel lets ordinary users open namespaces. Ctrl-C ends the showing, not the\n"
	"lab.\n"
	"  --until up|ready  return when every node is up, or is a Node that is Ready\n"
	"                    (default)\n"
	"  --timeout S       give up after that long (default 900)\n"
	"  --fresh           forget the nodes' state and the registry's images\n"
	"  --offline         build from the cache alone\n"
	"  --no-build        boot what was built for this lab before\n"
	"  --out DIR         the lab's files are in DIR/lab/NAME (default out)\n"
	"\n"
	"With a lab that runs; --lab NAME says which, if there are several:\n"
	"  status             the table; with --json as JSON\n"
	"  watch              the table, live, until Ctrl-C\n"
	"  exec NODE [--] [COMMAND…]\n"
	"                     on a node, by SSH; without COMMAND a shell\n"
	"  console NODE       its serial console; Ctrl-] leaves it\n"
	"  kubectl ARGUMENT…  with the lab's kubeconfig, in its network\n"
	"  run [--] COMMAND…  a program of this host in the lab's network\n"
	"  push ARCHIVE NAME  an image into the lab's registry\n"
	"  logs [NAME]        what a node's console or a server said; without NAME the\n"
	"                     lab's story\n"
	"  kill NODE          pull the plug\n"
	"  start NODE         switch on\n"
	"  reset NODE         pull the plug and switch on\n"
	"  button NODE        press the power button\n"
	"  down               end it; state, registry and logs are kept\n"
	"\n"
	"exit status: 0 reached, 1 not reached; of exec, kubectl and run: the command's\n";

static const char build_details[] =
	"  --out DIR   outputs go to DIR/NAME (default out)\n"
	"  --tftp DIR  the TFTP root (default the profile's output: tftp:, whose out/\n"
	"              means the folder of --out)\n"
	"  --locked    fail when the lock does not answer the profile any more\n"
	"  --offline   use the cache alone; name everything that it lacks\n"
	"  -j N        threads and downloads at a time (default one per CPU)\n"
	"  --json      a summary as JSON\n"
	"\n"
	"PROFILE is a file, or the bare name of one of mkdl's own profiles. Outputs\n"
	"change only when something changed, all at once, and the image before stays in\n"
	"the TFTP root for machines that are still loading it.\n";

static const char list_details[] =
	"  --raw       the listing as tree hooks read it\n" LOCK_OPTIONS
	"  --json      as JSON, with checksum, layer and reason\n";

static const char cluster_details[] =
	"  init DIR              make DIR, or bring it up to date, from DIR/cluster.yml:\n"
	"                        keys, certificates, tokens, a configuration for each\n"
	"                        node, a profile for each role, and configuration of\n"
	"                        dnsmasq and nginx. What is right stays as it is\n"
	"    --file FILE         the cluster.yml is this one; DIR remembers it\n"
	"    --tftp DIR          the TFTP root (default out/tftp); DIR remembers it\n"
	"  example               print a cluster.yml to begin with\n"
	CLUSTER_RENEW_HELP CLUSTER_TOKEN_HELP CLUSTER_KUBECONFIG_HELP
	"\n"
	"DIR is secret: whoever can read it is the cluster's administrator.\n";

const struct command commands[] = {
	{"build", "PROFILE [--out DIR] [--tftp DIR] [--locked] [--offline] [-j N]",
	 "build the boot image of a profile and publish it", build_details, cmd_build},
	{"cache", "[size | prune | path]", "show or shrink the cache",
	 "  size                how much it holds, by kind (default)\n"
	 "  prune               remove what was not used for 30 days, and leftovers\n"
	 "    --older-than N    for N days instead; 0: everything\n"
	 "  path                print where it is (MKDL_CACHE, else XDG_CACHE_HOME/mkdl,\n"
	 "                      else ~/.cache/mkdl)\n"
	 "  --json              sizes in bytes, as JSON\n",
	 cmd_cache},
	{"check", "PROFILE", "check a profile and show what it comes to",
	 "  --json      the effective profile, with everything that it extends merged and\n"
	 "              all defaults filled in\n"
	 "\n"
	 "Every mistake is reported, with file, line and column.\n",
	 cmd_check},
	{"cluster", "init|renew|token|kubeconfig DIR [OPTION]… | example",
	 "make the keys, profiles and configuration of a cluster's nodes", cluster_details, cmd_cluster},
	{"config", "FILE… [--cmdline TEXT] [--root DIR] [--secrets]",
	 "show what a node would make of cloud-config, scripts or Ignition",
	 "Reads FILEs as the node's agent does, each overriding those before it, and shows\n"
	 "every value with the file and line that set it. Mistakes are errors; what does\n"
	 "not apply to a node is a warning. Nothing is fetched.\n"
	 "  --cmdline TEXT  settings as on a kernel command line, after the files\n"
	 "  --root DIR      keep what it would write on the node below DIR; the plan of\n"
	 "                  the init is DIR/run/mkdl/plan\n"
	 "  --secrets       show secrets too\n"
	 "  --json          the values as JSON\n",
	 cmd_config},
	{"init", "DIR", "make a folder for profiles of your own",
	 "Makes DIR with a profile that extends worker.yml, an overlay and folders for\n"
	 "hooks. Overwrites nothing.\n",
	 cmd_init},
	{"lab", "FILE [--until up|ready] [--timeout S] [--fresh] [--no-build] | SUBCOMMAND … [--lab NAME]",
	 "a whole cluster of machines without disks, on this host", lab_details, cmd_lab},
	{"list", "PROFILE [--raw] [--out DIR] [--locked] [--offline]",
	 "list what is in the image: mode, owner, size, path, origin", list_details, cmd_list},
	{"lock", "PROFILE [--out DIR]", "choose versions anew and write the lock, without building",
	 "  --out DIR   outputs are below DIR (default out); the lock is DIR/NAME/lock\n"
	 "  --json      the packages, as JSON\n",
	 cmd_lock},
	{"recipe", "NAME [OPTION=VALUE]… [--out DIR] [--locked] [--offline] [--relock]", "run one recipe by itself",
	 "NAME is that of an executable in hooks/build/, here or of mkdl's own.\n"
	 "  --out DIR   what it delivers goes to DIR/NAME/files, the lock to DIR/NAME/lock\n"
	 "              (default out/recipes)\n"
	 "  --locked    only as the lock says\n"
	 "  --offline   from the cache alone\n"
	 "  --relock    choose versions anew\n",
	 cmd_recipe},
	{"run", "PROFILE [--boot WAY] [--memory SIZE] [--forward HOST:GUEST]… [--until REGEX] …",
	 "boot what was built, in QEMU, as a machine without any disk", run_details, cmd_run},
	{"sign", "[--key FILE] FILE… | --new-key FILE",
	 "sign configuration for nodes that take nothing else",
	 "Writes FILE.sig beside every FILE: a detached Ed25519 signature, which a node\n"
	 "whose profile says config: {trust: …} asks for under the address of the file\n"
	 "with \".sig\" behind it.\n"
	 "  --key FILE      the private key, PEM (default mkdl-key.pem); without files to\n"
	 "                  sign, prints what a profile has to say to trust it\n"
	 "  --new-key FILE  makes one, which only you can read, and prints the same\n"
	 "  --json          that as JSON\n",
	 cmd_sign},
	{"why", "PROFILE PATH [--out DIR] [--locked] [--offline]",
	 "say why a file is in the image, back to the profile", LOCK_OPTIONS "  --json      as JSON\n", cmd_why},
	{"version", "", "print the version", "", cmd_version},
};

const size_t command_count = sizeof(commands) / sizeof(commands[0]);

void command_usage(FILE *to, const struct command *c)
{
	size_t indent = strlen("usage: mkdl ") + strlen(c->name) + 1, column = indent;

	fprintf(to, "usage: mkdl %s", c->name);
	for (const char *at = c->synopsis, *end; *at; at = end) {
		const char *next = strstr(at + 1, " [");

		end = next ? next : at + strlen(at);
		if (at > c->synopsis && column + (size_t)(end - at) > HELP_WIDTH) {
			fprintf(to, "\n%*s", (int)indent - 1, "");
			column = indent;
		}
		fprintf(to, "%s%.*s", at == c->synopsis ? " " : "", (int)(end - at), at);
		column += (size_t)(end - at);
	}
	fputc('\n', to);
}

void commands_manual(FILE *to)
{
	for (size_t i = 0; i < command_count; i++) {
		const struct command *c = &commands[i];
		bool own_page = c->run == cmd_run;

		fprintf(to, "*%s*\n\t%c%s%s.\n\n", c->name, toupper(c->help[0]), c->help + 1, own_page ? ": mkdl-run(1)" : "");
		if (own_page || !*c->synopsis)
			continue;
		fputs("```\n", to);
		command_usage(to, c);
		fprintf(to, "%s%s```\n\n", *c->details ? "\n" : "", c->details);
	}
}

/* Why getopt_long refused word: it says less than it knows. */
static void explain_option(const char *command, const char *word, const struct option *options, struct error *err)
{
	const char *names[64], *near;
	size_t count = 0, n = strcspn(word, "=");
	char given[64];

	for (; options[count].name && count < sizeof(names) / sizeof(names[0]); count++) {
		names[count] = options[count].name;
		if (n > 2 && word[n] && !strncmp(word + 2, options[count].name, n - 2) && !options[count].name[n - 2]) {
			error_set(err, "%s: option \"--%s\" takes no value", command, options[count].name);
			return;
		}
	}
	snprintf(given, sizeof(given), "%.*s", n > 2 ? (int)n - 2 : 0, n > 2 ? word + 2 : "");
	near = did_you_mean(given, names, count);
	if (near)
		error_set(err, "%s: unknown option \"%.*s\", did you mean \"--%s\"?", command, (int)n, word, near);
	else
		error_set(err, "%s: unknown option \"%.*s\"", command, (int)n, word);
}

int command_getopt(int argc, char **argv, const char *short_options, const struct option *options, struct error *err)
{
	static char **current;
	char spec[64] = ":";
	int c;

	if (current != argv) {
		current = argv;
		optind = 0;
	}
	opterr = 0;
	strncat(spec, short_options, sizeof(spec) - 2);
	c = getopt_long(argc, argv, spec, options, NULL);
	if (c == ':') {
		error_set(err, "%s: option \"%s\" needs a value", argv[0], argv[optind - 1]);
		return '?';
	}
	if (c == '?')
		explain_option(argv[0], argv[optind - 1], options, err);
	return c;
}

bool command_build_option(int c, struct build_options *out)
{
	switch (c) {
	case 'o':
		out->out = optarg;
		return true;
	case 'l':
		out->locked = true;
		return true;
	case 'f':
		out->offline = true;
		return true;
	default:
		return false;
	}
}
