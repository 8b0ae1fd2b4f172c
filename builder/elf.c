#include "builder/elf.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"

enum {
	ENTRY_LIMIT = 65536,          /* dynamic entries that are looked at; real files have dozens */
	STRING_TABLE_LIMIT = 1 << 28, /* bytes of DT_STRSZ */
};

struct reader {
	struct arena *arena;
	Elf *elf;
	GElf_Ehdr header;
	size_t segments;
	uint64_t size;
	const char *name;
};

static void cleanup_elf(Elf **e)
{
	if (*e)
		elf_end(*e);
}

/* The raw bytes of a range of the file, or NULL when the file does not hold all of it. */
static const Elf_Data *chunk(const struct reader *r, uint64_t offset, uint64_t size, Elf_Type type)
{
	if (offset > r->size || size > r->size - offset || offset > INT64_MAX)
		return NULL;
	return elf_getdata_rawchunk(r->elf, (int64_t)offset, size, type);
}

/* Where the file holds the byte that will be at this address, and how many follow it in the same segment. */
static bool address_to_offset(const struct reader *r, uint64_t address, uint64_t *offset, uint64_t *room)
{
	for (size_t i = 0; i < r->segments; i++) {
		GElf_Phdr p;

		if (!gelf_getphdr(r->elf, (int)i, &p) || p.p_type != PT_LOAD || address < p.p_vaddr ||
		    address - p.p_vaddr >= p.p_filesz)
			continue;
		if (__builtin_add_overflow(p.p_offset, address - p.p_vaddr, offset))
			return false;
		*room = p.p_filesz - (address - p.p_vaddr);
		return true;
	}
	return false;
}

static int read_interpreter(const struct reader *r, const GElf_Phdr *p, struct elf *out, struct error *err)
{
	const Elf_Data *d =
		p->p_filesz && p->p_filesz <= PATH_LIMIT + 1 ? chunk(r, p->p_offset, p->p_filesz, ELF_T_BYTE) : NULL;

	if (!d || !memchr(d->d_buf, '\0', d->d_size) || *(const char *)d->d_buf != '/')
		return error_set(err, "%s: broken ELF file: its interpreter (PT_INTERP) is no absolute path in it",
				 r->name);
	out->interpreter = arena_strdup(r->arena, d->d_buf);
	return 0;
}

/* The string at offset `at` of the string table, in the arena; NULL when it does not end there. */
static const char *table_string(const struct reader *r, const Elf_Data *table, uint64_t at)
{
	if (at >= table->d_size || !memchr((const char *)table->d_buf + at, '\0', table->d_size - at))
		return NULL;
	return arena_strdup(r->arena, (const char *)table->d_buf + at);
}

static struct strings split_runpath(struct arena *a, const char *text)
{
	struct strings out = {0};

	while (*text) {
		size_t n = strcspn(text, ":");

		if (n)
			strings_add(a, &out, arena_strndup(a, text, n));
		text += n + (text[n] == ':');
	}
	return out;
}

/* First pass: where the string table is. */
static const Elf_Data *find_string_table(const struct reader *r, const Elf_Data *dynamic, size_t entries)
{
	uint64_t address = 0, size = 0, offset, room;
	bool found = false;

	for (size_t i = 0; i < entries; i++) {
		GElf_Dyn d;

		if (!gelf_getdyn((Elf_Data *)(uintptr_t)dynamic, (int)i, &d) || d.d_tag == DT_NULL)
			break;
		if (d.d_tag == DT_STRTAB) {
			address = d.d_un.d_ptr;
			found = true;
		} else if (d.d_tag == DT_STRSZ) {
			size = d.d_un.d_val;
		}
	}
	if (!found || !size || size > STRING_TABLE_LIMIT || !address_to_offset(r, address, &offset, &room) ||
	    size > room)
		return NULL;
	return chunk(r, offset, size, ELF_T_BYTE);
}

/* A table of versions: where it begins, how many entries it has, and the bytes of its segment from there on. */
struct version_table {
	uint64_t address, count;
	const Elf_Data *data;
};

/* The record at `at` into out, as it lies in the file: only for files of this machine's byte order. The records are the
 * same for both classes. */
static bool get_record(const struct version_table *t, uint64_t at, void *out, size_t size)
{
	if (at > t->data->d_size || size > t->data->d_size - at)
		return false;
	memcpy(out, (const char *)t->data->d_buf + at, size);
	return true;
}

static bool open_versions(const struct reader *r, struct version_table *t)
{
	uint64_t offset, room;

	if (t->count > ENTRY_LIMIT || !address_to_offset(r, t->address, &offset, &room))
		return false;
	t->data = chunk(r, offset, room, ELF_T_BYTE);
	return t->data;
}

/* The versions wanted of one library: the entry at `at`. */
static bool read_wanted_of(const struct reader *r, const Elf_Data *strings, const struct version_table *t, uint64_t at,
			   const Elf64_Verneed *need, struct elf *out, size_t *cap)
{
	const char *library = table_string(r, strings, need->vn_file);
	uint64_t next = at + need->vn_aux;

	for (unsigned i = 0; library && i < need->vn_cnt; i++) {
		Elf64_Vernaux aux;
		const char *version;

		if (out->wanted_count >= ENTRY_LIMIT || !get_record(t, next, &aux, sizeof(aux)))
			return false;
		version = table_string(r, strings, aux.vna_name);
		if (!version)
			return false;
		if (!(aux.vna_flags & VER_FLG_WEAK)) {
			out->wanted = arena_grow(r->arena, out->wanted, out->wanted_count, cap, sizeof(*out->wanted));
			out->wanted[out->wanted_count++] = (struct elf_version){library, version};
		}
		next += aux.vna_next;
	}
	return library;
}

static bool read_wanted(const struct reader *r, const Elf_Data *strings, struct version_table *t, struct elf *out)
{
	uint64_t at = 0;
	size_t cap = 0;

	if (!open_versions(r, t))
		return false;
	for (uint64_t i = 0; i < t->count; i++) {
		Elf64_Verneed need;

		if (!get_record(t, at, &need, sizeof(need)) || !read_wanted_of(r, strings, t, at, &need, out, &cap))
			return false;
		at += need.vn_next;
	}
	return true;
}

static bool read_defined(const struct reader *r, const Elf_Data *strings, struct version_table *t, struct elf *out)
{
	uint64_t at = 0;

	if (!open_versions(r, t))
		return false;
	for (uint64_t i = 0; i < t->count; i++) {
		Elf64_Verdef definition;
		Elf64_Verdaux aux;
		const char *version;

		if (!get_record(t, at, &definition, sizeof(definition)) ||
		    !get_record(t, at + definition.vd_aux, &aux, sizeof(aux)))
			return false;
		version = table_string(r, strings, aux.vda_name);
		if (!version)
			return false;
		strings_add(r->arena, &out->defined, version);
		at += definition.vd_next;
	}
	return true;
}

static int read_versions(const struct reader *r, const Elf_Data *dynamic, size_t entries, const Elf_Data *strings,
			 struct elf *out, struct error *err)
{
	const unsigned native = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	struct version_table wanted = {0}, defined = {0};

	if (r->header.e_ident[EI_DATA] != native)
		return 0;
	for (size_t i = 0; i < entries; i++) {
		GElf_Dyn d;

		if (!gelf_getdyn((Elf_Data *)(uintptr_t)dynamic, (int)i, &d) || d.d_tag == DT_NULL)
			break;
		switch (d.d_tag) {
		case DT_VERNEED: wanted.address = d.d_un.d_ptr; break;
		case DT_VERNEEDNUM: wanted.count = d.d_un.d_val; break;
		case DT_VERDEF: defined.address = d.d_un.d_ptr; break;
		case DT_VERDEFNUM: defined.count = d.d_un.d_val; break;
		default: break;
		}
	}
	if ((wanted.count && !read_wanted(r, strings, &wanted, out)) ||
	    (defined.count && !read_defined(r, strings, &defined, out)))
		return error_set(err, "%s: broken ELF file: its symbol versions lie outside of it", r->name);
	return 0;
}

static int read_dynamic(const struct reader *r, const GElf_Phdr *p, struct elf *out, struct error *err)
{
	size_t entry = gelf_fsize(r->elf, ELF_T_DYN, 1, EV_CURRENT);
	size_t entries = entry ? (size_t)(p->p_filesz / entry) : 0;
	const Elf_Data *dynamic, *table;
	const char *rpath = NULL, *runpath = NULL;

	if (!entries)
		return 0; /* split debug information: the segment is named, its bytes are elsewhere */
	if (entries > ENTRY_LIMIT)
		entries = ENTRY_LIMIT;
	dynamic = chunk(r, p->p_offset, entries * entry, ELF_T_DYN);
	table = dynamic ? find_string_table(r, dynamic, entries) : NULL;
	if (!table)
		return error_set(err, "%s: broken ELF file: its dynamic section or string table lies outside of it",
				 r->name);
	for (size_t i = 0; i < entries; i++) {
		const char *string;
		GElf_Dyn d;

		if (!gelf_getdyn((Elf_Data *)(uintptr_t)dynamic, (int)i, &d) || d.d_tag == DT_NULL)
			break;
		if (d.d_tag != DT_NEEDED && d.d_tag != DT_SONAME && d.d_tag != DT_RPATH && d.d_tag != DT_RUNPATH)
			continue;
		string = table_string(r, table, d.d_un.d_val);
		if (!string)
			return error_set(err, "%s: broken ELF file: a name lies outside of its string table", r->name);
		if (d.d_tag == DT_NEEDED)
			strings_add(r->arena, &out->needed, string);
		else if (d.d_tag == DT_SONAME)
			out->soname = string;
		else
			*(d.d_tag == DT_RPATH ? &rpath : &runpath) = string;
	}
	if (runpath || rpath)
		out->runpath = split_runpath(r->arena, runpath ? runpath : rpath);
	out->dynamic = true;
	return read_versions(r, dynamic, entries, table, out, err);
}

static int read_segments(const struct reader *r, struct elf *out, struct error *err)
{
	for (size_t i = 0; i < r->segments; i++) {
		GElf_Phdr p;

		if (!gelf_getphdr(r->elf, (int)i, &p))
			return error_set(err, "%s: broken ELF file: program header %zu: %s", r->name, i,
					 elf_errmsg(-1));
		if (p.p_type == PT_INTERP && !out->interpreter && read_interpreter(r, &p, out, err) < 0)
			return -1;
		if (p.p_type == PT_DYNAMIC && !out->dynamic && read_dynamic(r, &p, out, err) < 0)
			return -1;
	}
	return 0;
}

int elf_read(struct arena *a, int fd, const char *name, struct elf *out, struct error *err)
{
	_cleanup_(cleanup_elf) Elf *elf = NULL;
	struct reader r = {.arena = a, .name = name};
	struct elf result = {0};
	char magic[SELFMAG];
	ssize_t n = pread(fd, magic, sizeof(magic), 0);
	off_t size;

	if (n < 0)
		return error_errno(err, "%s", name);
	if (n < SELFMAG || memcmp(magic, ELFMAG, SELFMAG) != 0)
		return 0;
	size = lseek(fd, 0, SEEK_END);
	if (size < 0)
		return error_errno(err, "%s", name);
	if (elf_version(EV_CURRENT) == EV_NONE)
		return error_set(err, "libelf: %s", elf_errmsg(-1));
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &r.header) || elf_getphdrnum(elf, &r.segments) < 0)
		return error_set(err, "%s: broken ELF file: %s", name, elf ? elf_errmsg(-1) : "no header");
	r.elf = elf;
	r.size = (uint64_t)size;
	/* libelf would show no program headers then, and what is cut off would pass for a file that needs nothing. */
	if ((r.header.e_type == ET_EXEC || r.header.e_type == ET_DYN) &&
	    (r.header.e_phoff > r.size ||
	     (uint64_t)r.header.e_phnum * r.header.e_phentsize > r.size - r.header.e_phoff))
		return error_set(err, "%s: broken ELF file: its program headers lie outside of it; is it whole?", name);
	result.class = gelf_getclass(elf);
	result.machine = r.header.e_machine;
	result.type = r.header.e_type;
	if (read_segments(&r, &result, err) < 0)
		return -1;
	*out = result;
	return 1;
}

const char *elf_version_missing(const struct elf *e, const char *soname, const struct elf *library)
{
	if (!library->defined.count)
		return NULL;
	for (size_t i = 0; i < e->wanted_count; i++) {
		bool found = strcmp(e->wanted[i].library, soname) != 0;

		for (size_t j = 0; j < library->defined.count && !found; j++)
			found = !strcmp(e->wanted[i].version, library->defined.items[j]);
		if (!found)
			return e->wanted[i].version;
	}
	return NULL;
}

const char *elf_multiarch(const struct elf *e)
{
	static const struct {
		unsigned machine;
		int class;
		const char *name;
	} machines[] = {
		{EM_X86_64, ELFCLASS64, "x86_64-linux-gnu"},   {EM_X86_64, ELFCLASS32, "x86_64-linux-gnux32"},
		{EM_386, ELFCLASS32, "i386-linux-gnu"},        {EM_AARCH64, ELFCLASS64, "aarch64-linux-gnu"},
		{EM_ARM, ELFCLASS32, "arm-linux-gnueabihf"},   {EM_RISCV, ELFCLASS64, "riscv64-linux-gnu"},
		{EM_PPC64, ELFCLASS64, "powerpc64le-linux-gnu"}, {EM_S390, ELFCLASS64, "s390x-linux-gnu"},
	};

	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++)
		if (machines[i].machine == e->machine && machines[i].class == e->class)
			return machines[i].name;
	return NULL;
}
