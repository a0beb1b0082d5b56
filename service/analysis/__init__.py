"""The verbs: pure functions from a pipeline to an answer.

What evaluates, solves and compares knows no engine. The rulebook, the paths and the validator's
view speak of engines, and ask what one does by its traits.
"""
