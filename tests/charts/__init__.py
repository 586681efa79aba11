"""The Helm chart: what it makes of its values, what it refuses, and what a cluster says of the result.

Owns: the table of every value's effect (`effects`), the reference of values (`values_reference`), the rights that each
service account has and lacks (`rights`). Everything is rendered by Helm itself, of both majors, and nothing is
installed but RBAC. These tests never import templates' texts: only what comes out counts.
"""
