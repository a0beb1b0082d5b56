"""The nouns: frozen values, standard library only. Nothing here performs I/O."""
