"""The statistics of a real cluster's policies, as npinaeva/k8s-netpol-scale publishes them.

From its yaml-analysis/README.md. There a rule with a peer is called a peer; it has either address
blocks or pod selectors. A policy is empty when it selects no pod or none of its rules names an
address block or selects a pod; that is so of a rule that admits everybody, too.
"""

from __future__ import annotations

PODS = 5_413
NAMESPACES = 604
POLICIES = 13_678
EMPTY = 3_559
DENY_ONLY = 495
RULES = 15_423

#: For the policies that are neither: how many select so many pods.
LOCAL_PODS = {
    **{1: 1436, 2: 559, 3: 54, 4: 243, 5: 2512, 6: 496, 7: 927, 8: 196, 9: 240, 10: 211},
    **{11: 572, 12: 482, 13: 60, 14: 33, 15: 47, 16: 57, 17: 100, 18: 39, 19: 84, 20: 99},
    **{21: 116, 22: 136, 23: 30, 24: 50, 25: 339, 26: 41, 27: 9, 28: 2, 33: 2, 34: 2, 36: 1},
    **{38: 2, 53: 1, 58: 2, 80: 1, 81: 1, 87: 2, 127: 431, 154: 9},
}

#: For the rules with address blocks: how many have so many, and so many single ports.
CIDRS = {1: 5521, 2: 72, 3: 346, 4: 7, 5: 1, 6: 263, 7: 2, 14: 2, 21: 1}
CIDR_PORTS = {0: 1147, 1: 4710, 2: 341, 4: 1, 5: 16}
CIDR_PORT_RANGES = 21

#: For the rules with pod selectors: how many have so many, select so many pods (the larger number
#: where there are two selectors), and have so many single ports.
POD_SELECTORS = {1: 8790, 2: 418}
PEER_PODS = {
    **{1: 590, 2: 4621, 3: 393, 4: 649, 5: 868, 6: 433, 7: 384, 8: 62, 9: 63, 10: 75, 11: 18},
    **{12: 75, 13: 346, 14: 10, 15: 10, 16: 12, 17: 22, 18: 10, 19: 20, 20: 25, 21: 27, 22: 33},
    **{23: 10, 24: 15, 25: 12, 26: 10, 27: 3, 28: 1, 34: 1, 36: 1, 42: 6, 58: 1, 80: 40, 94: 1},
    **{127: 288, 154: 3, 3578: 70},
}
SELECTOR_PORTS = {0: 6370, 1: 2417, 2: 416, 3: 3, 4: 1, 5: 1}
SELECTOR_PORT_RANGES = 2

#: The one selection that is no namespace's: most of the cluster.
WIDE = 3_578
