"""The verbs: pure functions from a pipeline to an answer. Nothing here knows an engine."""
