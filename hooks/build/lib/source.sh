# shellcheck shell=sh
# For recipes: unpack a Debian source package that the recipe declared with apt-source.

# source_unpack NAME FOLDER: the patched tree of $INPUTS/NAME_*.dsc. The builder has checked every file's hash already.
source_unpack() {
	dpkg-source --no-check --no-copy -x "$INPUTS/$1"_*.dsc "$2"
}
