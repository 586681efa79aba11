"""One module for each product that clients come from: what its export looks like, and what each field of it becomes.

Each has `drafts`, which yields a draft a client and remarks on what is no client. They share no state and none of them
knows how a draft is judged or written; `ory` holds what Hydra's custom resource and its API have in common.
"""
