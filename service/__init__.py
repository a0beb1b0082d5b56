"""Netverdict: what Kubernetes network policies really do on each AKS policy engine."""
