"""`ostiary import`: clients of another product become manifests, and what cannot become one is told.

`reading` turns files into fields that know their place; `sources` has a module for each product, which fills a
`draft`; `conversion` makes manifests of drafts that `ostiary check` accepts, dropping and reporting what would be
refused; `writing` and `reporting` print them. Reads no cluster and no database; a secret is in a Secret manifest and
nowhere else.
"""
