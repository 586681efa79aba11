"""The kind `OAuthApplicationPolicy`: what the applications and the users of some namespaces may be.

`spec` is what a manifest says, `selector` which namespaces it means, `rules` every rule once as Python and as CEL,
`verdict` what several policies come to together, `crd` and `admission` what the API server is given. Like the other
kinds it knows no database, no web framework and no cluster: `ostiary check` judges files with the same code.
"""
