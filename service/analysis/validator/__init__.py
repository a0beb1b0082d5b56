"""Microsoft's NPM-to-Cilium check, row by row, with a proof for or against each flag."""
