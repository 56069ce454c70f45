"""Find what a record lacks, and evidence of what it should have held.

Nothing is proposed without something to show for it, and how sure it is stands beside it:
`certain` follows from what was recorded at the time, `likely` from what did not change since,
a `guess` from habit. What cannot be told is told as such, with the reason.
"""
