"""Documents between systems: EDI, e-procurement and bank statements become neutral rows, one message at a time."""
