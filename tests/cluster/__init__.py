"""A real Kubernetes API for tests, and the tests that need one.

Owns: which cluster is used (KUBECONFIG, else kind, else a control plane that is built and started here), its life, and
kubeconfigs for it. `build` makes the binaries, `control_plane` runs them, `access` is what a test sees, and `fixtures`
hands it out. These never import the packages under test.
"""
