"""What an installation on a cluster runs beside its two processes: `ostiary keys`, `smoke` and `release`.

Speaks with the Kubernetes API as the operator does, by its service account or a kubeconfig. Needs the operator's
dependencies, which the server's image has not: each command says so in a line.
"""
