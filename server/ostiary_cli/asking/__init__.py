"""`ostiary why` and `ostiary diff`: what is in the way of an object, and what applying manifests would change.

Both read the cluster that kubectl would talk to, with the rights of the person who asks, and write nothing. `verdict`,
`comparing` and `effects` decide from plain values; `why` and `diff` fetch them. No value of a Secret is printed, and
`why` asks for none.
"""
