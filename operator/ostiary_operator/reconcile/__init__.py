"""Declared + stored -> outcome: the rules by which a manifest becomes a row that the server serves.

Owns every decision of the operator: what is accepted, who holds a contested name, which Secret is wanted, what
is written, which conditions say so. Meets the cluster through `secret_port` and the store through
`ostiary_state.intent`, and imports neither kopf nor kubernetes: `ostiary up` runs this same code over a
directory of manifests.
"""
