# layers.awk - reads names of source files (stdin, from the top of a tree),
# prints "file:line: reason" for every #include that breaks the layers, and
# exits 1 when there is one. See tests/layers.

# Which of our directories each of them may include.
function own_table() {
	may["base"] = " base "
	may["engine"] = " base engine "
	may["store"] = " base engine store "
	may["policy"] = " base engine store policy "
	may["milter"] = " base engine store milter "
	may["sasld"] = " base engine store sasld "
	may["control"] = " base engine store control "
}

# Outside headers (a regular expression) that belong to some files (another).
function outside(headers, files) {
	n_outside++
	outside_headers[n_outside] = headers
	outside_files[n_outside] = files
}

function outside_table() {
	outside("^(pthread|threads|semaphore)[.]h$", "^(sasld/hasher|base/log)[.]c$")
	outside("^gmime/", "^base/header_address[.]c$")
	outside("^glib[.]h$", "^base/calendar[.]c$")
	outside("^confuse[.]h$", "^base/config(_[a-z]+)?[.][ch]$")
	outside("^hiredis", "^store/")
	outside("^crypt[.]h$", "^base/password_hash[.]c$")
	outside("^openssl/", "^(store/|base/(password(_hash)?|scram|secret)[.]c$|sasld/stranger[.]c$)")
	outside("^gsasl", "^sasld/mechanism_(internal[.]h|scram[.]c)$")
	outside("^libmilter/", "^bench/")
	outside("^systemd/", "^base/daemon[.]c$")
}

# What the pure engine may not see, neither itself nor through our headers:
# loops, stores, clocks, threads and other I/O.
function impure(header) {
	return header ~ /^(event|evhttp|evdns|hiredis|pthread|threads|semaphore)/ ||
		header ~ /^(sys\/)?(time|poll|timerfd|epoll|select|syslog)[.]h$/ ||
		header ~ /^(unistd|fcntl)[.]h$/ ||
		header ~ /^base\/(daemon|listener|log)[.]h$/
}

function complain(file, line, reason) {
	print file ":" line ": " reason
	failed = 1
}

function check_own(file, line, header,    dir, target) {
	dir = file
	sub(/\/.*/, "", dir)
	target = header
	if (!sub(/\/.*/, "", target))
		complain(file, line, "\"" header "\": write it from the top of the tree, \"" dir "/" header "\"")
	else if (!(target in may))
		complain(file, line, "\"" header "\": not one of the layers")
	else if (!index(may[dir], " " target " "))
		complain(file, line, dir "/ may not include \"" header "\"")
}

function check_outside(file, line, header,    i) {
	for (i = 1; i <= n_outside; i++)
		if (header ~ outside_headers[i] && file !~ outside_files[i])
			complain(file, line, "<" header "> belongs to " outside_files[i])
}

function read_file(file,    text, line, header) {
	line = n_includes[file] = 0
	while ((getline text < file) > 0) {
		line++
		if (text !~ /^[ \t]*#[ \t]*include[ \t]*[<"]/)
			continue
		header = text
		sub(/^[^<"]*[<"]/, "", header)
		sub(/[>"].*/, "", header)
		n_includes[file]++
		includes[file, n_includes[file]] = header
		lines[file, n_includes[file]] = line
		if (text ~ /include[ \t]*"/)
			check_own(file, line, header)
		else
			check_outside(file, line, header)
	}
	close(file)
}

# impure_path(HEADER) - how one of our headers leads to something impure: the
# chain of headers, or "".
function impure_path(header,    i, path) {
	if (impure(header))
		return header
	if (!(header in n_includes) || header in visited)
		return ""
	visited[header] = 1
	for (i = 1; i <= n_includes[header]; i++) {
		path = impure_path(includes[header, i])
		if (path != "")
			return header " -> " path
	}
	return ""
}

function check_purity(file,    i, path) {
	split("", visited)
	for (i = 1; i <= n_includes[file]; i++) {
		path = impure_path(includes[file, i])
		if (path != "")
			complain(file, lines[file, i], "engine/ is pure and may not see " path)
	}
}

BEGIN {
	own_table()
	outside_table()
	while ((getline file < "-") > 0)
		read_file(file)
	for (file in n_includes)
		if (file ~ /^engine\//)
			check_purity(file)
	exit failed
}
