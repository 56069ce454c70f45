"""Names: how metrics, params, experiments, runs, tags and data versions should read.

A doubt names its rule, says what is unclear and proposes names; whether a proposal is
certain or a guess is part of it. Renaming (`aliases`) never changes what was logged.
"""
