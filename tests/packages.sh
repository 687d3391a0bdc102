# shellcheck shell=bash
# packages.sh - Debian packages that building and testing Sendward needs
#
# Sourced by ./demo and ./check, so that both lists exist once.
#
#   need_build_packages   what ./configure and make need
#   need_test_packages    what the tests and ./demo start or run
#   need_peer_packages    what bench/peers compares Sendward with
#
# Each function asks dpkg which packages are missing and is silent when none is. Otherwise it installs them with
# apt-get, which needs root. Services of packages installed this way are not started (a policy-rc.d that forbids it is
# put in place for that time when the system has none). Returns 0 when everything is there, else says why on
# standard error and returns 1.

SENDWARD_BUILD_PACKAGES="gcc libc6-dev make autoconf automake pkg-config libgsasl-dev libhiredis-dev libssl-dev
	libevent-dev libconfuse-dev libcunit1-dev libjansson-dev libglib2.0-dev libgmime-3.0-dev libidn2-dev
	libunistring-dev libcrypt-dev libsystemd-dev uthash-dev"

SENDWARD_TEST_PACKAGES="postfix dovecot-core redis-server swaks libnet-ssleay-perl libauthen-sasl-perl msmtp curl
	python3 openssl tzdata valgrind libmilter-dev"

SENDWARD_PEER_PACKAGES="postfwd policyd-rate-limit mtpolicyd rspamd redis-server"

need_build_packages() {
	# shellcheck disable=SC2086
	packages_need "to build" $SENDWARD_BUILD_PACKAGES
}

need_test_packages() {
	# shellcheck disable=SC2086
	packages_need "to run the tests" $SENDWARD_TEST_PACKAGES
}

# One after the other: not every release has all of them.
need_peer_packages() {
	local name status=0

	for name in $SENDWARD_PEER_PACKAGES; do
		packages_need "to compare with" "$name" || status=1
	done
	return "$status"
}

# packages_missing NAME... - prints those that are not installed, separated by spaces.
packages_missing() {
	local name missing=""

	for name in "$@"; do
		case "$(dpkg-query -W -f '${Status}' "$name" 2>/dev/null)" in
		*" ok installed") ;;
		*) packages_provided "$name" || missing="$missing $name" ;;
		esac
	done
	printf '%s\n' "${missing# }"
}

# packages_provided NAME - true when an installed package provides NAME (pkg-config is pkgconf's on Debian 13).
packages_provided() {
	dpkg-query -W -f '${Status}|, ${Provides},\n' 2>/dev/null |
		grep -q " ok installed|.*, $1[ ,]"
}

packages_need() {
	local purpose="$1" missing
	shift

	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		echo "packages: this is not a Debian system; needed $purpose: $*" >&2
		return 1
	fi
	missing=$(packages_missing "$@")
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		echo "packages: missing $purpose: $missing" >&2
		echo "packages: installing them needs root; as root: apt-get install $missing" >&2
		return 1
	fi
	echo "packages: installing what is missing $purpose: $missing" >&2
	# A subshell of its own: the trap takes the policy file away again on every way out.
	# shellcheck disable=SC2086
	( packages_install $missing ) || return 1
	missing=$(packages_missing "$@")
	[ -z "$missing" ] || {
		echo "packages: still missing after the installation: $missing" >&2
		return 1
	}
}

# For a subshell: its traps outlive this function, so what they name is not local.
packages_install() {
	local status=0

	policy=/usr/sbin/policy-rc.d
	export DEBIAN_FRONTEND=noninteractive
	log=$(mktemp) || return 1
	if [ -e "$policy" ] || [ -L "$policy" ]; then
		trap 'rm -f "$log"' EXIT
	else
		trap 'rm -f "$log" "$policy"' EXIT
		printf '#!/bin/sh\n# from sendward tests/packages.sh, for the time of one installation\nexit 101\n' >"$policy"
		chmod 755 "$policy"
	fi
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP

	apt-get update >"$log" 2>&1 || status=$?
	if [ "$status" -eq 0 ]; then
		apt-get install -y --no-install-recommends "$@" >>"$log" 2>&1 || status=$?
	fi
	if [ "$status" -ne 0 ]; then
		echo "packages: apt-get failed with status $status; its last lines:" >&2
		tail -n 15 "$log" >&2
		return 1
	fi
}
