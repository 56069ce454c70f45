"""A page about an experiment, made from the store alone: Markdown, HTML or LaTeX.

`findings` reads what there is to say, `sections` puts it into words and blocks, and one
module a format writes blocks out, so that the three say the same and escape everything.
"""
