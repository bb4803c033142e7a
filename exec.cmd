@rem npm's scripts say "exec node ...", so that on POSIX no shell stands between npm and the studio
@rem and a SIGTERM to npm reaches it. Windows has no such word; this file is it.
@%*
