"""Seeded bugs that the proofs of the ledger must find."""
