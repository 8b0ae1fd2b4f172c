/* The registries that containerd or dockerd asks for images. */
#include <string.h>

#include "node/agent/apply.h"

/* The service "docker" is there when the kubelet's pods run in dockerd (builder/node-docker.c). */
static struct plan_service *find_docker(const struct apply *a)
{
	return plan_find_service(a->plan, "docker");
}

int apply_registries_prepare(struct apply *a, struct error *err)
{
	const struct mkdl *m = a->settings.mkdl;
	struct plan_service *docker = find_docker(a);
	struct strings run = {0};

	if (!m || !docker || !m->registries.count)
		return 0;
	/* The list may be another's array: it is written anew. */
	for (size_t i = 0; i < docker->run.count; i++)
		strings_add(a->arena, &run, docker->run.items[i]);
	if (registries_docker(a->arena, &m->registries, &run, err) < 0)
		return -1;
	docker->run = run;
	return 0;
}

int apply_registries(struct apply *a, struct error *err)
{
	const struct mkdl *m = a->settings.mkdl;
	const struct registry_file *files;
	size_t count = m ? registries_files(a->arena, &m->registries, find_docker(a) != NULL, &files) : 0;

	for (size_t i = 0; i < count; i++)
		if (root_write(&a->root, files[i].path, files[i].text, strlen(files[i].text), 0644, 0, 0, err) < 0)
			return -1;
	return 0;
}
