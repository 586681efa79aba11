"""`ostiary up`: the operator's reconcile code and the server in one process, over a directory and SQLite.

`manifest_folder` keeps the last good state of the files, `convergence` brings the store to it, `secret_files` is
the directory's stand-in for a cluster's Secrets, `data_directory` holds what must outlive the process (database,
keys, incarnations, generated Secrets), `table` says what is served, and `command` runs it all until Ctrl-C.
"""
