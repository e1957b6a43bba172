"""Pure rules of the points programme: what a document is worth, which lots a debit draws, when points expire."""
