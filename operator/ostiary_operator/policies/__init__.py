"""The cluster's OAuthApplicationPolicies: followed, held against namespaces, and reported on.

`watching` keeps policies and the labels of namespaces as the API has them and says what holds for an object,
`census` which applications of a namespace are the oldest, `reevaluation` puts on the worklist whatever a change may
concern, `deadlines` what a grace ends for, `reporting` writes the policies' own status. What a policy refuses is
decided by `ostiary_state.policies`, and what follows from that by `reconcile.policing`.
"""
