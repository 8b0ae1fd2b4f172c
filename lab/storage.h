/* What stands behind the state of the lab's nodes, where the provisioner is its server: files below DIR/state. */
#pragma once

#include "base/strbuf.h"
#include "lab/lab.h"

/* A target with its LUNs for every iSCSI state of every node; tgtd runs. */
int storage_targets(const struct lab *l, struct error *err);

/* The folders that NFS serves are made, and appended to out as nfs-ganesha's EXPORT blocks. */
int storage_exports(const struct lab *l, struct strbuf *out, struct error *err);
