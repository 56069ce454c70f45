"""The query language: text to tree (`parse`), tree to SQL (`sql.condition`), completion.

What holds for all of it:

*Missing*. A comparison with a field that the run lacks is false, also `!=`; `not` of it is
true. So `lr != 0.1` are the runs with another lr, and `not lr = 0.1` also those without
one. Tags and notes are sets and never missing: `tag != best` are all runs without the tag.

*Types*. A value that reads as a number is compared with numbers, and, for `=`, also with
texts that are spelt so; any other is compared with texts. In quotes a value is a text.
`true` and `false` are switches, which also count as 1 and 0; `none` is a param that was
given as None. `<` and `>` never mix numbers and texts. A metric is a number.

*Case*. `=`, `in`, `<` and regexes mind it. Free words, `:` and patterns with `*` and `?` do
not (for the letters a to z). A regex with `(?i)` does not either.

*Several values* (tags, notes, facts, members of a list, a metric in several contexts): one
that fits is enough; for `!=` and `!~` none may fit.

*NaN* is a value that is there and equals nothing but `nan`; it is neither less nor more than
anything. `min`, `max`, `mean` and `std` are over the finite values, missing where there is none.

*Names*. What a bare name means is looked for in this order: the words of the language
(`name`, `status`, `started` ...), a metric, a metric and a statistic, a metric in any
context, a param, a fact of the lineage, a tag with a key (`purpose:baseline`). `param.NAME`
and its like say which.
"""

from __future__ import annotations

from tui_tracker.errors import QueryError
from tui_tracker.language.parser import parse
from tui_tracker.language.tree import Query

__all__ = ["Query", "QueryError", "parse"]
