"""
Transparency-log formats: tree, tiles, proofs, notes, checkpoints, cosignatures, trust policies.

Pure: no file, no network, no clock. RFC 6962/9162 and the C2SP specifications, cited where used.
"""
