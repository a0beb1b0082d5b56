"""The rulebook: rules as data, each with a small predicate that answers Hit, Clear or Unknown."""
