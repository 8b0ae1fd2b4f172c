/* What Docker's API answers, as JSON: foreign bytes. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "node/drain/pods.h"

/* GET /containers/json: those that the kubelet's docker shim or cri-dockerd labelled as a pod's. */
int docker_read_containers(struct arena *a, const char *text, size_t n, struct pods *out, struct error *err);

/* GET /containers/ID/json: State.ExitCode, or -1 when it runs or there is none. */
int docker_read_exit_code(const char *text, size_t n, int64_t *out, struct error *err);

/* GET /images/NAME/json: Id, "sha256:" and the hash of its configuration. */
int docker_read_image_id(struct arena *a, const char *text, size_t n, const char **out, struct error *err);

/* POST /images/load: one object after the other, of which one may say what went wrong. */
int docker_check_load(const char *text, size_t n, struct error *err);

/* The message of an answer that is no success. Returns -1. */
int docker_refused(unsigned status, const char *text, size_t n, struct error *err);
